"""Bug hunt: a VAE in plain functions, tanh layers, Adam. Lesson 16.

One thing in this file was wrong, and is repaired. The checks need only this of it, the rest may look otherwise:
    init(data_dim, hidden, latent_dim, seed) to p, a dict of arrays that the checks write into
    encode(p, x) to mu, logvar     sample(mu, logvar, eps) to z     decode(p, z) to y, the pixels' probabilities
    loss(p, x, eps) to loss, reconstruction, kl, in nats: the negative ELBO of lesson 16 and its two parts
    gradients(p, x, eps) to a dict, name to the gradient of that loss
x (B, D) holds pixels, 0 or 1; mu, logvar = log sigma^2 and z are (B, L); eps (B, L) is standard normal noise. Run as a
program, the file trains.
"""

import numpy as np


def init(data_dim=784, hidden=200, latent_dim=20, seed=0):
    rng = np.random.default_rng(seed)
    p = {}
    for name, n_in, n_out in (("1", data_dim, hidden), ("mu", hidden, latent_dim), ("logvar", hidden, latent_dim),
                              ("2", latent_dim, hidden), ("3", hidden, data_dim)):
        p["W" + name], p["b" + name] = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in), np.zeros(n_out)
    return p


def encode(p, x):
    h = np.tanh(x @ p["W1"] + p["b1"])
    return h @ p["Wmu"] + p["bmu"], h @ p["Wlogvar"] + p["blogvar"]


def sample(mu, logvar, eps):
    return mu + np.exp(logvar / 2) * eps


def decode(p, z):
    h = np.tanh(z @ p["W2"] + p["b2"])
    return 1 / (1 + np.exp(-(h @ p["W3"] + p["b3"])))


def kl_divergence(mu, logvar):
    """KL(N(mu, S), N(0, I)), where S is diagonal and holds the variances; one for each example. (B,)"""
    trace = np.sum(np.exp(logvar), axis=1)                                      # of I^-1 S
    distance = np.sum(mu**2, axis=1)                                            # mu^T I^-1 mu
    log_determinant = np.sum(logvar, axis=1)                                    # of S: without it, sigma shrinks to 0
    return 0.5 * (trace + distance - mu.shape[1] - log_determinant)


def loss(p, x, eps):
    """The negative ELBO and its two parts."""
    mu, logvar = encode(p, x)
    y = np.clip(decode(p, sample(mu, logvar, eps)), 1e-12, 1 - 1e-12)
    nll = -np.mean(np.sum(x * np.log(y) + (1 - x) * np.log(1 - y), axis=1))
    kl = np.mean(kl_divergence(mu, logvar))
    return nll + kl, nll, kl


def gradients(p, x, eps):
    B = len(x)
    h1 = np.tanh(x @ p["W1"] + p["b1"])
    mu, logvar = h1 @ p["Wmu"] + p["bmu"], h1 @ p["Wlogvar"] + p["blogvar"]
    z = sample(mu, logvar, eps)
    h2 = np.tanh(z @ p["W2"] + p["b2"])
    y = 1 / (1 + np.exp(-(h2 @ p["W3"] + p["b3"])))

    da3 = (y - x) / B
    da2 = da3 @ p["W3"].T * (1 - h2**2)
    dz = da2 @ p["W2"].T
    # through z = mu + sigma eps, and through the KL
    dmu = dz + mu / B
    dlogvar = dz * eps * np.exp(logvar / 2) / 2 + (np.exp(logvar) - 1) / (2 * B)
    da1 = (dmu @ p["Wmu"].T + dlogvar @ p["Wlogvar"].T) * (1 - h1**2)

    pairs = {"1": (x, da1), "mu": (h1, dmu), "logvar": (h1, dlogvar), "2": (z, da2), "3": (h2, da3)}
    return {**{"W" + name: inputs.T @ d for name, (inputs, d) in pairs.items()},
            **{"b" + name: d.sum(axis=0) for name, (_, d) in pairs.items()}}


def train(p, x, epochs=10, batch=100, rate=1e-3, seed=0):
    """Adam."""
    rng, latents = np.random.default_rng(seed), len(p["bmu"])
    m, v, t = dict.fromkeys(p, 0.0), dict.fromkeys(p, 0.0), 0
    for epoch in range(epochs):
        for rows in np.split(rng.permutation(len(x)), range(batch, len(x), batch)):
            t += 1
            for name, g in gradients(p, x[rows], rng.standard_normal((len(rows), latents))).items():
                m[name] = 0.9 * m[name] + 0.1 * g
                v[name] = 0.999 * v[name] + 0.001 * g**2
                p[name] -= rate * (m[name] / (1 - 0.9**t)) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
        now = loss(p, x, rng.standard_normal((len(x), latents)))
        print("epoch {}: loss {:.2f} = reconstruction {:.2f} + KL {:.2f}".format(epoch + 1, *now))


if __name__ == "__main__":
    bars = np.random.default_rng(1).random((1000, 1, 8)) < 0.3
    train(init(64, 32, 4), np.repeat(bars, 8, axis=1).reshape(1000, 64).astype(float))
