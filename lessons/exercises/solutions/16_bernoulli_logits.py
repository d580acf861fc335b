"""The Bernoulli reconstruction loss, with respect to the logits. Lesson 13.

    p_bd = 1 / (1 + exp(-a_bd)),        nll_b = -sum_d ( x_bd log p_bd + (1 - x_bd) log(1 - p_bd) )

x (B, D) are pixels, any numbers in [0, 1], a (B, D) the decoder's logits; some are as large as 800 or as small as
-800. dnll (B,) is the gradient of the loss with respect to the nll of each example. Find the gradient of the loss
with respect to a.
"""

import numpy as np


def bernoulli_nll_backward(dnll, x, a):
    """dnll (B,), x (B, D), a (B, D) to da (B, D)."""
    # d nll/d p = (p - x) / (p (1 - p)), dp/da = p (1 - p):  together p - x, and nothing is divided by 0
    p = 0.5 * (1 + np.tanh(0.5 * a))                         # the sigmoid, without exp(-a) that could overflow
    return dnll[:, None] * (p - x)
