"""The conditional decoder: latent variable and label in. Lesson 21.

    s = z U + c E        h = tanh(s)        a = h W

The decoder is told the class of each example: labels (B,) are whole numbers 0 .. C-1, and row b of c (B, C) is
one-hot, 1 in the column labels_b and 0 elsewhere. So row k of E is what class k adds. z (B, L), U (L, H), E (C, H), W
(H, D). da (B, D) is the gradient of the loss with respect to a; if the loss is a mean over the batch, the 1/B is in
it already. Find the gradients of the loss with respect to z, U, E and W.
"""

import numpy as np


def conditional_decoder_backward(da, z, labels, U, E, W):
    """da (B, D), z (B, L), labels (B,), U (L, H), E (C, H), W (H, D) to dz, dU, dE, dW, each of its array's shape."""
    raise NotImplementedError
