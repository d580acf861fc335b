"""The slope of the sigmoid. Lesson 04.

    y = 1 / (1 + exp(-x))

x (B, D) and y (B, D), elementwise; the lesson calls the input h. dy (B, D) is the gradient of the loss with respect
to y. The output y is handed over beside x, since the forward has computed it; use whichever helps. Find the gradient
of the loss with respect to x.
"""


def sigmoid_backward(dy, x, y):
    """dy, x, y (B, D) to dx (B, D)."""
    # y' = exp(-x) / (1 + exp(-x))^2 = y (1 - y), since 1 - y = exp(-x) / (1 + exp(-x))
    return dy * y * (1 - y)
