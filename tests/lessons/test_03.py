"""Lesson 03 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats, failing, run_lesson
from tinyvae import softmax


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("03", tmp_path, monkeypatch, capsys, claims=15, figures=3)


@pytest.mark.parametrize("old, new, claim", [
    ("/ (math.sqrt(2 * math.pi) * width)", "/ (2 * math.pi * width)", "heights of a density"),
    ("E(-log(p_theta / p_data))", "E(log(p_theta / p_data))", "through every line of p11"),
    ("argmin(lambda t: E(-log_model(t) + log(p_data)))", "argmin(lambda t: E(-log_model(t) * log(p_data)))",
     "Every line of p11"),
    ("argmax(lambda t: np.sum(p_data * log_model(t)))", "argmax(lambda t: np.sum(p_data * model(t)))",
     "Every line of p15"),
    ("best = argmin(lambda t: sum(p * math.log(p / q)", "best = argmin(lambda t: sum(q * math.log(q / p)",
     "mean of the data"),                                                        # the KL the other way round
    ("share=share: share @ log_model(t))", "share=share: share @ model(t))", "From samples"),
    ("return softmax_of(a) - p_hat", "return (softmax_of(a) - p_hat) / 2", "with respect to the logits"),
    ("trained = trained - eta * nll_gradient(trained)", "trained = trained - nll_gradient(trained) / 100",
     "Gradient descent takes"),
    ("train = draw(100,", "train = 0 * draw(100,", "training score of the memorising"),
    ("np.log(len(train) * h *", "np.log(len(train) *", "change of the unit"),    # the density of a kernel without h
    ("test = draw(20_000,", "test = 0.9 * draw(20_000,", "KL(p_data, p_h)"),     # other data than those of training
    ("train_score = np.array([log_kde(train, train,", "train_score = np.array([log_kde(test[:100], train,",
     "like the smallest best"),
    ("log_kde(c * test, c * train, c * h[top])", "log_kde(c * test, c * train, h[top])", "change of the unit"),
    ("c * line, c * train, c * h[top]", "c * line, c * train, h[top]", "leaves the KL as it was"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("03", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def test_a_training_set_that_is_the_test_set_hides_the_overfitting(tmp_path, monkeypatch, capsys):
    assert_fails("03", tmp_path, monkeypatch, capsys, "loses on test points",
                 replace=("test = draw(20_000, np.random.default_rng(test_seed))", "test = np.tile(train, 200)"))


@pytest.mark.parametrize("name, wrong, claim", [
    ("softmax_nll", lambda logits, target: -np.take_along_axis(logits, target[:, None], axis=1)[:, 0],
     "softmax_nll, averaged over the points, is the NLL of the lesson"),          # no normalisation
    ("softmax_nll_backward", lambda dnll, logits, target: softmax.softmax(logits) - np.eye(48)[target],
     "softmax_nll_backward, summed over the points, is p_theta - p_data"),        # the upstream gradient forgotten
])
def test_a_broken_library_fails_its_claim(name, wrong, claim, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(softmax, name, wrong)
    status, _, record = run_lesson("03", tmp_path, monkeypatch, capsys)
    assert status == 1 and failing(record) == [claim]
