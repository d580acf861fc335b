"""Lesson 16 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import evaluation, gaussian, vae


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("16", tmp_path, monkeypatch, capsys, claims=8)


@pytest.mark.parametrize("old, new, claim", [
    ('dlogvar = dsigma * v["sigma"] / 2', 'dlogvar = dsigma * v["sigma"]', "numerical gradient"),
    ('dh3 = dy3 * (1 - v["y3"]**2)', 'dh3 = dy3', "numerical gradient"),
    ("[gradient(order[i:i + 32]) for", "[gradient(order[i:i + 31]) for", "mean of the minibatch gradients"),
    ("return model.gradients.vector.copy()", "return model.gradients.vector.copy() * len(rows)", "noise of a minibatch"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("16", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def test_a_broken_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """The variance for the standard deviation, and a KL without its -1: no gradient check sees either."""
    monkeypatch.setattr(gaussian, "reparameterise", lambda mu, logvar, eps: mu + np.exp(logvar) * eps)
    monkeypatch.setattr(gaussian, "kl_standard_normal",
                        lambda mu, logvar: 0.5 * np.sum(mu**2 + np.exp(logvar) - logvar, axis=1))
    assert vae.gaussian is gaussian and evaluation.gaussian is gaussian
    assert_fails("16", tmp_path, monkeypatch, capsys, "The long-form loss is that of VAE.loss",
                 "The KL in closed form is the mean of log q - log p over samples")
