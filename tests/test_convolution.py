"""Convolution, pooling and their opposites: the formulas by loops, by hand and in Fourier space; the layers by them."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.strategies import generators
from tests.test_layers import shifted
from tinyvae import Adam
from tinyvae.convolution import (Conv2d, ConvTranspose2d, MaxPool2d, MaxUnpool2d, Reshape, conv2d, conv2d_backward,
                                 conv_transpose2d, conv_transpose2d_backward, max_pool2d, max_pool2d_backward,
                                 max_unpool2d, max_unpool2d_backward)
from tinyvae.gradcheck import check_gradients
from tinyvae.layers import Activation, Sequential
from tinyvae.parameters import Model

counts = st.sampled_from([1, 2, 3])


@st.composite
def geometries(draw):
    """(B, C_in, C_out, H, W, kernel, stride, padding, output_padding), possible for both directions."""
    B, C_in, C_out = draw(counts), draw(counts), draw(st.sampled_from([1, 2, 5]))
    kernel, stride, padding = draw(st.sampled_from([1, 2, 3, 5])), draw(counts), draw(st.integers(0, 2))
    H, W = draw(st.sampled_from([1, 2, 3, 5, 7])), draw(st.sampled_from([1, 2, 3, 5, 7]))
    output_padding = draw(st.integers(0, stride - 1))
    assume(min(H, W) + 2 * padding >= kernel)
    assume((min(H, W) - 1) * stride + kernel - 2 * padding + output_padding >= 1)
    return B, C_in, C_out, H, W, kernel, stride, padding, output_padding


@st.composite
def windows(draw):
    """(B, C, H, W, kernel, stride): overlapping, touching and apart, dividing H, W or not."""
    kernel, stride = draw(counts), draw(counts)
    H, W = draw(st.sampled_from([3, 5, 6, 7])), draw(st.sampled_from([3, 4, 5]))
    return draw(counts), draw(counts), H, W, kernel, stride


def distinct(rng, shape):
    """A random order of numbers 1 apart: no ties, far from any."""
    return rng.permutation(int(np.prod(shape))).reshape(shape).astype(float)


def arrays(rng, geometry, transposed=False):
    """x, W, b for a geometry."""
    B, C_in, C_out, H, Wide, k, *_ = geometry
    kernels = (C_in, C_out, k, k) if transposed else (C_out, C_in, k, k)
    return rng.standard_normal((B, C_in, H, Wide)), rng.standard_normal(kernels), rng.standard_normal(C_out)


def layer_for(geometry, rng, transposed=False):
    """Conv2d or ConvTranspose2d of this geometry, with non-zero b."""
    _, C_in, C_out, _, _, k, s, p, op = geometry
    return shifted(ConvTranspose2d(C_in, C_out, k, rng, s, p, op, dtype=np.float64) if transposed
                   else Conv2d(C_in, C_out, k, rng, s, p, dtype=np.float64), rng)


def close(actual, expected):
    """Equal to rounding: sums of some hundred terms of size 1."""
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12 * max(1, np.abs(expected).max(initial=0)))


def connections(H, W, H_out, W_out, k, s, p):
    """(i, j, u, v, row, column): output pixel (i, j) sees pixel (row, column) of the unpadded image at (u, v)."""
    for i, j, u, v in np.ndindex(H_out, W_out, k, k):
        row, column = s * i + u - p, s * j + v - p
        if 0 <= row < H and 0 <= column < W:
            yield i, j, u, v, row, column


def conv_by_loops(x, W, b, s, p):
    k, H, Wide = W.shape[2], *x.shape[2:]
    H_out, W_out = (H + 2 * p - k) // s + 1, (Wide + 2 * p - k) // s + 1
    y = np.zeros((len(x), len(W), H_out, W_out)) + b[None, :, None, None]
    for i, j, u, v, row, column in connections(H, Wide, H_out, W_out, k, s, p):
        for n in range(len(x)):
            y[n, :, i, j] += [sum(W[o, c, u, v] * x[n, c, row, column] for c in range(x.shape[1]))
                              for o in range(len(W))]
    return y


def transpose_by_loops(x, W, b, s, p, op):
    k, H, Wide = W.shape[2], *x.shape[2:]
    H_out, W_out = (H - 1) * s + k - 2 * p + op, (Wide - 1) * s + k - 2 * p + op
    y = np.zeros((len(x), len(b), H_out, W_out)) + b[None, :, None, None]
    for i, j, u, v, row, column in connections(H_out, W_out, H, Wide, k, s, p):
        for n in range(len(x)):
            y[n, :, row, column] += [sum(W[c, o, u, v] * x[n, c, i, j] for c in range(len(W))) for o in range(len(b))]
    return y


# The formulas

@given(rng=generators, geometry=geometries())
def test_the_formulas_by_loops(rng, geometry):
    *_, s, p, op = geometry
    x, W, b = arrays(rng, geometry)
    close(conv2d(x, W, b, s, p), conv_by_loops(x, W, b, s, p))
    x, W, b = arrays(rng, geometry, transposed=True)
    close(conv_transpose2d(x, W, b, s, p, op), transpose_by_loops(x, W, b, s, p, op))


def test_by_hand():
    x = np.array([[[[1., 2, 3], [4, 5, 6], [7, 8, 9]]]])
    W = np.array([[[[1., 10], [100, 1000]]]])
    # 1 + 10*2 + 100*4 + 1000*5, plus b = 0.5: the kernel is not turned round
    np.testing.assert_array_equal(conv2d(x, W, np.array([0.5])), [[[[5421.5, 6532.5], [8754.5, 9865.5]]]])
    np.testing.assert_array_equal(conv2d(x, W, np.array([0.]), stride=2, padding=1), [[[[1000., 3200], [7040, 9865]]]])
    z = np.array([[[[1., 2]]]])
    np.testing.assert_array_equal(conv_transpose2d(z, W, np.array([0.5])),
                                  [[[[1.5, 12.5, 20.5], [100.5, 1200.5, 2000.5]]]])
    np.testing.assert_array_equal(conv_transpose2d(z, W, np.array([0.]), stride=2, padding=1, output_padding=1),
                                  [[[[1000., 200, 2000]]]])
    y, indices = max_pool2d(x, 2)
    np.testing.assert_array_equal(y, [[[[5.]]]])
    np.testing.assert_array_equal(indices, [[[[3]]]])
    y, indices = max_pool2d(-x, 2, 1)
    np.testing.assert_array_equal(y, [[[[-1., -2], [-4, -5]]]])
    assert not indices.any()
    np.testing.assert_array_equal(max_unpool2d(np.array([[[[8.]]]]), np.array([[[[2]]]]), (1, 1, 3, 3), 2),
                                  [[[[0., 0, 0], [8, 0, 0], [0, 0, 0]]]])


@given(rng=generators, C=counts, k=st.sampled_from([1, 2, 3]), H=st.sampled_from([3, 5, 7]))
def test_convolution_is_a_product_in_fourier_space(rng, C, k, H):
    """Stride 1: F(y) = sum_c conj(F(W_c)) F(x_c), W_c filled up with zeros. It is y where nothing wraps round."""
    x, W = rng.standard_normal((2, C, H, H)), rng.standard_normal((3, C, k, k))
    product = np.einsum("ochw,bchw->bohw", np.conj(np.fft.fft2(W, (H, H))), np.fft.fft2(x))
    close(conv2d(x, W, np.zeros(3)), np.fft.ifft2(product).real[:, :, :H - k + 1, :H - k + 1])


@given(rng=generators, geometry=geometries())
def test_gradients_of_the_formulas(rng, geometry):
    *_, s, p, op = geometry
    pairs = [((lambda x, W, b: conv2d(x, W, b, s, p), lambda dy, x, W, b: conv2d_backward(dy, x, W, s, p)), False),
             ((lambda x, W, b: conv_transpose2d(x, W, b, s, p, op),
               lambda dy, x, W, b: conv_transpose2d_backward(dy, x, W, s, p)), True)]
    for pair, transposed in pairs:
        inputs = arrays(rng, geometry, transposed)
        assert check_gradients(pair, *inputs, rng=rng, full=20).worst <= 1e-12
        assert check_gradients(pair, *inputs, method="central", rng=rng, full=20).worst <= 1e-7


@given(rng=generators, shape=windows())
def test_gradients_of_pooling_and_unpooling(rng, shape):
    *shape, k, s = shape
    x = distinct(rng, shape)
    y, indices = max_pool2d(x, k, s)
    pairs = [((lambda x: max_pool2d(x, k, s)[0], lambda dy, x: max_pool2d_backward(dy, indices, shape, k, s)), x)]
    if s >= k:
        pairs.append(((lambda y: max_unpool2d(y, indices, shape, k, s),
                       lambda dx, y: max_unpool2d_backward(dx, indices, k, s)), y))
    for pair, value in pairs:
        assert check_gradients(pair, value, rng=rng, full=20).worst <= 1e-12
        assert check_gradients(pair, value, method="central", rng=rng, full=20).worst <= 1e-7


@given(rng=generators, shape=windows())
def test_pooling_by_loops(rng, shape):
    """With many ties: the first of equal pixels, row by row."""
    B, C, H, W, k, s = shape
    x = rng.integers(0, 3, (B, C, H, W)).astype(float)
    y, indices = max_pool2d(x, k, s)
    assert y.shape == indices.shape == (B, C, (H - k) // s + 1, (W - k) // s + 1)
    for b, c, i, j in np.ndindex(y.shape):
        window = [x[b, c, s * i + u, s * j + v] for u in range(k) for v in range(k)]
        assert y[b, c, i, j] == max(window) and indices[b, c, i, j] == window.index(max(window))


def test_the_stride_of_a_pooling_is_its_kernel(rng):
    x = rng.standard_normal((2, 1, 6, 6))
    for kernel in (2, 3):
        y, indices = max_pool2d(x, kernel)
        np.testing.assert_array_equal(y, max_pool2d(x, kernel, kernel)[0])
        np.testing.assert_array_equal(MaxPool2d(kernel).forward(x), y)
        np.testing.assert_array_equal(max_pool2d_backward(y, indices, x.shape, kernel),
                                      max_unpool2d(y, indices, x.shape, kernel))
        np.testing.assert_array_equal(max_unpool2d_backward(x, indices, kernel), y)


# The layers

@given(rng=generators, geometry=geometries(), transposed=st.booleans())
def test_gradients_of_the_layers(rng, geometry, transposed):
    layer = layer_for(geometry, rng, transposed)
    x, _, _ = arrays(rng, geometry)
    report = check_gradients(layer, x, rng=rng, full=60)
    assert [row.name for row in report.rows] == ["x", "W", "b"] and report.worst <= 1e-12
    assert not [note for note in report.notes if "central" in note]
    assert check_gradients(layer, x, method="central", rng=rng, full=60).worst <= 1e-7


@given(rng=generators, shape=windows())
def test_gradients_of_the_pooling_layers(rng, shape):
    *shape, k, s = shape
    x, pool = distinct(rng, shape), MaxPool2d(k, s)
    layers = [(pool, x)]
    if s >= k:
        layers.append((MaxUnpool2d(pool), pool.forward(x)))
    for layer, value in layers:
        assert check_gradients(layer, value, rng=rng, full=60).worst <= 1e-12
        assert check_gradients(layer, value, method="central", rng=rng, full=60).worst <= 1e-7


@given(rng=generators, geometry=geometries(), more=st.integers(0, 2))
def test_the_transposed_convolution_is_the_adjoint(rng, geometry, more):
    """<conv(x), y> = <x, conv_transpose(y)> with the same array W, for sizes that the stride does not divide."""
    B, C_in, C_out, H, _, k, s, p, _ = geometry
    Wide = H + s * more                                          # leaves the same remainder as H
    op = (H + 2 * p - k) % s
    conv = Conv2d(C_in, C_out, k, rng, s, p, dtype=np.float64)
    transposed = ConvTranspose2d(C_out, C_in, k, rng, s, p, op, dtype=np.float64)
    transposed.W = conv.W
    x = rng.standard_normal((B, C_in, H, Wide))
    forward = conv.forward(x)
    y = rng.standard_normal(forward.shape)
    back = transposed.forward(y)
    assert back.shape == x.shape
    size = np.linalg.norm(forward) * np.linalg.norm(y)
    assert abs(np.vdot(forward, y) - np.vdot(x, back)) <= 1e-12 * size
    forward, back = conv2d(x, conv.W, conv.b, s, p), conv_transpose2d(y, conv.W, transposed.b, s, p, op)
    assert abs(np.vdot(forward, y) - np.vdot(x, back)) <= 1e-12 * size


@given(rng=generators, shape=windows())
def test_unpooling_keeps_exactly_the_maxima_where_they_were(rng, shape):
    *shape, k, s = shape
    assume(s >= k)
    x, pool = distinct(rng, shape) + 1, MaxPool2d(k, s)
    back = MaxUnpool2d(pool).forward(pool.forward(x))
    maxima = np.zeros(shape, bool)
    for b, c, i, j in np.ndindex(pool.indices.shape):
        window = x[b, c, s * i:s * i + k, s * j:s * j + k]
        maxima[b, c, s * i:s * i + k, s * j:s * j + k] = window == window.max()
    np.testing.assert_array_equal(back, np.where(maxima, x, 0))


@given(rng=generators, shape=windows())
def test_unpooling_and_gathering_are_adjoint(rng, shape):
    *shape, k, s = shape
    assume(s >= k)
    pool = MaxPool2d(k, s)
    y, x = pool.forward(rng.standard_normal(shape)), rng.standard_normal(shape)
    unpool = MaxUnpool2d(pool)
    z = rng.standard_normal(y.shape)
    difference = np.vdot(unpool.forward(z), x) - np.vdot(z, unpool.backward(x))
    assert abs(difference) <= 1e-12 * np.linalg.norm(x) * np.linalg.norm(z)
    np.testing.assert_array_equal(unpool.backward(unpool.forward(z)), z)


def test_of_equal_pixels_the_first_row_by_row_is_the_maximum():
    x = np.ones((1, 1, 4, 4))
    x[0, 0, 2:, 2:] = [[0, 7], [7, 7]]
    pool = MaxPool2d(2)
    pool.forward(x)
    for indices in (max_pool2d(x, 2)[1], pool.indices):
        np.testing.assert_array_equal(indices, [[[[0, 0], [0, 1]]]])


# A whole network

class Network(Model):
    """The convolutional autoencoder of the notes, small; 7 x 5 is divided by no pooling."""

    def __init__(self, rng, activation="tanh", dtype=np.float64):
        pool = MaxPool2d(2)
        self.layers = Sequential(
            Reshape((1, 7, 5)), Conv2d(1, 3, 3, rng, padding=1, activation=activation, dtype=dtype),
            Activation(activation), pool, Conv2d(3, 2, 3, rng, padding=1, dtype=dtype),
            ConvTranspose2d(2, 3, 3, rng, padding=1, dtype=dtype), MaxUnpool2d(pool),
            ConvTranspose2d(3, 1, 3, rng, padding=1, dtype=dtype), Reshape((35,)))
        self.pack(dtype)

    def leaves(self):
        return self.layers.leaves()


def test_gradients_of_a_network(rng):
    layers = shifted(Network(rng).layers, rng)
    report = check_gradients(layers, rng.standard_normal((3, 35)), rng=rng)
    assert [row.name for row in report.rows] == ["x", "1.W", "1.b", "4.W", "4.b", "5.W", "5.b", "7.W", "7.b"]
    assert report.worst <= 1e-12


def test_a_network_trains_through_its_flat_vector(rng):
    network, optimizer, x = Network(rng), Adam(0.01), rng.random((5, 35))
    losses = []
    for _ in range(60):
        difference = network.layers.forward(x) - x
        losses.append(np.sum(difference**2))
        network.layers.backward(2 * difference, input_gradient=False)
        for name, array in network.layers.gradients.items():      # what the layers hold is the vector, not a new array
            assert np.shares_memory(array, network.gradients.vector), name
        optimizer.step(network.parameters.vector, network.gradients.vector)
    assert losses[-1] < losses[0] / 2


def test_a_copy_unpools_by_its_own_pooling(rng):
    network = Network(rng)
    other = network.astype(np.float32)
    assert other.layers.layers[6].pool is other.layers.layers[3]
    assert other.layers.layers[6].pool is not network.layers.layers[3]


@given(rng=generators, B=counts)
def test_reshape_there_and_back(rng, B):
    layer, x = Reshape((2, 3)), rng.standard_normal((B, 6))
    np.testing.assert_array_equal(layer.forward(x), [[row[:3], row[3:]] for row in x])
    assert check_gradients(layer, x, rng=rng).worst <= 1e-12
    assert layer.backward(layer.forward(x)).shape == (B, 6)


# Initialisation

@pytest.mark.parametrize("kind, activation, variance", [
    (Conv2d, "linear", 1 / (30 * 9)), (Conv2d, "elu", 1 / (30 * 9)), (Conv2d, "relu", 2 / (30 * 9)),
    (Conv2d, "tanh", 2 / (30 * 9 + 20 * 9)), (ConvTranspose2d, "linear", 4 / (30 * 9)),
    (ConvTranspose2d, "softplus", 2 * 4 / (30 * 9)), (ConvTranspose2d, "sigmoid", 2 / (30 * 9 / 4 + 20 * 9))])
def test_initialisation_counts_what_meets_in_a_pixel(kind, activation, variance):
    """C_in k k terms; with stride 2 a transposed convolution brings a quarter of them together."""
    W = kind(30, 20, 3, 0, 2, activation=activation, dtype=np.float64).W
    assert W.shape == ((20, 30, 3, 3) if kind is Conv2d else (30, 20, 3, 3))
    # the variance of a sample variance is at most 2 sigma^4 / n: 5 standard errors
    assert abs(W.var() - variance) < 5 * variance * np.sqrt(2 / W.size)
    assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)
    assert len(np.unique(W)) == W.size                           # each entry is a draw of its own


@pytest.mark.parametrize("kind, kernel, stride", [
    (Conv2d, 3, 1), (Conv2d, 5, 2), (ConvTranspose2d, 3, 1), (ConvTranspose2d, 3, 2), (ConvTranspose2d, 4, 2),
    (ConvTranspose2d, 2, 3)])
def test_the_layers_keep_the_variance(rng, kind, kernel, stride):
    """x of variance 1 in, variance 1 out, averaged over the pixels that see no border."""
    layer = kind(16, 16, kernel, rng, stride)
    y = layer.forward(rng.standard_normal((20, 16, 15, 15)).astype(np.float32))
    margin = 0 if kind is Conv2d else kernel
    y = y[:, :, margin:margin + 12, margin:margin + 12] if margin else y
    # given W, the mean square is that of the entries of W, and of B H W independent places at the very least
    error = np.sqrt(2 / layer.W.size) + np.sqrt(2 / (20 * 12 * 12 / kernel**2))
    assert abs(np.mean(y**2) - 1) < 5 * error


def test_the_readable_backward_refuses_another_dy_and_takes_whole_numbers():
    x, W = np.arange(9).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
    with pytest.raises(ValueError, match=r"dy: got shape \(1, 1, 1, 2\), expected \(1, 1, 2, 2\)"):
        conv2d_backward(np.ones((1, 1, 1, 2)), x, W)
    dx, dW, db = conv2d_backward(np.full((1, 1, 2, 2), 0.5), x, W)
    assert dx.sum() == 8 and dW[0, 0, 0, 0] == 0.5 * (0 + 1 + 3 + 4) and db == 2
