"""The exact marginal and posterior of the linear-Gaussian model, against quadrature, Bayes' rule and samples."""

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import generators, sizes
from tinyvae import gaussian, linear_gaussian

LIMIT = 12                                                           # the prior beyond it is below e^-72


def model(rng, L, D):
    """W, b, sigma of a model whose posterior is no narrower than about 0.1, so that grids can follow it."""
    return rng.standard_normal((L, D)), rng.standard_normal(D), rng.uniform(0.4, 1.2)


def log_joint(x, z, W, b, sigma):
    """log p(x given z) + log p(z) for one x (D,) at each z (n, L), from the densities of one number at a time."""
    log_normal = lambda value, mean, sd: -0.5 * ((value - mean) / sd)**2 - np.log(sd * np.sqrt(2 * np.pi))
    return log_normal(x, z @ W + b, sigma).sum(axis=1) + log_normal(z, 0.0, 1.0).sum(axis=1)


@pytest.mark.parametrize("L, n", [(1, 4001), (2, 601)])
def test_marginal_is_the_integral_of_the_joint(L, n, rng):
    nodes = np.linspace(-LIMIT, LIMIT, n)
    z = np.stack(np.meshgrid(*[nodes] * L), axis=-1).reshape(-1, L)
    for D in (1, 3, 5):
        W, b, sigma = model(rng, L, D)
        x = 2 * rng.standard_normal((4, D))
        for one, value in zip(x, linear_gaussian.log_marginal(x, W, b, sigma)):
            integral = np.exp(log_joint(one, z, W, b, sigma)).sum() * (nodes[1] - nodes[0])**L
            assert value == pytest.approx(np.log(integral), abs=1e-9)


@given(rng=generators, L=sizes, D=sizes, B=sizes)
def test_bayes_rule_holds_at_every_z(rng, L, D, B):
    """log p(x given z) + log p(z) - log p(z given x) is log p(x), whatever z is."""
    W, b, sigma = model(rng, L, D)
    x, z = rng.standard_normal((B, D)), rng.standard_normal((6, L))
    mean, covariance = linear_gaussian.posterior(x, W, b, sigma)
    precision, log_det = np.linalg.inv(covariance), np.linalg.slogdet(2 * np.pi * covariance)[1]
    for one, m, value in zip(x, mean, linear_gaussian.log_marginal(x, W, b, sigma)):
        log_posterior = -0.5 * (np.sum((z - m) @ precision * (z - m), axis=1) + log_det)
        np.testing.assert_allclose(log_joint(one, z, W, b, sigma) - log_posterior, value, rtol=1e-9, atol=1e-9)


def test_samples_have_the_marginal_and_the_posterior_that_are_claimed(rng):
    """Draw z, then x: the residual z - mean(x) has the covariance, and is uncorrelated with x."""
    n, L, D = 200_000, 2, 3
    W, b, sigma = model(rng, L, D)
    z = rng.standard_normal((n, L))
    x = z @ W + b + sigma * rng.standard_normal((n, D))
    mean, covariance = linear_gaussian.posterior(x, W, b, sigma)
    residual = z - mean
    products = residual[:, :, None] * residual[:, None, :]                          # (n, L, L)
    assert (np.abs(products.mean(axis=0) - covariance) < 5 * products.std(axis=0) / np.sqrt(n)).all()
    across = residual[:, :, None] * (x - b)[:, None, :]                             # (n, L, D)
    assert (np.abs(across.mean(axis=0)) < 5 * across.std(axis=0) / np.sqrt(n)).all()
    # E[log p(x)] = -entropy of N(b, C), whose covariance C is the samples' own
    log_p = linear_gaussian.log_marginal(x, W, b, sigma)
    entropy = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * np.cov(x.T))[1]
    assert abs(log_p.mean() + entropy) < 5 * log_p.std() / np.sqrt(n)


def test_orthogonal_rows_give_a_diagonal_posterior(rng):
    W = np.linalg.qr(rng.standard_normal((5, 3)))[0].T * [[2.0], [0.7], [1.3]]      # orthogonal rows of these lengths
    covariance = linear_gaussian.posterior(np.zeros((1, 5)), W, np.zeros(5), 0.5)[1]
    np.testing.assert_allclose(covariance, np.diag(0.25 / (0.25 + np.array([2.0, 0.7, 1.3])**2)), atol=1e-15)


def test_without_weights_the_posterior_is_the_prior_and_x_is_noise(rng):
    x, b = rng.standard_normal((4, 3)), rng.standard_normal(3)
    mean, covariance = linear_gaussian.posterior(x, np.zeros((2, 3)), b, 0.7)
    np.testing.assert_array_equal(mean, np.zeros((4, 2)))
    np.testing.assert_array_equal(covariance, np.eye(2))
    noise = gaussian.log_density(x, np.tile(b, (4, 1)), np.full((4, 3), np.log(0.7**2)))
    np.testing.assert_allclose(linear_gaussian.log_marginal(x, np.zeros((2, 3)), b, 0.7), noise)
