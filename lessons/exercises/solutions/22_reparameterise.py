"""The reparameterised sample: its value. Lesson 15.

    z is to be a draw from N(mu, diag sigma^2), with logvar = log sigma^2, made from noise eps drawn from N(0, I)

A larger eps is to give a larger z. A gradient check cannot see a wrong sampler (lesson 04): get the value right.
"""

import numpy as np


def reparameterise(mu, logvar, eps):
    """mu, logvar, eps (B, L) to z (B, L)."""
    # eps has mean 0 and standard deviation 1, so mu + sigma eps has mean mu and standard deviation sigma;
    # logvar = log sigma^2 = 2 log sigma, so sigma = exp(logvar / 2)
    return mu + np.exp(0.5 * logvar) * eps
