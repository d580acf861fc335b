"""A linear VAE with a learned sigma is probabilistic PCA (Tipping and Bishop 1999): training must find its optimum."""

import numpy as np
import pytest

from tests.oracles import gaussian_log_density, linear_marginal, probabilistic_pca
from tinyvae import Adam, evaluation, fit
from tinyvae.data import digits
from tinyvae.vae import VAE

K = 5


@pytest.fixture(scope="module")
def trained():
    """Full batches and a learning rate that falls to nothing: the optimum is met, not circled."""
    x = digits(2000, seed=3).images.astype(np.float64)
    model = VAE(784, (), K, "gaussian", sigma0=0.3, learn_sigma=True, seed=0, dtype=np.float32)
    optimizer = Adam(lr=0.01)
    epochs = 1200

    def schedule(epoch):
        optimizer.lr = 0.01 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
    fit(model, x.astype(np.float32), epochs=epochs, batch_size=200, optimizer=optimizer, progress=False,
        before_epoch=schedule)
    return model.astype(np.float64), x


def test_marginal_likelihood_and_sigma_reach_the_optimum(trained):
    model, x = trained
    mean, covariance, sigma2 = probabilistic_pca(x, K)
    optimum = gaussian_log_density(x, mean, covariance).mean()
    sigma = model.likelihood.sigma
    reached = gaussian_log_density(x, *linear_marginal(model.parameters["decoder.0.W"],
                                                       model.parameters["decoder.0.b"], sigma)).mean()
    assert reached <= optimum                                   # nothing beats the maximum
    assert reached >= optimum - 0.005 * abs(optimum)
    assert sigma**2 == pytest.approx(sigma2, rel=0.02)


def test_importance_sampling_agrees_with_the_exact_marginal(trained):
    model, x = trained
    some = x[:50]
    exact = gaussian_log_density(some, *linear_marginal(model.parameters["decoder.0.W"],
                                                        model.parameters["decoder.0.b"], model.likelihood.sigma))
    estimate, error = evaluation.log_likelihood(model, some, k=2000, rng=0, return_error=True)
    assert (np.abs(estimate - exact) < 5 * error).all()
    assert abs((estimate - exact).mean()) < 5 * np.sqrt(np.sum(error**2)) / len(some)
