"""Bug hunt: a VAE in one class, tanh layers, Adam. Lesson 16.

One thing in this file is wrong, though it trains all the same. Find the fault and repair it. You may change whatever
you like; the checks need only this of the file:
    VAE(data_dim, hidden, latent_dim, seed), with parameters, a dict of arrays that the checks write into
    encode(x) to mu, logvar        sample(mu, logvar, rng) to z        decode(z) to y, the probabilities of the pixels
    loss(x, rng) to loss, reconstruction, kl, in nats: summed over pixels and latents, averaged over the batch
    gradients(x, rng) to a dict, name to the gradient of that loss
x (B, D) holds pixels, 0 or 1; mu, logvar = log sigma^2 and z are (B, L). rng is the Generator of the noise: two of
the same seed give the same loss, and its gradients. Run as a program, the file trains.
"""

import numpy as np


class VAE:
    """Encoder D - H - (mu, logvar), decoder L - H - D with a sigmoid."""

    def __init__(self, data_dim=784, hidden=200, latent_dim=20, seed=0):
        rng = np.random.default_rng(seed)
        sizes = {"1": (data_dim, hidden), "_mu": (hidden, latent_dim), "_logvar": (hidden, latent_dim),
                 "2": (latent_dim, hidden), "3": (hidden, data_dim)}
        self.parameters = {}
        for name, (n_in, n_out) in sizes.items():
            self.parameters["W" + name] = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)
            self.parameters["b" + name] = np.zeros(n_out)

    def encode(self, x):
        p = self.parameters
        self.h1 = np.tanh(x @ p["W1"] + p["b1"])                                # (B, H)
        return self.h1 @ p["W_mu"] + p["b_mu"], self.h1 @ p["W_logvar"] + p["b_logvar"]

    def noise(self, shape, rng):
        return rng.standard_normal(shape)

    def sample(self, mu, logvar, rng):
        """z from q(z given x), by the reparameterisation trick."""
        return mu + np.exp(logvar / 2) * self.noise(mu.shape, rng)

    def decode(self, z):
        p = self.parameters
        self.h2 = np.tanh(z @ p["W2"] + p["b2"])                                # (B, H)
        return 1 / (1 + np.exp(-(self.h2 @ p["W3"] + p["b3"])))                 # (B, D)

    def forward(self, x, rng):
        self.mu, self.logvar = self.encode(x)
        self.z = self.sample(self.mu, self.logvar, rng)
        self.y = self.decode(self.z)

    def loss(self, x, rng):
        """The negative ELBO and its two parts."""
        self.forward(x, rng)
        y = np.clip(self.y, 1e-12, 1 - 1e-12)
        reconstruction = -np.sum(x * np.log(y) + (1 - x) * np.log(1 - y)) / len(x)
        kl = 0.5 * np.sum(self.mu**2 + np.exp(self.logvar) - 1 - self.logvar) / len(x)
        return reconstruction + kl, reconstruction, kl

    def gradients(self, x, rng):
        """Backpropagation, from the pixels to the first layer."""
        self.forward(x, rng)
        p, B = self.parameters, len(x)
        da3 = (self.y - x) / B                                                  # sigmoid and cross-entropy in one
        da2 = da3 @ p["W3"].T * (1 - self.h2**2)
        dz = da2 @ p["W2"].T
        # z = mu + sigma eps: dz/dmu = 1, dz/dlogvar = sigma eps / 2; and the KL's own share
        sigma = np.exp(self.logvar / 2)
        dmu = dz + self.mu / B
        dlogvar = dz * self.noise(dz.shape, rng) * sigma / 2 + (sigma**2 - 1) / (2 * B)
        da1 = (dmu @ p["W_mu"].T + dlogvar @ p["W_logvar"].T) * (1 - self.h1**2)
        grads = {}
        for name, inputs, d in (("1", x, da1), ("_mu", self.h1, dmu), ("_logvar", self.h1, dlogvar),
                                ("2", self.z, da2), ("3", self.h2, da3)):
            grads["W" + name], grads["b" + name] = inputs.T @ d, d.sum(axis=0)
        return grads


def train(vae, x, epochs=10, batch=100, rate=1e-3, seed=0):
    """Adam."""
    rng = np.random.default_rng(seed)
    m, v, t = dict.fromkeys(vae.parameters, 0.0), dict.fromkeys(vae.parameters, 0.0), 0
    for epoch in range(epochs):
        for rows in np.split(rng.permutation(len(x)), range(batch, len(x), batch)):
            t += 1
            for name, g in vae.gradients(x[rows], rng).items():
                m[name] = 0.9 * m[name] + 0.1 * g
                v[name] = 0.999 * v[name] + 0.001 * g**2
                vae.parameters[name] -= rate * (m[name] / (1 - 0.9**t)) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
        print("epoch {}: loss {:.2f} = reconstruction {:.2f} + KL {:.2f}".format(epoch + 1, *vae.loss(x, rng)))


if __name__ == "__main__":
    bars = np.random.default_rng(1).random((1000, 1, 8)) < 0.3
    train(VAE(64, 32, 4), np.repeat(bars, 8, axis=1).reshape(1000, 64).astype(float))
