"""Both paths into logvar. Lesson 16.

    loss = 1/B sum_b ( R_b(z_b) + K_b ),    z = mu + sigma eps,   K_b = 1/2 sum_j (mu_bj^2 + sigma_bj^2 - 1 - logvar_bj)

R_b is the reconstruction loss of example b, K_b its KL, and sigma = exp(logvar / 2). logvar moves the loss along two
paths: through z into R_b, and straight into K_b. dz (B, L) is the gradient of the loss with respect to z; the 1/B is
in it already. Find the whole gradient of the loss with respect to logvar.
"""

import numpy as np


def both_paths(dz, mu, logvar, eps):
    """dz, mu, logvar, eps (B, L) to dlogvar (B, L)."""
    raise NotImplementedError
