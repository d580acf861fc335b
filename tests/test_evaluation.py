"""Likelihood estimates against the exact marginal of a linear-Gaussian model, and their order."""

import numpy as np
import pytest

import tinyvae
from tests.oracles import gaussian_log_density, linear_marginal
from tinyvae import evaluation
from tinyvae.vae import VAE

SIGMA = 0.8


def linear_model(seed=0):
    model = VAE(5, (), 2, "gaussian", sigma0=SIGMA, seed=seed, dtype=np.float64)
    model.parameters["decoder.0.b"][...] = [0.3, -0.2, 0.1, 0.0, 0.5]
    # q off the posterior but wider than it, so that the weights have a finite variance
    model.parameters["encoder.0.W"][...] *= 0.1
    model.parameters["encoder.0.b"][...] = [0.1, -0.1, 0.2, 0.3]
    return model


def data_and_exact(model, n):
    mean, covariance = linear_marginal(model.parameters["decoder.0.W"], model.parameters["decoder.0.b"], SIGMA)
    x = np.random.default_rng(1).multivariate_normal(mean, covariance, n)
    return x, gaussian_log_density(x, mean, covariance)


def test_importance_sampling_agrees_with_the_exact_marginal():
    """q is far from the posterior: the estimate is right all the same, within its error."""
    model = linear_model()
    x, exact = data_and_exact(model, 40)
    estimate, error = evaluation.log_likelihood(model, x, k=20_000, rng=0, return_error=True)
    z_scores = (estimate - exact) / error
    assert np.abs(z_scores).max() < 5
    np.testing.assert_array_equal(estimate, tinyvae.log_likelihood(model, x, k=20_000, rng=0))


def test_the_bound_rises_with_k_and_starts_at_the_elbo():
    model = linear_model()
    x, exact = data_and_exact(model, 1500)
    means = [evaluation.log_likelihood(model, x, k=k, rng=k).mean() for k in (1, 5, 50, 1000)]
    spread = np.std(evaluation.log_likelihood(model, x, k=1, rng=0) - exact) / np.sqrt(len(x))
    elbo = evaluation.elbo(model, x, samples=50, rng=5).mean()
    assert abs(means[0] - elbo) < 5 * spread
    assert means[0] < means[1] < means[2] < means[3] + 0.05
    assert means[3] == pytest.approx(exact.mean(), abs=0.05)
    assert elbo < exact.mean()


def test_elbo_against_its_closed_form():
    """Linear decoder, Gaussian q: E_q[log p(x given z)] has a closed form."""
    model = linear_model()
    x, _ = data_and_exact(model, 30)
    W, b = model.parameters["decoder.0.W"], model.parameters["decoder.0.b"]
    mu, logvar = model.encode(x)
    # E |x - z W - b|^2 = |x - mu W - b|^2 + sum_j sigma_j^2 |W_j|^2
    expected_square = np.sum((x - mu @ W - b)**2, axis=1) + np.exp(logvar) @ np.sum(W**2, axis=1)
    kl = 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)
    closed = -expected_square / (2 * SIGMA**2) - 5 / 2 * np.log(2 * np.pi * SIGMA**2) - kl
    draws = np.array([evaluation.elbo(model, x, samples=100, rng=seed) for seed in range(40)])
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - closed) < 5 * error).all()


def test_elbo_of_one_sample_is_the_models_own():
    model = linear_model()
    x, _ = data_and_exact(model, 30)
    eps = model.noise(np.random.default_rng(7), 30)
    np.testing.assert_allclose(evaluation.elbo(model, x, samples=1, rng=7), model.elbo(x, eps), rtol=1e-12)


@pytest.mark.parametrize("k", [2, 20, 45, 400])
def test_log_mean_exp_and_its_error_against_all_weights_at_once(k, monkeypatch):
    """Weights that differ by dozens of nats, the largest in any chunk: against the formula on the whole array."""
    model, rng, drawn = linear_model(), np.random.default_rng(k), []

    def wild(model, data, mu, logvar, eps):
        drawn.append(30 * rng.standard_normal(len(data)) - 1000)
        return drawn[-1]
    monkeypatch.setattr(evaluation, "log_weights", wild)
    estimate, error = evaluation.log_likelihood(model, np.zeros((3, 5)), k=k, return_error=True)
    log_w = np.concatenate([values.reshape(-1, 3) for values in drawn])                  # (k, 3)
    w = np.exp(log_w - log_w.max(axis=0))
    np.testing.assert_allclose(estimate, log_w.max(axis=0) + np.log(w.mean(axis=0)), rtol=1e-12)
    np.testing.assert_allclose(error, w.std(axis=0, ddof=1) / np.sqrt(k) / w.mean(axis=0), rtol=1e-9)


def test_the_standard_error_is_the_spread_of_repeated_estimates():
    model = linear_model()
    x, _ = data_and_exact(model, 40)
    runs = [evaluation.log_likelihood(model, x, k=500, rng=seed, return_error=True) for seed in range(60)]
    estimates, errors = np.array(runs).transpose(1, 0, 2)                                # (60, 40) each
    ratio = np.sqrt(np.mean(estimates.var(axis=0, ddof=1)) / np.mean(errors**2))
    # a variance from 60 runs of 40 examples is known to sqrt(2 / (59 * 40)) = 3 %, its root to half of that
    assert abs(ratio - 1) < 5 * 0.015


@pytest.mark.parametrize("k", [1, 19, 20, 21, 45])
@pytest.mark.parametrize("n", [1, 99, 100, 101])
def test_chunks_cover_every_example_and_every_sample(n, k, monkeypatch):
    """Each example must get exactly k samples, in whatever chunks."""
    model, counts = linear_model(), np.zeros(n)
    x = np.zeros((n, 5))
    x[:, 0] = np.arange(n)

    def count(model, data, mu, logvar, eps):
        np.add.at(counts, data[:, 0].astype(int), 1)
        return np.zeros(len(data))
    monkeypatch.setattr(evaluation, "log_weights", count)
    np.testing.assert_allclose(evaluation.log_likelihood(model, x, k=k), 0, atol=1e-12)    # log of a mean of ones
    assert (counts == k).all()


def test_tiny_weights_do_not_underflow():
    """log p(x) near -50,000: exp of it is 0 in any float, the log-mean-exp is not -inf."""
    model = linear_model()
    x = np.full((2, 5), 150.0)
    values, error = evaluation.log_likelihood(model, x, k=50, return_error=True)
    assert (values < -20_000).all() and np.isfinite(values).all() and np.isfinite(error).all()
