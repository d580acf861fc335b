"""Lesson 20 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import autoregressive, evaluation
from tinyvae.autoregressive import FVBN, MaskedDense


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """One folder for all runs, so that the models are trained in the first and read in the others."""
    return tmp_path_factory.mktemp("out")


def test_it_holds(out, monkeypatch, capsys):
    assert_holds_and_repeats("20", out, monkeypatch, capsys, claims=27, figures=6)


@pytest.mark.parametrize("old, new, claim", [
    ("np.log(np.sum(mass * mean_of_two))", "np.sum(mass * np.log(mean_of_two))", "one value, log p(x)"),
    ("mean_of_two, mass = (w[:, None] + w) / 2", "mean_of_two, mass = np.maximum(w[:, None], w)", "L_2 lies above L_1"),
    ("np.exp(log_normal(u, 0, 1) - log_normal(u, t, r))", "np.exp(log_normal(u, 0, 1) - log_normal(u, t, 1.2 * r))",
     "2k times the gap"),
    ('"q 2 times too narrow": (0.0, 0.5, np.inf)', '"q 2 times too narrow": (0.0, 0.9, 0.0287)', "infinite variance"),
    ("+ off * sd, 2 * np.log(sd)", "+ off * sd, np.log(sd)", "With k = 1 the estimate"),
    ("np.mean(((estimate - truth) / error)**2)", "np.mean(((estimate - truth) / error / 2)**2)",
     "The stated standard error"),
    ("+ 0.5 * np.sum(eps**2 + logvar, axis=2)", "+ 0.5 * np.sum(eps**2 - logvar, axis=2)", "of these weights"),
    ("np.triu(np.ones((D, D)), 1)", "np.triu(np.ones((D, D)))", "images sum to 1"),
    ("return M * (x.T @ da), da", "return x.T @ da, da", "gradient by hand"),
    ("order = np.insert(np.arange(3), place, 3)", "order = np.insert(np.arange(3), 3, 3)", "In the other orders"),
    ("a = x[:, :d] @ W[:d, d] + b[d]", "a = x[:, :d] @ W[d, :d] + b[d]", "draws as these lines do"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, out, monkeypatch, capsys):
    assert_fails("20", out, monkeypatch, capsys, claim, replace=(old, new))


def test_a_wrong_weight_fails_its_claims(out, monkeypatch, capsys):
    """log p(z) left out of the weight; a standard error that is that of the sum."""
    right = evaluation.log_weights
    monkeypatch.setattr(evaluation, "log_weights", lambda model, x, mu, logvar, eps: right(
        model, x, mu, logvar, eps) + 0.5 * np.sum((mu + np.exp(logvar / 2) * eps)**2, axis=1))
    assert_fails("20", out, monkeypatch, capsys, "With k = 1 the estimate", "With k = 1000 it is log p(x)")


def test_a_mask_that_lets_a_pixel_see_itself_fails_its_claims(out, monkeypatch, capsys):
    right = autoregressive.masked_network

    def seeing(D, hidden, *others):
        network = right(D, hidden, *others)
        for layer in network.layers[::2]:
            layer.mask = np.ones_like(layer.mask)
        return network
    monkeypatch.setattr(autoregressive, "masked_network", seeing)
    assert_fails("20", out, monkeypatch, capsys, "are these lines", "With two masked hidden layers")


def test_a_backward_without_its_mask_fails_its_claim(out, monkeypatch, capsys):
    def backward(self, dy, input_gradient=True):
        self.dW[...], self.db[...] = self.x.T @ dy, dy.sum(axis=0)
    monkeypatch.setattr(MaskedDense, "backward", backward)
    assert_fails("20", out, monkeypatch, capsys, "are these lines")


def test_pixels_drawn_at_once_fail_their_claims(out, monkeypatch, capsys):
    """All from one run of the network, which sees an empty picture."""
    monkeypatch.setattr(FVBN, "sample", lambda self, n, rng: (np.random.default_rng(rng).random(
        (n, self.data_dim)) < self.probabilities(np.zeros((n, self.data_dim)))).astype(self.dtype))
    assert_fails("20", out, monkeypatch, capsys, "draws as these lines do", "Images come with their probability",
                 "Runs of the network")
