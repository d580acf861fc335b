"""Optimisers against the papers' formulas written as plain loops, and against quadratics with a known path."""

import math

import numpy as np
import pytest

from tinyvae.optimizer import SGD, Adam, Momentum


def test_sgd_on_a_quadratic():
    """f = theta^2 / 2: each step multiplies theta by 1 - lr."""
    theta, optimizer = np.array([3.0]), SGD(lr=0.1)
    for _ in range(5):
        optimizer.step(theta, theta.copy())
    assert theta[0] == pytest.approx(3 * 0.9**5, rel=1e-14)


def test_momentum_reaches_the_terminal_velocity():
    """A constant gradient: the step tends to lr g / (1 - momentum)."""
    theta, optimizer = np.zeros(1), Momentum(lr=0.1, momentum=0.8)
    for _ in range(200):
        before = theta.copy()
        optimizer.step(theta, np.array([2.0]))
    assert (theta - before)[0] == pytest.approx(-0.1 * 2 / 0.2, rel=1e-12)
    first = np.zeros(1)
    Momentum(lr=0.1, momentum=0.8).step(first, np.array([2.0]))
    assert first[0] == pytest.approx(-0.2)


@pytest.mark.parametrize("size", [1, 7, Adam.block + 3])
def test_adam_is_algorithm_1_entry_by_entry(size):
    rng = np.random.default_rng(size)
    theta, optimizer = rng.standard_normal(size), Adam(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-6)
    watched = sorted({0, size // 2, size - 1})
    expected = {i: theta[i] for i in watched}
    m, v = dict.fromkeys(watched, 0.0), dict.fromkeys(watched, 0.0)
    for t in range(1, 8):
        g = rng.standard_normal(size)
        optimizer.step(theta, g)
        for i in watched:
            m[i] = 0.8 * m[i] + 0.2 * g[i]
            v[i] = 0.95 * v[i] + 0.05 * g[i]**2
            m_hat, v_hat = m[i] / (1 - 0.8**t), v[i] / (1 - 0.95**t)
            expected[i] -= 0.02 * m_hat / (math.sqrt(v_hat) + 1e-6)
            assert theta[i] == pytest.approx(expected[i], rel=1e-12)


def test_adams_first_step_is_lr_whatever_the_scale():
    """Bias correction makes m_hat / sqrt(v_hat) = sign(g) at t = 1."""
    for scale in (1e-3, 1.0, 1e5):
        theta = np.zeros(2)
        Adam(lr=0.01).step(theta, scale * np.array([1.0, -1.0]))
        np.testing.assert_allclose(theta, [-0.01, 0.01], rtol=1e-4)


@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
def test_a_step_changes_theta_in_place_and_not_g(make):
    theta, g = np.ones(3, np.float32), np.ones(3, np.float32)
    alias = theta
    make().step(theta, g)
    assert alias is theta and theta.dtype == np.float32 and (theta < 1).all() and (g == 1).all()


@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
def test_state_carries_everything_the_next_step_needs(make):
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((6, 4))
    theta, optimizer = np.ones(4), make()
    for g in gradients[:3]:
        optimizer.step(theta, g)
    other, other_theta = make(), theta.copy()
    other.state = optimizer.state
    for g in gradients[3:]:
        optimizer.step(theta, g)
        other.step(other_theta, g)
    np.testing.assert_array_equal(theta, other_theta)
