"""Lesson 22 holds, repeats itself, and fails when the code under one of its claims is broken."""

import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import gaussian, latent


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("22", tmp_path, monkeypatch, capsys, claims=16, figures=5)


@pytest.mark.parametrize("old, new, claims", [
    ("(1.0, beta * sigma0_squared))", "(1.0, sigma0_squared))", ["beta and sigma0^2 are one knob", "So the gradient"]),
    ("0.5 * (lam * (v + w**2) / c**2 + (w**2 + v) / c - 1 + log(c / v))",
     "0.5 * (lam * (v + w**2) / c**2 + (w**2 + v) / c - 1 - log(c / v))", ["One direction"]),
    ("points = np.sqrt(L) * np.concatenate", "points = np.concatenate", ["gradient of VAE.loss is 0", "bound is"]),
    ("[[1 / v, -lam / v], [-lam / v, lam]]", "[[1 / v, -lam], [-lam, lam]]", ["curvature of VAE.loss"]),
    ("1 - sigma0_squared / eigenvalues[:latents]", "1 - 1 / eigenvalues[:latents]", ["variance of its mu along each"]),
    ("np.diag(w / eigenvalues[:kept]) @ Q.T", "np.diag(w / eigenvalues[:kept]) @ Q", ["A rotation of the latents"]),
    ("model.beta = float(schedule[epoch])", "model.beta = 1.0", ["ReLU, warm-up: every run"]),
    ('("tanh", constant)', '("relu", constant)', ["tanh, beta = 1: every run"]),
    ("h = layer.forward(h)", "h = layer.forward(h) + 1", ["There more units are dead"]),
])
def test_a_broken_line_fails_its_claim(old, new, claims, tmp_path, monkeypatch, capsys):
    assert_fails("22", tmp_path, monkeypatch, capsys, *claims, replace=(old, new))


def test_a_broken_kl_fails_its_claims(tmp_path, monkeypatch, capsys):
    """Twice the KL of p24, value and gradient: no gradient check sees it, the closed forms do."""
    forward, backward = gaussian.kl_per_dimension, gaussian.kl_standard_normal_backward
    monkeypatch.setattr(gaussian, "kl_per_dimension", lambda mu, logvar: 2 * forward(mu, logvar))
    monkeypatch.setattr(gaussian, "kl_standard_normal_backward", lambda dkl, mu, logvar: backward(2 * dkl, mu, logvar))
    assert_fails("22", tmp_path, monkeypatch, capsys, "One direction", "gradient of VAE.loss is 0",
                 "The trained linear VAE keeps as many directions")


def test_a_backward_with_beta_squared_fails_its_claim(tmp_path, monkeypatch, capsys):
    """With beta = 1 nothing shows."""
    backward = gaussian.kl_standard_normal_backward
    monkeypatch.setattr(gaussian, "kl_standard_normal_backward",
                        lambda dkl, mu, logvar: backward(dkl**2 * len(dkl), mu, logvar))
    assert_fails("22", tmp_path, monkeypatch, capsys, "So the gradient")


def test_a_broken_rate_fails_the_curve(tmp_path, monkeypatch, capsys):
    """Rate and distortion exchanged."""
    measured = latent.rate_distortion
    monkeypatch.setattr(latent, "rate_distortion", lambda *arguments, **options: measured(*arguments, **options)[::-1])
    assert_fails("22", tmp_path, monkeypatch, capsys, "The rate falls", "The distortion rises", "slope of each chord")
