"""The nearest neighbour by brute force; softmax regression's gradient, Hessian, optimum and what it recovers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import generators, sizes
from tinyvae import Adam, check_gradients, digits, fit, probes
from tinyvae.probes import SoftmaxRegression, nearest, nearest_neighbour, softmax_regression


def brute_force(train, test):
    """The first of the nearest, in exact whole numbers."""
    def squared_distance(a, b):
        return sum((int(a_i) - int(b_i))**2 for a_i, b_i in zip(a, b))
    return [min(range(len(train)), key=lambda n: squared_distance(train[n], row)) for row in test]


@given(rng=generators, N=st.integers(1, 30), M=sizes, D=sizes, offset=st.sampled_from([0, 10**8]))
def test_nearest_by_brute_force_with_ties(rng, N, M, D, offset):
    """Few whole numbers, so many ties. With an offset of 1e8, |b|^2 - 2 a b has lost every digit."""
    train, test = rng.integers(0, 3, (N, D)) + offset, rng.integers(0, 3, (M, D)) + offset
    np.testing.assert_array_equal(nearest(train, test), brute_force(train, test))
    labels = rng.choice(list("abc"), N)
    np.testing.assert_array_equal(nearest_neighbour(train, labels, test), labels[brute_force(train, test)])


@given(rng=generators, D=st.sampled_from([1, 7, 784]))
def test_equal_rows_give_the_first(rng, D):
    """Copies of one row in a matrix product may come out different in their last digit."""
    row = rng.random((1, D))
    train = np.concatenate([row + 1, np.repeat(row, 30, axis=0)])
    np.testing.assert_array_equal(nearest(train, row + 0.01 * rng.random((9, D))), 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tie_to_the_last_digit_is_decided_by_the_differences(dtype):
    """The second row is nearer by one digit of 101, of which the squares, beside |x|^2 = 784 * 100^2, know nothing."""
    x = np.full((1, 784), 100, dtype)
    train = np.repeat(x, 3, axis=0)
    train[0, 0], train[1, 1], train[2, 2] = 101, np.nextafter(dtype(101), dtype(0)), 101
    assert nearest(train, x)[0] == 1


@pytest.mark.parametrize("pairs", [1, 30, 31, 61, 100, 10_000])
def test_blocks_cover_every_example(pairs, monkeypatch):
    rng = np.random.default_rng(0)
    train, test = rng.integers(0, 9, (30, 3)), rng.integers(0, 9, (11, 3))
    monkeypatch.setattr(probes, "PAIRS", pairs)
    np.testing.assert_array_equal(nearest(train, test), brute_force(train, test))


def random_model(rng, D, C, penalty=0.3):
    model = SoftmaxRegression(D, C, penalty, mean=rng.standard_normal(D), scale=float(rng.uniform(0.5, 2)))
    model.parameters.vector[...] = rng.standard_normal(model.parameters.vector.size)
    return model


def one_hot(labels, C):
    return np.eye(C)[labels]


@given(rng=generators, B=sizes, D=sizes, C=sizes)
def test_gradient(rng, B, D, C):
    model, x, target = random_model(rng, D, C), rng.standard_normal((B, D)), rng.dirichlet(np.ones(C), B)
    assert check_gradients(model, x, target, rng=rng).worst <= 1e-12
    assert check_gradients(model, x, target, method="central", rng=rng).worst <= 1e-7
    assert check_gradients(model, x, one_hot(rng.integers(C, size=B), C), rng=rng).worst <= 1e-12


@given(rng=generators, B=sizes, D=sizes, C=sizes)
def test_loss_by_hand(rng, B, D, C):
    model, x, labels = random_model(rng, D, C), rng.standard_normal((B, D)), rng.integers(C, size=B)
    W, b = model.parameters["W"], model.parameters["b"]
    nll, probabilities = 0.0, []
    for row, label in zip(x, labels):
        a = [sum((row[i] - model.mean[i]) / model.scale * W[i, k] for i in range(D)) + b[k] for k in range(C)]
        probabilities.append([math.exp(value) / sum(map(math.exp, a)) for value in a])
        nll -= math.log(probabilities[-1][label]) / B
    loss = model.loss(x, labels)
    assert loss.nll == pytest.approx(nll, rel=1e-11, abs=1e-14)
    assert loss.penalty == pytest.approx(0.15 * (sum(w**2 for w in W.ravel()) + sum(v**2 for v in b)), rel=1e-13)
    assert loss.total == loss.nll + loss.penalty
    assert model.loss(x, one_hot(labels, C)) == loss
    np.testing.assert_allclose(model.log_probabilities(x), np.log(probabilities), rtol=1e-11, atol=1e-14)
    np.testing.assert_array_equal(model.predict(x), np.argmax(probabilities, axis=1))


@given(rng=generators, B=sizes, D=sizes, C=sizes)
def test_hessian_product_is_the_complex_step_of_the_gradient(rng, B, D, C):
    model, x, labels = random_model(rng, D, C), rng.standard_normal((B, D)), rng.integers(C, size=B)
    v = rng.standard_normal(model.parameters.vector.size)
    moved = model.astype(np.complex128)
    moved.parameters.vector[...] += 1e-30j * v
    moved.loss(x, labels)
    moved.backward()
    numeric = moved.gradients.vector.imag / 1e-30
    model.loss(x, labels)
    np.testing.assert_allclose(model.hessian_product(v), numeric, rtol=0, atol=1e-12 * np.abs(numeric).max())


def problem(rng, N, D, C):
    """Features in odd units; labels that depend on them and are noisy; classes may be missing."""
    x = rng.standard_normal((N, D))
    labels = np.argmax(x @ rng.standard_normal((D, C)) + rng.gumbel(size=(N, C)), axis=1)
    return 50 * x + 1000, labels


def gradient_at(model, x, labels):
    """Of the loss, from its definition: f standardised by hand, p - t through f, and the penalty."""
    f = (x - x.mean(axis=0)) / (np.sqrt(np.mean((x - x.mean(axis=0))**2)) or 1)
    W, b = model.parameters["W"], model.parameters["b"]
    p = np.exp(f @ W + b)
    p /= p.sum(axis=1, keepdims=True)
    error = (p - one_hot(labels, len(b))) / len(x)
    return np.concatenate([(f.T @ error + model.penalty * W).ravel(), error.sum(axis=0) + model.penalty * b])


@given(rng=generators, N=st.sampled_from([1, 2, 3, 10, 60]), D=sizes, C=sizes, tolerance=st.sampled_from([1e-6, 1e-9]))
def test_the_optimum_has_no_gradient(rng, N, D, C, tolerance):
    """In 12 steps: Newton's method doubles the digits of each step. A Hessian that is wrong needs more."""
    x, labels = problem(rng, N, D, C)
    model = softmax_regression(x, labels, C, tolerance=tolerance, max_steps=12)
    assert model.penalty == 1 / N
    # the standardised features of two computations differ by eps * 1000 / 50 and some more
    assert np.linalg.norm(gradient_at(model, x, labels)) <= tolerance + 1e-12


@pytest.mark.parametrize("seed", [18, 49, 84])
def test_long_tails_make_full_steps_fail(seed, monkeypatch):
    """Newton's full steps run away on these, at a small penalty; halved ones arrive, and each lowers the loss."""
    x, labels = problem(np.random.default_rng(seed), 10, 5, 3)
    x, losses, descend = ((x - 1000) / 50)**5, [math.log(3)], probes._descend

    def recorded(model, *rest):
        descend(model, *rest)
        losses.append(model.loss(x, labels).total)
    monkeypatch.setattr(probes, "_descend", recorded)
    model = softmax_regression(x, labels, 3, penalty=1e-4, tolerance=1e-9, max_steps=30)
    assert (np.diff(losses) < 1e-14).all()
    assert np.linalg.norm(gradient_at(model, x, labels)) <= 1e-9 + 1e-12


@pytest.mark.parametrize("seed", [13, 17, 19, 44])
@pytest.mark.parametrize("N, D, C, penalty", [(3, 5, 2, 1e-4), (3, 1, 2, 1e-4), (60, 5, 7, 100)])
def test_the_last_digits_of_the_loss_do_not_stop_it(N, D, C, penalty, seed):
    """A gradient of 1e-12 changes the loss by less than the rounding of the logits (first two) or of itself (third):
    the step must be taken all the same."""
    x, labels = problem(np.random.default_rng(seed), N, D, C)
    model = softmax_regression(x, labels, C, penalty=penalty, tolerance=1e-12, max_steps=30)
    assert np.linalg.norm(gradient_at(model, x, labels)) <= 1e-11


@given(rng=generators, N=st.sampled_from([2, 10, 60]), D=sizes, C=sizes)
def test_another_solver_finds_the_same(rng, N, D, C):
    """Gradient descent with a step that is always safe. Strong convexity: |theta - theta*| <= |gradient| / lambda."""
    x, labels = problem(rng, N, D, C)
    found = softmax_regression(x, labels, C, penalty=0.2, tolerance=1e-9)
    other = SoftmaxRegression(D, C, 0.2, mean=found.mean, scale=found.scale)
    f = np.column_stack([(x - found.mean) / found.scale, np.ones(N)])
    lipschitz = 0.5 * np.linalg.norm(f, 2)**2 / N + 0.2      # the Hessian of -log softmax is at most 1/2 (Bohning 1992)
    for _ in range(3000):
        other.loss(x, labels)
        other.backward()
        other.parameters.vector[...] -= other.gradients.vector / lipschitz
        if np.linalg.norm(other.gradients.vector) < 1e-9:
            break
    assert np.linalg.norm(other.gradients.vector) < 1e-9
    assert np.linalg.norm(found.parameters.vector - other.parameters.vector) <= 2.1e-9 / 0.2
    assert found.loss(x, labels).total <= other.loss(x, labels).total + 1e-15


def test_fit_trains_it_too():
    """Adam in float32 comes near the optimum, and not below: J - J* <= |gradient|^2 / (2 lambda), and >= 0."""
    x, labels = problem(np.random.default_rng(0), 60, 5, 3)
    best = softmax_regression(x, labels, 3, penalty=0.1)
    model = SoftmaxRegression(5, 3, 0.1, mean=best.mean, scale=best.scale, dtype=np.float32)
    fit(model, (x.astype(np.float32), labels), epochs=300, batch_size=60, optimizer=Adam(0.05), progress=False)
    assert model.dtype == np.float32 == model.log_probabilities(x).dtype
    reached, optimum = (m.astype(np.float64).loss(x, labels).total for m in (model, best))
    assert optimum - 1e-11 <= reached <= optimum + 1e-3


def test_a_new_model_knows_nothing(rng):
    np.testing.assert_allclose(SoftmaxRegression(3, 4).log_probabilities(rng.standard_normal((5, 3))), -math.log(4))


def test_it_recovers_the_truth():
    """Labels drawn from a softmax: slope and offset come back within 5 standard errors (inverse Fisher matrix)."""
    rng, N, slope, offset = np.random.default_rng(0), 40_000, 1.5, -0.4
    x = 3 + 2 * rng.standard_normal((N, 1))
    p = 1 / (1 + np.exp(-slope * (x[:, 0] - 3) - offset))
    model = softmax_regression(x, (rng.random(N) < p).astype(int), 2, penalty=1e-7, tolerance=1e-8)
    design = np.column_stack([x[:, 0] - 3, np.ones(N)])
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]))))
    a = model.log_probabilities(np.array([[3.0], [4.0]]))
    log_odds = a[:, 1] - a[:, 0]
    assert abs(log_odds[0] - offset) < 5 * errors[1] < 0.1
    assert abs(log_odds[1] - log_odds[0] - slope) < 5 * errors[0] < 0.15


@given(rng=generators, D=st.sampled_from([2, 5]))
def test_units_and_rotations_do_not_matter(rng, D):
    x, labels = problem(rng, 30, D, 3)
    rotation = np.linalg.qr(rng.standard_normal((D, D)))[0]
    moved = 1e-3 * x @ rotation - 7
    one, other = (softmax_regression(features, labels, 3, tolerance=1e-9) for features in (x, moved))
    # each is within 1e-9 / lambda of the optimum, in parameters; features have a length of some units
    np.testing.assert_allclose(one.log_probabilities(x), other.log_probabilities(moved), atol=1e-6)


@pytest.mark.parametrize("N", [10, 100, 400])
def test_it_reads_digits(N):
    """From pixels, with as few as 10 labels, some digits unseen; the more labels, the fewer errors."""
    train, test = digits(N, seed=1), digits(500, seed=2)
    model = softmax_regression(train.images, train.labels, 10, max_steps=15)
    assert np.linalg.norm(gradient_at(model, train.images.astype(np.float64), train.labels)) <= 1.001e-6
    right = np.mean(model.predict(test.images) == test.labels)
    by_neighbour = np.mean(nearest_neighbour(train.images, train.labels, test.images) == test.labels)
    # a reader that guesses: 10 % with a standard error of 1.3 %
    assert min(right, by_neighbour) > {10: 0.2, 100: 0.5, 400: 0.7}[N]
    again = softmax_regression(train.images, train.labels, 10)
    np.testing.assert_array_equal(again.parameters.vector, model.parameters.vector)


def test_a_class_without_examples_and_a_feature_without_variance(rng):
    x = np.column_stack([rng.standard_normal(20), np.full(20, 0.1)])
    model = softmax_regression(x, (x[:, 0] > 0).astype(int), 3)
    assert np.isfinite(model.parameters.vector).all() and set(model.predict(x)) == {0, 1}
    constant = softmax_regression(np.full((4, 2), 0.1), np.array([1, 1, 2, 1]), 3)
    assert constant.scale == 1 and set(constant.predict(rng.standard_normal((9, 2)))) == {1}


@pytest.mark.parametrize("change, error, message", [
    (dict(labels=np.array([0, 1])), ValueError, r"labels: got shape \(2,\), expected \(4,\), one .* row of features"),
    (dict(labels=np.array([0.0, 1, 1, 0])), TypeError, "labels: got dtype float64, expected whole numbers 0 to 2"),
    (dict(labels=np.array([0, 1, 3, 0])), ValueError, "labels: got values from 0 to 3, expected 0 to 2"),
    (dict(labels=np.array([0, 1, -1, 0])), ValueError, "labels: got values from -1 to 1, expected 0 to 2"),
    (dict(features=np.full((4, 2), np.nan)), ValueError, "features: 8 of 8 values are NaN"),
    (dict(features=np.ones(4)), ValueError, r"features: got shape \(4,\)"),
    (dict(classes=2.0), TypeError, "classes: got 2.0"),
    (dict(classes=0), ValueError, "classes: got 0"),
    (dict(penalty=0), ValueError, "penalty: got 0.0, expected a finite number > 0"),
    (dict(tolerance=0), ValueError, "tolerance: got 0.0"),
    (dict(max_steps=0), ValueError, "max_steps: got 0"),
    (dict(max_steps=1), RuntimeError, "the gradient has length .* after 1 steps, tolerance 1e-06; take a larger"),
])
def test_bad_calls_of_softmax_regression(change, error, message):
    arguments = dict(features=np.arange(8.0).reshape(4, 2), labels=np.array([0, 1, 1, 0]), classes=3)
    with pytest.raises(error, match=message):
        softmax_regression(**{**arguments, **change})


@pytest.mark.parametrize("change, error, message", [
    (dict(data_dim=0), ValueError, "data_dim: got 0"),
    (dict(classes=True), TypeError, "classes: got True"),
    (dict(penalty=-1), ValueError, "penalty: got -1.0"),
    (dict(mean=np.zeros(3)), ValueError, r"mean: got shape \(3,\), expected \(2,\)"),
    (dict(scale=0), ValueError, "scale: got 0.0"),
])
def test_bad_models_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        SoftmaxRegression(**{**dict(data_dim=2, classes=3), **change})


def test_bad_calls_of_the_model(rng):
    model, x = SoftmaxRegression(2, 3), rng.standard_normal((4, 2))
    for before in (lambda: None, lambda: (model.loss(x, np.array([0, 1, 2, 0])), model.predict(x))):
        before()
        for name, arguments in (("backward", ()), ("hessian_product", (np.zeros(9),))):
            with pytest.raises(RuntimeError, match=f"{name}: call loss"):
                getattr(model, name)(*arguments)
    with pytest.raises(ValueError, match="target: got labels from 0 to 3"):
        model.loss(x, np.array([0, 1, 3, 0]))
    with pytest.raises(ValueError, match=r"x: got shape \(2, 4\), expected \(B, 2\)"):
        model.predict(x.T)


@pytest.mark.parametrize("change, message", [
    (dict(labels=np.zeros(3)), r"labels: got shape \(3,\), expected \(4,\), one for each row of train"),
    (dict(test=np.zeros((2, 3))), r"test: got shape \(2, 3\), expected \(B, 2\)"),
    (dict(train=np.zeros((0, 2)), labels=[]), "train: got the empty shape"),
    (dict(test=np.full((1, 2), np.inf)), "test: 2 of 2 values are NaN or infinite"),
])
def test_bad_calls_of_nearest_neighbour(change, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbour(**{**dict(train=np.zeros((4, 2)), labels=np.zeros(4), test=np.zeros((1, 2))), **change})
