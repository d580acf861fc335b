"""Lesson 23 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import autoregressive, evaluation, flow, gan, score_matching


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("23", tmp_path, monkeypatch, capsys, claims=20, figures=5)


@pytest.mark.parametrize("old, new, claim", [
    (" * np.abs(np.linalg.det(np.stack(columns, axis=2)))", "", "exp(Flow.log_likelihood) is the derived density"),
    ("area, z = 0.5 * np.abs(", "area, z = np.abs(", "a flow's probability of a square"),
    ("rising = q_t * sigmoid(a)", "rising = p_t * sigmoid(a)", "2 log 2 - 2 JSD"),
    ("slope_N = N(t), np.imag(N(t + 1e-30j)) / 1e-30, -(t", "slope_N = N(t), np.imag(N(t + 1e-30j)) / 1e-30, (t",
     "score matching but for a constant"),
])
def test_a_broken_derivation_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("23", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def test_a_gradient_through_the_wrong_player_fails_its_claim(tmp_path, monkeypatch, capsys):
    """A generator's gradient that runs the other way; a discriminator that forgets the made points."""
    monkeypatch.setitem(gan.GENERATOR_LOSSES, False, (gan.generator_nll, lambda dloss, a: -gan.generator_nll_backward(
        dloss, a)))
    monkeypatch.setattr(gan, "discriminator_nll", lambda a_real, a_fake: gan.generator_nll(a_real))
    assert_fails("23", tmp_path, monkeypatch, capsys, "hand-written gradient", "GAN.discriminator_loss")


def test_densities_that_are_none_fail_their_claims(tmp_path, monkeypatch, capsys):
    """A log-determinant counted twice; a sampler of the wrong conditional; a bound above log p(x); a walk too wild."""
    forward, draw = flow.AffineCoupling.forward, autoregressive.AutoregressiveMixture.draw

    def twice(coupling, x):
        y, log_det = forward(coupling, x)
        return y, 2 * log_det

    monkeypatch.setattr(flow.AffineCoupling, "forward", twice)
    monkeypatch.setattr(autoregressive.AutoregressiveMixture, "draw",
                        lambda model, h, d, rng: 0.5 * draw(model, h, d, rng))
    monkeypatch.setattr(evaluation, "elbo", lambda model, x, samples, rng: np.zeros(len(x)))
    monkeypatch.setattr(score_matching.ScoreModel, "score", lambda model, x, sigma: -x / sigma**2)
    assert_fails("23", tmp_path, monkeypatch, capsys, "probability of a square", "flow: the density integrates",
                 "autoregressive: mean log density", "VAE: its bound", "ScoreModel.loss")


def test_what_the_families_cannot_do_is_measured(tmp_path, monkeypatch, capsys):
    """A generator at its judge's pace, walks four times as hot or at one level only, a loss that does not saturate."""
    fit, walk, likelihood = gan.fit_gan, score_matching.langevin, autoregressive.AutoregressiveMixture.log_likelihood
    monkeypatch.setattr(gan, "fit_gan", lambda *arguments, generator_lr=None, **settings: fit(*arguments, **settings))
    monkeypatch.setattr(score_matching, "langevin",
                        lambda score, x, step, steps, rng: walk(lambda x: score(x) / 4, x, 4 * step, steps, rng))
    monkeypatch.setattr(score_matching, "annealed_langevin", lambda score, x, sigmas, steps, step, rng: walk(
        lambda x: score(x, sigmas[-1]), x, step * sigmas[-1]**2, steps, rng))
    monkeypatch.setitem(gan.GENERATOR_LOSSES, True, gan.GENERATOR_LOSSES[False])
    monkeypatch.setattr(autoregressive.AutoregressiveMixture, "log_likelihood",
                        lambda model, x: likelihood(model, x - x.mean(axis=0)) + 1)
    assert_fails("23", tmp_path, monkeypatch, capsys, "autoregressive: KL from the data", "A greedy generator",
                 "The saturating push", "Langevin leaves one mode", "Wide levels free the walkers")
