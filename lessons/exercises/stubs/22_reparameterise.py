"""The reparameterised sample: its value. Lesson 15.

    z is to be a draw from N(mu, diag sigma^2), with logvar = log sigma^2, made from noise eps drawn from N(0, I)

A larger eps is to give a larger z. A gradient check cannot see a wrong sampler (lesson 04): get the value right.
"""

import numpy as np


def reparameterise(mu, logvar, eps):
    """mu, logvar, eps (B, L) to z (B, L)."""
    raise NotImplementedError
