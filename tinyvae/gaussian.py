"""Diagonal Gaussians: density, reparameterisation and KL divergences, each with its gradient.

mu, logvar, eps, z : (B, L);  logvar = log sigma^2, sigma = exp(logvar / 2). Every f_backward takes the upstream
gradient of f's output first. All values are in nats.
"""

import math
import statistics

import numpy as np

LOG_2PI = math.log(2 * math.pi)      # a Python float: a numpy float64 would turn float32 arrays into float64


def log_density(z, mu, logvar):
    """log N(z; mu, diag sigma^2), one number per example. Lectures p23 and p24.

    z, mu, logvar : (B, L)        returns : (B,)
    """
    # log N = -1/2 sum_j (log 2 pi + log sigma_j^2 + (z_j - mu_j)^2 / sigma_j^2)
    return -0.5 * np.sum(LOG_2PI + logvar + (z - mu)**2 * np.exp(-logvar), axis=1)


def log_density_backward(dlogp, z, mu, logvar):
    """Upstream dlogp (B,) to dz, dmu, dlogvar, each (B, L)."""
    # dlogp/dz_j = -(z_j - mu_j) / sigma_j^2 = -dlogp/dmu_j
    # dlogp/dlogvar_j = -1/2 (1 - (z_j - mu_j)^2 / sigma_j^2)
    dz = -dlogp[:, None] * (z - mu) * np.exp(-logvar)
    dmu = -dz
    dlogvar = -0.5 * dlogp[:, None] * (1 - (z - mu)**2 * np.exp(-logvar))
    return dz, dmu, dlogvar


def reparameterise(mu, logvar, eps):
    """z = mu + sigma eps: a sample of N(mu, diag sigma^2) when eps is one of N(0, I). Lecture p26.

    mu, logvar, eps : (B, L)        returns : (B, L)
    """
    # sigma = exp(logvar / 2), the standard deviation: exp(logvar) would be the variance
    return mu + np.exp(0.5 * logvar) * eps


def reparameterise_backward(dz, mu, logvar, eps):
    """Upstream dz (B, L) to dmu, dlogvar, deps, each (B, L). eps must be the noise that forward used."""
    # dz_j/dmu_j = 1        dz_j/dlogvar_j = sigma_j eps_j / 2        dz_j/deps_j = sigma_j
    dmu = dz
    dlogvar = dz * 0.5 * np.exp(0.5 * logvar) * eps
    deps = dz * np.exp(0.5 * logvar)
    return dmu, dlogvar, deps


def kl_per_dimension(mu, logvar):
    """KL(N(mu_j, sigma_j^2) || N(0, 1)) in nats, one number per example and latent dimension. Lecture p24.

    mu, logvar : (B, L)        returns : (B, L)
    """
    # KL_j = 1/2 (mu_j^2 + sigma_j^2 - 1 - log sigma_j^2),  with sigma^2 - 1 = expm1(log sigma^2)
    return 0.5 * (mu**2 + np.expm1(logvar) - logvar)


def kl_standard_normal(mu, logvar):
    """KL(N(mu, diag sigma^2) || N(0, I)) in nats, one number per example. Lecture p24.

    mu, logvar : (B, L)        returns : (B,)
    """
    # independent dimensions: the KL is the sum of theirs
    return np.sum(kl_per_dimension(mu, logvar), axis=1)


def kl_standard_normal_backward(dkl, mu, logvar):
    """Upstream dkl (B,) to dmu, dlogvar, each (B, L)."""
    # dKL/dmu_j = mu_j            dKL/dlogvar_j = (sigma_j^2 - 1) / 2
    dmu = dkl[:, None] * mu
    dlogvar = dkl[:, None] * 0.5 * np.expm1(logvar)
    return dmu, dlogvar


def kl_gaussians(mu1, logvar1, mu2, logvar2):
    """KL(N(mu1, diag sigma1^2) || N(mu2, diag sigma2^2)) in nats, one number per example. Lecture p24, general case.

    mu1, logvar1, mu2, logvar2 : (B, L)        returns : (B,)
    """
    # KL = 1/2 sum_j (((mu1_j - mu2_j)^2 + sigma1_j^2) / sigma2_j^2 - 1 - log(sigma1_j^2 / sigma2_j^2))
    return 0.5 * np.sum((mu1 - mu2)**2 * np.exp(-logvar2) + np.expm1(logvar1 - logvar2) - (logvar1 - logvar2), axis=1)


def kl_gaussians_backward(dkl, mu1, logvar1, mu2, logvar2):
    """Upstream dkl (B,) to dmu1, dlogvar1, dmu2, dlogvar2, each (B, L)."""
    # dKL/dmu1_j = (mu1_j - mu2_j) / sigma2_j^2 = -dKL/dmu2_j
    # dKL/dlogvar1_j = (sigma1_j^2 / sigma2_j^2 - 1) / 2
    # dKL/dlogvar2_j = (1 - ((mu1_j - mu2_j)^2 + sigma1_j^2) / sigma2_j^2) / 2
    dmu1 = dkl[:, None] * (mu1 - mu2) * np.exp(-logvar2)
    dlogvar1 = dkl[:, None] * 0.5 * np.expm1(logvar1 - logvar2)
    dmu2 = -dmu1
    dlogvar2 = -dlogvar1 - dkl[:, None] * 0.5 * (mu1 - mu2)**2 * np.exp(-logvar2)
    return dmu1, dlogvar1, dmu2, dlogvar2


def quantiles(n):
    """The middles, in probability, of n cells of N(0, 1) with probability 1 / n each: (n,), rising."""
    # Phi^-1(u) at the cell centres u = (i + 1/2) / n; Phi^-1 is the Gaussian inverse CDF
    u = (np.arange(n) + 0.5) / n
    return np.array([statistics.NormalDist().inv_cdf(value) for value in u])


def quantile_grid(n):
    """An n x n grid of 2-D latents that cuts the prior N(0, I) into cells of equal probability. Lecture p32.

    returns : z (n * n, 2), rows from the top (large z_2) to the bottom, each from left to right
    """
    q = quantiles(n)                                                          # (n,)
    z1, z2 = np.meshgrid(q, q[::-1])
    return np.column_stack([z1.ravel(), z2.ravel()])
