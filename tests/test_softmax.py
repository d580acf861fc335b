"""The softmax: gradient, brute force, normalisation, extremes, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import generators, sizes
from tinyvae.gradcheck import check_gradients
from tinyvae.softmax import log_softmax, log_sum_exp, softmax, softmax_nll, softmax_nll_backward


def probabilities(rng, B, C):
    t = rng.exponential(size=(B, C))
    return t / t.sum(axis=1, keepdims=True)


@given(rng=generators, B=sizes, C=sizes)
def test_gradient_for_probabilities(rng, B, C):
    logits, target = 2 * rng.standard_normal((B, C)), probabilities(rng, B, C)
    pair = softmax_nll, softmax_nll_backward
    assert check_gradients(pair, logits, target, wrt="logits", rng=rng).worst <= 1e-12
    assert check_gradients(pair, logits, target, wrt="logits", method="central", rng=rng).worst <= 1e-7


@given(rng=generators, B=sizes, C=sizes)
def test_gradient_for_labels(rng, B, C):
    logits, labels = 2 * rng.standard_normal((B, C)), rng.integers(C, size=B)
    pair = lambda a: softmax_nll(a, labels), lambda dnll, a: softmax_nll_backward(dnll, a, labels)
    assert check_gradients(pair, logits, rng=rng).worst <= 1e-12
    assert check_gradients(pair, logits, method="central", rng=rng).worst <= 1e-7


@given(rng=generators, B=sizes, C=sizes)
def test_brute_force(rng, B, C):
    logits, target, labels = 2 * rng.standard_normal((B, C)), probabilities(rng, B, C), rng.integers(C, size=B)
    p = [[math.exp(a) / sum(math.exp(other) for other in row) for a in row] for row in logits]
    np.testing.assert_allclose(softmax(logits), p, rtol=1e-12)
    np.testing.assert_allclose(log_softmax(logits), np.log(p), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(softmax_nll(logits, labels), [-math.log(row[y]) for row, y in zip(p, labels)],
                               rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(softmax_nll(logits, target),
                               [-sum(t * math.log(q) for t, q in zip(*rows)) for rows in zip(target, p)],
                               rtol=1e-11, atol=1e-14)


@given(rng=generators, B=sizes, C=sizes, shift=st.sampled_from([0, -1e4, 1e4]))
def test_log_sum_exp(rng, B, C, shift):
    """Against the sum itself; its gradient is the softmax."""
    a = 2 * rng.standard_normal((B, C))
    np.testing.assert_allclose(log_sum_exp(a + shift) - shift, [math.log(math.fsum(map(math.exp, row))) for row in a],
                               rtol=1e-11, atol=1e-14 + 1e-11 * (shift != 0))            # rounding of a + 1e4
    pair = log_sum_exp, lambda dy, a: dy[:, None] * softmax(a)
    assert check_gradients(pair, a, rng=rng).worst <= 1e-12


@given(rng=generators, B=sizes, C=sizes, shift=st.sampled_from([-1e4, 1e4]))
def test_far_out_logits_neither_overflow_nor_matter(rng, B, C, shift):
    logits = 2 * rng.standard_normal((B, C))
    np.testing.assert_allclose(softmax(logits + shift), softmax(logits), rtol=1e-10)      # rounding of logits + 1e4


def test_a_hopeless_label_costs_its_gap():
    logits = np.array([[1000.0, 0.0, -500.0]])
    assert softmax_nll(logits, np.array([2]))[0] == pytest.approx(1500)
    np.testing.assert_allclose(softmax_nll_backward(np.ones(1), logits, np.array([2])), [[1, 0, -1]])


def test_two_classes_are_a_bernoulli():
    """-log softmax([0, a])_1 = log(1 + e^-a)."""
    a = np.linspace(-5, 5, 11)
    nll = softmax_nll(np.column_stack([np.zeros(11), a]), np.ones(11, int))
    np.testing.assert_allclose(nll, np.log1p(np.exp(-a)), rtol=1e-12)


@pytest.mark.parametrize("target", [np.array([0, 2]), np.array([[0.2, 0.3, 0.5], [0, 0, 1]])])
def test_float32_stays_float32(target):
    logits = np.ones((2, 3), np.float32)
    assert softmax_nll(logits, target).dtype == np.float32
    assert softmax_nll_backward(np.ones(2, np.float32), logits, target).dtype == np.float32


@pytest.mark.parametrize("target, error, message", [
    (np.array([0.0, 1.0]), TypeError, "labels of dtype float64, expected whole numbers 0 to 2"),
    (np.array([0, 3]), ValueError, "labels from 0 to 3, expected 0 to 2"),
    (np.array([-1, 1]), ValueError, "labels from -1 to 1, expected 0 to 2"),
    (np.array([0, 1, 2]), ValueError, r"got shape \(3,\), expected \(2,\) labels or \(2, 3\)"),
    (np.ones((2, 3)), ValueError, "rows that sum to 3 .. 3"),
    (np.array([[1.5, -0.5, 0], [0, 0, 1]]), ValueError, "least entry of -0.5"),
    (np.full((2, 3), np.nan), ValueError, "expected probabilities"),
])
def test_bad_targets_are_refused(target, error, message):
    for call in (lambda: softmax_nll(np.zeros((2, 3)), target),
                 lambda: softmax_nll_backward(np.ones(2), np.zeros((2, 3)), target)):
        with pytest.raises(error, match=message):
            call()
