"""The fast form is the formula, for any size, type and order in memory; sizes; errors of the layers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import generators
from tests.test_convolution import Network, arrays, close, geometries, layer_for, windows
from tinyvae.convolution import (Conv2d, ConvTranspose2d, MaxPool2d, MaxUnpool2d, Reshape, conv2d, conv2d_backward,
                                 conv_transpose2d, conv_transpose2d_backward, max_pool2d, max_pool2d_backward,
                                 max_unpool2d, max_unpool2d_backward)
from tinyvae.patches import output_size, transposed_size


@given(rng=generators, geometry=geometries())
def test_the_layers_are_the_formulas(rng, geometry):
    *_, s, p, op = geometry
    for transposed in (False, True):
        layer = layer_for(geometry, rng, transposed)
        x, _, _ = arrays(rng, geometry)
        y = (conv_transpose2d(x, layer.W, layer.b, s, p, op) if transposed else conv2d(x, layer.W, layer.b, s, p))
        close(layer.forward(x), y)
        dy = rng.standard_normal(y.shape)
        backward = conv_transpose2d_backward if transposed else conv2d_backward
        for ours, formula in zip((layer.backward(dy), layer.dW, layer.db), backward(dy, x, layer.W, s, p)):
            close(ours, formula)


@given(rng=generators, shape=windows(), ties=st.booleans(), complex_numbers=st.booleans())
def test_the_pooling_layers_are_the_formulas(rng, shape, ties, complex_numbers):
    *shape, k, s = shape
    x = rng.integers(0, 3, shape).astype(float) if ties else rng.standard_normal(shape)
    if complex_numbers:
        x = x + 1j * rng.standard_normal(shape)                  # ties of the real part: the first counts here as well
    pool = MaxPool2d(k, s)
    y, indices = max_pool2d(x, k, s)
    np.testing.assert_array_equal(pool.forward(x), y)
    np.testing.assert_array_equal(pool.indices, indices)
    dy = rng.standard_normal(y.shape)
    close(pool.backward(dy), max_pool2d_backward(dy, indices, shape, k, s))
    if s >= k:
        unpool = MaxUnpool2d(pool)
        np.testing.assert_array_equal(unpool.forward(dy), max_unpool2d(dy, indices, shape, k, s))
        dx = rng.standard_normal(shape)
        np.testing.assert_array_equal(unpool.backward(dx), max_unpool2d_backward(dx, indices, k, s))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_the_type_of_the_numbers_stays(rng, dtype):
    layers = Network(rng, dtype=dtype).layers
    y = layers.forward(rng.standard_normal((2, 35)).astype(dtype))
    assert y.dtype == dtype and layers.backward(np.ones_like(y)).dtype == dtype
    assert {array.dtype for array in layers.gradients.values()} == {np.dtype(dtype)}
    x, W, b = rng.standard_normal((1, 1, 3, 3)).astype(dtype), np.ones((1, 1, 2, 2), dtype), np.ones(1, dtype)
    for forward, backward in ((conv2d, conv2d_backward), (conv_transpose2d, conv_transpose2d_backward)):
        y = forward(x, W, b)
        assert {y.dtype, *(array.dtype for array in backward(y, x, W))} == {np.dtype(dtype)}


def test_numbers_may_lie_in_any_order_in_memory(rng):
    for layer in (Conv2d(2, 3, 3, rng, 2, 1), ConvTranspose2d(2, 3, 3, rng, 2, 1), MaxPool2d(2), Reshape((60,))):
        x = rng.standard_normal((2, 2, 6, 5)).astype(np.float32)
        y = layer.forward(x).copy()
        dy = rng.standard_normal(y.shape).astype(np.float32)
        dx = layer.backward(dy).copy()
        np.testing.assert_allclose(layer.forward(np.asfortranarray(x)), y, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(layer.backward(np.asfortranarray(dy)), dx, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", [Conv2d, ConvTranspose2d])
def test_backward_overwrites_and_leaves_the_rest_alone(rng, kind):
    layer = kind(2, 3, 3, rng, 2, 1, dtype=np.float64)
    x = rng.standard_normal((2, 2, 5, 5))
    dy = rng.standard_normal(layer.forward(x).shape)
    before = [array.copy() for array in (x, dy, layer.W, layer.b)]
    layer.backward(dy)
    first = layer.dW.copy(), layer.db.copy()
    layer.dW[...], layer.db[...] = np.nan, np.nan
    assert layer.backward(dy, input_gradient=False) is None
    for now, then in zip((layer.dW, layer.db, x, dy, layer.W, layer.b), [*first, *before]):
        np.testing.assert_array_equal(now, then)


def test_pooling_and_the_formulas_leave_their_input_alone(rng):
    x, y = rng.standard_normal((1, 2, 4, 4)), rng.standard_normal((1, 2, 2, 2))
    W, b = rng.standard_normal((2, 2, 2, 2)), rng.standard_normal(2)
    before = [array.copy() for array in (x, y, W, b)]
    pool = MaxPool2d(2)
    unpool = MaxUnpool2d(pool)
    pool.forward(x), pool.backward(y), unpool.forward(y), unpool.backward(x)
    conv2d(x, W, b), conv2d_backward(x[:, :, 1:, 1:], x, W)
    conv_transpose2d(y, W, b), conv_transpose2d_backward(x[:, :, 1:, 1:], y, W)
    for now, then in zip((x, y, W, b), before):
        np.testing.assert_array_equal(now, then)


# Errors

IMAGES = np.zeros((2, 3, 5, 5))
POOLED = MaxPool2d(2)
POOLED.forward(IMAGES)


@pytest.mark.parametrize("call, error, says", [
    (lambda: Conv2d(3, 4, 3, 0).forward(np.zeros((2, 75))), ValueError,
     "x: got shape (2, 75) ... (B, 3, H, W) ... Reshape"),
    (lambda: Conv2d(1, 4, 3, 0).forward(IMAGES), ValueError, "x: got shape (2, 3, 5, 5), 3 channels ... (B, 1, H, W)"),
    (lambda: ConvTranspose2d(1, 4, 3, 0).forward(IMAGES), ValueError, "x: got shape (2, 3, 5, 5) ... (B, 1, H, W)"),
    (lambda: MaxPool2d(2).forward(np.zeros((5, 5))), ValueError, "x: got shape (5, 5) ... (B, C, H, W)"),
    (lambda: max_pool2d(np.zeros(5), 2), ValueError, "x: got shape (5,) ... (B, C, H, W)"),
    (lambda: Conv2d(3, 4, 8, 0, padding=1).forward(IMAGES), ValueError,
     "kernel: got 8 ... 5 x 5 ... padding 1 ... at most 7"),
    (lambda: MaxPool2d(6).forward(IMAGES), ValueError, "kernel: got 6 ... 5 x 5 ... at most 5 ... smaller kernel"),
    (lambda: Conv2d(3, 4, 3, 0, stride=0), ValueError, "stride: got 0 ... >= 1"),
    (lambda: Conv2d(3, 4, 3, 0, padding=-1), ValueError, "padding: got -1 ... >= 0"),
    (lambda: Conv2d(3, 4, 2.0, 0), TypeError, "kernel: got 2.0 ... whole number"),
    (lambda: Conv2d(0, 4, 2, 0), ValueError, "c_in: got 0"),
    (lambda: ConvTranspose2d(3, 0, 2, 0), ValueError, "c_out: got 0"),
    (lambda: Conv2d(3, 4, 3, None), TypeError, "rng: got None ... seed"),
    (lambda: Conv2d(3, 4, 3, 0, activation="gelu"), ValueError, "activation: got 'gelu' ... relu"),
    (lambda: ConvTranspose2d(3, 4, 3, 0, 2, 1, 2), ValueError, "output_padding: got 2 ... less than stride = 2 ... %"),
    (lambda: ConvTranspose2d(3, 4, 3, 0, padding=4).forward(IMAGES), ValueError,
     "padding: got 4 ... -1 x -1 ... less padding"),
    (lambda: MaxPool2d(2, 0), ValueError, "stride: got 0"),
    (lambda: MaxUnpool2d(MaxPool2d(3, 2)), ValueError, "stride: got 2 with kernel 3 ... overlap ... stride >= kernel"),
    (lambda: MaxUnpool2d(Reshape((3,))), TypeError, "pool: got Reshape ... MaxPool2d"),
    (lambda: MaxUnpool2d(MaxPool2d(2)).forward(IMAGES), ValueError, "pool: it has not pooled yet ... forward"),
    (lambda: MaxUnpool2d(POOLED).forward(np.zeros((1, 3, 2, 2))), ValueError,
     "x: got shape (1, 3, 2, 2) ... (2, 3, 2, 2) ... same batch"),
    (lambda: max_unpool2d(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 2, 2), int), (1, 1, 3, 3), 2, 1), ValueError,
     "stride: got 1 with kernel 2"),
    (lambda: max_unpool2d(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 1, 2), int), (1, 1, 4, 4), 2), ValueError,
     "y: got shape (1, 1, 2, 2) ... (1, 1, 1, 2) ... pool the same batch"),
    (lambda: max_unpool2d(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 2, 2), int), (1, 1, 3, 4), 2), ValueError,
     "shape: got (1, 1, 3, 4) ... (1, 1, 2, 2)"),
    (lambda: conv2d(IMAGES, np.zeros((4, 3, 3)), np.zeros(4)), ValueError,
     "W: got shape (4, 3, 3) ... (C_out, C_in, k, k)"),
    (lambda: conv_transpose2d(IMAGES, np.zeros((3, 4, 2, 3)), np.zeros(4)), ValueError,
     "W: got ... (C_in, C_out, k, k)"),
    (lambda: conv2d(IMAGES, np.zeros((4, 3, 3, 3)), np.zeros(3)), ValueError, "b: got shape (3,) ... (4,)"),
    (lambda: conv2d(IMAGES, np.zeros((4, 3, 3, 3)), np.zeros(4), stride=0), ValueError, "stride: got 0"),
    (lambda: Reshape((1, 28, 28)).forward(np.zeros((2, 75))), ValueError,
     "x: got shape (2, 75), 75 numbers ... 784 ... (1, 28, 28)"),
    (lambda: Reshape((3, 0)), ValueError, "shape: got 0"),
    (lambda: Reshape(784), TypeError, "shape: got 784")])
def test_a_bad_call_gets_its_error(call, error, says):
    with pytest.raises(error) as caught:
        call()
    rest = str(caught.value)
    for words in says.split(" ... "):
        assert words in rest, f"{words!r} missing, or out of order, in: {caught.value}"
        rest = rest[rest.index(words):]


def test_the_index_of_a_large_window_is_whole():
    """17 x 17 pixels: the last has index 288, more than a byte holds."""
    x, pool = np.zeros((1, 1, 17, 17)), MaxPool2d(17)
    x[..., -1, -1] = 1
    assert pool.forward(x).item() == 1 and pool.indices.item() == 288
    np.testing.assert_array_equal(MaxUnpool2d(pool).forward(np.ones((1, 1, 1, 1))), x)


def test_sizes_by_hand():
    assert output_size((1, 1, 28, 7), 3, 2, 1) == (14, 4) and transposed_size((1, 1, 14, 4), 3, 2, 1, 1) == (28, 8)
