"""python -m tests.benchmarks.collapse: balance and collapse on the original MNIST. About ten minutes on one idle core.

    linear   a linear VAE with sigma0^2 = 1 keeps the directions whose eigenvalue exceeds 1: 12 (numbers.md)
    curve    rate and distortion of a Bernoulli VAE over beta, measured on test pictures
    warm-up  a ReLU VAE that collapses, and the same one with a beta that rises: active units, ELBO, several seeds

Name parts to run only these.
"""

import sys
import time

import numpy as np

from tests.benchmarks.schedule import falling
from tinyvae import VAE, Adam, fit, latent, mnist
from tinyvae.pca import PCA

BETAS = (0.1, 0.25, 0.5, 1, 2, 4, 10, 20)


def linear(data, latent_dim, epochs=60, batch_size=500):
    """The directions in which the trained code moves, beside 1 - 1 / lambda of the eigenvalues above 1."""
    x = data.train.images
    eigenvalues = PCA(x, 40).variances
    kept = int(np.sum(eigenvalues > 1))
    model, optimizer = VAE(784, (), latent_dim, "gaussian", sigma0=1.0), Adam(0.01)
    start = time.monotonic()
    history = fit(model, x, epochs=epochs, batch_size=batch_size, optimizer=optimizer, progress=False,
                  before_epoch=falling(optimizer, epochs))
    mu, _ = latent.posteriors(model, x)
    moves = np.linalg.eigvalsh(np.cov(mu.T, bias=True))[::-1]
    print(f"  {latent_dim} latents, {time.monotonic() - start:.0f} s: {np.sum(eigenvalues > 1)} eigenvalues above 1 "
          f"({eigenvalues[kept - 1]:.3f}, then {eigenvalues[kept]:.3f}); directions with a variance of mu above 0.01: "
          f"{np.sum(moves > 0.01)}, active units (single axes): {latent.active_units(model, x).sum()}; "
          f"KL {history['kl'][-1]:.4f}, theory {0.5 * np.sum(np.log(eigenvalues[:kept])):.4f}")
    print("    variance of mu, measured:", *moves[:kept + 3].round(3))
    print("    1 - 1/lambda            :", *np.maximum(1 - 1 / eigenvalues[:kept + 3], 0).round(3), flush=True)


def curve(data, epochs=6, seed=0):
    """Rate, distortion and their sum on all test pictures, binarised once."""
    x = (np.random.default_rng(seed).random(data.test.images.shape) < data.test.images).astype(np.float32)
    points, start = [], time.monotonic()
    for beta in BETAS:
        model = VAE(784, (200,), 20, "bernoulli", beta=beta, seed=seed)
        fit(model, data.train.images, epochs=epochs, optimizer=Adam(2e-3), seed=seed, binarize=True, progress=False)
        rate, distortion = latent.rate_distortion(model, x, samples=5, rng=seed)
        mu, logvar = latent.posteriors(model, x)
        z = mu + np.exp(logvar / 2) * np.random.default_rng(seed).standard_normal(mu.shape)
        points.append((rate, distortion))
        print(f"  beta {beta:5.2f}: rate {rate:7.3f}, distortion {distortion:8.3f}, -ELBO {rate + distortion:8.3f}, "
              f"active units {latent.active_units(model, x).sum():2d} of 20, q(z) to p(z) "
              f"{latent.sliced_wasserstein(z):.3f} (sliced Wasserstein)", flush=True)
    rates, distortions = np.array(points).T
    chords = -np.diff(distortions) / np.diff(rates)
    falls, rises = np.all(np.diff(rates) < 0), np.all(np.diff(distortions) > 0)
    print(f"  rate falls: {falls}; distortion rises: {rises}; least -ELBO at beta "
          f"{BETAS[int(np.argmin(rates + distortions))]}; {time.monotonic() - start:.0f} s")
    print("  -dD/dR of each chord between its two betas:",
          *(f"{a:g} <= {chord:.3f} <= {b:g}{'' if a <= chord <= b else ' NO'};" for a, b, chord in
            zip(BETAS, BETAS[1:], chords)), flush=True)


def train_deep(x, seed, length, epochs):
    """48-64-64-64-20 in principal coordinates, ReLU; beta rises over length epochs, 0 for 1 throughout."""
    model, optimizer = VAE(48, (64, 64, 64), 20, "gaussian", sigma0=1.0, activation="relu", seed=seed), Adam(3e-3)
    slower = falling(optimizer, epochs)

    def before_epoch(epoch):
        slower(epoch)
        model.beta = min(1.0, epoch / length) if length else 1.0
    fit(model, x, epochs=epochs, optimizer=optimizer, seed=seed, progress=False, before_epoch=before_epoch)
    return model


def warm_up(data, seeds=range(4), epochs=12, warm=6):
    """48 numbers a picture, their principal coordinates; sigma0^2 = 1, Adam 3e-3 falling to 0."""
    pca = PCA(data.train.images, 48)
    x, test = (pca.encode(part.images).astype(np.float32) for part in (data.train, data.test))
    for seed in seeds:
        for name, length in (("beta 1 throughout", 0), (f"beta from 0 to 1 over {warm} epochs", warm)):
            start = time.monotonic()
            model = train_deep(x, seed, length, epochs)
            rate, distortion = latent.rate_distortion(model, test, samples=5, rng=seed)
            print(f"  seed {seed}, {name}: active units {latent.active_units(model, test).sum()} of 20, rate {rate:.3f}"
                  f", -ELBO {rate + distortion:.3f} nats; {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    parts = sys.argv[1:] or ["linear", "curve", "warm-up"]
    data = mnist()
    if "linear" in parts:
        print("linear VAE, sigma0^2 = 1, all 60,000 training pictures", flush=True)
        for latent_dim in (20, 32):
            linear(data, latent_dim)
    if "curve" in parts:
        print("784-200-20, ELU, Bernoulli on dynamically binarised pixels, 6 epochs of Adam 2e-3, all test pictures",
              flush=True)
        curve(data)
    if "warm-up" in parts:
        print("ReLU VAE in 48 principal coordinates, measured on all test pictures", flush=True)
        warm_up(data)
