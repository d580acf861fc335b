"""The score-function estimator: its gradient, its mean against exact gradients, what a baseline does to it."""

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import generators, normals, shapes
from tinyvae import gaussian
from tinyvae.gradcheck import check_gradients
from tinyvae.score_function import leave_one_out, surrogate, surrogate_backward

N = 200_000
MU, LOGVAR = np.array([0.7, -0.4, 1.1]), np.array([0.3, -0.8, -0.2])


@given(rng=generators, shape=shapes)
def test_gradients(rng, shape):
    mu, logvar, z = normals(rng, shape, 3)
    f, baseline = normals(rng, shape[0], 2)
    pair = (lambda mu, logvar: surrogate(mu, logvar, z, f, baseline),
            lambda ds, mu, logvar: surrogate_backward(ds, mu, logvar, z, f, baseline))
    report = check_gradients(pair, mu, logvar, rng=rng)
    assert len(report.rows) == 2 and report.worst <= 1e-12
    assert check_gradients(pair, mu, logvar, method="central", rng=rng).worst <= 1e-7


def drawn(seed=0):
    """N samples of N(MU, exp(LOGVAR)), made without the library."""
    sigma = np.sqrt(np.exp(LOGVAR))
    z = np.random.default_rng(seed).normal(MU, sigma, (N, 3))
    return np.tile(MU, (N, 1)), np.tile(LOGVAR, (N, 1)), z


def quadratic(z):
    """f and the exact gradient of its mean: E[(w z)^2 + 20] = (w mu)^2 + sum w^2 sigma^2 + 20."""
    w = np.array([1.0, -2.0, 0.5])
    return (z @ w)**2 + 20, 2 * (w @ MU) * w, w**2 * np.exp(LOGVAR)


def step(z):
    """An f without a derivative, where no path helps: 1 if z_1 > 0. P(z_1 > 0) = Phi(mu_1 / sigma_1)."""
    sigma = np.exp(LOGVAR[0] / 2)
    density = np.exp(-MU[0]**2 / sigma**2 / 2) / np.sqrt(2 * np.pi)
    # d Phi(mu / sigma)/dmu = density / sigma;  d(mu / sigma)/dlogvar = -mu / (2 sigma)
    return (z[:, 0] > 0) * 1.0, np.array([density / sigma, 0, 0]), np.array([-density * MU[0] / sigma / 2, 0, 0])


@pytest.mark.parametrize("function", [quadratic, step])
@pytest.mark.parametrize("baseline", [0.0, 21.0, "leave_one_out"])
def test_it_is_unbiased(function, baseline):
    mu, logvar, z = drawn()
    f, *exact = function(z)
    baseline = leave_one_out(f) if baseline == "leave_one_out" else baseline
    for gradient, truth in zip(surrogate_backward(np.ones(N), mu, logvar, z, f, baseline), exact):
        standard_error = gradient.std(axis=0) / np.sqrt(N)
        assert (abs(gradient.mean(axis=0) - truth) < 5 * standard_error).all()
        assert (standard_error < 2).all() and (standard_error > 0).all()


def test_a_baseline_lowers_the_variance_and_keeps_the_mean():
    mu, logvar, z = drawn()
    f, *_ = quadratic(z)
    plain = surrogate_backward(np.ones(N), mu, logvar, z, f)
    lowered = surrogate_backward(np.ones(N), mu, logvar, z, f, f.mean())
    for one, other in zip(plain, lowered):
        assert (other.var(axis=0) < one.var(axis=0) / 3).all()
        # the two differ by baseline * score, whose mean is 0
        difference = one - other
        assert (abs(difference.mean(axis=0)) < 5 * difference.std(axis=0) / np.sqrt(N)).all()


def test_the_variance_is_the_exact_one():
    """q = N(0, 1), f = z: the estimate of dmu is z^2 with variance 2, with baseline b it is (z - b) z: 2 + b^2."""
    z = np.random.default_rng(1).standard_normal((N, 1))
    for b in (0.0, 3.0):
        dmu, _ = surrogate_backward(np.ones(N), 0 * z, 0 * z, z, z[:, 0], b)
        squared = (dmu[:, 0] - 1)**2                                     # exact mean 1
        assert abs(squared.mean() - (2 + b**2)) < 5 * squared.std() / np.sqrt(N)


def test_it_agrees_with_the_pathwise_gradient():
    """Both on one f = |z|^2: same mean, and the pathwise estimate is the less noisy one."""
    mu, logvar, z = drawn(2)
    eps = (z - mu) / np.exp(logvar / 2)
    path = gaussian.reparameterise_backward(2 * z, mu, logvar, eps)[:2]
    score = surrogate_backward(np.ones(N), mu, logvar, z, np.sum(z**2, axis=1))
    for one, other in zip(path, score):
        difference = one - other
        assert (abs(difference.mean(axis=0)) < 5 * difference.std(axis=0) / np.sqrt(N)).all()
        assert (one.var(axis=0) < other.var(axis=0)).all()


def test_leave_one_out_is_the_mean_of_the_others():
    f = np.array([3.0, -1.0, 7.0, 0.5])
    np.testing.assert_allclose(leave_one_out(f), [np.delete(f, i).mean() for i in range(4)])
    for bad in (np.ones(1), np.ones((2, 3)), 5.0):
        with pytest.raises(ValueError, match="f: got shape"):
            leave_one_out(bad)


def test_float32_stays_float32():
    one = np.full((2, 3), 0.5, np.float32)
    f = np.ones(2, np.float32)
    assert surrogate(one, one, one, f).dtype == np.float32
    assert all(d.dtype == np.float32 for d in surrogate_backward(f, one, one, one, f, leave_one_out(f)))
