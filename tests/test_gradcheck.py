"""The checker is checked: known derivatives, convergence orders, and every kind of mistake caught at every scale."""

import numpy as np
import pytest

from tinyvae.gradcheck import GradientError, check_gradients, numeric_gradients
from tinyvae.layers import Dense
from tinyvae.vae import VAE

RNG = np.random.default_rng(0)
X, W = RNG.standard_normal((7, 3)), RNG.standard_normal((3, 5))


def product(x, w):
    return np.tanh(x) @ w


def product_backward(dout, x, w):
    return dout @ w.T * (1 - np.tanh(x)**2), np.tanh(x).T @ dout


def wrong_entry(dw):
    dw = dw.copy()
    dw[2, 1] *= 1 + 1e-3
    return dw


MISTAKES = {
    "doubled": lambda dout, x, w: 2 * product_backward(dout, x, w)[1],
    "a thousandth too large": lambda dout, x, w: 1.001 * product_backward(dout, x, w)[1],
    "sign": lambda dout, x, w: -product_backward(dout, x, w)[1],
    "zero": lambda dout, x, w: 0 * product_backward(dout, x, w)[1],
    "transposed": lambda dout, x, w: product_backward(dout, x, w)[1].T,
    "one wrong entry": lambda dout, x, w: wrong_entry(product_backward(dout, x, w)[1]),
    "missing sum over the batch": lambda dout, x, w: np.tanh(x)[:1].T @ dout[:1],
    "mean for sum over the batch": lambda dout, x, w: product_backward(dout, x, w)[1] / len(x),
    "one NaN": lambda dout, x, w: np.where(np.arange(15).reshape(3, 5) == 4, np.nan, product_backward(dout, x, w)[1]),
}


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("method", ["complex", "central", "forward"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_caught_at_every_scale(mistake, method, scale):
    def scaled(x, w):
        return scale * product(x, w)

    def scaled_backward(dout, x, w):
        return scale * product_backward(dout, x, w)[0], scale * MISTAKES[mistake](dout, x, w)
    report = check_gradients((scaled, scaled_backward), X, W, method=method, raises=False)
    assert not report.ok
    assert [row.ok for row in report.rows] == [True, False]


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("method, worst", [("complex", 1e-12), ("central", 1e-7), ("forward", 1e-4)])
def test_the_right_gradient_passes_at_every_scale(method, worst, scale):
    pair = (lambda x, w: scale * product(x, w),
            lambda dout, x, w: tuple(scale * part for part in product_backward(dout, x, w)))
    assert check_gradients(pair, X, W, method=method).worst <= worst


def test_small_square_transposed_is_caught_too():
    pair = lambda x, w: x @ w, lambda dout, x, w: (dout @ w, x.T @ dout)         # w for w.T: same shape, wrong numbers
    report = check_gradients(pair, X, RNG.standard_normal((3, 3)), raises=False)
    assert [row.ok for row in report.rows] == [False, True]


def test_numeric_gradients_of_known_functions():
    x = np.array([0.3, -1.2, 2.0])
    for method, tolerance in (("complex", 1e-14), ("central", 1e-8), ("forward", 1e-6)):
        gradient, = numeric_gradients(lambda v: np.sum(np.sin(v) * np.exp(v)), x, method=method)
        np.testing.assert_allclose(gradient, np.exp(x) * (np.sin(x) + np.cos(x)), rtol=tolerance)


@pytest.mark.parametrize("method, order", [("forward", 1), ("central", 2)])
def test_convergence_order(method, order):
    """Halving h divides the error by 2^order, while truncation dominates."""
    x = np.array([0.7])
    errors = [abs(numeric_gradients(lambda v: np.sum(np.exp(v)), x, method=method, step=h)[0][0] - np.exp(0.7))
              for h in (1e-2, 5e-3)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.02)


def test_the_report_names_the_variable_the_place_and_the_ratio():
    pair = product, lambda dout, x, w: (product_backward(dout, x, w)[0], 2 * product_backward(dout, x, w)[1])
    with pytest.raises(GradientError) as caught:
        check_gradients(pair, X, W)
    lines = str(caught.value).splitlines()
    wrong = next(line for line in lines if line.startswith("w "))
    assert "WRONG, x 2 everywhere" in wrong and "(3,5)" in wrong
    assert next(line for line in lines if line.startswith("x ")).endswith("ok")
    pair = product, lambda dout, x, w: (product_backward(dout, x, w)[0], wrong_entry(product_backward(dout, x, w)[1]))
    row = check_gradients(pair, X, W, raises=False).rows[1]
    assert row.where == (2, 1) and row.ratio is None and row.backward == pytest.approx(1.001 * row.numeric)


def test_a_wrong_shape_is_told():
    pair = product, lambda dout, x, w: (product_backward(dout, x, w)[0], product_backward(dout, x, w)[1].sum(axis=0))
    report = check_gradients(pair, X, W, raises=False)
    assert not report.ok and "shape (5,), the variable (3, 5)" in str(report)


def test_a_wrong_layer_is_caught_with_its_parameter():
    class NoBias(Dense):
        def backward(self, dy, input_gradient=True):
            dx = super().backward(dy, input_gradient)
            self.db[...] = dy[0]
            return dx
    report = check_gradients(NoBias(3, 2, 0, dtype=np.float64), X, raises=False)
    assert [row.name for row in report.rows if not row.ok] == ["b"]


def large_model(factor):
    class Wrong(VAE):
        def backward(self):
            super().backward()
            self.gradients["decoder.2.W"].reshape(-1)[12_345] *= factor
    return Wrong(784, (60,), 4, activation="tanh", dtype=np.float64)


def test_one_wrong_entry_in_a_large_model_is_caught_along_directions():
    x, eps = RNG.random((5, 784)), RNG.standard_normal((5, 4))
    assert check_gradients(large_model(1.0), x, eps).ok
    report = check_gradients(large_model(1.01), x, eps, raises=False)
    assert [row.name for row in report.rows if not row.ok] == ["decoder.2.W"]


def test_noise_drawn_twice_is_caught():
    """The public fault: backward with other noise than forward."""
    class Redrawn(VAE):
        def backward(self):
            self.eps = np.random.default_rng(1).standard_normal(self.eps.shape)
            super().backward()
    report = check_gradients(Redrawn(5, (4,), 2, dtype=np.float64), RNG.random((7, 5)), RNG.standard_normal((7, 2)),
                             raises=False)
    assert {row.name.split(".")[0] for row in report.rows if not row.ok} == {"encoder"}


def test_float32_and_integers():
    with pytest.raises(TypeError, match="float64, because it holds 7 digits"):
        check_gradients((product, product_backward), X.astype(np.float32), W)
    with pytest.raises(TypeError, match="an integer cannot be moved by a small step"):
        check_gradients((product, product_backward), np.ones((7, 3), int), W)
    report = check_gradients(Dense(3, 2, 0), X)
    assert report.ok and "float64 copy was checked" in str(report)


def test_a_learners_own_layer_without_astype_gets_central_differences():
    class Square:
        parameters = gradients = {}

        def forward(self, x):
            self.x = x
            return x**2

        def backward(self, dy):
            return 2 * self.x * dy
    report = check_gradients(Square(), X)
    assert report.ok and report.method == "central" and "no astype" in str(report)


def test_dead_units_have_a_gradient_of_zero_and_pass():
    pair = lambda x, w: np.maximum(x - 100, 0) @ w, lambda dout, x, w: (0 * x, 0 * w)
    for method in ("complex", "central", "forward"):
        assert check_gradients(pair, X, W, method=method).ok


def test_a_backward_that_writes_into_its_upstream_is_caught():
    def doubled(d, x):
        d *= 2
        return d * 2 * x
    assert not check_gradients((lambda x: x**2, doubled), X, raises=False).ok

    def right_but_careless(d, x):
        x *= 2
        return d * x
    assert check_gradients((lambda x: x**2, right_but_careless), X).ok

    class Doubled(Dense):
        def backward(self, dy, input_gradient=True):
            dy *= 2
            return super().backward(dy, input_gradient)
    assert not check_gradients(Doubled(3, 2, 0, dtype=np.float64), X, raises=False).ok


def test_the_upstream_is_not_the_readers_own_data():
    """Data from default_rng(0), the commonest seed: a gradient that ignores its upstream must not pass."""
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert not check_gradients((lambda x: x**2, lambda d, x: 2 * x * x), x, raises=False).ok
    assert not check_gradients((lambda x: x**2, lambda d, x: 2 * d * d), x, raises=False).ok


def test_a_forward_that_is_not_analytic_gets_central_differences():
    pair = np.abs, lambda d, x: d * np.sign(x)
    named = (lambda x: pair[0](x)), (lambda d, x: pair[1](d, x))
    report = check_gradients(named, X)
    assert report.ok and "not analytic" in str(report)
    assert not check_gradients((lambda x: np.abs(x)**2, lambda d, x: 0 * x), X, raises=False).ok
    partly = lambda x: x + np.abs(x), lambda d, x: d * (1 + np.sign(x))
    assert check_gradients(partly, X).ok
    refuses = lambda x: np.logaddexp(0, x), lambda d, x: d / (1 + np.exp(-x))
    assert check_gradients(refuses, X).ok


class Product:
    """A layer with two inputs."""

    parameters = gradients = {}

    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b

    def backward(self, dy):
        return dy * self.b, dy * self.a

    def astype(self, dtype):
        return type(self)()


def test_every_input_of_a_layer_is_checked():
    assert [row.name for row in check_gradients(Product(), X, X + 1).rows] == ["a", "b"]

    class Forgets(Product):
        def backward(self, dy):
            return dy * self.b, 0 * dy
    assert [row.ok for row in check_gradients(Forgets(), X, X + 1, raises=False).rows] == [True, False]
    with pytest.raises(ValueError, match="inputs: got 3, expected 1 to 2: a, b"):
        check_gradients(Product(), X, X, X)


def test_inputs_without_a_gradient_may_be_labels_and_gradients_a_list():
    from tinyvae.softmax import softmax_nll, softmax_nll_backward
    assert check_gradients((softmax_nll, softmax_nll_backward), X, np.arange(7) % 3, wrt="logits").ok
    assert check_gradients((product, lambda d, x, w: list(product_backward(d, x, w))), X, W).ok


def test_small_full_checks_every_place_it_can():
    assert check_gradients((product, product_backward), X, W, full=5).ok
