"""Lesson 11 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import evaluation, gaussian, linear_gaussian, vae


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("11", tmp_path, monkeypatch, capsys, claims=17, figures=4)


@pytest.mark.parametrize("old, new, claim", [
    ("s = (1 + np.sum(W**2) / sigma**2)**-0.5", "s = (1 + np.sum(W**2) / sigma)**-0.5", "ten lines of p17"),
    ("integral(q * (log_p_x_z + log_p_z - log_post))),", "integral(q * (log_p_x_z + log_p_z))),", "ten lines"),
    ("at_mean - np.exp(logvar) @ np.sum(W**2", "at_mean - np.exp(logvar / 2) @ np.sum(W**2", "2000 pairs"),
    ("elbos = [], []", "elbos = [0.1], []", "two-peaked"),
    ("- (E - KL_prior)\nlesson", "- (E + KL_prior)\nlesson", "No ELBO exceeds"),
    ("np.full((n, 1), np.log(covariance[0, 0]))", "np.full((n, 1), covariance[0, 0])", "the bound is met"),
    ("np.full((n, 1), np.log(v))", "np.full((n, 1), np.log(v) / 2)", "another w than the likelihood"),
    ("* spacing)", "* spacing / 1.2)", "784 numbers"),
    ("if error <= tolerance", "if error <= 100 * tolerance", "A few nodes per axis"),
    ("if error <= tolerance", "if error <= tolerance / 100", "theory's nodes per axis"),
    ('("encoder.0.b", [mu_q, 2 * np.log(sd_q)])', '("encoder.0.b", [mu_q, np.log(sd_q)])', "VAE.elbo"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("11", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


@pytest.mark.parametrize("module, name, broken, claim", [
    (gaussian, "kl_standard_normal", lambda mu, logvar: 0.5 * np.sum(mu**2 + np.exp(logvar) - logvar, axis=1),
     "second term"),
    (gaussian, "kl_gaussians", lambda mu1, logvar1, mu2, logvar2: np.sum((mu1 - mu2)**2, axis=1), "The gap is KL"),
    (gaussian, "reparameterise", lambda mu, logvar, eps: mu + np.exp(logvar) * eps, "The first term, from samples"),
    (linear_gaussian, "posterior", lambda x, W, b, sigma: ((x - b) @ W.T, np.eye(len(W))), "the bound is met"),
    (linear_gaussian, "log_marginal", lambda x, W, b, sigma: -0.5 * np.sum((x - b)**2, axis=1), "integral of p16"),
    (evaluation, "elbo", lambda model, x, samples, rng: evaluation.log_likelihood(model, x, samples, rng),
     "evaluation.elbo lies on"),
])
def test_a_broken_library_fails_its_claim(module, name, broken, claim, tmp_path, monkeypatch, capsys):
    """The variance for the standard deviation, a KL without its -1, the bound replaced by what it bounds."""
    monkeypatch.setattr(module, name, broken)
    assert vae.gaussian is gaussian
    assert_fails("11", tmp_path, monkeypatch, capsys, claim)
