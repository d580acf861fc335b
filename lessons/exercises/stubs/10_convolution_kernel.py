"""Convolution: the gradients of its kernel and its bias. Lesson 08.

    y[n,o,i,j] = b[o] + sum_{c,u,v} W[o,c,u,v] x[n,c,i+u,j+v]

x (N, C, H, Q): N pictures, C channels, H rows, Q columns. W (O, C, k, k), b (O,), y (N, O, H-k+1, Q-k+1): the
lesson's convolution with stride 1 and no padding. dy has the shape of y and is the gradient of the loss with respect
to it. Find the gradients of the loss with respect to W and b. Loops are welcome.
"""

import numpy as np


def convolution_backward_kernel(dy, x, W, b):
    """dy (N, O, H-k+1, Q-k+1), x (N, C, H, Q), W (O, C, k, k), b (O,) to dW (O, C, k, k), db (O,)."""
    raise NotImplementedError
