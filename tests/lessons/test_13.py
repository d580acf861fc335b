"""Lesson 13 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import gaussian, likelihood


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("13", tmp_path, monkeypatch, capsys, claims=12)


@pytest.mark.parametrize("old, new, claim", [
    ("D / 2 * log(2 * np.pi) + D / 2 * log(sigma0**2) + half_form", "D / 2 * log(sigma0**2) + half_form",
     "Gaussian derivation"),
    ("return (x_hat - x) / sigma0**2", "return (x_hat - x) / sigma0", "gradient with respect to x'"),
    ("best = np.sqrt(np.mean((X - X_hat)**2))", "best = np.mean(np.abs(X - X_hat))", "best sigma0 on a grid"),
    ("0.8, 1.6, np.sqrt(Dx / 2)]", "0.8, 1.6, 1.7]", "next to nothing"),
    ("0.8, 1.6, np.sqrt(Dx / 2)]", "1.6, 0.8, np.sqrt(Dx / 2)]", "KL falls as sigma0 rises"),
    ("np.sum(softplus - x * a)", "np.sum(softplus + x * a)", "Bernoulli derivation"),
    ("one = np.zeros_like(a), np.float32(1)", "one = np.zeros_like(a), np.float64(1)", "infinite from this logit on"),
    ("np.sum(sigma**2 * np.sum(W**2, axis=1))", "np.sum(sigma * np.sum(W**2, axis=1))", "expectation of p23"),
    (".reshape(repeats, S).mean(axis=1)", ".reshape(repeats, S)[:, 0]", "falls as 1/S"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("13", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def test_a_broken_library_fails_its_claims(tmp_path, monkeypatch, capsys):
    """A Gaussian loss without its constant, a Bernoulli loss from rounded probabilities, the variance as the deviation.

    The first two keep their right gradients, and no gradient check sees the third.
    """
    monkeypatch.setattr(likelihood, "gaussian_nll",
                        lambda x, x_hat, logvar: np.sum((x - x_hat)**2, axis=1) * np.exp(-logvar) / 2)

    def from_probabilities(x, a):
        with np.errstate(divide="ignore"):
            return -np.sum(np.log(np.where(x > 0.5, likelihood.sigmoid(a), 1 - likelihood.sigmoid(a))), axis=1)
    monkeypatch.setattr(likelihood, "bernoulli_nll", from_probabilities)
    monkeypatch.setattr(gaussian, "reparameterise", lambda mu, logvar, eps: mu + np.exp(logvar) * eps)
    assert_fails("13", tmp_path, monkeypatch, capsys,
                 "tinyvae/likelihood.py: Gaussian(sigma0) gives these values and gradients",
                 "The best sigma0 on a grid is the root of the mean squared residual",
                 "From logits, the largest error of the loss up to a = 40",
                 "The mean over samples of z is the expectation of p23")


def test_a_broken_gradient_of_sigma_fails_its_claim(tmp_path, monkeypatch, capsys):
    right = likelihood.gaussian_nll_backward

    def without_the_half(dnll, x, x_hat, logvar):
        dx_hat, dlogvar = right(dnll, x, x_hat, logvar)
        return dx_hat, dlogvar + np.sum(dnll) * x.shape[1] / 2
    monkeypatch.setattr(likelihood, "gaussian_nll_backward", without_the_half)
    assert_fails("13", tmp_path, monkeypatch, capsys, "Gradient descent on log sigma^2 ends at the closed form")
