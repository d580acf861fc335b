"""Lesson 14 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats, failing, run_lesson
from tinyvae import gaussian


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("14", tmp_path, monkeypatch, capsys, claims=12)


@pytest.mark.parametrize("old, new, claim", [
    ("-half_log - 0.5 * np.log(sigma**2) - 0.5)]", "-half_log - 0.5 * np.log(sigma**2))]", "E_q[log q]"),
    ("-half_log - 0.5 * (sigma**2 + mu**2))]", "-half_log - 0.5 * mu**2)]", "E_q[log p]"),
    ("0.5 * (mu**2 + sigma**2 - np.log(sigma**2) - 1))]", "0.5 * (mu**2 + sigma**2 - np.log(sigma) - 1))]",
     "line of the KL"),
    ("z = mu + np.exp(logvar / 2) * sample_rng", "z = mu + np.exp(logvar) * sample_rng", "over samples of q"),
    ("return 0.5 * np.sum(mu**2 + np.exp(logvar) - logvar - 1, axis=1)",
     "return 0.5 * np.sum(mu**2 + np.exp(logvar) - logvar, axis=1)", "20 other Gaussians"),
    ("return mu, 0.5 * (np.exp(logvar) - 1)", "return mu, np.exp(logvar) - 1", "slopes of the integral"),
    ("dsigma = sigma - 1 / sigma", "dsigma = sigma", "slopes of the integral"),
    ("means**2, values[s], 1)", "means, values[s], 1)", "line of slope 1/2"),
    ("np.exp(logvar2) - 1 - (logvar1 - logvar2)", "np.exp(logvar2) - 1 - (logvar1 + logvar2)", "these lines"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("14", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def test_a_broken_kl_of_the_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """exp - 1 for expm1 is right in float64 and lost in float32; a general KL with its arguments exchanged."""
    monkeypatch.setattr(gaussian, "kl_per_dimension", lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar))
    right = gaussian.kl_gaussians
    monkeypatch.setattr(gaussian, "kl_gaussians", lambda mu1, logvar1, mu2, logvar2: right(mu2, logvar2, mu1, logvar1))
    status, _, record = run_lesson("14", tmp_path, monkeypatch, capsys)
    assert status == 1
    assert set(failing(record)) == {"KL(p, q) - KL(q, p) for sigma = 0.3 (nats)",
                                    "The library's two KLs and its gradient are these lines",
                                    "In float32 the library's KL keeps its digits near the prior: relative error"}


def test_a_broken_gradient_of_the_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """A gradient of mu that is twice too large, and a general KL whose second logvar forgets the distance."""
    monkeypatch.setattr(gaussian, "kl_standard_normal_backward",
                        lambda dkl, mu, logvar: (2 * dkl[:, None] * mu, dkl[:, None] * 0.5 * np.expm1(logvar)))
    right = gaussian.kl_gaussians_backward

    def without_the_distance(*inputs):
        dmu1, dlogvar1, dmu2, _ = right(*inputs)
        return dmu1, dlogvar1, dmu2, -dlogvar1
    monkeypatch.setattr(gaussian, "kl_gaussians_backward", without_the_distance)
    status, _, record = run_lesson("14", tmp_path, monkeypatch, capsys)
    assert status == 1
    assert set(failing(record)) == {"150 steps of descent on the KL shrink mu as weight decay does",
                                    "The library's two KLs and its gradient are these lines",
                                    "The library's gradient of the general KL, all four inputs"}
