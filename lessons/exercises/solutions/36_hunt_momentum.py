"""Bug hunt: a VAE in plain functions, tanh layers, SGD with momentum. Lesson 16.

One thing in this file was wrong, and is repaired. The checks need only this of it, the rest may look otherwise:
    init(data_dim, hidden, latent_dim, seed) to params, a dict of arrays that the checks write into
    encode(params, x) to mu, logvar    sample(mu, logvar, eps) to z    decode(params, z) to y, the pixels' probabilities
    loss(params, x, eps) to loss, reconstruction, kl, in nats: summed over pixels and latents, averaged over the batch
    gradients(params, x, eps) to a dict, name to the gradient of that loss
x (B, D) holds pixels, 0 or 1; mu, logvar = log sigma^2 and z are (B, L); eps (B, L) is standard normal noise. Run as a
program, the file trains.
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def tanh_prime(h):
    """The derivative of tanh, from its output."""
    return 1 - h * h


def init(data_dim=784, hidden=200, latent_dim=20, seed=0):
    rng = np.random.default_rng(seed)
    params = {}
    for name, n_in, n_out in (("hidden_in", data_dim, hidden), ("mu", hidden, latent_dim),
                              ("logvar", hidden, latent_dim), ("hidden_out", latent_dim, hidden),
                              ("pixels", hidden, data_dim)):
        params["w_" + name] = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_out))
        params["b_" + name] = np.zeros(n_out)
    return params


def dense(params, name, x):
    return x @ params["w_" + name] + params["b_" + name]


def encode(params, x):
    h = np.tanh(dense(params, "hidden_in", x))
    return dense(params, "mu", h), dense(params, "logvar", h)


def sample(mu, logvar, eps):
    return mu + np.exp(logvar / 2) * eps


def decode(params, z):
    return sigmoid(dense(params, "pixels", np.tanh(dense(params, "hidden_out", z))))


def loss(params, x, eps):
    """Cross-entropy of the pixels plus KL."""
    mu, logvar = encode(params, x)
    y = np.clip(decode(params, sample(mu, logvar, eps)), 1e-12, 1 - 1e-12)
    nll = -np.sum(x * np.log(y) + (1 - x) * np.log(1 - y), axis=1)              # (B,)
    kl = 0.5 * np.sum(mu * mu + np.exp(logvar) - logvar - 1, axis=1)            # (B,)
    return np.mean(nll + kl), np.mean(nll), np.mean(kl)


def gradients(params, x, eps):
    batch = len(x)
    # forward
    h_in = np.tanh(dense(params, "hidden_in", x))
    mu, logvar = dense(params, "mu", h_in), dense(params, "logvar", h_in)
    sigma = np.exp(logvar / 2)
    z = mu + sigma * eps
    h_out = np.tanh(dense(params, "hidden_out", z))
    y = sigmoid(dense(params, "pixels", h_out))
    # decoder, backward: the cross-entropy gives (y - x) / (y (1 - y)), the sigmoid y (1 - y); their product is y - x
    d_pixels = (y - x) / batch
    d_hidden_out = d_pixels @ params["w_pixels"].T * tanh_prime(h_out)
    d_z = d_hidden_out @ params["w_hidden_out"].T
    # encoder, backward
    d_mu = d_z + mu / batch
    d_logvar = d_z * 0.5 * sigma * eps + 0.5 * (sigma * sigma - 1) / batch
    d_h_in = d_mu @ params["w_mu"].T + d_logvar @ params["w_logvar"].T
    d_hidden_in = d_h_in * tanh_prime(h_in)
    grads = {}
    for name, inputs, d in (("pixels", h_out, d_pixels), ("hidden_out", z, d_hidden_out), ("mu", h_in, d_mu),
                            ("logvar", h_in, d_logvar), ("hidden_in", x, d_hidden_in)):
        grads["w_" + name], grads["b_" + name] = inputs.T @ d, d.sum(axis=0)
    return grads


def train(params, x, epochs=20, batch=100, rate=0.001, momentum=0.9, seed=0):
    """Stochastic gradient descent with momentum."""
    rng, latents = np.random.default_rng(seed), len(params["b_mu"])
    velocity = {name: np.zeros_like(array) for name, array in params.items()}
    for epoch in range(epochs):
        for rows in np.split(rng.permutation(len(x)), range(batch, len(x), batch)):
            grads = gradients(params, x[rows], rng.standard_normal((len(rows), latents)))
            for name in params:
                velocity[name] = momentum * velocity[name] - rate * grads[name]
                params[name] += velocity[name]
        now = loss(params, x, rng.standard_normal((len(x), latents)))
        print("epoch {}: loss {:.2f} = reconstruction {:.2f} + KL {:.2f}".format(epoch + 1, *now))


if __name__ == "__main__":
    bars = np.random.default_rng(1).random((1000, 1, 8)) < 0.3
    train(init(64, 32, 4), np.repeat(bars, 8, axis=1).reshape(1000, 64).astype(float))
