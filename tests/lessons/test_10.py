"""Lesson 10 holds, repeats itself, and fails when the code under one of its claims is broken."""

import pytest

from tests.lessons.running import assert_fails, assert_holds_and_repeats
from tinyvae import evaluation, gaussian, likelihood, linear_gaussian


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("10", tmp_path, monkeypatch, capsys, claims=15, figures=4)


@pytest.mark.parametrize("old, new, claim", [
    ("normal(x0, decoder(equal[:, None]), sigma0).mean()", "normal(x0, decoder(equal[:, None]), 1.0).mean()",
     "through every line of p16"),
    ("sigma0) @ normal(z, 0, 1) * dz", "sigma0) @ normal(z, 0, 2) * dz", "through every line of p16"),
    ("sigma0) @ normal(z, 0, 1) * dz", "sigma0) @ normal(z, 0, 1)", "integrates to 1"),
    ("x_drawn = decoder(z_drawn) + sigma0 *", "x_drawn = decoder(z_drawn) + sigma0**2 *", "histogram of the samples"),
    ("np.array([4.2, -1.2, -6.0])", "np.array([4.2, -1.2, -1.2])", "one bump"),
    ("@ logistic * (v[1] - v[0])", "@ logistic**2 * (v[1] - v[0])", "logistic prior"),
    ("sigma0).mean() / p_x for _ in", "sigma0).mean() / p_x * 1.3 for _ in", "unbiased"),
    ("rng.standard_normal((size, 1))", "rng.standard_normal((size // 2, 1))", "squared error"),
    ("theory = -c2 / (2 * sizes)", "theory = -c2 / sizes", "too small on average, at n"),
    ("normal(typical, z, sigma) * normal(z, 0, 1)", "normal(typical, z, sigma**2) * normal(z, 0, 1)", "d = 1"),
    ("return log_p_x + log_p_z - log_q_z", "return log_p_x - log_q_z", "effective share"),
    ("log_p_x = -0.5 * np.sum(((typical - z) / sigma)**2, axis=1)",
     "log_p_x = -0.4 * np.sum(((typical - z) / sigma)**2, axis=1)", "effective share"),
    ("log_weights(0.0, 1.0, d, rng) for", "log_weights(mu_q, sigma_q, d, rng) for", "In 24 dimensions"),
    ("2 * math.log(sigma_q)  ", "math.log(sigma_q)  ", "one sample gives the exact"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, tmp_path, monkeypatch, capsys):
    assert_fails("10", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def log_weights_without_q(model, x, mu, logvar, eps):
    z = gaussian.reparameterise(mu, logvar, eps)
    return -model.likelihood.nll(x, model.decoder.forward(z)) + gaussian.log_density(z, 0 * z, 0 * z)


@pytest.mark.parametrize("module, name, wrong, claim", [
    (evaluation, "log_weights", log_weights_without_q, "tinyvae.log_likelihood with q = p(z)"),
    (linear_gaussian, "log_marginal", lambda x, W, b, sigma: gaussian.log_density(x, b, 0 * x), "log_marginal"),
    (evaluation, "log_weights", log_weights_without_q, "one sample gives the exact"),
    (likelihood.Gaussian, "sample", lambda self, x_hat, rng: x_hat + self.sigma**2 * rng.standard_normal(x_hat.shape),
     "VAE.sample"),
])
def test_a_broken_library_fails_its_claim(module, name, wrong, claim, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, name, wrong)
    assert_fails("10", tmp_path, monkeypatch, capsys, claim)
