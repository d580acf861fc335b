"""diagnose: each mistake by its name, two at once, and no name for what it does not know. Logistic regression, mostly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyvae import diagnose
from tinyvae.activations import sigmoid
from tinyvae.derivatives import numeric_gradients

LAM = 0.3


def loss(w, X, y):
    a = X @ w
    return np.mean(np.log(1 + np.exp(a)) - y * a) + LAM / 2 * np.sum(w**2)


class Case:
    """Logistic regression with an L2 penalty on two probes of other sizes: truth, terms, catalogue."""

    def __init__(self, seed=0, shapes=((11, 5), (7, 3))):
        rng = np.random.default_rng(seed)
        self.data = [(rng.standard_normal(D), rng.standard_normal((B, D)), (rng.random(B) < 0.5).astype(float))
                     for B, D in shapes]
        self.sizes = {"B": [B for B, _ in shapes], "D": [D for _, D in shapes]}
        self.truth = [numeric_gradients(lambda w, X=X, y=y: loss(w, X, y), w)[0] for w, X, y in self.data]
        self.terms = {
            "predictions": self.each(lambda w, X, y: X.T @ sigmoid(X @ w) / len(y)),
            "labels": self.each(lambda w, X, y: -X.T @ y / len(y)),
            "penalty": self.each(lambda w, X, y: LAM * w)}
        self.catalogue = {
            "the slope of the sigmoid is multiplied in once more": self.each(self.with_slope),
            "the penalty is |w|, not |w|^2": ("penalty", self.each(lambda w, X, y: LAM * np.sign(w))),
            "the logits stand for the probabilities": ("predictions", self.each(lambda w, X, y: X.T @ (X @ w) / len(y)))}

    @staticmethod
    def with_slope(w, X, y):
        p = sigmoid(X @ w)
        return X.T @ ((p - y) * p * (1 - p)) / len(y) + LAM * w

    def each(self, function):
        return [function(*data) for data in self.data]

    def with_factors(self, **factors):
        """The gradient with terms multiplied; a factor may be a list, one number per probe."""
        return [sum(np.broadcast_to(factors.get(t, 1), (2,))[i] * v[i] for t, v in self.terms.items()) for i in range(2)]

    def diagnose(self, gradient):
        return diagnose(gradient, self.truth, self.terms, self.catalogue, self.sizes)


def test_the_right_gradient_is_never_accused():
    case = Case()
    other_form = case.each(lambda w, X, y: np.array([np.mean((sigmoid(X @ w) - y) * x) for x in X.T]) + LAM * w)
    for gradient in (case.truth, other_form, [g + 1e-9 for g in case.truth]):
        found = case.diagnose(gradient)
        assert found.ok and not found.mistakes and "ok" in str(found)


@pytest.mark.parametrize("term", ["predictions", "labels", "penalty"])
@pytest.mark.parametrize("factor, words", [(0, "missing"), (-1, "the wrong sign"), (2, "twice"), (0.5, "half"),
                                           (-2, "twice what it should be, and the wrong sign"), (0.7, "0.7 times")])
def test_one_scaled_term(term, factor, words):
    found = Case().diagnose(Case().with_factors(**{term: factor}))
    assert not found.ok and len(found.mistakes) == 1
    assert found.mistakes[0].startswith(f"{term}: {words}")
    assert {row.term: row.factor for row in found.rows} == pytest.approx({"predictions": 1, "labels": 1, "penalty": 1,
                                                                          term: factor})
    assert all((row.words == "ok") == (row.term != term) for row in found.rows)


@pytest.mark.parametrize("factors, words", [
    ({"penalty": [11, 7]}, ["penalty: B times what it should be, as when a sum stands for a mean"]),
    ({"penalty": [1 / 5, 1 / 3]}, ["penalty: divided by D once too often"]),
    ({"penalty": [-2 / 11, -2 / 7]}, ["penalty: divided by B once too often, and twice what it should be, and the wrong sign"]),
    ({"predictions": [11, 7], "labels": [11, 7]},
     ["predictions and labels: B times what it should be, as when a sum stands for a mean"]),
    ({"predictions": 0.5, "penalty": -1}, ["predictions: half of what it should be", "penalty: the wrong sign"]),
    ({"predictions": 2, "labels": 2, "penalty": 2}, ["the whole of it: twice what it should be"])])
def test_sums_for_means_and_several_terms(factors, words):
    assert Case().diagnose(Case().with_factors(**factors)).mistakes == words


def test_factors_that_differ_from_probe_to_probe_without_reason_get_no_name():
    assert not Case().diagnose(Case().with_factors(penalty=[2, 3])).mistakes


@pytest.mark.parametrize("i", range(3))
def test_the_catalogue_is_named(i):
    case = Case()
    sentence, entry = list(case.catalogue.items())[i]
    gradient = entry
    if isinstance(entry, tuple):
        term, arrays = entry
        gradient = [t - own + a for t, own, a in zip(case.truth, case.terms[term], arrays)]
    found = case.diagnose(gradient)
    assert found.mistakes == [sentence] and f"Likely: {sentence}." in str(found)


def test_an_entry_of_the_catalogue_beside_a_factor_and_beside_another_entry():
    case = Case()
    penalty, predictions = (case.catalogue[s][1] for s in list(case.catalogue)[1:])
    labels = case.terms["labels"]
    found = case.diagnose([p - 1 * t + a for p, t, a in zip(case.terms["predictions"], labels, penalty)])
    assert found.mistakes == ["the penalty is |w|, not |w|^2", "labels: the wrong sign"]
    found = case.diagnose([p + t + a for p, t, a in zip(predictions, labels, penalty)])
    assert sorted(found.mistakes) == sorted(list(case.catalogue)[1:])


@given(seed=st.integers(0, 2**32 - 1))
def test_noise_gets_no_name(seed):
    case, rng = Case(), np.random.default_rng(seed)
    size = 10.0 ** rng.uniform(-5, 1)
    found = case.diagnose([t + size * rng.standard_normal(t.shape) for t in case.truth])
    assert not found.ok and not found.mistakes and "no guess" in str(found)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_mistake_on_one_probe_only_gets_no_name(seed):
    case = Case(seed)
    doubled = case.with_factors(penalty=2)
    assert not case.diagnose([doubled[0], case.truth[1]]).mistakes


def test_two_explanations_of_the_same_array_are_no_explanation():
    case = Case()
    twins = {"one": case.each(case.with_slope), "two": case.each(case.with_slope)}
    found = diagnose(case.each(case.with_slope), case.truth, case.terms, twins, case.sizes)
    assert not found.ok and not found.mistakes


def test_too_few_entries_for_the_terms_get_no_name():
    """Two numbers are always a mixture of two terms: on one small probe that says nothing."""
    rng = np.random.default_rng(0)
    a, b, wrong = rng.standard_normal((3, 2))
    assert not diagnose(wrong, a + b, {"a": a, "b": b}).mistakes
    assert diagnose(2 * a + b, a + b, {"a": a, "b": b}).mistakes == []
    a, b = rng.standard_normal((2, 3))
    assert diagnose(2 * a + b, a + b, {"a": a, "b": b}).mistakes == ["a: twice what it should be"]


def test_terms_that_cannot_be_told_apart_get_no_name():
    a = np.random.default_rng(0).standard_normal(9)
    assert not diagnose(2.5 * a, 2 * a, {"a": a, "again": a}).mistakes


matrices = [np.random.default_rng(i).standard_normal((5, 5)) for i in range(2)]


@pytest.mark.parametrize("spoil, words", [
    (lambda t: t.T, "transposed"),
    (lambda t: np.broadcast_to(t.mean(axis=0), t.shape), "the mean over axis 0"),
    (lambda t: np.broadcast_to(t.sum(axis=1, keepdims=True), t.shape), "the sum over axis 1"),
    (lambda t: t + 0.3, "a constant is added"),
    (lambda t: np.vstack([0 * t[:1], t[1:]]), "only the first row is wrong"),
    (lambda t: np.hstack([t[:, :-1], t[:, -1:] + 1]), "only the last column is wrong"),
    (lambda t: t + (np.arange(25).reshape(5, 5) == 7), "a single entry is wrong"),
    (lambda t: -t, "the wrong sign"),
    (lambda t: t.astype(np.float32), "float32"),
    (lambda t: t[:, :1] * 0 + t.sum(axis=1, keepdims=True), "the sum over axis 1"),
    (lambda t: np.stack([0.25 * t, 0.75 * t]), "sum over axis 0 is missing (over the batch)"),
    (lambda t: np.stack([0.25 * t, 0.75 * t], axis=2), "sum over axis 2 is missing"),
    (lambda t: t.reshape(1, 25), "in another shape")])
def test_what_shows_in_any_array(spoil, words):
    found = diagnose([spoil(m) for m in matrices], matrices, tolerance=1e-8)
    assert not found.ok and len(found.mistakes) == 1 and words in found.mistakes[0]
    assert not diagnose([spoil(matrices[0]), matrices[1] ** 2 + 1], matrices, tolerance=1e-8).mistakes


def test_shapes_nan_and_bare_arrays():
    truth = np.arange(6.0).reshape(2, 3)
    found = diagnose(truth.T, truth)
    assert found.mistakes == ["the array is transposed"] and "shape (3, 2), expected (2, 3)" in str(found)
    bad = truth.copy()
    bad[1, 2] = np.nan
    found = diagnose(bad, truth)
    assert not found.ok and "1 of 6 entries are NaN or infinite, the first at (1, 2)" in str(found) and not found.mistakes
    assert diagnose(np.ones((4, 4)), truth).mistakes == []
    known = diagnose(truth[0], truth, catalogue={"only the first example": truth[0]})
    assert known.mistakes == ["only the first example"]


def test_a_zero_gradient_is_right_when_it_should_be_zero_and_missing_when_not():
    assert diagnose(np.zeros(3), np.zeros(3)).ok
    assert diagnose(np.zeros(3), np.ones(3)).mistakes == ["the gradient: missing"]


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_the_scale_does_not_matter(scale):
    case = Case()
    arguments = [scale * np.array(t) for t in case.truth]
    terms = {name: [scale * a for a in arrays] for name, arrays in case.terms.items()}
    found = diagnose([scale * g for g in case.with_factors(penalty=2)], arguments, terms, sizes=case.sizes)
    assert found.mistakes == ["penalty: twice what it should be"]
    assert diagnose(arguments, arguments, terms).ok


@pytest.mark.parametrize("arguments, words", [
    (dict(terms={"a": np.ones(3)}), "terms: they do not add up to truth"),
    (dict(catalogue={"x": ("b", np.ones(3))}), "got the term 'b', expected one of the gradient"),
    (dict(sizes={"B": [3, 4]}), "sizes: got"),
    (dict(catalogue={"x": [np.ones(3)] * 2}), None)])
def test_arguments_that_do_not_fit_together(arguments, words):
    if words is None:
        with pytest.raises(ValueError, match="got 2 arrays, expected 1"):
            diagnose([np.ones(3)], [2 * np.ones(3)], **arguments)
    else:
        with pytest.raises(ValueError, match=words):
            diagnose(np.ones(3), 2 * np.ones(3), **arguments)


@pytest.mark.parametrize("extra", [lambda t: t[None], lambda t: t[..., None], lambda t: t.reshape(5, 1, 5)])
def test_an_axis_of_length_one_is_another_shape_not_a_missing_sum(extra):
    found = diagnose([extra(m) for m in matrices], matrices)
    assert found.mistakes == ["the numbers are right, in another shape"]


@pytest.mark.parametrize("c", [1 / 1024, 33 / 1024, 1e4 * np.pi, 0.123456789, 3e5])
def test_any_factor_of_the_whole_is_one_factor(c):
    """Not two factors that rounding has torn apart, nor an entry of the catalogue that is a multiple of the truth."""
    case = Case()
    case.catalogue["the whole was halved"] = [t / 2 for t in case.truth]
    found = case.diagnose([c * t for t in case.truth])
    assert len(found.mistakes) == 1 and found.mistakes[0].startswith("the whole of it: ")
    assert case.diagnose([t / 2 for t in case.truth]).mistakes == ["the whole was halved"]


@pytest.mark.parametrize("size", [1e-4, 1e-5, 1e-6])
def test_a_small_right_term_is_not_accused_for_the_rounding_of_a_large_one(size):
    rng = np.random.default_rng(0)
    large, small = ([scale * rng.standard_normal(shape) for shape in ((11, 5), (7, 3))] for scale in (1, size))
    for gradient in ([(2 * x + y).astype(np.float32) for x, y in zip(large, small)],
                     [2 * x + y + 1e-7 * rng.standard_normal(x.shape) for x, y in zip(large, small)]):
        found = diagnose(gradient, [x + y for x, y in zip(large, small)], {"large": large, "small": small})
        assert found.mistakes == ["large: twice what it should be"]


@pytest.mark.parametrize("call, error, words", [
    (lambda g: diagnose(g, np.full(3, np.nan)), ValueError, "truth: holds NaN"),
    (lambda g: diagnose(g * (1 + 1j), g), TypeError, "gradient: got dtype complex128"),
    (lambda g: diagnose([], []), ValueError, "gradient: got an empty list"),
    (lambda g: diagnose(g, g, terms=[g]), TypeError, "terms: got list, expected a dict")])
def test_what_cannot_be_judged_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(np.ones(3))


def test_error_and_shape_are_those_of_the_gradient():
    case = Case()
    found = case.diagnose([2 * t for t in case.truth])
    assert found.error == pytest.approx(0.5) and found.shape == (5,) and found.tolerance == 1e-6


def test_the_report_has_a_line_for_each_term():
    lines = str(Case().diagnose(Case().with_factors(penalty=2))).splitlines()
    assert lines[1:] == ["predictions   x 1   ok", "labels        x 1   ok", "penalty       x 2   twice what it should be",
                         "Likely: penalty: twice what it should be."]
