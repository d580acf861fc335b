"""Convolution: the gradient of its input. Lesson 08.

    y[n,o,i,j] = b[o] + sum_{c,u,v} W[o,c,u,v] x[n,c,i+u,j+v]

x (N, C, H, Q): N pictures, C channels, H rows, Q columns. W (O, C, k, k), y (N, O, H-k+1, Q-k+1): the lesson's
convolution with stride 1 and no padding. dy has the shape of y and is the gradient of the loss with respect to it.
Find the gradient of the loss with respect to x. Loops are welcome.
"""

import numpy as np


def convolution_backward_input(dy, x, W):
    """dy (N, O, H-k+1, Q-k+1), x (N, C, H, Q), W (O, C, k, k) to dx (N, C, H, Q)."""
    raise NotImplementedError
