"""Lesson 02 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats, failing, run_lesson
from tinyvae import gaussian, softmax


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("02", tmp_path, monkeypatch, capsys, claims=12)


@pytest.mark.parametrize("old, new, claims", [
    ("c=0, steps=45)", "c=0, steps=6)", ["Noise pushed through G", "quantile_grid"]),            # a coarse bisection
    ("m[k] + s[k] * z2", "m[k] + s[k]**2 * z2", ["direct: two dice: distance"]),        # variance for deviation
    ("noise * np.sqrt(2 * eta) * rng", "noise * np.sqrt(eta) * rng", ["one walker per sample: distance"]),
    ("np.sum(r * (m - x[:, None]) / s**2, axis=1)", "np.sum(r * (m - x[:, None]) / s, axis=1)",
     ["The score of a mixture", "score is softmax"]),
    ("np.linalg.solve(np.eye(len(grid)) - K + pi, f)", "f", ["One long walk"]),      # steps taken for independent
    ("chain_rng, metropolis=False)\nlines", "chain_rng, metropolis=True)\nlines", ["Plain Langevin stops"]),
    ("s_theta**2 / 2 + ds_theta", "s_theta**2 / 2 - ds_theta", ["Score matching"]),     # the sign of "by parts"
    ("ddphi.mean(axis=0))", "-ddphi.mean(axis=0))", ["learned energy"]),
])
def test_a_broken_line_fails_its_claim(old, new, claims, tmp_path, monkeypatch, capsys):
    with np.errstate(all="ignore"):
        assert_fails("02", tmp_path, monkeypatch, capsys, *claims, replace=(old, new))


def test_a_broken_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """A softmax that forgets to normalise by its own row, and a quantile grid at the cell borders."""
    monkeypatch.setattr(softmax, "softmax", lambda a: np.exp(a))
    right = gaussian.quantile_grid
    monkeypatch.setattr(gaussian, "quantile_grid", lambda n: right(n + 1)[:n])
    status, _, record = run_lesson("02", tmp_path, monkeypatch, capsys)
    assert status == 1
    assert failing(record) == ["score is softmax and gaussian.log_density_backward",
                               "gaussian.quantile_grid is G for N(0, 1)"]
