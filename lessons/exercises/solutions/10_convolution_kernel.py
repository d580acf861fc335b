"""Convolution: the gradients of its kernel and its bias. Lesson 08.

    y[n,o,i,j] = b[o] + sum_{c,u,v} W[o,c,u,v] x[n,c,i+u,j+v]

x (N, C, H, Q): N pictures, C channels, H rows, Q columns. W (O, C, k, k), b (O,), y (N, O, H-k+1, Q-k+1): the
lesson's convolution with stride 1 and no padding. dy has the shape of y and is the gradient of the loss with respect
to it. Find the gradients of the loss with respect to W and b. Loops are welcome.
"""

import numpy as np


def convolution_backward_kernel(dy, x, W, b):
    """dy (N, O, H-k+1, Q-k+1), x (N, C, H, Q), W (O, C, k, k), b (O,) to dW (O, C, k, k), db (O,)."""
    # y[n,o,i,j] holds W[o,c,u,v] with the factor x[n,c,i+u,j+v], for all n, i, j; and b[o] with the factor 1
    k = W.shape[2]
    dW = np.zeros_like(W)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            dW += np.einsum("no,ncuv->ocuv", dy[:, :, i, j], x[:, :, i:i + k, j:j + k])
    return dW, dy.sum(axis=(0, 2, 3))
