"""Through the sample to logvar. Lesson 15.

    z = mu + sigma eps,        sigma = exp(logvar / 2), eps drawn and held fixed

dz (B, L) is the gradient of the loss with respect to z. Find the gradient of the loss with respect to logvar, along
this path alone.
"""

import numpy as np


def reparameterise_backward_logvar(dz, mu, logvar, eps):
    """dz, mu, logvar, eps (B, L) to dlogvar (B, L)."""
    raise NotImplementedError
