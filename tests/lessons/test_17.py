"""Lesson 17 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import latent, likelihood, probes
from tinyvae.vae import VAE


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """One folder for all runs, so that the VAE is trained in the first and read in the others."""
    return tmp_path_factory.mktemp("out")


def test_it_holds(out, monkeypatch, capsys):
    assert_holds_and_repeats("17", out, monkeypatch, capsys, claims=20, figures=12)


@pytest.mark.parametrize("old, new, claim", [
    ("s = z @ W3 + b3", "s = z @ W3", "Means and draws by hand"),
    ("(2 if input_gradient else 1)", "2", "One training step"),
    ("P * (1 - P)**2 + (1 - P) * P**2 + P**2", "P * (1 - P)**2 + P**2", "law of total variance"),
    ("(z_q - mu) / np.exp(logvar / 2))", "(z_q - mu) / np.exp(logvar))", "gradient of the output bias"),
    ("p_q = vae.decode(z_q)", "p_q = vae.decode(z)", "further from the mean digit"),
    ('{"the VAE": p[:n]', '{"the VAE": vae.reconstruct(half[:n])', "The VAE: vote"),
    ("+ 0.02 * copy_rng", "+ 0.5 * copy_rng", "Stored digits and noise"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, out, monkeypatch, capsys):
    assert_fails("17", out, monkeypatch, capsys, claim, replace=(old, new))


def test_a_sampler_with_too_few_black_pixels_fails_its_claims(out, monkeypatch, capsys):
    monkeypatch.setattr(likelihood.Bernoulli, "sample", lambda self, a, rng: (
        rng.random(a.shape) < self.mean(a)**2).astype(a.dtype))
    assert_fails("17", out, monkeypatch, capsys, "Means and draws by hand", "have the variance of the last line")


def test_a_sampler_that_runs_the_encoder_fails_its_claims(out, monkeypatch, capsys):
    right = VAE.sample

    def through_the_encoder(self, n, rng, mean=True):
        x = right(self, n, rng, mean)
        return x + 0 * self._encode(x)[0].sum()
    monkeypatch.setattr(VAE, "sample", through_the_encoder)
    assert_fails("17", out, monkeypatch, capsys, "Without an encoder", "One sample")


def test_a_decoder_that_ignores_z_and_adds_noise_fails_its_claims(out, monkeypatch, capsys):
    right, rng = VAE.decode, np.random.default_rng(0)
    monkeypatch.setattr(VAE, "decode", lambda self, z: right(self, 0 * z) + rng.normal(0, 3e-6, (len(z), 784)))
    assert_fails("17", out, monkeypatch, capsys, "The same z gives the same picture", "A new z gives another picture")


def test_a_density_and_a_neighbour_in_the_wrong_place_fail_their_claims(out, monkeypatch, capsys):
    """log q(z) with its sign lost; the first picture for the nearest."""
    right = latent.aggregated_log_density
    monkeypatch.setattr(latent, "aggregated_log_density", lambda model, x, z: -right(model, x, z))
    monkeypatch.setattr(probes, "nearest", lambda train, test: np.zeros(len(test), int))
    assert_fails("17", out, monkeypatch, capsys, "Prior draws lie where codes are thin", "Stored digits and noise")
