"""Max-unpooling: back through the switches. Lesson 08.

    x[n,c,2i+u,2j+v] = y[n,c,i,j]  where 2u + v = indices[n,c,i,j],  and 0 elsewhere

Pooling of 2 x 2 has kept in indices (N, C, H, Q) which of the four pixels of each window was the largest: 0 or 1 in
its first row, 2 or 3 in its second. Unpooling takes y (N, C, H, Q) and makes x (N, C, 2H, 2Q) of it. dx has the shape
of x and is the gradient of the loss with respect to it. Find the gradient with respect to y.
"""

import numpy as np


def max_unpool_backward(dx, indices):
    """dx (N, C, 2H, 2Q), indices (N, C, H, Q) to dy (N, C, H, Q)."""
    raise NotImplementedError
