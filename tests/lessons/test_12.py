"""Lesson 12 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import gaussian, linear_gaussian, vae


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("12", tmp_path, monkeypatch, capsys, claims=13, figures=3)


@pytest.mark.parametrize("old, new, claims", [
    ("dmu = dz.sum(axis=0) + mu", "dmu = dz.sum(axis=0)", ["numerical gradients", "exact posterior"]),
    ("(dz * eps).sum(axis=0) * sigma / 2", "(dz * eps).sum(axis=0) * sigma", ["numerical gradients", "VAE.backward"]),
    ("tinyvae.SGD(0.08), 1500", "tinyvae.SGD(0.08), 50", ["exact posterior", "variances 1 / Lambda_jj"]),
    ("-b @ to_mean", "b @ to_mean", ["gap of one linear network"]),
    ("np.tile(np.log(s2), (n, 1))", "np.zeros((n, L))", ["does not look at x"]),
    ("noise, tinyvae.Adam(0.15), steps)", "0 * noise, tinyvae.Adam(0.15), steps)", ["One q per digit beats"]),
    ("adam.step(encoder.parameters.vector, encoder", "adam.step(encoder.parameters.vector, 0 * encoder",
     ["shrinks with training"]),
    ("optimizer=tinyvae.Adam(2e-3)", "optimizer=tinyvae.Adam(1e-5)", ["worth paying"]),
    ("x_prime = vae.decode(z)", "x_prime = vae.decode(mu)", ["this pipeline"]),
])
def test_a_broken_line_fails_its_claims(old, new, claims, tmp_path, monkeypatch, capsys):
    assert_fails("12", tmp_path, monkeypatch, capsys, *claims, replace=(old, new))


def test_a_broken_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """The variance for the standard deviation, a KL gradient without its mu, a posterior as wide as the prior."""
    exact = linear_gaussian.posterior
    monkeypatch.setattr(gaussian, "reparameterise", lambda mu, logvar, eps: mu + np.exp(logvar) * eps)
    monkeypatch.setattr(gaussian, "kl_standard_normal_backward",
                        lambda dkl, mu, logvar: (0 * mu, dkl[:, None] * 0.5 * np.expm1(logvar)))
    monkeypatch.setattr(linear_gaussian, "posterior", lambda x, W, b, sigma: (exact(x, W, b, sigma)[0], np.eye(len(W))))
    assert vae.gaussian is gaussian
    assert_fails("12", tmp_path, monkeypatch, capsys, "VAE.backward", "exact posterior", "gap of one linear network",
                 "this pipeline")


def test_a_broken_marginal_shows_in_the_gap(tmp_path, monkeypatch, capsys):
    exact = linear_gaussian.log_marginal
    monkeypatch.setattr(linear_gaussian, "log_marginal", lambda *arguments: exact(*arguments) + 0.5)
    assert_fails("12", tmp_path, monkeypatch, capsys, "and the gap that no diagonal q can close is left",
                 "The gap of one linear network, largest over 2000 new x")
