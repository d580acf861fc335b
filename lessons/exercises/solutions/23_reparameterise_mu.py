"""Through the sample to mu. Lesson 15.

    z = mu + sigma eps,        sigma = exp(logvar / 2), eps drawn and held fixed

dz (B, L) is the gradient of the loss with respect to z. Find the gradient of the loss with respect to mu, along this
path alone.
"""


def reparameterise_backward_mu(dz, mu, logvar, eps):
    """dz, mu, logvar, eps (B, L) to dmu (B, L)."""
    # dz_bj/dmu_bj = 1; a copy, so that whoever adds to dmu later does not change dz
    return dz.copy()
