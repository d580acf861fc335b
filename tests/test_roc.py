"""Reconstruction error, ROC curve, AUC: against their definitions, counted pair by pair in exact fractions."""

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import generators, sizes
from tinyvae import evaluation
from tinyvae.autoencoder import Autoencoder
from tinyvae.pca import PCA
from tinyvae.vae import VAE


@st.composite
def tied(draw):
    """Scores with many ties, and at least two positives and two negatives."""
    scores = draw(st.lists(st.sampled_from([-1.5, -0.0, 0.0, 0.1, 2.0, 1e300]), min_size=4, max_size=30))
    positive = draw(st.lists(st.booleans(), min_size=len(scores) - 4, max_size=len(scores) - 4))
    return np.array(scores), np.array(draw(st.permutations([True, True, False, False] + positive)))


def pairs(scores, positive):
    """1, 1/2 or 0 for every (positive, negative): the positive has more, the same, less. A list of lists."""
    return [[Fraction(int(a > b)) + Fraction(int(a == b), 2) for b in scores[~positive]] for a in scores[positive]]


def mean(values):
    return sum(values) / len(values)


@given(data=tied())
def test_auc_is_the_share_of_pairs_in_order(data):
    scores, positive = data
    assert evaluation.auc(scores, positive) == float(mean([mean(row) for row in pairs(scores, positive)]))


@given(data=tied())
def test_the_error_is_that_of_the_means_over_pairs(data):
    """DeLong: the variances of the row means and of the column means of the table of pairs."""
    scores, positive = data
    table = pairs(scores, positive)
    variance = 0
    for means in ([mean(row) for row in table], [mean(column) for column in zip(*table)]):
        variance += sum((m - mean(means))**2 for m in means) / (len(means) - 1) / len(means)
    area, error = evaluation.auc(scores, positive, return_error=True)
    assert area == evaluation.auc(scores, positive)
    assert error == pytest.approx(math.sqrt(variance), rel=1e-12, abs=1e-15)


@given(data=tied())
def test_every_point_of_the_curve_by_its_definition(data):
    scores, positive = data
    false_positive_rate, true_positive_rate, thresholds = evaluation.roc_curve(scores, positive)
    assert thresholds.tolist() == [np.inf, *sorted(set(scores), reverse=True)]           # one point per distinct score
    called = scores >= thresholds[:, None]                                               # (S + 1, N)
    np.testing.assert_array_equal(false_positive_rate, called[:, ~positive].sum(axis=1) / np.sum(~positive))
    np.testing.assert_array_equal(true_positive_rate, called[:, positive].sum(axis=1) / np.sum(positive))
    assert (false_positive_rate[0], true_positive_rate[0]) == (0, 0)
    assert (false_positive_rate[-1], true_positive_rate[-1]) == (1, 1)


@given(data=tied())
def test_the_area_under_the_curve_is_auc(data):
    x, y, _ = evaluation.roc_curve(*data)
    area = np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)
    assert area == pytest.approx(evaluation.auc(*data), rel=1e-13, abs=1e-15)


@given(data=tied())
def test_order_alone_matters_and_the_classes_mirror_each_other(data):
    scores, positive = data
    area, error = evaluation.auc(scores, positive, return_error=True)
    assert evaluation.auc(np.arctan(scores) / 3 - 7, positive) == area
    assert evaluation.auc(scores, positive.astype(int)) == area
    for other in (evaluation.auc(scores, ~positive, True), evaluation.auc(-scores, positive, True)):
        np.testing.assert_allclose(other, (1 - area, error), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("scores, area", [([1, 2, 3, 4], 1), ([4, 3, 2, 1], 0), ([5, 5, 5, 5], 0.5),
                                          ([1, 2, 2, 3], 0.875)])
def test_known_cases(scores, area):
    assert evaluation.auc(scores, [0, 0, 1, 1]) == area


@pytest.mark.parametrize("d", [0.0, 0.7, 2.0])
def test_two_normals(d):
    """s- from N(0, 1), s+ from N(d, 1): P(s+ > s-) = Phi(d / sqrt 2)."""
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.standard_normal(30_000), d + rng.standard_normal(20_000)])
    area, error = evaluation.auc(scores, np.arange(50_000) >= 30_000, return_error=True)
    assert abs(area - 0.5 * (1 + math.erf(d / 2))) < 5 * error < 0.02


def test_the_error_is_the_spread_of_repeated_draws():
    rng, runs = np.random.default_rng(1), 1000
    results = np.array([evaluation.auc(np.concatenate([rng.standard_normal(60), 1 + 2 * rng.standard_normal(40)]),
                                       np.arange(100) >= 60, return_error=True) for _ in range(runs)])
    ratio = np.sqrt(results[:, 0].var(ddof=1) / np.mean(results[:, 1]**2))
    # a variance from 1000 runs is known to sqrt(2 / 999) = 4.5 %, its root to half of that
    assert abs(ratio - 1) < 5 * 0.0225


def test_many_scores_take_no_table_of_pairs():
    """A table of 10^10 pairs would need 80 GB."""
    N = 200_000
    scores = np.arange(N)
    # positives are the odd numbers: 2 i + 1 is above i + 1 of the N / 2 even ones
    assert evaluation.auc(scores, scores % 2) == (N / 2 + 1) / N


@pytest.mark.parametrize("scores, positive, error, message", [
    ([1, 2, 3], [1, 1, 1], ValueError, "positive: got 3 positives and 0 negatives, expected at least one of each"),
    ([1, 2, 3], [False] * 3, ValueError, "positive: got 0 positives and 3 negatives"),
    ([1, np.nan, 3], [0, 1, 1], ValueError, r"scores: 1 of 3 values are NaN or infinite, the first at \(1,\)"),
    ([1, 2, 3], [0, 1], ValueError, r"positive: got shape \(2,\), expected \(3,\)"),
    ([1, 2, 3], [0, 1, 2], ValueError, "positive: got values from 0 to 2, expected True or 1.*labels == c"),
    ([1, 2, 3], [0, 0.5, 1], ValueError, "expected True or 1"),
    ([1, 2, 3], ["a", "b", "b"], TypeError, "positive: expected an array of numbers"),
    ([[1, 2, 3]], [0, 1, 1], ValueError, r"scores: got shape \(1, 3\), expected \(N,\)"),
    ([], [], ValueError, "scores: got the empty shape"),
    ([1j, 2, 3], [0, 1, 1], TypeError, "scores: got dtype complex128, expected real numbers"),
])
def test_bad_scores_and_labels_are_refused(scores, positive, error, message):
    for function in (evaluation.auc, evaluation.roc_curve):
        with pytest.raises(error, match=message):
            function(scores, positive)


@pytest.mark.parametrize("positive", [[0, 1, 1], [0, 0, 1]])
def test_an_error_needs_two_of_each(positive):
    assert evaluation.auc([1, 2, 3], positive) == 1
    with pytest.raises(ValueError, match="positive: got .* positives and .* negatives, expected two of each"):
        evaluation.auc([1, 2, 3], positive, return_error=True)


@given(rng=generators, N=sizes, D=sizes)
def test_reconstruction_error_by_hand(rng, N, D):
    x, x_hat = rng.standard_normal((N, D)), rng.standard_normal((N, D))
    model = SimpleNamespace(reconstruct=lambda rows: x_hat)
    by_hand = [sum((a - b)**2 for a, b in zip(*rows)) for rows in zip(x, x_hat)]
    np.testing.assert_allclose(evaluation.reconstruction_error(model, x), by_hand, rtol=1e-13)


@pytest.mark.parametrize("N", [1, 999, 1000, 1001, 2500])
def test_reconstruction_comes_in_chunks_each_example_once(N):
    seen = []

    def reconstruct(rows):
        seen.extend(rows[:, 0])
        assert len(rows) <= 1000
        return np.zeros(rows.shape, np.float32)
    x = np.arange(2.0 * N).reshape(N, 2)
    error = evaluation.reconstruction_error(SimpleNamespace(reconstruct=reconstruct), x)
    np.testing.assert_array_equal(error, x[:, 0]**2 + x[:, 1]**2)
    assert seen == x[:, 0].tolist()


def test_reconstruction_error_sums_in_double_precision():
    """1 + 1000 squares of 2^-14: in float32 each is half a digit of 1 or less, and the sum may stay 1."""
    x = np.full((1, 1001), 2.0**-14, np.float32)
    x[0, 0] = 1
    model = SimpleNamespace(reconstruct=np.zeros_like)
    assert evaluation.reconstruction_error(model, x)[0] == 1 + 1000 * 2.0**-28


def test_reconstruction_error_of_the_models(rng):
    x = rng.random((20, 6)).astype(np.float32)
    for model in (VAE(6, (4,), 2), VAE(6, (4,), 2, "gaussian", dtype=np.float64), PCA(x, 2), Autoencoder(6, (4,), 2),
                  Autoencoder(6, (), 2, corruption="masking", level=0.5)):
        error = evaluation.reconstruction_error(model, x)
        assert error.shape == (20,) and error.dtype == np.float64
        np.testing.assert_allclose(error, np.sum((x - model.reconstruct(x))**2, axis=1), rtol=1e-5)      # float32


def test_bad_calls_of_reconstruction_error(rng):
    x = rng.random((5, 6))
    for model in (3, VAE, object()):
        with pytest.raises(TypeError, match=r"model: got .*expected a model with reconstruct\(x\)"):
            evaluation.reconstruction_error(model, x)
    with pytest.raises(ValueError, match=r"x: got shape \(1500, 5\), expected \(B, 6\)"):      # of x, not of a chunk
        evaluation.reconstruction_error(VAE(6, (4,), 2), np.zeros((1500, 5)))
    with pytest.raises(ValueError, match="x: 1 of 30 values are NaN"):
        evaluation.reconstruction_error(VAE(6, (4,), 2), np.where(x == x[2, 2], np.nan, x))
    with pytest.raises(ValueError, match=r"model: reconstruct returned shape \(5, 1\) for x of shape \(5, 6\)"):
        evaluation.reconstruction_error(SimpleNamespace(reconstruct=lambda rows: rows[:, :1]), x)
