"""The encoder's head: mu and logvar from one dense layer. Lesson 16.

    s = h W + b        mu = the first L columns of s,        logvar = the other L

h (B, H), W (H, 2L), b (2L,). dmu and dlogvar (B, L) are the gradients of the loss with respect to mu and logvar, from
all their paths; the 1/B of the mean is in them. Find the gradients of the loss with respect to h, W and b.
"""

import numpy as np


def encoder_head_backward(dmu, dlogvar, h, W):
    """dmu, dlogvar (B, L), h (B, H), W (H, 2L) to dh (B, H), dW (H, 2L), db (2L,)."""
    raise NotImplementedError
