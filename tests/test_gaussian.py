"""Gaussian formulas: every gradient; every value by quadrature, Monte Carlo or sample moments."""

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import generators, normals, shapes
from tinyvae import gaussian
from tinyvae.gradcheck import check_gradients

PAIRS = {"log_density": 3, "reparameterise": 3, "kl_standard_normal": 2, "kl_gaussians": 4}


@pytest.mark.parametrize("name", PAIRS)
@given(rng=generators, shape=shapes)
def test_gradients(name, rng, shape):
    pair = getattr(gaussian, name), getattr(gaussian, name + "_backward")
    inputs = normals(rng, shape, PAIRS[name])
    report = check_gradients(pair, *inputs, rng=rng)
    assert len(report.rows) == PAIRS[name] and report.worst <= 1e-12
    assert check_gradients(pair, *inputs, method="central", rng=rng).worst <= 1e-7


def quadrature(f, mean, sigma):
    """The integral of f over the line, by the trapezoid rule on mean +- 12 sigma, where f is negligible outside."""
    z = np.linspace(mean - 12 * sigma, mean + 12 * sigma, 20001)
    values = f(z)
    return np.sum((values[1:] + values[:-1]) / 2 * np.diff(z))


def normal(z, mean, variance):
    return np.exp(-(z - mean)**2 / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def one(value):
    return np.array([[float(value)]])


@pytest.mark.parametrize("mu, logvar", [(0.0, 0.0), (1.3, -2.0), (-0.7, 1.1), (3.0, 0.4)])
def test_kl_standard_normal_by_quadrature(mu, logvar):
    variance = np.exp(logvar)
    expected = quadrature(lambda z: normal(z, mu, variance) * np.log(normal(z, mu, variance) / normal(z, 0, 1)),
                          mu, np.sqrt(variance))
    assert gaussian.kl_standard_normal(one(mu), one(logvar))[0] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("mu1, logvar1, mu2, logvar2", [(0.5, 0.2, -0.4, 0.9), (-1.0, -1.5, 0.3, -0.6), (0, 0.7, 0, 0.7)])
def test_kl_gaussians_by_quadrature(mu1, logvar1, mu2, logvar2):
    v1, v2 = np.exp(logvar1), np.exp(logvar2)
    expected = quadrature(lambda z: normal(z, mu1, v1) * np.log(normal(z, mu1, v1) / normal(z, mu2, v2)),
                          mu1, np.sqrt(v1))
    value = gaussian.kl_gaussians(one(mu1), one(logvar1), one(mu2), one(logvar2))[0]
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_kl_by_monte_carlo_in_several_dimensions(rng):
    mu, logvar = rng.standard_normal((1, 4)), rng.standard_normal((1, 4))
    n = 200_000
    z = mu + np.sqrt(np.exp(logvar)) * rng.standard_normal((n, 4))
    log_ratio = np.log(normal(z, mu, np.exp(logvar))).sum(axis=1) - np.log(normal(z, 0, 1)).sum(axis=1)
    assert abs(log_ratio.mean() - gaussian.kl_standard_normal(mu, logvar)[0]) < 5 * log_ratio.std() / np.sqrt(n)


def test_log_density_integrates_to_one_and_is_a_product():
    assert quadrature(lambda z: np.exp(gaussian.log_density(z[:, None], 0 * z[:, None] + 0.7, 0 * z[:, None] - 1.2)),
                      0.7, np.exp(-0.6)) == pytest.approx(1, abs=1e-9)
    z, mu, logvar = (np.array([values]) for values in ([0.3, -1.0, 2.0], [0.0, 0.5, 1.0], [0.1, -0.8, 0.6]))
    assert gaussian.log_density(z, mu, logvar)[0] == pytest.approx(np.log(normal(z, mu, np.exp(logvar))).sum())


def test_reparameterise_has_the_moments_of_q(rng):
    """The forward that a gradient check cannot judge: the variance as the standard deviation would show here."""
    n, mu, logvar = 100_000, 1.5, -1.2
    z = gaussian.reparameterise(np.full((n, 1), mu), np.full((n, 1), logvar), rng.standard_normal((n, 1)))[:, 0]
    variance = np.exp(logvar)
    assert abs(z.mean() - mu) < 5 * np.sqrt(variance / n)
    assert abs(z.var() - variance) < 5 * variance * np.sqrt(2 / n)


def test_kl_per_dimension_sums_and_is_zero_only_at_the_prior(rng):
    mu, logvar = normals(rng, (5, 3), 2)
    np.testing.assert_allclose(gaussian.kl_per_dimension(mu, logvar).sum(axis=1),
                               gaussian.kl_gaussians(mu, logvar, 0 * mu, 0 * mu))
    assert gaussian.kl_standard_normal(np.zeros((1, 3)), np.zeros((1, 3)))[0] == 0
    assert (gaussian.kl_per_dimension(mu, logvar) > 0).all()


def test_quantile_grid_cells_hold_equal_probability(rng):
    z = gaussian.quantile_grid(4)
    assert z.shape == (16, 2)
    assert z[0, 0] < 0 < z[0, 1] and z[-1, 0] > 0 > z[-1, 1]        # from the top left to the bottom right
    # midpoints of equal-probability cells: a share (i + 1/2) / n of a normal sample lies to the left
    sample = rng.standard_normal(100_000)
    np.testing.assert_allclose([(sample < q).mean() for q in z[:4, 0]], [1 / 8, 3 / 8, 5 / 8, 7 / 8], atol=5 * 0.0016)


@pytest.mark.parametrize("name", PAIRS)
def test_float32_stays_float32(name):
    inputs = [np.full((2, 3), 0.5, np.float32)] * PAIRS[name]
    out = getattr(gaussian, name)(*inputs)
    assert out.dtype == np.float32
    assert all(d.dtype == np.float32 for d in getattr(gaussian, name + "_backward")(out, *inputs))
