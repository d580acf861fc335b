"""Score matching: every gradient; the loss and Langevin's walk against truths by quadrature and by exact recursions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyvae
from tests.strategies import generators, sizes
from tinyvae import Adam, fit, gaussian
from tinyvae.data import planar
from tinyvae.gradcheck import check_gradients
from tinyvae.layers import INITIALISATIONS
from tinyvae.score_matching import (
    SIGMAS,
    ScoreModel,
    annealed_langevin,
    denoising_score_matching,
    denoising_score_matching_backward,
    langevin,
)
from tinyvae.softmax import log_sum_exp


def network(D, hidden, rng, sigmas=(2.0, 0.5, 0.1), **settings):
    """A network with non-zero biases."""
    model = ScoreModel(D, sigmas, hidden, seed=rng, dtype=np.float64, **settings)
    model.parameters.vector[...] += 0.3 * rng.standard_normal(model.parameters.vector.size)
    return model


def log_mixture(x, centres, v):
    """log of the mean of N(x; centre, v I), complex numbers welcome. x (B, D) to (B,)"""
    D = centres.shape[1]
    squares = np.sum((x[:, None] - centres)**2, axis=2)                                    # (B, K)
    return log_sum_exp(-squares / (2 * v)) - np.log(len(centres)) - D / 2 * np.log(2 * np.pi * v)


def mixture_score(x, centres, v):
    """Its gradient by the complex step: no formula for a score enters."""
    steps = 1e-30j * np.eye(x.shape[1])
    return np.stack([np.imag(log_mixture(x + step, centres, v)) / 1e-30 for step in steps], axis=1)


@given(rng=generators, B=sizes, D=sizes)
def test_gradient_of_the_loss(rng, B, D):
    s, eps, sigma = rng.standard_normal((B, D)), rng.standard_normal((B, D)), rng.uniform(0.1, 2, (B, 1))
    pair = denoising_score_matching, denoising_score_matching_backward
    assert check_gradients(pair, s, eps, sigma, wrt="s", rng=rng).worst <= 1e-12
    assert check_gradients(pair, s, eps, sigma, wrt="s", rng=rng, method="central").worst <= 1e-7


@given(rng=generators, B=sizes, D=sizes, hidden=st.sampled_from([(), (3,), (5, 2)]),
       activation=st.sampled_from(["tanh", "elu", "softplus", "sigmoid"]))
def test_whole_gradient(rng, B, D, hidden, activation):
    model = network(D, hidden, rng, activation=activation)
    report = check_gradients(model, rng.standard_normal((B, D)), model.noise(rng, B))
    assert [row.name for row in report.rows] == list(model.parameters) and report.worst <= 1e-12


@pytest.mark.parametrize("activation", sorted(INITIALISATIONS))
def test_whole_gradient_by_central_differences(activation, rng):
    model = network(3, (5, 4), rng, activation=activation)
    report = check_gradients(model, rng.standard_normal((7, 3)), model.noise(rng, 7), method="central")
    assert report.worst <= 1e-7


@given(rng=generators, B=sizes, D=sizes)
def test_loss_by_loops(rng, B, D):
    """1/2 |sigma s(x + sigma eps, sigma) + eps|^2, the score asked for one example at a time."""
    model, x = network(D, (3,), rng), rng.standard_normal((B, D))
    noise = model.noise(rng, B)
    total = 0.0
    for x_b, row in zip(x, noise):
        eps, sigma = row[:D], float(row[D])
        s = model.score((x_b + sigma * eps)[None], sigma)[0]
        total += sum((sigma * s[d] + eps[d])**2 for d in range(D)) / 2
    assert model.loss(x, noise).total == pytest.approx(total / B, rel=1e-12)


@pytest.mark.parametrize("D, sigma", [(1, 0.3), (1, 2.0), (2, 0.7)])
def test_denoising_is_explicit_score_matching_up_to_a_constant(D, sigma, rng):
    """Vincent's theorem. The data are three points, so the noisy density is a mixture with a known score s*:

    sigma^2 / 2 E|s - s*|^2 = E[denoising loss of s] - (D / 2 - sigma^2 / 2 E|s*|^2) for every s.
    """
    points = 1.5 * rng.standard_normal((3, D))
    axis = np.linspace(-9, 9, 145 if D == 2 else 2001)                   # both integrands have vanished at 9 sigma
    eps = np.stack(np.meshgrid(*D * [axis], indexing="ij"), axis=-1).reshape(-1, D)
    weight = np.exp(gaussian.log_density(eps, 0 * eps, 0 * eps)) * (axis[1] - axis[0])**D / 3
    eps, weight = np.tile(eps, (3, 1)), np.tile(weight, 3)               # (G, D), (G,): quadrature over eps and points
    x = np.repeat(points, len(eps) // 3, axis=0) + sigma * eps           # (G, D), x_noisy
    assert weight.sum() == pytest.approx(1, abs=1e-13)
    true, level = mixture_score(x, points, sigma**2), np.full((len(eps), 1), sigma)
    size = weight @ np.sum(true**2, axis=1)                              # E|s*|^2
    for s in (true, *(network(D, hidden, rng).score(x, sigma) for hidden in ((), (4,)))):
        explicit = sigma**2 / 2 * weight @ np.sum((s - true)**2, axis=1)
        denoising = weight @ denoising_score_matching(s, eps, level)
        assert explicit == pytest.approx(denoising - (D / 2 - sigma**2 / 2 * size), rel=1e-11, abs=1e-11)
        assert (explicit > 0.01) == (s is not true)


def test_score_of_a_level_for_all_or_one_for_each(rng):
    model, x = network(2, (4,), rng), rng.standard_normal((5, 2))
    sigma = np.array([2.0, 0.5, 0.5, 0.1, 0.3])                                   # 0.3 was no level of training
    each = model.score(x, sigma)
    for b in range(5):
        np.testing.assert_allclose(model.score(x, float(sigma[b]))[b], each[b], rtol=1e-13)
    W, b = (0 * model.parameters[name] for name in ("network.2.W", "network.2.b"))
    model.parameters["network.2.W"][...], model.parameters["network.2.b"][...] = W, b + 1
    np.testing.assert_allclose(model.score(x, sigma), 1 / sigma[:, None] * np.ones(2), rtol=1e-14)


def test_noise_has_the_moments_it_should_and_every_level(rng):
    model, n = ScoreModel(3, (2.0, 0.5, 0.25), dtype=np.float64), 30_000
    noise = model.noise(rng, n)
    eps, sigma = noise[:, :3], noise[:, 3]
    assert noise.shape == (n, 4) and set(sigma) == {2.0, 0.5, 0.25}
    assert (np.abs(eps.mean(axis=0)) < 5 / np.sqrt(n)).all()
    assert (np.abs(np.cov(eps.T) - np.eye(3)) < 5 * np.sqrt(2 / n)).all()
    for level in model.sigmas:
        assert abs(np.mean(sigma == level) - 1 / 3) < 5 * np.sqrt(2 / 9 / n)
    assert abs(np.corrcoef(sigma, np.sum(eps**2, axis=1))[0, 1]) < 5 / np.sqrt(n)


# Langevin's walk

@pytest.mark.parametrize("steps", [0, 1, 7, 200])
@pytest.mark.parametrize("step", [0.1, 1.0, 2.5])
def test_langevin_on_a_gaussian_is_the_recursion_it_must_be(step, steps, rng):
    """x' = m + a (x - m) + sqrt(h) xi, a = 1 - h / (2 v): mean and variance after any number of steps are known."""
    m, v, n = np.array([1.0, -2.0]), 0.8, 20_000
    x = langevin(lambda x: (m - x) / v, np.full((n, 2), 3.0), step, steps, rng)
    a = 1 - step / (2 * v)
    mean, variance = m + a**steps * (3 - m), step * (1 - a**(2 * steps)) / (1 - a**2)
    assert (np.abs(x.mean(axis=0) - mean) <= 5 * np.sqrt(variance / n)).all()
    assert (np.abs(x.var(axis=0) - variance) <= 5 * variance * np.sqrt(2 / n)).all()
    if steps == 200:                             # it has forgotten its start, and stands at the density with its bias
        assert variance == pytest.approx(v / (1 - step / (4 * v)), rel=1e-6)
        assert abs(np.corrcoef(x.T)[0, 1]) < 5 / np.sqrt(n)


def test_langevin_reaches_a_mixture(rng):
    """In one dimension, small steps: the share of walkers left of 0 and the second moment, against quadrature."""
    centres, v, n = np.array([[-1.0], [-1.0], [1.5]]), 0.5, 4000
    x = langevin(lambda x: mixture_score(x, centres, v), 2 * rng.standard_normal((n, 1)), 0.05, 600, rng)
    grid = np.linspace(-8, 8, 16_001)[:, None]
    p = np.exp(log_mixture(grid, centres, v)) * 1e-3
    bias = 0.05 / (4 * v)                                                 # relative, of the variance of a component
    left, second = p @ (grid[:, 0] < 0), p @ grid[:, 0]**2
    assert abs(np.mean(x < 0) - left) < 5 * np.sqrt(left * (1 - left) / n) + bias
    assert abs(np.mean(x**2) - second) < 5 * np.sqrt(p @ grid[:, 0]**4 / n) + bias * v


def test_annealed_langevin_on_a_gaussian_is_the_recursion_it_must_be(rng):
    """p = N(0, v) with noise sigma is N(0, v + sigma^2). Level by level the variance is multiplied and added to."""
    v, n, sigmas, steps, step = 0.5, 40_000, (2.0, 0.7, 0.2), 3, 0.6
    x = annealed_langevin(lambda x, sigma: -x / (v + sigma**2), np.full((n, 1), 4.0), sigmas, steps, step, rng)
    mean, variance = 4.0, 0.0
    for sigma in (2.0, 2.0, 2.0, 0.7, 0.7, 0.7, 0.2, 0.2, 0.2):
        a = 1 - step * sigma**2 / 2 / (v + sigma**2)
        mean, variance = a * mean, a**2 * variance + step * sigma**2
    assert abs(x.mean() - mean) < 5 * np.sqrt(variance / n)
    assert abs(x.var() - variance) < 5 * variance * np.sqrt(2 / n)


def test_sample_of_a_linear_network_is_the_recursion_it_must_be(rng):
    """s = (x W + log sigma w + b) / sigma: the mean and the covariance of the samples are known exactly."""
    model, n = ScoreModel(2, (2.0, 0.5), (), dtype=np.float64), 40_000
    model.parameters["network.0.W"][...] = [[-0.6, 0.3], [-0.2, -0.9], [0.4, -0.7]]
    model.parameters["network.0.b"][...] = [0.5, 0.2]
    W, w, b = model.parameters["network.0.W"][:2], model.parameters["network.0.W"][2], [0.5, 0.2]
    mean, covariance = np.zeros(2), 2.0**2 * np.eye(2)
    for sigma in (2.0, 2.0, 2.0, 0.5, 0.5, 0.5):
        h = 0.3 * sigma**2
        A = np.eye(2) + h / 2 * W / sigma
        mean = mean @ A + h / 2 * (np.log(sigma) * w + b) / sigma
        covariance = A.T @ covariance @ A + h * np.eye(2)
    x = model.sample(n, 3, steps=3, step=0.3)
    assert (np.abs(x.mean(axis=0) - mean) < 5 * np.sqrt(np.diag(covariance) / n)).all()
    spread = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / n)
    assert (np.abs(np.cov(x.T) - covariance) < 5 * spread).all()


# A trained network

CENTRES = planar.mixture_centres(3)


@pytest.fixture(scope="module")
def trained():
    model, optimizer = ScoreModel(hidden=(32, 32), seed=0), Adam(1e-2)
    fit(model, planar.mixture(1000, 1, components=3).x, epochs=80, batch_size=100, optimizer=optimizer, progress=False,
        before_epoch=lambda epoch: setattr(optimizer, "lr", 1e-2 * (1 - epoch / 80)))
    return model


def test_a_trained_network_comes_near_the_exact_score(trained, rng):
    """The mixture with noise is again a mixture, with variance 0.2^2 + sigma^2. The bar is a tenth of its own size.

    In the units of the loss: an error that is a tenth of sigma^2 / 2 E|s*|^2, what a score of 0 has, mean over levels.
    """
    wrong, size = [], []
    for sigma in trained.sigmas:
        x = planar.mixture(1000, rng, components=3).x + sigma * rng.standard_normal((1000, 2))
        s = mixture_score(x, CENTRES, 0.2**2 + sigma**2)
        wrong.append(sigma**2 / 2 * np.mean(np.sum((trained.score(x, sigma) - s)**2, axis=1)))
        size.append(sigma**2 / 2 * np.mean(np.sum(s**2, axis=1)))
    assert np.mean(wrong) < 0.1 * np.mean(size)


def test_samples_of_a_trained_network_are_in_the_clusters(trained):
    x = trained.sample(1000, 3)
    distance = np.linalg.norm(x[:, None] - CENTRES, axis=2)                                # (1000, 3)
    near = distance.min(axis=1) < 3 * np.hypot(0.2, trained.sigmas[-1])
    # P(|x - c| < 3 sigma) = 1 - exp(-9 / 2) = 0.989 for the true mixture, 1/3 for each cluster
    assert np.mean(near) > 0.9
    assert (np.bincount(distance.argmin(axis=1)[near], minlength=3) / 1000 > 1 / 6).all()


def test_samples_are_repeatable():
    model = ScoreModel(3, (1.0, 0.5), (4,))
    np.testing.assert_array_equal(model.sample(4, 7), model.sample(4, 7))
    assert not np.array_equal(model.sample(4, 7), model.sample(4, 8)) and model.sample(4, 7).shape == (4, 3)


def test_float32_throughout(rng):
    model = ScoreModel(2, hidden=(4,))
    x, noise = rng.standard_normal((5, 2)), model.noise(rng, 5)
    assert noise.dtype == np.float32 and model.loss(x, noise).total.dtype == np.float32
    model.backward()
    assert model.gradients.vector.dtype == np.float32
    assert model.score(x, 0.3).dtype == np.float32 and model.sample(3, 0, steps=1).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_and_loaded_is_the_same_model(dtype, tmp_path, rng):
    model = ScoreModel(3, (1.5, 0.1), (4, 3), activation="elu", seed=2, dtype=dtype)
    model.save(tmp_path / "score.npz")
    other = tinyvae.load(tmp_path / "score.npz")
    x = rng.standard_normal((5, 3))
    assert other.dtype == dtype and other.header() == model.header()
    np.testing.assert_array_equal(model.score(x, 0.4), other.score(x, 0.4))


@pytest.mark.parametrize("between", [lambda model, x: model.score(x, 0.5),
                                     lambda model, x: model.sample(2, 0, steps=1)])
def test_backward_never_uses_another_forward(between, rng):
    model, x = ScoreModel(2, hidden=(4,)), rng.standard_normal((5, 2))
    for forward in (lambda: None, lambda: (model.loss(x, model.noise(rng, 5)), between(model, x))):
        forward()
        with pytest.raises(RuntimeError, match="call loss"):
            model.backward()


def test_the_levels_of_the_default_fall_evenly():
    np.testing.assert_allclose(np.diff(np.log(SIGMAS)), np.log(0.05 / 3) / 9)


X, NOISE = np.zeros((5, 2)), np.ones((5, 3))


@pytest.mark.parametrize("call, error, says", [
    (lambda: ScoreModel(0), ValueError, "data_dim: got 0"),
    (lambda: ScoreModel(2, 0.5), TypeError, "sigmas: got 0.5, expected a sequence"),
    (lambda: ScoreModel(2, ()), TypeError, r"sigmas: got \(\)"),
    (lambda: ScoreModel(2, (1.0, 0.0)), ValueError, "sigmas: got 0.0"),
    (lambda: ScoreModel(2, (0.1, 1.0)), ValueError, "sigmas: got .* from wide to narrow; sort"),
    (lambda: ScoreModel().loss(X, NOISE[:, :2]), ValueError, r"noise: got shape \(5, 2\), expected \(B, 3\)"),
    (lambda: ScoreModel().loss(X, NOISE[:3]), ValueError, "noise: got 3 levels, expected 5"),
    (lambda: ScoreModel().loss(X, -NOISE), ValueError, "noise: got -1, expected noise levels > 0"),
    (lambda: ScoreModel().loss(X[:, :1], NOISE), ValueError, r"x: got shape \(5, 1\)"),
    (lambda: ScoreModel().score(X * np.nan, 1.0), ValueError, "NaN"),
    (lambda: ScoreModel().score(X, 0), ValueError, "sigma: got 0.0, expected a finite number > 0"),
    (lambda: ScoreModel().score(X, np.ones(3)), ValueError, "sigma: got 3 levels, expected 5"),
    (lambda: ScoreModel().score(X, np.ones((5, 1))), ValueError, r"sigma: got shape \(5, 1\), expected \(N,\)"),
    (lambda: ScoreModel().sample(0, 1), ValueError, "n: got 0"),
    (lambda: ScoreModel().sample(2, None), TypeError, "rng: got None"),
    (lambda: ScoreModel().sample(2, 0, step=-1), ValueError, "step: got -1"),
    (lambda: langevin(lambda x: -x, X, 0, 5, 0), ValueError, "step: got 0"),
    (lambda: langevin(lambda x: -x, X, 0.1, 0.5, 0), TypeError, "steps: got 0.5"),
    (lambda: langevin(lambda x: x[:, 0], X, 0.1, 1, 0), ValueError, r"score: returned shape \(5,\), expected \(5, 2\)"),
    (lambda: langevin(lambda x: -x**3, X + 10, 1.0, 50, 0), FloatingPointError, "step: got 1, .* smaller step")])
def test_bad_input(call, error, says):
    with pytest.raises(error, match=says):
        call()
