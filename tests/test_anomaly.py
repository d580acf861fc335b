"""Thresholds against every order of the scores, scores against their definitions, purification against projection."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import gaussian_log_density, linear_marginal
from tinyvae import Autoencoder, anomaly, evaluation
from tinyvae.flow import Flow
from tinyvae.pca import PCA
from tinyvae.vae import VAE

KEEPS = st.sampled_from([0.5, 0.6, 0.75, 0.8, 0.9])


def vae(likelihood="gaussian", seed=0, data_dim=5, **settings):
    model = VAE(data_dim, (4,), 2, likelihood, seed=seed, dtype=np.float64, **settings)
    model.parameters.vector[...] += 0.3 * np.random.default_rng(seed).standard_normal(model.parameters.vector.size)
    return model


@given(st.integers(10, 40), KEEPS, st.integers(0, 2**32 - 1))
def test_each_of_n_plus_one_in_turn_is_the_fresh_one(n, keep, seed):
    """Without ties the false alarms are what exchangeability says, at most 1 - keep, and one rank less breaks that."""
    scores = np.random.default_rng(seed).standard_normal(n + 1)
    alarms = np.mean([scores[i] > anomaly.threshold(np.delete(scores, i), keep) for i in range(n + 1)])
    k = math.ceil((n + 1) * round(keep * 100) / 100 - 1e-9)
    assert alarms == pytest.approx(1 - k / (n + 1), abs=1e-12)
    assert alarms <= 1 - keep + 1e-12 < alarms + 1 / (n + 1)


@given(st.lists(st.integers(0, 3), min_size=10, max_size=30), KEEPS)
def test_ties_only_lower_the_false_alarms(scores, keep):
    scores = np.array(scores)
    alarms = np.mean([scores[i] > anomaly.threshold(np.delete(scores, i), keep) for i in range(len(scores))])
    assert alarms <= 1 - keep + 1e-12


@given(st.integers(10, 60), KEEPS, st.integers(0, 2**32 - 1))
def test_it_keeps_the_share_of_its_own_scores_and_is_one_of_them(n, keep, seed):
    scores = np.random.default_rng(seed).integers(0, n, n).astype(float)
    t = anomaly.threshold(scores, keep)
    assert t in scores and np.mean(scores <= t) >= keep - 1e-12
    assert t == anomaly.threshold(np.random.default_rng(seed).permutation(scores), keep)
    assert isinstance(t, float)


def test_the_share_is_the_decimal_that_was_written():
    """100 * 0.07 is 7.000000000000001 in floating point: the 7th smallest is meant, not the 8th."""
    assert anomaly.threshold(np.arange(1, 100), 0.07) == 7
    assert anomaly.threshold(np.arange(1, 100), np.float64(0.29)) == 29


@pytest.mark.parametrize("keep, least", [(0.99, 99), (0.9, 9), (0.95, 19), (0.5, 1)])
def test_the_fewest_scores_that_have_the_guarantee(keep, least):
    """With the fewest the threshold is the largest score; with one less there is none."""
    assert anomaly.threshold(np.arange(least), keep) == least - 1
    if least > 1:
        with pytest.raises(ValueError, match=f"got {least - 1} scores, expected at least {least} "):
            anomaly.threshold(np.arange(least - 1), keep)


def test_false_alarms_on_fresh_normal_data(rng):
    """The guarantee as it is used: n scores, then m fresh ones, 2000 times; 5 standard errors."""
    n, m, keep = 50, 20, 0.9
    scores = rng.exponential(size=(2000, n + m))
    alarms = np.array([np.mean(row[n:] > anomaly.threshold(row[:n], keep)) for row in scores])
    error = alarms.std(ddof=1) / math.sqrt(len(alarms))
    assert abs(alarms.mean() - (1 - 46 / 51)) < 5 * error
    assert alarms.mean() <= 1 - keep + 5 * error


@pytest.mark.parametrize("scores, keep, error", [
    ([1.0, np.nan], 0.5, ValueError), ([], 0.5, ValueError), ([[1.0, 2.0]], 0.5, ValueError),
    ([1j, 2.0], 0.5, TypeError), ([1.0, 2.0], 1.0, ValueError), ([1.0, 2.0], 0, ValueError),
    ([1.0, 2.0], "0.5", TypeError), ([1.0, 2.0], 50, ValueError)])
def test_bad_thresholds_are_refused(scores, keep, error):
    with pytest.raises(error, match="normal_scores|keep"):
        anomaly.threshold(scores, keep)


def test_reconstruction_scores_by_their_definition(rng):
    x = rng.random((7, 5))
    for model in (vae(), vae("bernoulli"), Autoencoder(5, (4,), 2, dtype=np.float64), PCA(rng.random((9, 5)), 2)):
        x_hat = model.reconstruct(x)
        expected = [sum((a - b)**2 for a, b in zip(*pair)) for pair in zip(x, x_hat)]
        np.testing.assert_allclose(anomaly.scores(model, x), expected, rtol=1e-12)


def test_likelihood_scores_against_the_exact_marginal(rng):
    """A linear-Gaussian model: -log p(x) is known, -ELBO lies above it."""
    model = VAE(5, (), 2, "gaussian", sigma0=0.8, seed=1, dtype=np.float64)
    model.parameters["encoder.0.W"][...] *= 0.1
    model.parameters["decoder.0.b"][...] = rng.standard_normal(5)
    mean, covariance = linear_marginal(model.parameters["decoder.0.W"], model.parameters["decoder.0.b"], 0.8)
    x = rng.multivariate_normal(mean, covariance, 50)
    exact = -gaussian_log_density(x, mean, covariance)
    estimate = anomaly.scores(model, x, "likelihood", k=4000, rng=2)
    _, error = evaluation.log_likelihood(model, x, k=4000, rng=2, return_error=True)
    assert (np.abs(estimate - exact) < 5 * error).all()
    bound = np.array([anomaly.scores(model, x, "elbo", k=50, rng=seed) for seed in range(20)])
    assert (bound.mean(axis=0) > exact - 5 * bound.std(axis=0, ddof=1) / math.sqrt(20)).all()
    assert bound.mean() > exact.mean() + 0.1


def test_elbo_scores_are_reconstruction_loss_plus_kl(rng):
    model, x = vae("bernoulli"), rng.random((6, 5))
    eps = model.noise(np.random.default_rng(3), 6)
    losses = [model.loss(x[i:i + 1], eps[i:i + 1]).total for i in range(6)]
    np.testing.assert_allclose(anomaly.scores(model, x, "elbo", k=1, rng=3), losses, rtol=1e-12)
    assert np.ptp(anomaly.scores(model, x, "elbo", k=3, rng=3) - anomaly.scores(model, x, "elbo", k=3, rng=3)) == 0
    assert not np.array_equal(anomaly.scores(model, x, "elbo", k=3), anomaly.scores(model, x, "elbo", k=4))


@pytest.mark.parametrize("arguments, error, words", [
    (("distance",), ValueError, "kind: got 'distance', expected one of reconstruction, elbo, likelihood"),
    ((3,), TypeError, "kind"), (("likelihood", 0), ValueError, "k: got 0"), (("elbo", 0), ValueError, "k: got 0"),
    (("elbo", 2, None), TypeError, "rng")])
def test_bad_scores_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        anomaly.scores(vae(), np.zeros((2, 5)), *arguments)


@pytest.mark.parametrize("model", [PCA(np.eye(5), 2), VAE, Autoencoder(5, (), 2)])
def test_a_model_without_a_likelihood_has_no_elbo(model):
    with pytest.raises(TypeError, match="model: got .* expected a VAE for kind='elbo'"):
        anomaly.scores(model, np.zeros((2, 5)), "elbo")
    with pytest.raises(TypeError, match="model: got .* expected a model of p"):
        anomaly.scores(model, np.zeros((2, 5)), "likelihood")


def test_an_exact_likelihood_is_a_score(rng):
    flow, x = Flow(5, 2, (4,), dtype=np.float64), rng.standard_normal((7, 5))
    np.testing.assert_array_equal(anomaly.scores(flow, x, "likelihood"), -flow.log_likelihood(x))
    values, errors = evaluation.log_likelihood(flow, x, return_error=True)
    assert np.array_equal(values, flow.log_likelihood(x)) and not errors.any()


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_purification_is_decoder_after_encoder_again_and_again(rng, rounds):
    model, x = vae("bernoulli"), rng.random((7, 5))
    expected = x
    for _ in range(rounds):
        expected = model.decode(model.encode(expected)[0])
    np.testing.assert_allclose(anomaly.purify(model, x, rounds), expected, rtol=1e-12)
    assert rounds > 1 or np.array_equal(anomaly.purify(model, x), anomaly.purify(model, x, 1))


def test_noise_may_leave_the_range_of_the_likelihood(rng):
    """A Bernoulli model refuses such pixels as data; a Gaussian one with the same weights decodes the same code."""
    bernoulli, gaussian, x = vae("bernoulli"), vae(), 3 * rng.standard_normal((6, 5))
    gaussian.set_vector(bernoulli.parameters.vector)
    a = gaussian.decode(gaussian.encode(x)[0])
    np.testing.assert_allclose(anomaly.purify(bernoulli, x), 1 / (1 + np.exp(-a)), rtol=1e-12)
    with pytest.raises(ValueError, match="expected .0, 1."):
        bernoulli.encode(x)


def test_purify_takes_back_the_right_to_a_backward(rng):
    """The layers then keep other values than those of the last loss."""
    model, x = vae(), rng.random((3, 5))
    model.loss(x, model.noise(rng, 3))
    anomaly.purify(model, x)
    with pytest.raises(RuntimeError, match="call loss"):
        model.backward()


def test_pca_purifies_by_projection(rng):
    """The noise that lies in the plane stays, the rest goes; a second round changes nothing."""
    plane = PCA(rng.standard_normal((40, 6)), 3)
    x, noise = plane.decode(rng.standard_normal((5, 3))), rng.standard_normal((5, 6))
    inside = noise @ plane.components.T @ plane.components
    np.testing.assert_allclose(anomaly.purify(plane, x + noise), x + inside, atol=1e-12)
    np.testing.assert_allclose(anomaly.purify(plane, x + noise, 3), x + inside, atol=1e-12)


@pytest.mark.parametrize("n", [1, 3, 4, 7])
def test_chunks_cover_every_example(rng, n, monkeypatch):
    monkeypatch.setattr(evaluation, "RECONSTRUCTED", 3)
    model, x = vae(), rng.random((n, 5))
    x_hat = model.reconstruct(x)
    assert anomaly.purify(model, x).shape == (n, 5)
    np.testing.assert_allclose(anomaly.purify(model, x), x_hat, rtol=1e-12)


def test_purify_leaves_its_input_alone_and_refuses_what_it_cannot_take(rng):
    model, x = vae("bernoulli"), rng.random((2, 5))
    before = x.copy()
    anomaly.purify(model, x, 2)
    np.testing.assert_array_equal(x, before)
    for bad, error, words in (((model, x, 0), ValueError, "rounds: got 0"), ((model, x, 1.5), TypeError, "rounds"),
                              ((object(), x), TypeError, "model: got"), ((VAE, x), TypeError, "model: got"),
                              ((model, x[:, :4]), ValueError, r"x: got shape \(2, 4\)"),
                              ((model, np.where(x > x.min(), x, np.nan)), ValueError, "x: 1 of 10 values are NaN")):
        with pytest.raises(error, match=words):
            anomaly.purify(*bad)


def test_there_are_as_many_orders_as_the_guarantee_counts():
    """All 5! orders of four calibration scores and a fresh one: k of 5 ranks are kept, each equally often."""
    alarms = [fresh > anomaly.threshold(others, 0.6) for *others, fresh in itertools.permutations(np.arange(5.0))]
    assert np.mean(alarms) == pytest.approx(2 / 5, abs=1e-12)
