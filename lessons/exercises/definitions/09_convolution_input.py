"""The input of a convolution. Lesson 08."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, N, C, H):
    O, k, Q = 5, 3, H + 2
    return {"dy": rng.standard_normal((N, O, H - k + 1, Q - k + 1)), "x": rng.standard_normal((N, C, H, Q)),
            "W": rng.standard_normal((O, C, k, k))}


def windows(x, k):
    """(i, j, window) of x (N, C, H, Q) for every output pixel."""
    for i in range(x.shape[2] - k + 1):
        for j in range(x.shape[3] - k + 1):
            yield i, j, np.s_[:, :, i:i + k, j:j + k]


def conv(x, W, b):
    k = W.shape[2]
    y = np.zeros((len(x), len(W), x.shape[2] - k + 1, x.shape[3] - k + 1), np.result_type(x, W, b))
    for i, j, window in windows(x, k):
        y[:, :, i, j] = b + np.einsum("ocuv,ncuv->no", W, x[window])
    return y


def loss(dy, x, W):
    return np.sum(dy * conv(x, W, np.zeros(len(W))))


def terms(dy, x, W):
    return {}


def spread(dy, x, W, turn=lambda W: W):
    dx, k = np.zeros_like(x), W.shape[2]
    for i, j, window in windows(x, k):
        dx[window] += np.einsum("no,ocuv->ncuv", dy[:, :, i, j], turn(W))
    return dx


def kernel_turned(dy, x, W):
    """The kernel is turned round where each window is painted (lesson 08).

    Try: the pixel (i+u, j+v) meets W[o,c,u,v].
    """
    return spread(dy, x, W, lambda W: W[:, :, ::-1, ::-1])


def kernel_transposed(dy, x, W):
    """The rows and columns of the kernel are exchanged (lesson 08). Try: u goes with the row i, v with the column j."""
    return spread(dy, x, W, lambda W: W.swapaxes(2, 3))


def overwritten(dy, x, W):
    """The windows overlap, and each overwrites the one before; their gradients add (lesson 08).

    Try: in how many windows is one pixel?
    """
    dx, k = np.zeros_like(x), W.shape[2]
    for i, j, window in windows(x, k):
        dx[window] = np.einsum("no,ocuv->ncuv", dy[:, :, i, j], W)
    return dx


def one_map_only(dy, x, W):
    """Only the first output map is followed back (lesson 08).

    Try: into how many of the O maps does x[n,c,i,j] go?
    """
    return spread(dy[:, :1], x, W[:1])


def upstream_forgotten(dy, x, W):
    """Each window is painted with the kernel alone: dy is missing (lesson 08).

    Try: what does the chain rule multiply the derivative of y[n,o,i,j] with?
    """
    return spread(np.ones_like(dy), x, W)


def mean_over_the_maps(dy, x, W):
    """The output maps are averaged; their gradients add (lesson 08).

    Try: x goes into all O maps; what does the chain rule do with routes?
    """
    return spread(dy, x, W) / len(W)


def shifted_window(dy, x, W):
    """The windows are painted one column too far to the left (lesson 08).

    Try: which pixels of x went into y[n,o,i,0]?
    """
    return np.roll(spread(dy, x, W), -1, axis=3)


def as_a_full_convolution(dy, x, W):
    k = W.shape[2]
    padded = np.pad(dy, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
    return conv(padded, W[:, :, ::-1, ::-1].swapaxes(0, 1), np.zeros(W.shape[1]))


def kernel_offset_by_offset(dy, x, W):
    dx, (H, Q) = np.zeros_like(x), dy.shape[2:]
    for u in range(W.shape[2]):
        for v in range(W.shape[3]):
            dx[:, :, u:u + H, v:v + Q] += np.tensordot(dy, W[:, :, u, v], axes=(1, 0)).transpose(0, 3, 1, 2)
    return dx


EXERCISE = Exercise(
    lesson="08", difficulty=3, minutes=30, function="convolution_backward_input", outputs=("dx",),
    sizes={"N": (2, 3), "C": (3, 2), "H": (5, 7)}, inputs=inputs, truth=gradient(loss, "x"), terms=terms,
    mistakes=(kernel_turned, kernel_transposed, overwritten, one_map_only, upstream_forgotten, mean_over_the_maps,
              shifted_window),
    alternatives=(as_a_full_convolution, kernel_offset_by_offset),
    hints=("Take one number dy[n,o,i,j]. Which pixels of x went into y[n,o,i,j], and with which factors?",
           "The window of x at (i, j) gets dy[n,o,i,j] times the kernel W[o]. Windows overlap.",
           "Start with zeros; for every i, j add sum_o dy[n,o,i,j] W[o,c,u,v] to the window x[n,c,i+u,j+v]."),
    library="convolution.conv2d_backward")
