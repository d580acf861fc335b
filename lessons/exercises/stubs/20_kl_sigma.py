"""The KL to the prior, with respect to sigma itself. Lesson 14.

    KL_b = 1/2 sum_j (mu_bj^2 + sigma_bj^2 - 1 - log sigma_bj^2)

Here the network gives sigma > 0, not logvar. The loss is any function of the KL of the examples, and dkl (B,) is the
gradient of the loss with respect to them. Find the gradient of the loss with respect to sigma.
"""

import numpy as np


def kl_backward_sigma(dkl, mu, sigma):
    """dkl (B,), mu (B, L), sigma (B, L) to dsigma (B, L)."""
    raise NotImplementedError
