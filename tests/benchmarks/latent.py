"""python -m tests.benchmarks.latent [seed ...]: the latent space on the original MNIST, all images. About 10 minutes.

    latent size and hidden width against how well the classes separate: test digits whose nearest training digit in
    latent space is of their class; the same for the codes of an autoencoder, for PCA and for the pixels
    the mean KL of p30 = KL(q(z), p(z)) + mutual information, over the training images
    how far the codes of a VAE and of an autoencoder lie from N(0, I)

784-200-L-200-784 unless another width is named, ELU, Bernoulli on pixels binarised anew, Adam 1e-3, batches of 100, 10
epochs, nothing chosen by test pictures. The decoder's last bias starts at the log odds of the mean picture, as in
lesson 18; "bias 0" are the same models without that. The default seed is 0. It needs the MNIST files: set TINYVAE_DATA
to their folder, or let them be downloaded.
"""

import sys
import time

import numpy as np

from lessons.trained import start_at_mean
from tinyvae import VAE, Autoencoder, evaluation, fit, gaussian, latent, mnist
from tinyvae.pca import PCA
from tinyvae.probes import nearest_neighbour

EPOCHS = 10
SIZES, WIDTHS = (2, 3, 5, 10, 20), (50, 200, 500)


def separation(train, test, data):
    """Share of test codes whose nearest training code is of their class, in percent, and its binomial error."""
    right = np.mean(nearest_neighbour(train, data.train.labels, test) == data.test.labels)
    return 100 * right, 100 * np.sqrt(right * (1 - right) / len(test))


def trained(model, data, seed, at_mean=True, **settings):
    """The model after EPOCHS, and the seconds it took."""
    if at_mean:
        start_at_mean(model, data.train.images)
    start = time.monotonic()
    fit(model, data.train.images, epochs=EPOCHS, seed=seed, progress=False, **settings)
    return model, time.monotonic() - start


def vae(data, latent_dim, width, seed, at_mean=True):
    """One row: separation, active units, -ELBO on binarised test images; for sizes 2 and 10 of width 200 the rest."""
    model, seconds = trained(VAE(784, (width,), latent_dim, seed=seed), data, seed, at_mean, binarize=True)
    train, test = (latent.posteriors(model, x) for x in (data.train.images, data.test.images))
    right, error = separation(train[0], test[0], data)
    x = (np.random.default_rng(seed).random(data.test.images.shape) < data.test.images).astype(np.float32)
    bound = -evaluation.elbo(model, x, samples=5, rng=seed).mean()
    copies = evaluation.reconstruction_error(model, data.test.images).mean()
    active = latent.active_units(model, data.train.images).sum()
    print(f"  VAE{'' if at_mean else ' bias 0'} latent {latent_dim:2d}, width {width:3d}, seed {seed}: {right:.2f} % "
          f"+- {error:.2f}; active units {active}; -ELBO {bound:.2f}; squared error {copies:.2f}; trained in "
          f"{seconds:.0f} s", flush=True)
    if width == 200 and latent_dim in (2, 10):
        print_information(model, data, seed)
        rng = np.random.default_rng(seed)
        drawn = gaussian.reparameterise(*test, rng.standard_normal(test[0].shape))
        floor = latent.sliced_wasserstein(rng.standard_normal(drawn.shape))
        print(f"      sliced Wasserstein distance to N(0, I), test: draws {latent.sliced_wasserstein(drawn):.4f}, "
              f"means {latent.sliced_wasserstein(test[0]):.4f}, as many true normals {floor:.4f}", flush=True)


def print_information(model, data, seed, samples=4000):
    """The three numbers of p30 over all training images."""
    i = latent.information(model, data.train.images, samples, rng=seed)
    error, total = np.hypot(i.mutual_information_error, i.marginal_kl_error), i.mutual_information + i.marginal_kl
    print(f"      mean KL {i.mean_kl:.4f} = I {i.mutual_information:.4f} +- {i.mutual_information_error:.4f} + "
          f"KL(q(z), p(z)) {i.marginal_kl:.4f} +- {i.marginal_kl_error:.4f}; sum {total:.4f} "
          f"({(total - i.mean_kl) / error:+.2f} standard errors); log N {np.log(len(data.train.images)):.4f}",
          flush=True)


def autoencoder(data, latent_dim, seed):
    """The autoencoder of the same widths: separation, distance of its codes to N(0, I), error on test images."""
    model, seconds = trained(Autoencoder(784, (200,), latent_dim, output="sigmoid", seed=seed), data, seed)
    train, test = (model.encode(x).astype(np.float64) for x in (data.train.images, data.test.images))
    right, error = separation(train, test, data)
    centred = (test - train.mean(axis=0)) / train.std()
    print(f"  AE latent {latent_dim:2d}, width 200, seed {seed}: {right:.2f} % +- {error:.2f}; distance to N(0, I) "
          f"{latent.sliced_wasserstein(test):.4f}, centred and scaled to variance 1 "
          f"{latent.sliced_wasserstein(centred):.4f}; squared error "
          f"{evaluation.reconstruction_error(model, data.test.images).mean():.2f}; trained in {seconds:.0f} s",
          flush=True)


if __name__ == "__main__":
    data = mnist()
    seeds = [int(word) for word in sys.argv[1:]] or [0]
    for seed in seeds:
        for latent_dim in SIZES:
            vae(data, latent_dim, 200, seed)
        for width in WIDTHS:
            if width != 200:
                vae(data, 2, width, seed)
            vae(data, 2, width, seed, at_mean=False)
        vae(data, 10, 200, seed, at_mean=False)
        for latent_dim in (2, 10):
            autoencoder(data, latent_dim, seed)
    for k in SIZES:
        plane = PCA(data.train.images, k)
        right, error = separation(plane.encode(data.train.images), plane.encode(data.test.images), data)
        print(f"  PCA {k:2d}: {right:.2f} % +- {error:.2f}", flush=True)
    print("  pixels: {:.2f} % +- {:.2f}".format(*separation(data.train.images, data.test.images, data)), flush=True)
