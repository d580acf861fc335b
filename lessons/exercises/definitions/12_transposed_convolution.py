"""A transposed convolution, stride 1: its input and its kernel. Lesson 08."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, N, C, H):
    O, k, Q = 5, 3, H + 1
    return {"dy": rng.standard_normal((N, O, H + k - 1, Q + k - 1)), "x": rng.standard_normal((N, C, H, Q)),
            "W": rng.standard_normal((C, O, k, k))}


def places(x, k):
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            yield i, j, np.s_[:, :, i:i + k, j:j + k]


def loss(dy, x, W):
    y = np.zeros(dy.shape, np.result_type(x, W))
    for i, j, window in places(x, W.shape[2]):
        y[window] += np.einsum("couv,nc->nouv", W, x[:, :, i, j])
    return np.sum(dy * y)


def terms(dy, x, W):
    return {}


def right(dy, x, W, turn=lambda window: window):
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for i, j, window in places(x, W.shape[2]):
        dx[:, :, i, j] = np.einsum("couv,nouv->nc", W, turn(dy[window]))
        dW += np.einsum("nc,nouv->couv", x[:, :, i, j], dy[window])
    return dx, dW


def kernel_turned(dy, x, W):
    """In dx the kernel is turned round (lesson 08). Try: the pixel (i+u, j+v) of y got W[c,o,u,v] times x."""
    return right(dy, x, W, lambda window: window[:, :, ::-1, ::-1])[0], right(dy, x, W)[1]


def centre_only(dy, x, W):
    """dx collects from one pixel of its window only (lesson 08). Try: x[n,c,i,j] painted all k x k pixels."""
    return np.einsum("co,noij->ncij", W[:, :, 0, 0], dy[:, :, :x.shape[2], :x.shape[3]]), right(dy, x, W)[1]


def kernel_forgotten(dy, x, W):
    """dx adds up the window without the kernel (lesson 08). Try: with which factor did x[n,c,i,j] paint each pixel?"""
    return right(dy, x, np.ones_like(W))[0], right(dy, x, W)[1]


def dw_turned(dy, x, W):
    """dW is turned round (lesson 08). Try: W[c,o,u,v] went to the pixel (i+u, j+v)."""
    dx, dW = right(dy, x, W)
    return dx, dW[:, :, ::-1, ::-1]


def last_place_only(dy, x, W):
    """dW keeps only the last place; the kernel was painted at every one, and they add (lesson 08). Try: += or =?"""
    dx, _ = right(dy, x, W)
    for i, j, window in places(x, W.shape[2]):
        dW = np.einsum("nc,nouv->couv", x[:, :, i, j], dy[window])
    return dx, dW


def mean_over_the_batch(dy, x, W):
    """dW is a mean over the batch; a sum belongs there (lesson 08).

    Try: every picture is a route from the kernel to the loss; what does the chain rule do with routes?
    """
    dx, dW = right(dy, x, W)
    return dx, dW / len(x)


def as_a_convolution(dy, x, W):
    view = np.lib.stride_tricks.sliding_window_view(dy, W.shape[2:], axis=(2, 3))         # (N, O, H, Q, k, k)
    return np.einsum("couv,noijuv->ncij", W, view), np.einsum("ncij,noijuv->couv", x, view)


def kernel_offset_by_offset(dy, x, W):
    dx, dW, (H, Q) = np.zeros_like(x), np.zeros_like(W), x.shape[2:]
    for u in range(W.shape[2]):
        for v in range(W.shape[3]):
            part = dy[:, :, u:u + H, v:v + Q]
            dx += np.einsum("co,noij->ncij", W[:, :, u, v], part)
            dW[:, :, u, v] = np.einsum("ncij,noij->co", x, part)
    return dx, dW


EXERCISE = Exercise(
    lesson="08", difficulty=3, minutes=25, function="conv_transpose_backward", outputs=("dx", "dW"),
    sizes={"N": (2, 3), "C": (3, 2), "H": (5, 3)}, inputs=inputs, truth=gradient(loss, "x", "W"), terms=terms,
    mistakes=(kernel_turned, centre_only, kernel_forgotten, dw_turned, last_place_only, mean_over_the_batch),
    alternatives=(as_a_convolution, kernel_offset_by_offset),
    hints=("Take one pixel x[n,c,i,j]. Which pixels of y did it paint, and with which factors?",
           "dx[n,c,i,j] collects dy from the window it painted: that is a convolution of dy.",
           "dx[n,c,i,j] = sum_{o,u,v} W[c,o,u,v] dy[n,o,i+u,j+v]; and "
           "dW[c,o,u,v] = sum_{n,i,j} x[n,c,i,j] dy[n,o,i+u,j+v]."),
    library="convolution.conv_transpose2d_backward")
