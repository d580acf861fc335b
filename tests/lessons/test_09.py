"""Lesson 09 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import evaluation, probes


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("09", tmp_path, monkeypatch, capsys, claims=17, figures=6)


@pytest.mark.parametrize("old, new, claims", [
    ("(pair_rng.permutation(own) - x)**2", "(own - x)**2", ["exchanged reconstructions"]),
    ("normal_scores[order[:n]])[k - 1]", "normal_scores)[k - 1]", ["mean over 300 random splits"]),
    ("normal_scores[order[n:]] > t)", "normal_scores > t)", ["Scatter of the share"]),
    ("np.sum(s < one) + 0.5 * np.sum", "np.sum(s < one) + np.sum", ["line by line"]),
    ("(n_minus - 1) * (Q_1", "(n_plus - 1) * (Q_1", ["all 6912 samples"]),
    ("math.sqrt(len(w) * (len(w) - 1))", "len(v)", ["from the influences"]),
    ("np.log(e) - slope * np.log(ink_test)", "np.log(e)", ["For its ink", "The average over the classes gains"]),
])
def test_a_broken_line_fails_its_claims(old, new, claims, tmp_path, monkeypatch, capsys):
    assert_fails("09", tmp_path, monkeypatch, capsys, *claims, replace=(old, new))


def test_a_broken_evaluation_fails_its_claims(tmp_path, monkeypatch, capsys):
    """A mean over the pixels for their sum, "score > threshold" for ">=", ties that count nothing."""
    error, curve = evaluation.reconstruction_error, evaluation.roc_curve

    def shifted(scores, positive):
        F, H, thresholds = curve(scores, positive)
        return F, np.concatenate([[0], H[:-1]]), thresholds

    def without_ties(scores, positive, return_error=False):
        return np.mean(scores[positive][:, None] > scores[~positive])
    monkeypatch.setattr(evaluation, "reconstruction_error", lambda model, x: error(model, x) / x.shape[1])
    monkeypatch.setattr(evaluation, "roc_curve", shifted)
    monkeypatch.setattr(evaluation, "auc", without_ties)
    assert_fails("09", tmp_path, monkeypatch, capsys, "evaluation.reconstruction_error", "evaluation.roc_curve",
                 "line by line")


def test_a_broken_probe_fails_its_claims(tmp_path, monkeypatch, capsys):
    """The largest product for the least distance: no rotation keeps it once the mean is taken off."""
    monkeypatch.setattr(probes, "nearest", lambda train, test: np.argmax(test @ train.T, axis=1))
    assert_fails("09", tmp_path, monkeypatch, capsys, "changes no prediction", "by the definition")
