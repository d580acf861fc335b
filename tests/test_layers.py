"""Dense and Sequential: gradients of every input and parameter; values by explicit loops; initialisation by moments."""

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import generators, sizes
from tinyvae.gradcheck import check_gradients
from tinyvae.layers import (
    Activation,
    Dense,
    Sequential,
    TransposedDense,
    glorot_uniform,
    he_normal,
    lecun_normal,
    mlp,
)


def shifted(layer, rng):
    """The layer with non-zero biases."""
    for array in layer.parameters.values():
        array += 0.3 * rng.standard_normal(array.shape)
    return layer


@given(rng=generators, B=sizes, n_in=sizes, n_out=sizes)
def test_dense_gradients(rng, B, n_in, n_out):
    layer = shifted(Dense(n_in, n_out, rng, dtype=np.float64), rng)
    x = rng.standard_normal((B, n_in))
    report = check_gradients(layer, x, rng=rng)
    assert [row.name for row in report.rows] == ["x", "W", "b"] and report.worst <= 1e-12
    assert check_gradients(layer, x, method="central", rng=rng).worst <= 1e-7


@given(rng=generators, B=sizes, n_in=sizes, n_out=sizes)
def test_dense_forward_by_loops(rng, B, n_in, n_out):
    layer = shifted(Dense(n_in, n_out, rng, dtype=np.float64), rng)
    x = rng.standard_normal((B, n_in))
    y = [[sum(x[b, i] * layer.W[i, j] for i in range(n_in)) + layer.b[j] for j in range(n_out)] for b in range(B)]
    np.testing.assert_allclose(layer.forward(x), y, rtol=1e-12, atol=1e-12)


class Tied(Sequential):
    """Dense and its transpose: one W on two paths."""

    def __init__(self, dense):
        super().__init__(dense, Activation("tanh"), TransposedDense(dense))

    def backward(self, dy, input_gradient=True):
        dx = super().backward(dy, input_gradient)
        self.layers[-1].add_to_dense()
        return dx


@given(rng=generators, B=sizes, n_in=sizes, n_out=sizes)
def test_transposed_dense_gradients_and_loops(rng, B, n_in, n_out):
    dense = Dense(n_in, n_out, rng, dtype=np.float64)
    layer, z = shifted(TransposedDense(dense), rng), rng.standard_normal((B, n_out))
    y = [[sum(z[b, j] * dense.W[i, j] for j in range(n_out)) + layer.b[i] for i in range(n_in)] for b in range(B)]
    np.testing.assert_allclose(layer.forward(z), y, rtol=1e-12, atol=1e-12)
    tied = shifted(Tied(dense), rng)
    report = check_gradients(tied, rng.standard_normal((B, n_in)), rng=rng)
    assert [row.name for row in report.rows] == ["x", "0.W", "0.b", "2.b"] and report.worst <= 1e-12
    tied.forward(rng.standard_normal((B, n_in)))
    assert tied.backward(np.ones((B, n_in)), input_gradient=False) is None
    assert tied.layers[-1].backward(np.ones((B, n_in)), input_gradient=False) is None
    with pytest.raises(ValueError, match="x: got shape"):
        layer.forward(rng.standard_normal((B, n_out + 1)))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "elu", "softplus"])
@given(rng=generators, B=sizes, width=sizes)
def test_mlp_gradients(activation, rng, B, width):
    network = shifted(mlp((3, width, 5, 2), activation, rng, np.float64), rng)
    report = check_gradients(network, rng.standard_normal((B, 3)), rng=rng)
    assert [row.name for row in report.rows] == ["x", "0.W", "0.b", "2.W", "2.b", "4.W", "4.b"]
    assert report.worst <= 1e-12


@given(rng=generators, B=sizes)
def test_every_number_of_layers_is_chained(rng, B):
    """One, two and three layers: a sign lost at each joint would cancel in an even number of joints."""
    layers = [Dense(3, 2, rng, dtype=np.float64), Activation("tanh"), Activation("softplus")]
    for count in (1, 2, 3):
        assert check_gradients(Sequential(*layers[:count]), rng.standard_normal((B, 3)), rng=rng).worst <= 1e-12


def test_without_input_gradient_the_parameters_get_the_same(rng):
    network = mlp((4, 3, 2), "tanh", rng, np.float64)
    network.forward(rng.standard_normal((5, 4)))
    dy = rng.standard_normal((5, 2))
    network.backward(dy)
    with_dx = {name: array.copy() for name, array in network.gradients.items()}
    for array in network.gradients.values():
        array[...] = np.nan
    assert network.backward(dy, input_gradient=False) is None
    for name, array in network.gradients.items():
        np.testing.assert_array_equal(array, with_dx[name])


def test_backward_overwrites_and_leaves_input_and_parameters_alone(rng):
    layer = Dense(3, 2, rng, dtype=np.float64)
    x, dy = rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    before = x.copy(), dy.copy(), layer.W.copy(), layer.b.copy()
    layer.forward(x)
    layer.backward(dy)
    first = layer.dW.copy()
    layer.backward(dy)
    np.testing.assert_array_equal(layer.dW, first)
    for now, then in zip((x, dy, layer.W, layer.b), before):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("initialise, variance", [(glorot_uniform, 2 / (300 + 200)), (he_normal, 2 / 300),
                                                  (lecun_normal, 1 / 300)])
def test_initialisation_has_the_variance_of_its_paper(initialise, variance):
    W = initialise(300, 200, np.random.default_rng(0))
    assert W.shape == (300, 200)
    # the variance of a sample variance is at most 2 sigma^4 / n for a normal: 5 standard errors
    assert abs(W.var() - variance) < 5 * variance * np.sqrt(2 / W.size)
    assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)


def test_glorot_is_bounded_and_the_activation_chooses():
    limit = np.sqrt(6 / 50)
    assert np.abs(Dense(30, 20, 0, "tanh").W).max() <= limit
    assert np.abs(Dense(30, 20, 0, "relu").W).max() > limit
    for activation, initialise in (("linear", lecun_normal), ("elu", lecun_normal), ("sigmoid", glorot_uniform),
                                   ("softplus", he_normal)):
        expected = initialise(30, 20, np.random.default_rng(0))
        np.testing.assert_array_equal(Dense(30, 20, 0, activation, np.float64).W, expected)


def test_a_lecun_layer_keeps_the_variance_and_he_with_relu_the_mean_square(rng):
    """What the papers promise, measured: x of variance 1 through one wide layer."""
    x = rng.standard_normal((400, 500))
    assert abs(np.var(x @ lecun_normal(500, 400, rng)) - 1) < 0.05
    assert abs(np.mean(np.maximum(x @ he_normal(500, 400, rng), 0)**2) - 1) < 0.05


def test_astype_copies_and_the_original_stays(rng):
    network = mlp((3, 4, 2), "tanh", rng)
    double = network.astype(np.float64)
    double.layers[0].W += 1
    assert network.layers[0].W.dtype == np.float32 and double.layers[0].W.dtype == np.float64
    assert np.abs(double.layers[0].W - network.layers[0].W).min() > 0.5


def test_sequential_is_the_composition(rng):
    first, second = Dense(3, 4, rng), Dense(4, 2, rng)
    x = rng.standard_normal((5, 3)).astype(np.float32)
    np.testing.assert_array_equal(Sequential(first, Activation("tanh"), second).forward(x),
                                  second.forward(np.tanh(first.forward(x))))


def test_a_layer_used_twice_is_refused(rng):
    shared = Activation("tanh")
    with pytest.raises(ValueError, match="same object twice"):
        Sequential(Dense(3, 4, rng), shared, Dense(4, 2, rng), shared)
