"""Lesson 18 holds, repeats itself, and fails when the code under one of its claims is broken."""

import math

import numpy as np
import pytest

from lessons import trained
from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import gaussian, latent


@pytest.fixture(autouse=True)
def kept(tmp_path_factory, monkeypatch, request):
    """Train each model once for all tests of this file. Nothing that is broken below takes part in the training."""
    folder = request.config.cache_18 = getattr(request.config, "cache_18", None) or tmp_path_factory.mktemp("trained")
    fit = trained.fit
    monkeypatch.setattr(trained, "fit", lambda _, *arguments, **settings: fit(folder, *arguments, **settings))


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("18", tmp_path, monkeypatch, capsys, claims=29, figures=10)


@pytest.mark.parametrize("old, new, claims", [
    ("labels, codes_test) == test_labels", "labels[::-1], codes_test) == test_labels", ["more often than chance"]),
    ("vae10.decode((1 - t) * z0 + t * z1)", "(1 - t) * vae10.decode(z0) + t * vae10.decode(z1)", ["more grey pixels"]),
    ("q_n.mean(axis=0)", "q_n[:6].mean(axis=0)", ["Every line of the mean KL"]),
    ("start=lambda model, x: model)", "start=start_at_mean)", ["Started with a bias of 0", "ends with the better"]),
    ("(np.where(np.arange(10) == j, 0, z)) - nats(z)", "(z) - nats(np.where(np.arange(10) == j, 0, z))",
     ["The decoder uses every active latent"]),
    ("np.ones(N)]), f[name], rcond", "np.ones(N)]), f[name][::-1], rcond", ["follows its factor"]),
])
def test_a_broken_line_fails_its_claims(old, new, claims, tmp_path, monkeypatch, capsys):
    assert_fails("18", tmp_path, monkeypatch, capsys, *claims, replace=(old, new))


def test_a_broken_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """q(z) as a sum, not a mean; a KL without its half; quantiles at the cells' edges; a distance without its root."""
    mixture, kl, distance = latent.mixture_log_density, gaussian.kl_standard_normal, latent.sliced_wasserstein
    monkeypatch.setattr(latent, "mixture_log_density", lambda z, mu, logvar: mixture(z, mu, logvar) + math.log(len(mu)))
    monkeypatch.setattr(gaussian, "kl_standard_normal", lambda mu, logvar: 2 * kl(mu, logvar))
    monkeypatch.setattr(gaussian, "quantiles", lambda n: np.linspace(-3, 3, n))
    monkeypatch.setattr(latent, "sliced_wasserstein", lambda z, directions=100, rng=0: distance(z, directions, rng)**2)
    assert latent.gaussian is gaussian
    assert_fails("18", tmp_path, monkeypatch, capsys, "gaussian.quantiles is this inverse CDF",
                 "latent.aggregated_log_density is the sum as written", "With 2 latents, mutual information",
                 "With 10 latents, mutual information", "latent.sliced_wasserstein is this distance")


def test_a_wrong_activity_and_a_wrong_information_fail_their_claims(tmp_path, monkeypatch, capsys):
    """The standard deviation for the variance; I without log q(z), so that it exceeds log N."""
    information, activity = latent.information, latent.activity

    def without_mixture(model, x, samples=1000, rng=0):
        found = information(model, x, samples, rng)
        return found._replace(mutual_information=found.mean_kl, marginal_kl=0.0)
    monkeypatch.setattr(latent, "information", without_mixture)
    monkeypatch.setattr(latent, "activity", lambda model, x: np.sqrt(activity(model, x)))
    assert_fails("18", tmp_path, monkeypatch, capsys, "With 10 latents, I is at most log N", "Activity + mean sigma^2")
