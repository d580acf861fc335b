"""The kernel and the bias of a convolution. Lesson 08."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, N, C, H):
    O, k, Q = 5, 3, H + 2
    return {"dy": rng.standard_normal((N, O, H - k + 1, Q - k + 1)), "x": rng.standard_normal((N, C, H, Q)),
            "W": rng.standard_normal((O, C, k, k)), "b": rng.standard_normal(O)}


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


def loss(dy, x, W, b):
    return np.sum(dy * conv(x, W, b))


def terms(dy, x, W, b):
    return {}


def dW_of(dy, x, k):
    return sum(np.einsum("no,ncuv->ocuv", dy[:, :, i, j], x[window]) for i, j, window in windows(x, k))


def right(dy, x, W, b):
    return dW_of(dy, x, W.shape[2]), dy.sum(axis=(0, 2, 3))


def kernel_turned(dy, x, W, b):
    """The gradient of the kernel is turned round (lesson 08). Try: W[o,c,u,v] meets x[n,c,i+u,j+v], with a plus."""
    dW, db = right(dy, x, W, b)
    return dW[:, :, ::-1, ::-1], db


def kernel_transposed(dy, x, W, b):
    """The rows and columns of the kernel's gradient are exchanged (lesson 08).

    Try: u goes with the row i of the window.
    """
    dW, db = right(dy, x, W, b)
    return dW.swapaxes(2, 3), db


def last_window_only(dy, x, W, b):
    """Only the last window is left: the kernel is used at every place, and its gradients add (lesson 08).

    Try: += or =?
    """
    k = W.shape[2]
    for i, j, window in windows(x, k):
        dW = np.einsum("no,ncuv->ocuv", dy[:, :, i, j], x[window])
    return dW, dy.sum(axis=(0, 2, 3))


def mean_over_places(dy, x, W, b):
    """The gradients of the places are averaged; they add (lesson 08).

    Try: every place is a route to the loss.
    """
    dW, db = right(dy, x, W, b)
    return dW / (dy.shape[2] * dy.shape[3]), db


def first_example_only(dy, x, W, b):
    """Only the first picture is followed back (lesson 08). Try: which pictures does the kernel see?"""
    return dW_of(dy[:1], x[:1], W.shape[2]), dy.sum(axis=(0, 2, 3))


def bias_without_places(dy, x, W, b):
    """db sums over the batch, not over the places (lesson 08).

    Try: at how many pixels of its map is b_o added?
    """
    return dW_of(dy, x, W.shape[2]), dy.sum(axis=0)


def bias_mean_over_places(dy, x, W, b):
    """db is a mean over the places; a sum belongs there (lesson 08).

    Try: every pixel of map o is a route from b_o to the loss.
    """
    return dW_of(dy, x, W.shape[2]), dy.mean(axis=(2, 3)).sum(axis=0)


def channels_exchanged(dy, x, W, b):
    """The input and output channels are exchanged (lesson 08).

    Try: W[o,c,u,v] has the output's channel first, and dW too.
    """
    dW, db = right(dy, x, W, b)
    return dW.swapaxes(0, 1), db


def kernel_offset_by_offset(dy, x, W, b):
    dW, (H, Q) = np.empty_like(W), dy.shape[2:]
    for u in range(W.shape[2]):
        for v in range(W.shape[3]):
            dW[:, :, u, v] = np.tensordot(dy, x[:, :, u:u + H, v:v + Q], axes=((0, 2, 3), (0, 2, 3)))
    return dW, np.einsum("noij->o", dy)


def one_big_product(dy, x, W, b):
    view = np.lib.stride_tricks.sliding_window_view(x, W.shape[2:], axis=(2, 3))          # (N, C, H-k+1, Q-k+1, k, k)
    return np.einsum("noij,ncijuv->ocuv", dy, view), dy.reshape(*dy.shape[:2], -1).sum(axis=(0, 2))


EXERCISE = Exercise(
    lesson="08", difficulty=3, minutes=25, function="convolution_backward_kernel", outputs=("dW", "db"),
    sizes={"N": (2, 3), "C": (3, 2), "H": (5, 7)}, inputs=inputs, truth=gradient(loss, "W", "b"), terms=terms,
    mistakes=(kernel_turned, kernel_transposed, last_window_only, mean_over_places, first_example_only,
              bias_without_places, bias_mean_over_places, channels_exchanged),
    alternatives=(kernel_offset_by_offset, one_big_product),
    hints=("Take one number of the kernel, W[o,c,u,v]. In which y does it stand, and what is it multiplied with there?",
           "In all y[n,o,i,j] of its map, with the pixel x[n,c,i+u,j+v]. What has to be summed?",
           "dW[o,c,u,v] = sum_{n,i,j} dy[n,o,i,j] x[n,c,i+u,j+v];  db_o = sum_{n,i,j} dy[n,o,i,j]."),
    library="convolution.conv2d_backward")
