"""FVBN and the autoregressive mixture: every gradient; exact sums to 1; who may see whom; samples; known optima."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyvae
from tests.oracles import gaussian_log_density
from tests.strategies import generators, sizes
from tinyvae import Adam, fit
from tinyvae.autoregressive import FVBN, AutoregressiveMixture, MaskedDense, degrees, masked_network
from tinyvae.gradcheck import check_gradients

networks = st.sampled_from([(), (3,), (7,), (5, 2)])
activations = st.sampled_from(["tanh", "elu", "softplus", "sigmoid"])
HIDDEN = [(), (7,), (15, 11)]
LOG2, LOG3 = math.log(2), math.log(3)


def shifted(model, rng, size=1.0):
    """Away from the start: weights and biases none of which is 0, masked ones too."""
    model.parameters.vector[...] += size * rng.standard_normal(model.parameters.vector.size)
    return model


def fvbn(D, hidden, rng, size=1.0, **settings):
    return shifted(FVBN(D, hidden, seed=rng, dtype=np.float64, **settings), rng, size)


def mixture(D, hidden, K, rng, size=0.5, **settings):
    return shifted(AutoregressiveMixture(D, hidden, K, seed=rng, dtype=np.float64, **settings), rng, size)


def binary(rng, shape):
    return rng.integers(0, 2, shape).astype(float)


def all_images(D):
    """Every x of D pixels, (2^D, D)."""
    return np.array(list(itertools.product([0.0, 1.0], repeat=D)))


@given(rng=generators, B=sizes, n_in=sizes, n_out=sizes)
def test_gradients_of_the_masked_layer(rng, B, n_in, n_out):
    layer = MaskedDense(n_in, n_out, rng.integers(0, 2, (n_in, n_out)), rng, dtype=np.float64)
    layer.W += rng.standard_normal(layer.W.shape)
    layer.b += rng.standard_normal(n_out)
    x = rng.standard_normal((B, n_in))
    report = check_gradients(layer, x, rng=rng)
    assert [row.name for row in report.rows] == ["x", "W", "b"] and report.worst <= 1e-12
    assert check_gradients(layer, x, method="central", rng=rng).worst <= 1e-7
    layer.forward(x)
    assert layer.backward(np.ones((B, n_out)), input_gradient=False) is None
    np.testing.assert_allclose(layer.dW, layer.mask * x.sum(axis=0)[:, None], rtol=1e-12, atol=1e-12)


def test_the_masked_layer_by_loops(rng):
    mask = np.array([[1, 0, 1], [0, 0, 1]])
    layer, x = MaskedDense(2, 3, mask, 0, dtype=np.float64), rng.standard_normal((4, 2))
    assert (layer.W[mask == 0] == 0).all() and (layer.W[mask == 1] != 0).all()
    layer.W[...], layer.b[...] = rng.standard_normal((2, 3)), rng.standard_normal(3)
    y = layer.forward(x)
    for n, j in itertools.product(range(4), range(3)):
        seen = [i for i in range(2) if mask[i, j]]
        assert y[n, j] == pytest.approx(layer.b[j] + sum(x[n, i] * layer.W[i, j] for i in seen), abs=1e-14)


@pytest.mark.parametrize("mask", [np.ones((3, 2)), np.full((2, 3), 0.5), np.ones((1, 3)), np.full((2, 3), np.nan)])
def test_a_wrong_mask_is_refused(mask):
    with pytest.raises(ValueError, match="mask: .*"):
        MaskedDense(2, 3, mask, 0)


def test_the_masked_layer_refuses_a_wrong_width():
    with pytest.raises(ValueError, match=r"x: got shape \(4, 3\), expected \(B, 2\)"):
        MaskedDense(2, 3, np.ones((2, 3)), 0).forward(np.zeros((4, 3)))


@given(rng=generators, B=sizes, D=sizes, hidden=networks, activation=activations)
def test_whole_gradient(rng, B, D, hidden, activation):
    model, x = fvbn(D, hidden, rng, activation=activation), binary(rng, (B, D))
    report = check_gradients(model, x)
    assert [row.name for row in report.rows] == list(model.parameters) and report.worst <= 1e-12
    assert check_gradients(model, x, method="central").worst <= 1e-7


@given(rng=generators, B=sizes, D=sizes, hidden=networks, activation=activations, K=st.sampled_from([1, 2, 5]))
def test_whole_gradient_of_the_mixture(rng, B, D, hidden, activation, K):
    model, x = mixture(D, hidden, K, rng, activation=activation), rng.standard_normal((B, D))
    report = check_gradients(model, x)
    assert [row.name for row in report.rows] == list(model.parameters) and report.worst <= 1e-12
    assert check_gradients(model, x, method="central").worst <= 1e-7


@pytest.mark.parametrize("D", [1, 2, 8, 11, 12])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_probabilities_of_all_images_sum_to_one(D, hidden, rng):
    """Whatever the weights. A mask that lets one pixel see itself breaks it."""
    log_p = fvbn(D, hidden, rng, size=2.0).log_likelihood(all_images(D))
    assert np.ptp(log_p) > 0.1 and abs(np.exp(log_p).sum() - 1) <= 1e-12
    with pytest.raises(AssertionError):
        cheat = fvbn(D, hidden, rng)
        for layer in cheat.network.layers[::2]:
            layer.mask = np.ones_like(layer.mask)
        assert abs(np.exp(cheat.log_likelihood(all_images(D))).sum() - 1) <= 1e-12


@pytest.mark.parametrize("D", [1, 2, 5, 8])
@pytest.mark.parametrize("hidden", [(), (8,), (13, 9)])
@pytest.mark.parametrize("outputs", [1, 3])
def test_output_d_sees_x_before_d_and_nothing_else(D, hidden, outputs, rng):
    """Perturb x_i: by the complex step, so that "depends" is exact. Enough units let each see all that it may see."""
    network = masked_network(D, hidden, outputs, "tanh", rng, np.complex128)
    for layer in network.layers[::2]:
        layer.W[...] = rng.standard_normal(layer.W.shape)
    x = binary(rng, (1, D))
    moved = np.array([network.forward(x + 1e-30j * e)[0].imag != 0 for e in np.eye(D)])        # (i, outputs D)
    np.testing.assert_array_equal(moved, np.tile(np.triu(np.ones((D, D), bool), 1), outputs))


@given(n=sizes, D=sizes)
def test_degrees_are_spread_evenly(n, D):
    m = degrees(n, D)
    assert m.shape == (n,) and (np.diff(m) >= 0).all() and m.min() >= min(1, D - 1) and m.max() <= max(D - 1, 0)
    counts = np.bincount(m, minlength=D)[min(1, D - 1):]
    if n >= D - 1:
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("hidden", HIDDEN)
def test_log_likelihood_is_the_chain_rule_by_loops(hidden, rng):
    model = fvbn(4, hidden, rng)
    x = binary(rng, (6, 4))
    p = model.probabilities(x)
    for n in range(6):
        by_hand = 1.0
        for d in range(4):
            only_earlier = np.where(np.arange(4) < d, x[n], 1 - x[n])[None]                    # the others are wrong
            p_d = model.probabilities(only_earlier)[0, d]
            assert p_d == pytest.approx(p[n, d], abs=1e-15)
            by_hand *= p_d if x[n, d] else 1 - p_d
        assert model.log_likelihood(x)[n] == pytest.approx(math.log(by_hand), rel=1e-12)
    np.testing.assert_allclose(model.log_conditionals(x).sum(axis=1), model.log_likelihood(x), rtol=1e-14)
    assert model.loss(x).total == pytest.approx(-model.log_likelihood(x).mean(), rel=1e-14)


def test_the_logistic_network_is_its_equation(rng):
    model, x = fvbn(5, (), rng), binary(rng, (3, 5))
    W, b = model.parameters["network.0.W"], model.parameters["network.0.b"]
    for n, d in itertools.product(range(3), range(5)):
        a = b[d] + sum(x[n, i] * W[i, d] for i in range(d))
        assert model.probabilities(x)[n, d] == pytest.approx(1 / (1 + math.exp(-a)), abs=1e-14)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_samples_have_the_exact_probabilities(hidden, rng):
    model, n = fvbn(4, hidden, rng), 20_000
    exact = np.exp(model.log_likelihood(all_images(4)))
    x = model.sample(n, 5)
    assert x.shape == (n, 4) and x.dtype == np.float64 and set(np.unique(x)) <= {0, 1}
    counts = np.bincount((x @ [8, 4, 2, 1]).astype(int), minlength=16)
    assert (np.abs(counts / n - exact) <= 5 * np.sqrt(exact * (1 - exact) / n)).all()
    likely = exact * n >= 5                                          # chi-square: mean df, variance 2 df for these
    chi2, df = np.sum((counts - n * exact)[likely]**2 / (n * exact)[likely]), likely.sum() - likely.all()
    assert chi2 <= df + 5 * math.sqrt(2 * df)


def test_sampling_runs_the_network_once_for_each_pixel(monkeypatch):
    model, runs = FVBN(6, (4,)), []
    forward = model.network.forward
    monkeypatch.setattr(model.network, "forward", lambda x: runs.append(x.copy()) or forward(x))
    x = model.sample(3, 0)
    assert len(runs) == 6
    for d, seen in enumerate(runs):                                  # run d has x_1 .. x_d-1, and 0 behind them
        np.testing.assert_array_equal(seen, np.where(np.arange(6) < d, x, 0))
    np.testing.assert_array_equal(model.sample(3, 1), model.sample(3, 1))
    assert not np.array_equal(model.sample(30, 1), model.sample(30, 2))


def pairs_and_a_third():
    """32 images whose frequencies a logistic FVBN has at known weights.

    p(x1) = 1/2; p(x2 = 1) = 1/4 or 3/4 for x1 = 0 or 1; logit of x3 = (x1 + x2 - 1) log 3: 1/4, 1/2, 1/2 or 3/4.
    """
    counts = {(0, 0, 0): 9, (0, 0, 1): 3, (0, 1, 0): 2, (0, 1, 1): 2,
              (1, 0, 0): 2, (1, 0, 1): 2, (1, 1, 0): 3, (1, 1, 1): 9}
    return np.array([x for x, n in counts.items() for _ in range(n)], float), np.array(list(counts.values())) / 32


def test_training_finds_the_known_optimum():
    """Convex, so there is one; at it the mean -log p is the entropy of the data."""
    x, frequencies = pairs_and_a_third()
    model = FVBN(3, dtype=np.float64)
    history = fit(model, x, epochs=1200, batch_size=32, optimizer=Adam(0.02), progress=False)
    entropy = -np.sum(frequencies * np.log(frequencies))
    assert history["total"].min() >= entropy - 1e-12                 # no model of these data is better
    W, b = model.parameters["network.0.W"], model.parameters["network.0.b"]
    found = [b[0], b[1], b[2], W[0, 1], W[0, 2], W[1, 2]]
    np.testing.assert_allclose(found, [0, -LOG3, -LOG3, 2 * LOG3, LOG3, LOG3], atol=1e-5)
    assert history["total"][-1] == pytest.approx(entropy, abs=1e-9)


def test_the_gradient_is_zero_at_the_known_optimum():
    x, _ = pairs_and_a_third()
    model = FVBN(3, dtype=np.float64)
    model.parameters["network.0.W"][...] = [[0, 2 * LOG3, LOG3], [0, 0, LOG3], [0, 0, 0]]
    model.parameters["network.0.b"][...] = [0, -LOG3, -LOG3]
    model.loss(x)
    model.backward()
    assert np.abs(model.gradients.vector).max() <= 1e-15


def test_exclusive_or_needs_a_hidden_layer():
    """x3 = x1 xor x2: 2 bits of entropy; a logistic regression sees nothing in x1 and x2, and pays 3."""
    x = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]], float)
    totals = [fit(FVBN(3, hidden, activation="tanh", seed=1, dtype=np.float64), x, epochs=600, batch_size=4,
                  optimizer=Adam(0.05), progress=False)["total"][-1] for hidden in ((), (16,))]
    assert totals[0] == pytest.approx(3 * LOG2, abs=1e-6) and 2 * LOG2 <= totals[1] <= 2 * LOG2 + 0.01


def test_grey_pixels_are_refused_but_fit_may_binarise(rng):
    x = rng.random((20, 4))
    with pytest.raises(ValueError, match="x: got 0.* at .*, expected pixels 0 and 1 .*binarize=True"):
        FVBN(4).log_likelihood(x)
    with pytest.raises(ValueError, match="validation: got 0"):
        fit(FVBN(4), (x > 0.5).astype(float), validation=x, progress=False)
    assert np.isfinite(fit(FVBN(4), x, epochs=1, binarize=True, progress=False)["total"]).all()


def by_loops(model, x):
    """log p(x) of one x (D,) as a sum of logs of sums of normal densities, from the network's numbers as they are."""
    D, K = model.data_dim, model.components
    h, total = model.network.forward(x[None])[0], 0.0
    for d in range(D):
        logits, m, logvar = ([h[(group * K + k) * D + d] for k in range(K)] for group in range(3))
        weight = [math.exp(a) for a in logits]
        p = sum(w / sum(weight) * math.exp(-(x[d] - mean)**2 / (2 * var)) / math.sqrt(2 * math.pi * var)
                for w, mean, var in zip(weight, m, map(math.exp, logvar)))
        total += math.log(p)
    return total


@given(rng=generators, D=sizes, hidden=networks, K=st.sampled_from([1, 2, 5]))
def test_the_mixture_by_loops(rng, D, hidden, K):
    model, x = mixture(D, hidden, K, rng), rng.standard_normal((2, D))
    np.testing.assert_allclose(model.log_likelihood(x), [by_loops(model, row) for row in x], rtol=1e-12, atol=1e-12)
    assert model.loss(x).total == pytest.approx(-model.log_likelihood(x).mean(), rel=1e-14)


@pytest.mark.parametrize("hidden", [(), (6,)])
def test_the_mixture_integrates_to_one(hidden, rng):
    """A smooth density that vanishes at the ends: the sum over a grid is its integral, to its tail and the grid."""
    model = mixture(2, hidden, 3, rng, size=0.3)
    model.network.layers[-1].W[:, 12:] *= 0.2                        # of the logvars: the width of x_2 varies little
    axis, step = np.linspace(-20, 20, 501, retstep=True)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    density = np.exp(model.log_likelihood(grid)).reshape(501, 501)
    edge = max(density[0].max(), density[-1].max(), density[:, 0].max(), density[:, -1].max())
    assert edge < 1e-12 and density.sum() * step**2 == pytest.approx(1, abs=1e-9)


def test_one_linear_component_is_a_full_gaussian(rng):
    """x_1 = m_1 + s_1 e_1, x_2 = m_2 + w x_1 + s_2 e_2: mean and covariance by hand, density and moments of samples."""
    model, w, m, s = AutoregressiveMixture(2, (), 1, dtype=np.float64), 0.8, (0.5, -0.3), (0.7, 1.3)
    W, b = model.parameters["network.0.W"], model.parameters["network.0.b"]        # columns: logit, m, logvar
    W[...] = 0
    W[0, 3] = w
    b[...] = [0.4, -0.2, *m, 2 * math.log(s[0]), 2 * math.log(s[1])]
    mean = np.array([m[0], m[1] + w * m[0]])
    covariance = np.array([[s[0]**2, w * s[0]**2], [w * s[0]**2, w**2 * s[0]**2 + s[1]**2]])
    x = rng.standard_normal((50, 2))
    np.testing.assert_allclose(model.log_likelihood(x), gaussian_log_density(x, mean, covariance), rtol=1e-12)
    n = 100_000
    drawn = model.sample(n, 0)
    assert (np.abs(drawn.mean(axis=0) - mean) <= 5 * np.sqrt(np.diag(covariance) / n)).all()
    variances = np.diag(covariance)
    error = np.sqrt((covariance**2 + np.outer(variances, variances)) / n)            # of a Gaussian's covariance
    assert (np.abs(np.cov(drawn.T) - covariance) <= 5 * error).all()


def test_samples_of_the_mixture_have_its_distribution(rng):
    """F(x_d given x_1 .. x_d-1) of a sample is uniform, and independent over d: all 16 cells of a 4 x 4 grid."""
    model, n = mixture(2, (6,), 3, rng), 20_000
    x = model.sample(n, 3)
    logits, m, logvar = np.moveaxis(model.network.forward(x).reshape(n, 3, 3, 2), 1, 0)
    pi = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    normal_cdf = np.vectorize(lambda u: 0.5 * (1 + math.erf(u / math.sqrt(2))))
    F = np.sum(pi * normal_cdf((x[:, None] - m) * np.exp(-logvar / 2)), axis=1)
    counts = np.bincount(np.clip((4 * F).astype(int), 0, 3) @ [4, 1], minlength=16)
    assert (np.abs(counts / n - 1 / 16) <= 5 * math.sqrt(1 / 16 * 15 / 16 / n)).all()


def test_the_mixture_is_stable_far_from_all_its_components(rng):
    """Each exp underflows there; the log-density is that of one component: the last, nearest one, of weight e^-900."""
    model = AutoregressiveMixture(1, (), 4, dtype=np.float64)
    model.parameters["network.0.b"][:4] = [0, 900, -900, 0]          # weights of 1 and of e^-1800 as well
    log_p = model.log_likelihood(np.array([[1000.0], [1e6]]))
    assert np.isfinite(log_p).all()
    expected = [-900 - 0.5 * ((x - 2)**2 + math.log(2 * math.pi)) for x in (1000, 1e6)]     # its mean is 2, its width 1
    np.testing.assert_allclose(log_p, expected, rtol=1e-12)
    x = model.sample(1000, 0)                                        # from the second, whose mean is -2/3, width 1
    assert abs(x.mean() + 2 / 3) <= 5 / math.sqrt(1000) and abs(x.var() - 1) <= 5 * math.sqrt(2 / 1000)


def test_training_the_mixture_pulls_its_components_apart(rng):
    """Two clusters on a diagonal; started alike, all components would receive one gradient and stay alike."""
    centre = rng.choice([-1.0, 1.0], 400)
    x = centre[:, None] + 0.2 * rng.standard_normal((400, 2))
    model = AutoregressiveMixture(2, (8,), 3, seed=1)
    fit(model, x, epochs=60, batch_size=100, optimizer=Adam(0.02), progress=False)
    truth = np.log(0.5 * np.exp(gaussian_log_density(x, -np.ones(2), 0.04 * np.eye(2)))
                   + 0.5 * np.exp(gaussian_log_density(x, np.ones(2), 0.04 * np.eye(2))))
    assert np.mean(truth - model.log_likelihood(x)) <= 0.15          # one Gaussian is 1.3 nats short


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("model", [FVBN(5, (4, 3), activation="elu"),
                                   AutoregressiveMixture(5, (4,), 2, activation="softplus")], ids=["fvbn", "mixture"])
def test_saved_and_loaded_is_the_same_model(model, dtype, tmp_path, rng):
    model = shifted(model.astype(dtype), rng)
    model.save(tmp_path / "model.npz")
    other, x = tinyvae.load(tmp_path / "model.npz"), binary(rng, (6, 5))
    assert other.dtype == dtype and other.header() == model.header()
    np.testing.assert_array_equal(other.parameters.vector, model.parameters.vector)
    np.testing.assert_array_equal(other.log_likelihood(x), model.log_likelihood(x))


@pytest.mark.parametrize("kind", [FVBN, AutoregressiveMixture])
def test_float32_throughout(kind, rng):
    model, x = kind(5, (4,)), binary(rng, (6, 5))
    assert model.loss(x).total.dtype == np.float32
    model.backward()
    assert model.gradients.vector.dtype == np.float32 and model.log_likelihood(x).dtype == np.float32
    assert model.sample(3, 0).dtype == np.float32


@pytest.mark.parametrize("kind", [FVBN, AutoregressiveMixture])
def test_same_seed_same_weights(kind):
    first, again, other = kind(5, (4,), seed=3), kind(5, (4,), seed=3), kind(5, (4,), seed=4)
    np.testing.assert_array_equal(first.parameters.vector, again.parameters.vector)
    assert not np.array_equal(first.parameters.vector, other.parameters.vector)


@pytest.mark.parametrize("between", [
    lambda model, x: model.log_likelihood(x), lambda model, x: model.sample(2, 0),
    lambda model, x: model.log_conditionals(x), lambda model, x: pytest.raises(ValueError, model.loss, x[:, 1:])])
@pytest.mark.parametrize("kind", [FVBN, AutoregressiveMixture])
def test_backward_never_uses_another_forward(kind, between, rng):
    model, x = kind(5), binary(rng, (6, 5))
    with pytest.raises(RuntimeError, match="call loss"):
        model.backward()
    model.loss(x)
    between(model, x)
    with pytest.raises(RuntimeError, match="call loss"):
        model.backward()


@pytest.mark.parametrize("call, message", [
    (lambda: FVBN(0), "data_dim: got 0"), (lambda: FVBN(5, (0,)), "hidden: got 0"),
    (lambda: FVBN(5, 4), "hidden: got 4"),
    (lambda: FVBN(5, activation="gelu"), "activation: got 'gelu'"), (lambda: FVBN(5, seed=None), "seed: got None"),
    (lambda: AutoregressiveMixture(2, components=0), "components: got 0"),
    (lambda: FVBN(5).sample(0, 0), "n: got 0"), (lambda: FVBN(5).sample(2, None), "rng: got None"),
    (lambda: FVBN(5).loss(np.zeros((2, 4))), r"x: got shape \(2, 4\)"),
    (lambda: FVBN(5).probabilities(np.full((2, 5), np.nan)), "x: 10 of 10 values are NaN"),
    (lambda: AutoregressiveMixture(2).log_likelihood(np.zeros(2)), r"x: got shape \(2,\)")])
def test_bad_calls(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
