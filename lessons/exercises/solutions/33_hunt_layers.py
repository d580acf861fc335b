"""Bug hunt: a VAE put together from layers, ReLU, Adam. Lesson 16.

One thing in this file was wrong, and is repaired. The checks need only this of it, the rest may look otherwise:
    VAE(data_dim, hidden, latent_dim, seed), with parameters, a dict of arrays that the checks write into
    encode(x) to mu, logvar        sample(mu, logvar, eps) to z        decode(z) to y, the probabilities of the pixels
    loss(x, eps) to loss, reconstruction, kl, in nats: summed over pixels and latents, averaged over the batch
    gradients(x, eps) to a dict, name to the gradient of that loss
x (B, D) holds pixels, 0 or 1; mu, logvar = log sigma^2 and z are (B, L); eps (B, L) is standard normal noise. Run as a
program, the file trains.
"""

import numpy as np


class Dense:
    """y = x W + b."""

    def __init__(self, n_in, n_out, rng):
        self.W, self.b = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in), np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(axis=0)
        return dy @ self.W.T


class Encoder:
    def __init__(self, data_dim, hidden, latent_dim, rng):
        self.hidden = Dense(data_dim, hidden, rng)
        self.to_mu, self.to_logvar = Dense(hidden, latent_dim, rng), Dense(hidden, latent_dim, rng)
        self.layers = {"enc": self.hidden, "mu": self.to_mu, "logvar": self.to_logvar}

    def forward(self, x):
        self.h = np.maximum(self.hidden.forward(x), 0)
        self.mu, self.logvar = self.to_mu.forward(self.h), self.to_logvar.forward(self.h)
        return self.mu, self.logvar

    def backward(self, dz, eps):
        """Both ways into mu and into logvar: through z = mu + sigma eps, and through the KL."""
        B, sigma = len(eps), np.exp(self.logvar / 2)
        dmu = dz + self.mu / B
        dlogvar = dz * eps * sigma / 2 + (sigma**2 - 1) / (2 * B)
        dh = self.to_mu.backward(dmu) + self.to_logvar.backward(dlogvar)
        self.hidden.backward(dh * (self.h > 0))


class Decoder:
    def __init__(self, data_dim, hidden, latent_dim, rng):
        self.hidden, self.to_x = Dense(latent_dim, hidden, rng), Dense(hidden, data_dim, rng)
        self.layers = {"dec": self.hidden, "x": self.to_x}

    def forward(self, z):
        self.h = np.maximum(self.hidden.forward(z), 0)
        return self.to_x.forward(self.h)                                        # logits

    def backward(self, da):
        self.dz = self.hidden.backward(self.to_x.backward(da) * (self.h > 0))


class VAE:
    def __init__(self, data_dim=784, hidden=200, latent_dim=20, seed=0):
        rng = np.random.default_rng(seed)
        self.encoder = Encoder(data_dim, hidden, latent_dim, rng)
        self.decoder = Decoder(data_dim, hidden, latent_dim, rng)
        self.layers = {**self.encoder.layers, **self.decoder.layers}
        self.parameters = {kind + name: getattr(layer, kind) for name, layer in self.layers.items() for kind in "Wb"}

    def encode(self, x):
        return self.encoder.forward(x)

    def sample(self, mu, logvar, eps):
        return mu + np.exp(logvar / 2) * eps

    def decode(self, z):
        return 1 / (1 + np.exp(-self.decoder.forward(z)))

    def loss(self, x, eps):
        """The negative ELBO and its two parts; the cross-entropy from logits is log(1 + e^a) - x a."""
        mu, logvar = self.encode(x)
        a = self.decoder.forward(self.sample(mu, logvar, eps))
        reconstruction = np.sum(np.logaddexp(0, a) - x * a) / len(x)
        kl = 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar) / len(x)
        return reconstruction + kl, reconstruction, kl

    def gradients(self, x, eps):
        y = self.decode(self.sample(*self.encode(x), eps))
        # backwards means decoder first: its backward makes the dz of this batch, which the encoder's backward needs
        self.decoder.backward((y - x) / len(x))
        self.encoder.backward(self.decoder.dz, eps)
        return {kind + name: getattr(layer, "d" + kind) for name, layer in self.layers.items() for kind in "Wb"}


def train(vae, x, epochs=10, batch=100, rate=1e-3, seed=0):
    """Adam, on full batches."""
    rng, latents = np.random.default_rng(seed), len(vae.parameters["bmu"])
    m, v, t = dict.fromkeys(vae.parameters, 0.0), dict.fromkeys(vae.parameters, 0.0), 0
    for epoch in range(epochs):
        for rows in rng.permutation(len(x))[:len(x) // batch * batch].reshape(-1, batch):
            t += 1
            for name, g in vae.gradients(x[rows], rng.standard_normal((batch, latents))).items():
                m[name] = 0.9 * m[name] + 0.1 * g
                v[name] = 0.999 * v[name] + 0.001 * g**2
                vae.parameters[name] -= rate * (m[name] / (1 - 0.9**t)) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
        now = vae.loss(x, rng.standard_normal((len(x), latents)))
        print("epoch {}: loss {:.2f} = reconstruction {:.2f} + KL {:.2f}".format(epoch + 1, *now))


if __name__ == "__main__":
    bars = np.random.default_rng(1).random((1000, 1, 8)) < 0.3
    train(VAE(64, 32, 4), np.repeat(bars, 8, axis=1).reshape(1000, 64).astype(float))
