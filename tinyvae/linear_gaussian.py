"""The linear-Gaussian latent variable model: the one where p(x) and p(z given x) are exact. Lectures p16 to p19.

    z ~ N(0, I),   x = z W + b + sigma noise,   so   p(x given z) = N(x; z W + b, sigma^2 I)

x (B, D);  W (L, D), b (D,) as in a Dense layer;  sigma a number above 0, the standard deviation of the noise.
It is what tinyvae.VAE(D, hidden=(), likelihood="gaussian") models, and the truth that bounds are measured against.
"""

import numpy as np

from tinyvae.gaussian import LOG_2PI


def log_marginal(x, W, b, sigma):
    """log p(x) = log of the integral of p(x given z) p(z) over z, one number per example, in nats. Lecture p16.

    x : (B, D)        returns : (B,)
    """
    # x is a sum of Gaussians, so it is one:  p(x) = N(x; b, C),   C = W^T W + sigma^2 I = A A^T (Cholesky)
    # log N = -1/2 (D log 2 pi + log det C + |A^-1 (x - b)|^2),   log det C = 2 sum_d log A_dd
    D = x.shape[1]
    C = W.T @ W + sigma**2 * np.eye(D)                                   # (D, D)
    A = np.linalg.cholesky(C)
    white = np.linalg.solve(A, (x - b).T)                                # (D, B)
    log_det = 2 * np.sum(np.log(np.diag(A)))
    return -0.5 * (D * LOG_2PI + log_det + np.sum(white**2, axis=0))


def posterior(x, W, b, sigma):
    """p(z given x) = N(z; mean, covariance) by Bayes' rule; the covariance is the same for every x. Lecture p19.

    x : (B, D)        returns : mean (B, L), covariance (L, L), diagonal when the rows of W are orthogonal
    """
    # log p(x given z) + log p(z) = -|x - b - z W|^2 / (2 sigma^2) - |z|^2 / 2 + const   is quadratic in z:
    # precision = I + W W^T / sigma^2,   mean = (x - b) W^T / sigma^2 covariance
    precision = np.eye(len(W)) + W @ W.T / sigma**2                      # (L, L)
    covariance = np.linalg.inv(precision)
    mean = (x - b) @ W.T / sigma**2 @ covariance                         # (B, L)
    return mean, covariance
