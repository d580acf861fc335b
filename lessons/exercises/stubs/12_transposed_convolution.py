"""Transposed convolution: the gradients of its input and its kernel. Lesson 08.

    y[n,o,i+u,j+v] += W[c,o,u,v] x[n,c,i,j]   for all c, i, j, u, v, starting from y = 0

Each pixel of x (N, C, H, Q) paints the kernel W (C, O, k, k) into y (N, O, H+k-1, Q+k-1), times its value; where
paintings overlap they add up. Stride 1, no padding. dy has the shape of y and is the gradient of the loss with
respect to it. Find the gradients of the loss with respect to x and W. Loops are welcome.
"""

import numpy as np


def conv_transpose_backward(dy, x, W):
    """dy (N, O, H+k-1, Q+k-1), x (N, C, H, Q), W (C, O, k, k) to dx (N, C, H, Q), dW (C, O, k, k)."""
    raise NotImplementedError
