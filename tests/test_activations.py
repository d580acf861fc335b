"""Activations: gradients by both methods; values against the mathematics, written another way."""

import math

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import away_from_zero, generators, shapes
from tinyvae.activations import ACTIVATIONS
from tinyvae.gradcheck import check_gradients
from tinyvae.layers import Activation

TRUTH = {
    "linear": lambda x: x,
    "tanh": lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "relu": lambda x: x if x > 0 else 0.0,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "softplus": lambda x: math.log(1 + math.exp(x)),
}


def test_every_activation_has_a_truth():
    assert set(TRUTH) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(rng=generators, shape=shapes)
def test_gradient(name, rng, shape):
    x = away_from_zero(rng, shape)
    assert check_gradients(Activation(name), x, rng=rng).worst <= 1e-12
    assert check_gradients(Activation(name), x, method="central", rng=rng).worst <= 1e-7


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value(name):
    x = np.linspace(-5, 5, 41)
    np.testing.assert_allclose(ACTIVATIONS[name][0](x), [TRUTH[name](value) for value in x], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_far_out_nothing_overflows_and_the_type_stays(name, dtype):
    x = np.array([-1e4, -100, -30, 0, 30, 100, 1e4], dtype)
    function, function_backward = ACTIVATIONS[name]
    y = function(x)
    dx = function_backward(np.ones_like(x), x, y)
    assert y.dtype == dx.dtype == dtype
    assert np.isfinite(y).all() and np.isfinite(dx).all()


def test_softplus_far_out_is_exact():
    np.testing.assert_allclose(ACTIVATIONS["softplus"][0](np.array([-40.0, 800.0])), [math.exp(-40), 800], rtol=1e-12)


def test_relu_takes_zero_at_its_kink():
    assert ACTIVATIONS["relu"][1](np.ones(1), np.zeros(1), np.zeros(1)) == 0
