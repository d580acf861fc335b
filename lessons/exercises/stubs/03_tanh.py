"""The slope of tanh. Lesson 04.

    y = tanh(x)

x (B, D) and y (B, D), elementwise; the lesson calls the input h. dy (B, D) is the gradient of the loss with respect
to y. The output y is handed over beside x, since the forward has computed it; use whichever helps. Find the gradient
of the loss with respect to x.
"""

import numpy as np


def tanh_backward(dy, x, y):
    """dy, x, y (B, D) to dx (B, D)."""
    raise NotImplementedError
