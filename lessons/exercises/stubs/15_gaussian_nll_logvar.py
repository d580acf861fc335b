"""The Gaussian reconstruction loss, with respect to a learned log sigma^2. Lesson 13.

    nll_b = sum_d (x_bd - x_hat_bd)^2 / (2 sigma^2) + D/2 log(2 pi sigma^2),        logvar = log sigma^2

sigma is the lesson's sigma0. All examples and all pixels share the one number logvar, in an array (1,). dnll (B,) is
the gradient of the loss with respect to the nll of each example. Find the gradient of the loss with respect to
logvar.
"""

import numpy as np


def gaussian_nll_backward_logvar(dnll, x, x_hat, logvar):
    """dnll (B,), x (B, D), x_hat (B, D), logvar (1,) to dlogvar (1,)."""
    raise NotImplementedError
