"""Lesson 21 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

import tinyvae
from lessons.course import Lesson
from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae.classifier import GenerativeClassifier, IndependentPixels, NeighbourCode
from tinyvae.conditional import ConditionalVAE
from tinyvae.vae import VAE


@pytest.fixture
def hardly_trained(monkeypatch):
    """What these tests break does not need a trained model: the lesson then comes to it at once."""
    def fit(lesson, model, x, **settings):
        few = tuple(array[:100] for array in x) if isinstance(x, tuple) else x[:100]
        return tinyvae.fit(model, few, **{**settings, "epochs": 1, "progress": False})
    monkeypatch.setattr(Lesson, "fit", fit)


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("21", tmp_path, monkeypatch, capsys, claims=20, figures=4)


@pytest.mark.parametrize("old, new, claim", [
    ("U + E[y] + b) @ W", "U + b) @ W", "Every line of the class-conditional bound"),
    ("log_p_x_given_z(y) + log_prior for", "log_p_x_given_z(y) + log_prior + 0.01 for",
     "For each label p(x|y) sums to 1"),
    ("z * U[0, 0] + E[1, 0] + b[0])", "z * U[0, 0] + E[0, 0] + b[0])", "a label is a bias"),
    ("np.tanh(grid[:, None] @ U + (E[1] + b))", "np.tanh(grid[:, None] @ U + (E[0] + b))", "Its decoder is s, h, a"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("21", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


@pytest.mark.parametrize("old, new, claim", [
    ("joint = np.exp(exact) * prior", "joint = np.exp(exact)", "what counting finds"),
    ("np.full(500, y)) for y in range(10)])", "np.full(500, 3)) for y in range(10)])", "most often read as that label"),
    ("- np.exp(-t) for t in ratio)", "- np.exp(-2 * t) for t in ratio)", "The share of r above t"),
])
def test_a_line_broken_after_the_training_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys,
                                                          hardly_trained):
    assert_fails("21", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def test_an_encoder_that_is_not_told_fails(tmp_path, monkeypatch, capsys):
    """given is right, the model it folds is not: its encoder gets a column of zeros."""
    def without(self, x):
        self.c = 0 * self.c
        return VAE._encode(self, np.concatenate([x, self.c], axis=1))
    monkeypatch.setattr(ConditionalVAE, "_encode", without)
    assert_fails("21", tmp_path, monkeypatch, capsys, "ConditionalVAE.given folds the row")


def test_a_gradient_that_takes_the_wrong_columns_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ConditionalVAE, "_decode_backward",
                        lambda self, doutput: VAE._decode_backward(self, doutput)[:, -self.latent_dim:])
    assert_fails("21", tmp_path, monkeypatch, capsys, "ConditionalVAE.backward is the numerical gradient")


def test_a_classifier_without_its_prior_fails(tmp_path, monkeypatch, capsys, hardly_trained):
    log_joint = GenerativeClassifier.log_joint
    monkeypatch.setattr(GenerativeClassifier, "log_joint", lambda self, x: log_joint(self, x) - np.log(self.prior))
    assert_fails("21", tmp_path, monkeypatch, capsys, "GenerativeClassifier finds the same probability")


def test_a_background_that_knows_nothing_fails(tmp_path, monkeypatch, capsys, hardly_trained):
    """A constant r leaves log p, which empty pictures fool."""
    for kind in (NeighbourCode, IndependentPixels):
        monkeypatch.setattr(kind, "log_likelihood", lambda self, x: np.full(len(x), -100.0))
    assert_fails("21", tmp_path, monkeypatch, capsys, "Digits outrank every kind under the ratio")
