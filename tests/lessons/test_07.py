"""Lesson 07 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

import tinyvae
from tests.lessons.running import assert_holds_and_repeats, failing, run_lesson
from tinyvae import autoencoder, corruption, fit


@pytest.fixture
def hardly_trained(monkeypatch):
    """One step for every model, to save time: enough for claims about the code, too little for those about learning."""
    monkeypatch.setattr(tinyvae, "fit", lambda model, x, epochs, **settings: fit(model, x[:50], epochs=1, **settings))


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("07", tmp_path, monkeypatch, capsys, claims=20, figures=5)


@pytest.mark.parametrize("old, new, claim", [
    ('"masking": level * np.sum(x**2, axis=1)', '"masking": level * np.sum(x, axis=1)', "Doing nothing"),
    ('dW1, db1 = v["x_seen"].T @ dh', 'dW1, db1 = v["x"].T @ dh', "long-form gradient"),
    ("gradient(x, u, u_new)", "gradient(x, u, u)", "drawn anew"),
    ("m = on @ joint / joint.sum(axis=0)", "m = on @ joint", "distance to E[x | x_seen]"),
    ('"masking": level * (1 - level) * x**2', '"masking": level * x**2', "Fresh noise through"),
    ("(s_0**2 + sigma**2) * (x_seen - r @ centres)", "sigma**2 * (x_seen - r @ centres)", "denoising step"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, hardly_trained, tmp_path, monkeypatch, capsys):
    status, _, record = run_lesson("07", tmp_path, monkeypatch, capsys, replace=(old, new))
    assert status == 1 and any(claim in sentence for sentence in failing(record))


def test_without_training_the_claims_about_learning_fail_and_the_others_hold(hardly_trained, tmp_path, monkeypatch,
                                                                             capsys):
    status, _, record = run_lesson("07", tmp_path, monkeypatch, capsys)
    assert status == 1
    for words in ("reach the closed form", "noisy target", "neighbours for noisy"):
        assert any(words in sentence for sentence in failing(record)), words
    for words in ("Doing nothing", "long-form gradient", "drawn anew", "distance to E", "Wiener filter on",
                  "Fresh noise", "denoising step"):
        assert not any(words in sentence for sentence in failing(record)), words


def test_a_wrong_corruption_fails_its_claims(hardly_trained, tmp_path, monkeypatch, capsys):
    """The variance for the standard deviation: no gradient check sees it."""
    monkeypatch.setattr(corruption.GaussianNoise, "apply", lambda self, x, u: x + self.level**2 * u)
    record = run_lesson("07", tmp_path, monkeypatch, capsys)[2]
    for words in ("corrupt, loss and gradient", "Wiener filter on 7 x 7", "Fresh noise", "L2 penalty"):
        assert any(words in sentence for sentence in failing(record)), words
    assert not any("drawn anew" in sentence for sentence in failing(record))           # true at any level


def test_a_noisy_target_in_the_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """The gradient check passes: it is the right gradient of the wrong loss."""
    honest = autoencoder.EncoderDecoder.loss

    def loss(self, x, u=None):
        honest(self, x, u)
        self.x = self._seen(self.x, u)
        return autoencoder.Loss(np.mean(autoencoder.squared_error(self.x, self.x_hat)))
    monkeypatch.setattr(autoencoder.EncoderDecoder, "loss", loss)
    status, text, record = run_lesson("07", tmp_path, monkeypatch, capsys)
    assert status == 1 and "gradient check, complex: passed" in text
    for words in ("corrupt, loss and gradient", "reach the closed form", "each DAE beats", "nearer to the exact score"):
        assert any(words in sentence for sentence in failing(record)), words
