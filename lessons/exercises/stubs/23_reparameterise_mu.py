"""Through the sample to mu. Lesson 15.

    z = mu + sigma eps,        sigma = exp(logvar / 2), eps drawn and held fixed

dz (B, L) is the gradient of the loss with respect to z. Find the gradient of the loss with respect to mu, along this
path alone.
"""

import numpy as np


def reparameterise_backward_mu(dz, mu, logvar, eps):
    """dz, mu, logvar, eps (B, L) to dmu (B, L)."""
    raise NotImplementedError
