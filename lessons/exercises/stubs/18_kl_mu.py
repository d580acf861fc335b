"""The KL to the prior, with respect to mu. Lesson 14.

    KL_b = 1/2 sum_j (mu_bj^2 + sigma_bj^2 - 1 - log sigma_bj^2)

The loss is any function of the KL of the examples, and dkl (B,) is the gradient of the loss with respect to them.
Find the gradient of the loss with respect to mu.
"""

import numpy as np


def kl_backward_mu(dkl, mu, logvar):
    """dkl (B,), mu (B, L), logvar (B, L) to dmu (B, L)."""
    raise NotImplementedError
