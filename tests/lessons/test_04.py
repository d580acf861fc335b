"""Lesson 04 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_holds_and_repeats, failing, run_lesson
from tinyvae import activations, gaussian, gradcheck
from tinyvae.layers import Dense


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("04", tmp_path, monkeypatch, capsys, claims=24, figures=4)


@pytest.mark.parametrize("old, new, claims", [
    ("de = -dn + dd", "de = -dn", ["long form is the numeric gradient"]),                              # one route lost
    ('dd = dr * -v["r"]**2', 'dd = dr * v["r"]**2', ["long form is the numeric", "long form of tanh collapses"]),
    ("db[j] += dy[row, j]", "db[j] = dy[row, j]", ["Loops and long form"]),
    ('w - h if method == "central" else w', 'w - h if method == "forward" else w',                     # exchanged
     ["forward differences falls as h^1", "central differences falls as h^2", "Forward differences: the best step",
      "Central differences: the error at the best step"]),
    ("relu(a + 1j * h)", "relu(a + h + 1j * h)", ["The complex step never meets one"]),
    ("    return mu + np.exp(logvar) * eps", "    return mu + np.exp(logvar / 2) * eps",
     ["faulty sampler passes", "The faulty one has not", "draws of the faulty sampler"]),
])
def test_a_broken_line_fails_its_claims(old, new, claims, tmp_path, monkeypatch, capsys):
    status, _, record = run_lesson("04", tmp_path, monkeypatch, capsys, replace=(old, new))
    assert status == 1
    for claim in claims:
        assert any(claim in sentence for sentence in failing(record)), claim


def test_a_broken_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """A sum over the batch lost in Dense, ReLU with slope 1 everywhere, a blind check, a variance for a deviation."""
    original = Dense.backward

    def first_example(self, dy, input_gradient=True):
        dx = original(self, dy, input_gradient)
        self.db[...] = dy[0]
        return dx
    monkeypatch.setattr(Dense, "backward", first_example)
    monkeypatch.setitem(activations.ACTIVATIONS, "relu", (activations.relu, lambda dy, x, y: dy))
    monkeypatch.setitem(gradcheck.TOLERANCES, "complex", 10.0)
    monkeypatch.setattr(gaussian, "reparameterise", lambda mu, logvar, eps: mu + np.exp(logvar) * eps)
    status, _, record = run_lesson("04", tmp_path, monkeypatch, capsys)
    assert status == 1
    assert {"The library's layers and activations give the lesson's gradients: largest relative difference",
            "Each fault is found, and no right gradient accused: verdicts as planted, of 12",
            "A central check of a bias is off as often as a kink is met: largest distance in standard errors",
            "The library's sampler has variance e^l: largest distance in standard errors",
            "The mean of log q - log p over draws of the right sampler is KL: distance in standard errors"
            } == set(failing(record)) - {"The complex step never meets one: checks that were off"}
