"""Truths that come from elsewhere: the exact marginal of a linear-Gaussian model, the optimum of probabilistic PCA."""

import numpy as np


def gaussian_log_density(x, mean, covariance):
    """log N(x; mean, covariance) with a full covariance, by Cholesky. x (N, D) to (N,)."""
    cholesky = np.linalg.cholesky(covariance)
    white = np.linalg.solve(cholesky, (x - mean).T)                                       # (D, N)
    log_determinant = 2 * np.sum(np.log(np.diag(cholesky)))
    return -0.5 * (np.sum(white**2, axis=0) + log_determinant + x.shape[1] * np.log(2 * np.pi))


def linear_marginal(W, b, sigma):
    """Mean and covariance of x = z W + b + sigma noise with z from N(0, I): N(b, W^T W + sigma^2 I)."""
    return b, W.T @ W + sigma**2 * np.eye(W.shape[1])


def probabilistic_pca(x, k):
    """Tipping and Bishop 1999: the maximum-likelihood mean, covariance and sigma^2 with k latent dimensions."""
    mean = x.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1]
    sigma2 = values[k:].mean()
    W = vectors[:, :k] * np.sqrt(values[:k] - sigma2)                                     # (D, k)
    return mean, W @ W.T + sigma2 * np.eye(len(mean)), sigma2
