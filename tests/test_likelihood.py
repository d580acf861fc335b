"""Likelihoods: gradients; values by brute force; normalisation; means and samples by their moments."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import generators, sizes
from tinyvae.gradcheck import check_gradients
from tinyvae.likelihood import (Bernoulli, Gaussian, bernoulli_nll, bernoulli_nll_backward, gaussian_nll,
                                gaussian_nll_backward)


@given(rng=generators, B=sizes, D=sizes)
def test_gaussian_gradients(rng, B, D):
    x, x_hat, logvar = rng.standard_normal((B, D)), rng.standard_normal((B, D)), rng.standard_normal(1)
    pair = gaussian_nll, gaussian_nll_backward
    assert check_gradients(pair, x, x_hat, logvar, wrt=("x_hat", "logvar"), rng=rng).worst <= 1e-12
    assert check_gradients(pair, x, x_hat, logvar, wrt=("x_hat", "logvar"), method="central", rng=rng).worst <= 1e-7


@given(rng=generators, B=sizes, D=sizes)
def test_bernoulli_gradient(rng, B, D):
    x, a = rng.random((B, D)), 3 * rng.standard_normal((B, D))
    pair = bernoulli_nll, bernoulli_nll_backward
    assert check_gradients(pair, x, a, wrt="a", rng=rng).worst <= 1e-12
    assert check_gradients(pair, x, a, wrt="a", method="central", rng=rng).worst <= 1e-7


@given(rng=generators, B=sizes, D=sizes)
def test_gaussian_nll_pixel_by_pixel(rng, B, D):
    x, x_hat, sigma = rng.standard_normal((B, D)), rng.standard_normal((B, D)), 0.37
    expected = [sum((x[b, d] - x_hat[b, d])**2 / (2 * sigma**2) + math.log(sigma) + math.log(2 * math.pi) / 2
                    for d in range(D)) for b in range(B)]
    np.testing.assert_allclose(Gaussian(sigma).nll(x, x_hat), expected, rtol=1e-12)


def test_gaussian_density_integrates_to_one():
    x = np.linspace(-6, 8, 10_001)[:, None]
    density = np.exp(-Gaussian(0.8).nll(x, np.full_like(x, 1.1)))
    assert np.sum((density[1:] + density[:-1]) / 2) * (x[1, 0] - x[0, 0]) == pytest.approx(1, abs=1e-9)


@given(rng=generators, D=sizes)
def test_bernoulli_brute_force(rng, D):
    """All 2^D pictures: their probabilities are products, and sum to 1."""
    a = 2 * rng.standard_normal(D)
    p = [1 / (1 + math.exp(-value)) for value in a]
    pictures = np.array(list(itertools.product([0.0, 1.0], repeat=D)))
    expected = [math.prod(q if bit else 1 - q for bit, q in zip(picture, p)) for picture in pictures]
    probabilities = np.exp(-bernoulli_nll(pictures, np.tile(a, (len(pictures), 1))))
    np.testing.assert_allclose(probabilities, expected, rtol=1e-12)
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bernoulli_far_out(dtype):
    """Logits that would round p to 0 or 1: the loss is |a| when the pixel is wrong, 0 when it is right."""
    a = np.array([[200.0, -200.0, 200.0, -200.0]], dtype)
    x = np.array([[1, 0, 0, 1]], dtype)
    assert bernoulli_nll(x, a)[0] == pytest.approx(400)
    np.testing.assert_allclose(bernoulli_nll_backward(np.ones(1, dtype), x, a)[0], [0, 0, 1, -1], atol=1e-6)


def test_means_and_samples(rng):
    n = 50_000
    a = np.tile([[-1.0, 0.4, 2.0]], (n, 1))
    p = 1 / (1 + np.exp(-a[0]))
    drawn = Bernoulli().sample(a, rng)
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_allclose(Bernoulli().mean(a)[0], p, rtol=1e-12)
    assert (np.abs(drawn.mean(axis=0) - p) < 5 * np.sqrt(p * (1 - p) / n)).all()
    drawn = Gaussian(0.3).sample(a, rng)
    np.testing.assert_array_equal(Gaussian(0.3).mean(a), a)
    assert (np.abs(drawn.mean(axis=0) - a[0]) < 5 * 0.3 / np.sqrt(n)).all()
    assert (np.abs(drawn.var(axis=0) - 0.09) < 5 * 0.09 * np.sqrt(2 / n)).all()


def test_the_best_learned_sigma_is_the_mean_squared_residual(rng):
    """dlogvar is 0 where sigma^2 = mean squared residual: the closed-form optimum."""
    x, x_hat = rng.standard_normal((20, 5)), rng.standard_normal((20, 5))
    logvar = np.log(np.mean((x - x_hat)**2, keepdims=True))[0]
    assert abs(gaussian_nll_backward(np.full(20, 1 / 20), x, x_hat, logvar)[1][0]) < 1e-12


def test_float32_stays_float32():
    x = np.ones((2, 3), np.float32)
    for likelihood in (Bernoulli(), Gaussian(0.5)):
        assert likelihood.nll(x, x).dtype == np.float32
        assert likelihood.nll_backward(np.ones(2, np.float32), x, x).dtype == np.float32
        assert likelihood.sample(x, np.random.default_rng(0)).dtype == np.float32
