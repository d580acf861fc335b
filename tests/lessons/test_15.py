"""Lesson 15 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import gaussian, score_function


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("15", tmp_path, monkeypatch, capsys, claims=15)


@pytest.mark.parametrize("old, new, claim", [
    ("fresh = (f(mu + h + sigma * other_eps)", "fresh = (f(mu + h + sigma * eps)", "grows as 1/h"),
    ("frozen = (f(mu + h + sigma * eps)", "frozen = (f(mu + h + sigma * other_eps)", "shrinks as h"),
    ("return np.sum((1 / (1 + np.exp(-a)) - x) * w, axis=1)", "return np.sum(1 / (1 + np.exp(-a)) - x, axis=1)",
     "Pathwise gradient with respect to mu"),
    ("dlogvar_path = dsigma * sigma / 2", "dlogvar_path = dsigma * sigma", "edges into mu and logvar"),
    ("((z_grid - mu)**2 / sigma**2 - 1) / 2 ", "((z_grid - mu)**2 / sigma**2) / 2 ",
     "Score-function gradient with respect to logvar"),
    ('{name: f(z) * score[name] for', '{name: f(z) * score["mu"] for', "the exact gradient as their mean"),
    ("one, mus, logvars, z, f_z, Ef)", "one, mus, logvars, z, f_z, 0.0)", "Every measured variance is the exact one"),
    ("dmu, dlogvar = np.zeros_like(self.mu), np.zeros_like(self.logvar)",
     "dmu, dlogvar, _ = gaussian.reparameterise_backward(dz, self.mu, self.logvar, self.eps)", "With the path cut"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("15", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def test_a_doubled_path_fails_its_claims(tmp_path, monkeypatch, capsys):
    original = gaussian.reparameterise_backward
    monkeypatch.setattr(gaussian, "reparameterise_backward", lambda *args: tuple(2 * d for d in original(*args)))
    assert_fails("15", tmp_path, monkeypatch, capsys, "The lesson's five lines and the library's functions agree",
                 "Every measured variance is the exact one: largest distance in standard errors")


def test_a_baseline_that_knows_its_own_z_fails_its_claim(tmp_path, monkeypatch, capsys):
    """f itself as the baseline: the weights are all 0, and the encoder hears nothing but the KL."""
    monkeypatch.setattr(score_function, "leave_one_out", lambda f: f)
    assert_fails("15", tmp_path, monkeypatch, capsys, "is ahead of 'score'")


def test_a_score_with_the_wrong_sign_fails_its_claims(tmp_path, monkeypatch, capsys):
    original = score_function.surrogate_backward
    monkeypatch.setattr(score_function, "surrogate_backward", lambda *args: tuple(-d for d in original(*args)))
    assert_fails("15", tmp_path, monkeypatch, capsys, "The lesson's five lines and the library's functions agree",
                 "In the trained VAE both estimators pull along mu with the same mean force")


def test_a_variance_in_place_of_the_standard_deviation_fails_its_claims(tmp_path, monkeypatch, capsys):
    """No gradient check sees it: the gradients of this z are right, but z has the wrong law."""
    monkeypatch.setattr(gaussian, "reparameterise", lambda mu, logvar, eps: mu + np.exp(logvar) * eps)
    assert_fails("15", tmp_path, monkeypatch, capsys, "five lines")
