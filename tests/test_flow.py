"""The flow: every gradient; the log-determinant against the Jacobian; the density by quadrature and against a truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyvae
from tests.oracles import gaussian_log_density
from tests.strategies import generators, sizes
from tinyvae import Adam, fit
from tinyvae.data import planar
from tinyvae.flow import AffineCoupling, Flow
from tinyvae.gradcheck import check_gradients, numeric_gradients, relative_error
from tinyvae.layers import INITIALISATIONS
from tinyvae.parameters import Parametrised

dims = st.sampled_from([2, 3, 5, 7])
networks = st.sampled_from([(), (3,), (5, 2)])
activations = st.sampled_from(["tanh", "elu", "softplus", "sigmoid"])


def shifted(model, rng, size=0.3):
    """Away from the start, where every coupling is the identity and its biases are 0."""
    for array in model.parameters.values():
        array += size * rng.standard_normal(array.shape)
    return model


def flow(D, couplings, hidden, rng, size=0.3, **settings):
    return shifted(Flow(D, couplings, hidden, seed=rng, dtype=np.float64, **settings), rng, size)


def jacobian(f, x):
    """d f_i / d x_j of f from (1, D) to (1, D') by the complex step, (D', D)."""
    return np.stack([np.imag(f(x + 1e-30j * e))[0] / 1e-30 for e in np.eye(x.shape[1])], axis=1)


class OneOutput(Parametrised):
    """A coupling whose two outputs stand side by side, as check_gradients wants them."""

    def __init__(self, coupling):
        self.coupling = coupling

    def leaves(self):
        return self.coupling.leaves()

    def forward(self, x):
        return np.column_stack(self.coupling.forward(x))

    def backward(self, dy):
        return self.coupling.backward(dy[:, :-1], dy[:, -1])


@given(rng=generators, B=sizes, D=dims, hidden=networks, activation=activations, flip=st.booleans(),
       alpha=st.sampled_from([2.0, 0.7]))
def test_gradients_of_a_coupling(rng, B, D, hidden, activation, flip, alpha):
    coupling = shifted(AffineCoupling(D, hidden, rng, flip, activation, alpha, dtype=np.float64), rng)
    layer, x = OneOutput(coupling), rng.standard_normal((B, D))
    report = check_gradients(layer, x, rng=rng)
    assert [row.name for row in report.rows] == ["x", *layer.parameters] and report.worst <= 1e-12


@given(rng=generators, B=sizes, D=dims, hidden=networks, activation=activations, couplings=st.sampled_from([1, 2, 5]))
def test_whole_gradient(rng, B, D, hidden, activation, couplings):
    model = flow(D, couplings, hidden, rng, activation=activation, alpha=0.5)      # near 1: little rounding to amplify
    x = rng.standard_normal((B, D))
    report = check_gradients(model, x)
    assert [row.name for row in report.rows] == list(model.parameters) and report.worst <= 1e-12
    model.loss(x)
    complex_model = model.astype(np.complex128)
    numeric = numeric_gradients(lambda x: complex_model.loss(x).total, x)[0]
    assert relative_error(model.backward(), numeric).max() <= 1e-12


@pytest.mark.parametrize("activation", sorted(INITIALISATIONS))
def test_whole_gradient_by_central_differences(activation, rng):
    model, x = flow(5, 3, (4, 3), rng, activation=activation, alpha=0.5), rng.standard_normal((7, 5))
    assert check_gradients(model, x, method="central").worst <= 1e-7


@given(rng=generators, D=dims, couplings=st.sampled_from([1, 2, 3, 6]))
def test_log_det_is_that_of_the_numerical_jacobian(rng, D, couplings):
    model, x = flow(D, couplings, (5,), rng, size=0.6), rng.standard_normal((1, D))
    J = jacobian(lambda x: model.astype(np.complex128).transform(x)[0], x)
    sign, log_det = np.linalg.slogdet(J)
    # cond(J) eps is the rounding of a determinant
    assert sign == 1 and abs(model.transform(x)[1][0] - log_det) <= 1e-13 * np.linalg.cond(J)


def test_log_det_by_central_differences(rng):
    model, x, h = flow(3, 4, (5,), rng), rng.standard_normal((1, 3)), 1e-5
    J = np.stack([(model.transform(x + h * e)[0] - model.transform(x - h * e)[0])[0] / (2 * h) for e in np.eye(3)], 1)
    assert abs(model.transform(x)[1][0] - np.log(np.linalg.det(J))) <= 1e-8        # h^2 and rounding eps / h


@given(rng=generators, B=sizes, D=dims, couplings=st.sampled_from([1, 2, 5]))
def test_inverse_takes_back_transform(rng, B, D, couplings):
    model, x = flow(D, couplings, (5,), rng), rng.standard_normal((B, D))
    z, _ = model.transform(x)
    np.testing.assert_allclose(model.inverse(z), x, rtol=0, atol=1e-11 * max(1, np.abs(z).max(), np.abs(x).max()))
    np.testing.assert_allclose(model.transform(model.inverse(x))[0], x, rtol=0, atol=1e-9)
    assert not np.allclose(z, x)


def test_a_coupling_is_what_its_equation_says(rng):
    """Loops, and the two halves by hand: y_a = x_a, y_b = x_b exp(alpha tanh(h_s)) + t, D = 3."""
    x = rng.standard_normal((4, 3))
    for flip, a, b in ((False, [0], [1, 2]), (True, [1, 2], [0])):
        coupling = shifted(AffineCoupling(3, (), rng, flip, alpha=0.7, dtype=np.float64), rng)
        y, log_det = coupling.forward(x)
        W, bias = coupling.network.layers[0].W, coupling.network.layers[0].b
        for n in range(4):
            h = [sum(x[n, i] * W[k, j] for k, i in enumerate(a)) + bias[j] for j in range(2 * len(b))]
            s = [0.7 * np.tanh(value) for value in h[:len(b)]]
            assert log_det[n] == pytest.approx(sum(s), abs=1e-14)
            for i in a:
                assert y[n, i] == x[n, i]
            for k, i in enumerate(b):
                assert y[n, i] == pytest.approx(x[n, i] * np.exp(s[k]) + h[len(b) + k], abs=1e-13)


def test_an_untrained_flow_is_the_identity(rng):
    """So its density is N(0, I), and two couplings see both halves: training starts from something known."""
    x = rng.standard_normal((5, 3))
    model = Flow(3, 4, dtype=np.float64)
    np.testing.assert_array_equal(model.transform(x)[0], x)
    np.testing.assert_allclose(model.log_likelihood(x), gaussian_log_density(x, np.zeros(3), np.eye(3)), rtol=1e-14)


def test_the_halves_take_turns(rng):
    """After one coupling half of x is as it was; after two nothing is."""
    for D in (2, 5):
        x = rng.standard_normal((1, D))
        moved = [(flow(D, K, (3,), rng).transform(x)[0] != x)[0].tolist() for K in (1, 2)]
        assert moved == [[i >= D // 2 for i in range(D)], [True] * D]


def test_no_coupling_scales_beyond_its_bound(rng):
    """|log det| <= alpha for each number that is scaled, however wild the network."""
    for alpha in (2.0, 0.5):
        model = flow(3, 2, (4,), rng, size=30.0, alpha=alpha)
        log_det = model.transform(10 * rng.standard_normal((50, 3)))[1]
        assert 2.9 * alpha < np.abs(log_det).max() <= 3 * alpha * (1 + 1e-15)      # 2 numbers, then 1


def test_density_integrates_to_one(rng):
    """A smooth density that vanishes at the ends: the sum over a grid is its integral, to its tail and the grid."""
    model = flow(2, 4, (8,), rng, alpha=0.5)
    axis = np.linspace(-20, 20, 401)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    density = np.exp(model.log_likelihood(grid)).reshape(401, 401)
    edge = max(density[0].max(), density[-1].max(), density[:, 0].max(), density[:, -1].max())
    assert edge < 1e-12 and density.sum() * 0.1**2 == pytest.approx(1, abs=1e-9)


def test_linear_flow_is_the_gaussian_of_its_matrix(rng):
    """With s and t linear and s constant, z = x M + c: log p(x) is that of a Gaussian with a full covariance."""
    model = flow(5, 4, (), rng)
    for coupling in model.chain:
        coupling.network.layers[0].W[:, :coupling.D_b] = 0                           # s from its bias alone
    c, (M, _) = model.transform(np.zeros((1, 5)))[0], model.transform(np.eye(5))
    back = np.linalg.inv(M - c)                                                    # x = (z - c) (M - c)^-1
    x = rng.standard_normal((7, 5))
    expected = gaussian_log_density(x, (-c @ back)[0], back.T @ back)
    np.testing.assert_allclose(model.log_likelihood(x), expected, rtol=1e-10)
    draws = model.sample(100_000, 1)
    covariance = back.T @ back
    np.testing.assert_allclose(draws.mean(axis=0), (-c @ back)[0], atol=5 * np.sqrt(covariance.max() / 100_000))
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=5 * covariance.max() * np.sqrt(2 / 100_000))


def test_loss_and_its_parts(rng):
    model, x = flow(3, 4, (5,), rng), rng.standard_normal((6, 3))
    loss, (z, log_det) = model.loss(x), model.transform(x)
    assert loss.total == pytest.approx(-model.log_likelihood(x).mean(), rel=1e-14)
    assert loss.base == pytest.approx(-gaussian_log_density(z, np.zeros(3), np.eye(3)).mean(), rel=1e-14)
    assert loss.log_det == pytest.approx(log_det.mean(), rel=1e-14)


def test_trained_by_fit_it_comes_near_the_exact_density():
    """3 clusters. The true density is the best on average; a ring without clusters (360 of them) is the bar."""
    x, test = planar.mixture(2000, 1, components=3).x, planar.mixture(2000, 2, components=3).x
    exact = planar.mixture_log_density(test, components=3)
    model = Flow(2, 4, (32, 32), seed=0)
    fit(model, x, epochs=30, batch_size=100, optimizer=Adam(1e-2), progress=False)
    gap = exact - model.log_likelihood(test)                                       # its mean is KL(p, p_flow) >= 0
    error = gap.std() / np.sqrt(len(test))
    assert -5 * error < gap.mean() < np.mean(exact - planar.mixture_log_density(test, components=360)) - 5 * error
    samples = model.sample(2000, 3)
    nearest = np.linalg.norm(samples[:, None] - planar.mixture_centres(3), axis=2)
    # a ring without clusters has 2 asin(0.3 / 2) 3 / pi = 29 % within 3 sigma = 0.6 of a centre, at the most
    assert np.mean(nearest.min(axis=1) < 0.6) > 0.29 + 5 * np.sqrt(0.29 * 0.71 / 2000)


def test_the_start_is_no_saddle_on_symmetric_data(rng):
    """Data that hold -x with each x: with hidden biases of 0 the network is odd, and s has no gradient at all."""
    x = rng.standard_normal((50, 2))
    model = Flow(2, 2, (16,), seed=0, dtype=np.float64)
    gradients = []
    for _ in range(2):
        model.loss(np.concatenate([x, -x]))
        model.backward()
        gradients.append(np.abs(model.gradients["couplings.0.2.W"][:, 0]).max())           # (16, [s, t])
        model.parameters["couplings.0.0.b"][...] = 0
    assert gradients[0] > 0.01 and gradients[1] < 1e-14


def test_samples_are_new_and_repeatable():
    model = Flow(3, 2)
    np.testing.assert_array_equal(model.sample(4, 7), model.sample(4, 7))
    assert not np.array_equal(model.sample(4, 7), model.sample(4, 8)) and model.sample(4, 7).shape == (4, 3)


def test_float32_throughout(rng):
    model = shifted(Flow(3, 2, (4,)), rng)
    x = rng.standard_normal((5, 3))
    assert model.loss(x).total.dtype == np.float32 and model.backward().dtype == np.float32
    assert model.gradients.vector.dtype == np.float32 and model.sample(3, 0).dtype == np.float32
    np.testing.assert_allclose(model.log_likelihood(x), model.astype(np.float64).log_likelihood(x), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_and_loaded_is_the_same_flow(dtype, tmp_path, rng):
    model = shifted(Flow(3, 5, (4, 3), activation="elu", alpha=0.7, dtype=dtype), rng)
    model.save(tmp_path / "flow.npz")
    other = tinyvae.load(tmp_path / "flow.npz")
    x = rng.standard_normal((5, 3))
    assert other.dtype == dtype and other.header() == model.header()
    np.testing.assert_array_equal(model.log_likelihood(x), other.log_likelihood(x))


@pytest.mark.parametrize("between", [lambda model, x: model.log_likelihood(x), lambda model, x: model.transform(x),
                                     lambda model, x: model.inverse(x), lambda model, x: model.sample(2, 0)])
def test_backward_never_uses_another_forward(between, rng):
    model, x = Flow(3, 2, (4,)), rng.standard_normal((5, 3))
    for forward in (lambda: None, lambda: (model.loss(x), between(model, x))):
        forward()
        with pytest.raises(RuntimeError, match="call loss"):
            model.backward()


@pytest.mark.parametrize("call, error, says", [
    (lambda x: Flow(1), ValueError, "data_dim: got 1, expected a whole number >= 2"),
    (lambda x: AffineCoupling(1, (), 0), ValueError, "data_dim: got 1"),
    (lambda x: Flow(2, 0), ValueError, "couplings: got 0"),
    (lambda x: Flow(2, 2, 5), TypeError, "hidden: got 5"),
    (lambda x: Flow(alpha=0), ValueError, "alpha: got 0"),
    (lambda x: Flow(3).loss(x[:, :2]), ValueError, r"x: got shape \(5, 2\), expected \(B, 3\)"),
    (lambda x: Flow(3).transform(x[:0]), ValueError, "at least one example"),
    (lambda x: Flow(3).inverse(x[:, :2]), ValueError, r"z: got shape \(5, 2\)"),
    (lambda x: Flow(3).log_likelihood(x * np.nan), ValueError, "NaN"),
    (lambda x: Flow(3).sample(0, 1), ValueError, "n: got 0"),
    (lambda x: Flow(3).sample(2, None), TypeError, "rng: got None")])
def test_bad_input(call, error, says, rng):
    with pytest.raises(error, match=says):
        call(rng.standard_normal((5, 3)))
