"""The softmax's negative log-likelihood, with respect to the logits. Lesson 03.

    p_bk = exp(a_bk) / sum_j exp(a_bj),        nll_b = -log p_b,y(b)

a (B, C) are logits, y (B,) the right classes, whole numbers 0 .. C-1. Lesson 03 has one row of logits for all points;
here every example has a row of its own. The loss is any function of the nll of the examples, and dnll (B,) is the
gradient of the loss with respect to nll. Find the gradient of the loss with respect to the logits a.
"""

import numpy as np


def softmax_nll_backward(dnll, a, y):
    """dnll (B,), a (B, C), y (B,) whole numbers to da (B, C)."""
    raise NotImplementedError
