"""Lesson 01 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats, failing, run_lesson
from tinyvae import gaussian, softmax


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("01", tmp_path, monkeypatch, capsys, claims=12)


@pytest.mark.parametrize("old, new, claims", [
    ("da = (p - onehot) / len(y)", "da = (0.9 * p - onehot) / len(y)",
     ["numerical gradient", "softmax_nll and its backward", "each class as often"]),
    ("mu[k], sigma[k]) + np.log(pi[k])", "mu[k], sigma[k])", ["Bayes' rule", "Near x"]),       # the prior forgotten
    ("part.std(axis=0) for part", "part.var(axis=0) for part", ["make the gradient of the likelihood 0"]),
    ("np.quantile(log_p_train, 0.01)", "np.quantile(log_p_train, 0.05)", ["'none of these'"]),
    ("sample_rng.standard_normal((N_test, D))", "0 * sample_rng.standard_normal((N_test, D)) + 1",
     ["Samples have the means"]),                                                              # the mode, no sample
    ("phi(x).mean(axis=0), phi(x).std(axis=0)", "0.0, np.array([1e9, 1, 1, 1])",
     ["learns p(y|x), all points seen"]),                                              # a classifier blind to x_1
])
def test_a_broken_line_fails_its_claim(old, new, claims, tmp_path, monkeypatch, capsys):
    with np.errstate(all="ignore"):
        assert_fails("01", tmp_path, monkeypatch, capsys, *claims, replace=(old, new))


def test_a_broken_density_fails_its_claims(tmp_path, monkeypatch, capsys):
    """exp(logvar) taken for a standard deviation, and a sampler that does the same."""
    right = gaussian.log_density
    monkeypatch.setattr(gaussian, "log_density", lambda z, mu, logvar: right(z, mu, 2 * logvar))
    monkeypatch.setattr(gaussian, "reparameterise", lambda mu, logvar, eps: mu + np.exp(logvar) * eps)
    assert_fails("01", tmp_path, monkeypatch, capsys, "gaussian.log_density is log_normal",
                 "Samples have the means and spreads of the model: largest of 12 deviations in standard errors")


def test_a_broken_softmax_fails_its_claims(tmp_path, monkeypatch, capsys):
    """A backward without the one-hot row."""
    monkeypatch.setattr(softmax, "softmax_nll_backward", lambda dnll, a, y: dnll[:, None] * softmax.softmax(a))
    status, _, record = run_lesson("01", tmp_path, monkeypatch, capsys)
    assert status == 1 and failing(record) == ["softmax_nll and its backward are loss and gradient"]
