"""The slope of ReLU. Lesson 04.

    y = max(x, 0)

x (B, D) and y (B, D), elementwise; the lesson calls the input h. dy (B, D) is the gradient of the loss with respect
to y. The output y is handed over beside x, since the forward has computed it; use whichever helps. Find the gradient
of the loss with respect to x. No entry of x is exactly 0.
"""

import numpy as np


def relu_backward(dy, x, y):
    """dy, x, y (B, D) to dx (B, D)."""
    # y = x where x > 0, else the constant 0
    return np.where(x > 0, dy, 0)
