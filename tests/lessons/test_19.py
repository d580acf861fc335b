"""Lesson 19 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import anomaly, evaluation, plots
from tinyvae.plots import anomaly as figures
from tinyvae.plots import scores


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One for all, so that the models are trained once and kept."""
    return tmp_path_factory.mktemp("lesson_19")


@pytest.fixture
def undrawn(monkeypatch):
    """No figures, which take half of the time once the models are there."""
    for module, names in ((figures, ("auc_per_class", "roc_by_score", "scores_above_their_floor", "noise_curves",
                                     "residual_maps")), (scores, ("score_histograms",)), (plots, ("picture_rows",))):
        for name in names:
            monkeypatch.setattr(module, name, lambda *arguments, **settings: None)


def test_it_holds(folder, monkeypatch, capsys):
    (folder / "trained").mkdir()
    (folder / "again").mkdir()
    (folder / "again" / "trained").symlink_to(folder / "trained")
    assert_holds_and_repeats("19", folder, monkeypatch, capsys, claims=17, figures=7)


@pytest.mark.parametrize("old, new, claims", [
    ("k = math.ceil((n + 1) * KEEP)", "k = math.ceil(n * KEEP)", ["The k-th smallest is anomaly.threshold"]),
    ("(np.delete(s, i) < one) >= k", "(np.delete(s, i) < one) > k", ["the rate of false alarms, whatever"]),
    ("-R + np.sum(-z**2 / 2 + eps**2 / 2", "-R + np.sum(-z**2 / 2 - eps**2 / 2", ["The scores by hand"]),
    ("np.diag(lam - sigma2)", "np.diag(lam)", ["-log p of probabilistic PCA"]),
    ("bound - entropy(x), kl]", "bound + entropy(x), -kl]", ["Without H(x)"]),
    ("noise = SIGMA * noise_rng", "noise = 1.2 * SIGMA * noise_rng", ["what the noise adds"]),
    ("np.clip(x_seen, 0, 1) if", "np.clip(x_seen, -1, 1) if", ["Mean of the clipped noise"]),
    ("y in (x_seen, x_seen - height)", "y in (x_seen, x_seen + height)", ["Taking the veil's mean off"]),
    ("np.abs(found - places) < SIDE", "np.abs(found - places[::-1]) < SIDE", ["The largest residual"]),
])
def test_a_broken_line_fails_its_claims(old, new, claims, folder, undrawn, monkeypatch, capsys):
    assert_fails("19", folder, monkeypatch, capsys, *claims, replace=(old, new))


def test_a_broken_threshold_fails_its_claims(folder, undrawn, monkeypatch, capsys):
    """The median for the quantile that was asked for."""
    monkeypatch.setattr(anomaly, "threshold", lambda scores, keep: float(np.median(scores)))
    assert_fails("19", folder, monkeypatch, capsys, "The k-th smallest is", "False alarms among fresh")


def test_broken_scores_fail_their_claims(folder, undrawn, monkeypatch, capsys):
    """A mean over the pixels for their sum; the ELBO itself, which is small for anomalies."""
    error = evaluation.reconstruction_error
    monkeypatch.setattr(evaluation, "reconstruction_error", lambda model, x: error(model, x) / x.shape[1])
    monkeypatch.setitem(anomaly.KINDS, "elbo", lambda model, x, k, rng: evaluation.elbo(model, x, k, rng))
    assert_fails("19", folder, monkeypatch, capsys, "The scores by hand", "-log p of probabilistic PCA")


def test_broken_purification_fails_its_claims(folder, undrawn, monkeypatch, capsys):
    """What comes in comes out."""
    monkeypatch.setattr(anomaly, "purify", lambda model, x, rounds=1: x + 0 * rounds)
    assert_fails("19", folder, monkeypatch, capsys, "what the noise adds", "Much noise of mean 0",
                 "Purified digits are recognised less")
