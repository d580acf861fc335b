"""The Gaussian reconstruction loss, with respect to the decoder's output. Lesson 13.

    nll_b = sum_d (x_bd - x_hat_bd)^2 / (2 sigma0^2) + D/2 log(2 pi sigma0^2)

x, x_hat (B, D), sigma0 a fixed number. The loss is any function of the nll of the examples, and dnll (B,) is the
gradient of the loss with respect to nll. Find the gradient of the loss with respect to x_hat.
"""


def gaussian_nll_backward(dnll, x, x_hat, sigma0):
    """dnll (B,), x (B, D), x_hat (B, D), sigma0 a number, to dx_hat (B, D)."""
    # d/dx_hat (x - x_hat)^2 / (2 sigma0^2) = (x_hat - x) / sigma0^2; the constant does not move
    return dnll[:, None] * (x_hat - x) / sigma0**2
