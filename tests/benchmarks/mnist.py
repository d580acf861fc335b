"""python -m tests.benchmarks.mnist: published figures on the original MNIST, ours beside them. Takes several minutes.

    the VAE of Stanford's CS236, homework 2: 784-300-300-10, ELU, Bernoulli on dynamically binarised pixels, Adam 1e-3,
    batches of 100, 20,000 steps
    the linear VAE with a learned sigma, which is probabilistic PCA (Tipping and Bishop 1999)
"""

import math
import sys
import time

import numpy as np

from tests.benchmarks.schedule import falling
from tests.oracles import gaussian_log_density, linear_marginal, probabilistic_pca
from tinyvae import VAE, Adam, evaluation, fit, mnist

BATCH, STEPS = 100, 20_000


def cs236(data, seed, k=1000):
    """Train, then the negative ELBO and IWAE-k on all test images, each binarised once."""
    model = VAE(784, (300, 300), 10, "bernoulli", activation="elu", seed=seed)
    epochs = math.ceil(STEPS * BATCH / len(data.train.images))
    start = time.monotonic()
    fit(model, data.train.images, epochs=epochs, batch_size=BATCH, optimizer=Adam(1e-3), seed=seed, binarize=True,
        progress=False)
    trained = time.monotonic() - start
    x = (np.random.default_rng(seed).random(data.test.images.shape) < data.test.images).astype(np.float32)
    start = time.monotonic()
    negative_elbo = -evaluation.elbo(model, x, samples=20, rng=seed).mean()
    print(f"  seed {seed}: {epochs * len(data.train.images) // BATCH} steps in {trained:.0f} s; "
          f"negative ELBO {negative_elbo:.2f}", end="", flush=True)
    for samples in (10, 100, k):
        print(f"; IWAE-{samples} {-evaluation.log_likelihood(model, x, k=samples, rng=seed).mean():.2f}", end="", flush=True)
    print(f"; evaluated in {time.monotonic() - start:.0f} s")


def linear(data, k, epochs=100):
    """The trained model's exact marginal likelihood on the training set beside the optimum, and on the test set."""
    x = data.train.images
    model, optimizer = VAE(784, (), k, "gaussian", sigma0=0.3, learn_sigma=True), Adam(0.01)
    start = time.monotonic()
    fit(model, x, epochs=epochs, batch_size=500, optimizer=optimizer, progress=False,
        before_epoch=falling(optimizer, epochs))
    seconds = time.monotonic() - start
    model = model.astype(np.float64)
    mean, covariance, sigma2 = probabilistic_pca(x.astype(np.float64), k)
    reached = linear_marginal(model.parameters["decoder.0.W"], model.parameters["decoder.0.b"], model.likelihood.sigma)
    some = data.test.images[:200].astype(np.float64)
    estimate, error = evaluation.log_likelihood(model, some, k=2000, rng=0, return_error=True)
    difference = estimate - gaussian_log_density(some, *reached)
    test = data.test.images.astype(np.float64)
    best, ours = (gaussian_log_density(test, *parameters).mean() for parameters in ((mean, covariance), reached))
    best_train, ours_train = (gaussian_log_density(x[::6].astype(np.float64), *parameters).mean()
                              for parameters in ((mean, covariance), reached))
    print(f"  k={k}: {seconds:.0f} s; test log p {ours:.2f}, PPCA {best:.2f} ({abs(1 - ours / best):.2%} away); "
          f"on every sixth training image {ours_train:.2f}, PPCA {best_train:.2f}; "
          f"sigma^2 {model.likelihood.sigma**2:.5f}, PPCA {sigma2:.5f} ({abs(1 - model.likelihood.sigma**2 / sigma2):.2%}); "
          f"importance sampling - exact: {difference.mean():+.4f}, standard error "
          f"{np.sqrt(np.sum(error**2)) / len(some):.4f}", flush=True)


if __name__ == "__main__":
    data = mnist()
    print("linear VAE = probabilistic PCA")
    for k in (2, 10):
        linear(data, k)
    print("CS236 on all 10,000 test images; published 101.5 (100 images), measured elsewhere 99.60, 99.89; "
          "IWAE-1000 95.62, measured 95.45, 95.43", flush=True)
    for seed in map(int, sys.argv[1:] or ["0"]):
        cs236(data, seed)
