"""The KL to the prior: its value. Lesson 14.

    KL(q, p) = E_q[ log q(z) - log p(z) ],        q = N(mu, diag sigma^2),  p = N(0, I),  logvar = log sigma^2

For each of B examples, in nats; the densities are Gaussians in L dimensions. The KL has a closed form. No gradient
yet: compute the number.
"""

import numpy as np


def kl(mu, logvar):
    """mu (B, L), logvar (B, L) to the KL of each example (B,), in nats."""
    raise NotImplementedError
