"""Convolution: the gradient of its input. Lesson 08.

    y[n,o,i,j] = b[o] + sum_{c,u,v} W[o,c,u,v] x[n,c,i+u,j+v]

x (N, C, H, Q): N pictures, C channels, H rows, Q columns. W (O, C, k, k), y (N, O, H-k+1, Q-k+1): the lesson's
convolution with stride 1 and no padding. dy has the shape of y and is the gradient of the loss with respect to it.
Find the gradient of the loss with respect to x. Loops are welcome.
"""

import numpy as np


def convolution_backward_input(dy, x, W):
    """dy (N, O, H-k+1, Q-k+1), x (N, C, H, Q), W (O, C, k, k) to dx (N, C, H, Q)."""
    # y[n,o,i,j] holds x[n,c,i+u,j+v] with the factor W[o,c,u,v]: dy[n,o,i,j] goes there, and overlapping windows add
    k = W.shape[2]
    dx = np.zeros_like(x)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            dx[:, :, i:i + k, j:j + k] += np.einsum("no,ocuv->ncuv", dy[:, :, i, j], W)
    return dx
