"""Bug hunt: a VAE in plain functions, logits, Adam. Lesson 16.

One thing in this file was wrong, and is repaired. The checks need only this of it, the rest may look otherwise:
    init(data_dim, hidden, latent_dim, seed) to p, a dict of arrays that the checks write into
    encode(p, x) to mu, logvar     sample(mu, logvar, eps) to z     decode(p, z) to y, the pixels' probabilities
    loss(p, x, eps) to loss, reconstruction, kl, in nats: summed over pixels and latents, averaged over the batch
    gradients(p, x, eps) to a dict, name to the gradient of that loss
x (B, D) holds pixels, 0 or 1; mu, logvar and z are (B, L); eps (B, L) is standard normal noise. Run as a program, the
file trains.
"""

import numpy as np


def init(data_dim=784, hidden=200, latent_dim=20, seed=0):
    rng = np.random.default_rng(seed)

    def weights(n_in, n_out):
        return rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)

    return {"W1": weights(data_dim, hidden), "b1": np.zeros(hidden),
            "W_mu": weights(hidden, latent_dim), "b_mu": np.zeros(latent_dim),
            "W_logvar": weights(hidden, latent_dim) * 0.1, "b_logvar": np.zeros(latent_dim),
            "W2": weights(latent_dim, hidden), "b2": np.zeros(hidden),
            "W3": weights(hidden, data_dim), "b3": np.zeros(data_dim)}


def hidden_layer(p, x):
    return np.maximum(x @ p["W1"] + p["b1"], 0)                                 # ReLU, (B, H)


def encode(p, x):
    h1 = hidden_layer(p, x)
    return h1 @ p["W_mu"] + p["b_mu"], h1 @ p["W_logvar"] + p["b_logvar"]


def sample(mu, logvar, eps):
    # logvar = log sigma^2, as in the KL: the standard deviation is its root, sigma = e^(logvar / 2)
    return mu + np.exp(logvar / 2) * eps


def sample_backward(dz, logvar, eps):
    """dz to dmu and dlogvar."""
    return dz, dz * np.exp(logvar / 2) * eps / 2


def kl_to_prior(mu, logvar):
    """KL of N(mu, sigma^2) from N(0, I), averaged over the batch."""
    return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar)) / len(mu)


def kl_backward(mu, logvar):
    return mu / len(mu), 0.5 * (np.exp(logvar) - 1) / len(mu)


def logits(p, z):
    h2 = np.maximum(z @ p["W2"] + p["b2"], 0)                                   # (B, H)
    return h2, h2 @ p["W3"] + p["b3"]


def decode(p, z):
    return 1 / (1 + np.exp(-logits(p, z)[1]))


def loss(p, x, eps):
    """The negative ELBO and its two parts; the cross-entropy from logits is log(1 + e^a) - x a."""
    mu, logvar = encode(p, x)
    a = logits(p, sample(mu, logvar, eps))[1]
    reconstruction = np.sum(np.logaddexp(0, a) - x * a) / len(x)
    kl = kl_to_prior(mu, logvar)
    return reconstruction + kl, reconstruction, kl


def gradients(p, x, eps):
    """Backpropagation by hand; dname is the gradient of the loss with respect to name."""
    h1, (mu, logvar) = hidden_layer(p, x), encode(p, x)
    z = sample(mu, logvar, eps)
    h2, a = logits(p, z)
    da = (1 / (1 + np.exp(-a)) - x) / len(x)
    dh2 = da @ p["W3"].T * (h2 > 0)
    dz = dh2 @ p["W2"].T
    dmu, dlogvar = (path + own for path, own in zip(sample_backward(dz, logvar, eps), kl_backward(mu, logvar)))
    dh1 = (dmu @ p["W_mu"].T + dlogvar @ p["W_logvar"].T) * (h1 > 0)
    return {"W1": x.T @ dh1, "b1": dh1.sum(axis=0), "W_mu": h1.T @ dmu, "b_mu": dmu.sum(axis=0),
            "W_logvar": h1.T @ dlogvar, "b_logvar": dlogvar.sum(axis=0),
            "W2": z.T @ dh2, "b2": dh2.sum(axis=0), "W3": h2.T @ da, "b3": da.sum(axis=0)}


def train(p, x, epochs=10, batch=100, rate=1e-3, seed=0):
    """Adam."""
    rng, latents = np.random.default_rng(seed), len(p["b_mu"])
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
