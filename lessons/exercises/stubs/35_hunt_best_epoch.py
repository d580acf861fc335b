"""Bug hunt: a VAE in one class, one matrix for both heads, the best epoch kept. Lesson 16.

One thing in this file is wrong, though it trains all the same. Find the fault and repair it. You may change whatever
you like; the checks need only this of the file:
    VAE(data_dim, hidden, latent_dim, seed), with parameters, a dict of arrays that the checks write into
    encode(x) to mu, logvar        sample(mu, logvar, eps) to z        decode(z) to y, the probabilities of the pixels
    loss(x, eps) to loss, reconstruction, kl, in nats: the negative ELBO of lesson 16 and its two parts
    gradients(x, eps) to a dict, name to the gradient of that loss
x (B, D) holds pixels, 0 or 1; mu, logvar = log sigma^2 and z are (B, L); eps (B, L) is standard normal noise. Run as a
program, the file trains.
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class VAE:
    def __init__(self, data_dim=784, hidden=200, latent_dim=20, seed=0):
        self.rng = np.random.default_rng(seed)
        self.L = latent_dim
        self.parameters = {}
        self.add_layer("enc", data_dim, hidden)
        self.add_layer("heads", hidden, 2 * latent_dim)                         # mu on the left, logvar on the right
        self.add_layer("dec", latent_dim, hidden)
        self.add_layer("out", hidden, data_dim)

    def add_layer(self, name, n_in, n_out):
        limit = np.sqrt(6 / (n_in + n_out))
        self.parameters["W_" + name] = self.rng.uniform(-limit, limit, (n_in, n_out))
        self.parameters["b_" + name] = np.zeros(n_out)

    def linear(self, name, x):
        return x @ self.parameters["W_" + name] + self.parameters["b_" + name]

    def encode(self, x):
        self.h_enc = np.tanh(self.linear("enc", x))
        out = self.linear("heads", self.h_enc)
        return out[:, :self.L], out[:, self.L:]

    def sample(self, mu, logvar, eps):
        return mu + np.exp(0.5 * logvar) * eps

    def decode(self, z):
        self.h_dec = np.tanh(self.linear("dec", z))
        return sigmoid(self.linear("out", self.h_dec))

    def forward(self, x, eps):
        self.x, self.eps = x, eps
        self.mu, self.logvar = self.encode(x)
        self.z = self.sample(self.mu, self.logvar, eps)
        self.y = self.decode(self.z)

    def loss(self, x, eps):
        """Binary cross-entropy plus KL."""
        self.forward(x, eps)
        y = np.clip(self.y, 1e-12, 1 - 1e-12)
        bce = -np.mean(x * np.log(y) + (1 - x) * np.log(1 - y))
        kld = -0.5 * np.mean(np.sum(1 + self.logvar - self.mu**2 - np.exp(self.logvar), axis=1))
        return bce + kld, bce, kld

    def gradients(self, x, eps):
        self.forward(x, eps)
        grads, B = {}, len(x)

        def layer_backward(name, inputs, d):
            grads["W_" + name] = inputs.T @ d
            grads["b_" + name] = np.sum(d, axis=0)
            return d @ self.parameters["W_" + name].T

        dh_dec = layer_backward("out", self.h_dec, (self.y - x) / B)
        dz = layer_backward("dec", self.z, dh_dec * (1 - self.h_dec**2))
        dmu = dz + self.mu / B
        dlogvar = 0.5 * dz * np.exp(0.5 * self.logvar) * eps + 0.5 * (np.exp(self.logvar) - 1) / B
        dh_enc = layer_backward("heads", self.h_enc, np.concatenate([dmu, dlogvar], axis=1))
        layer_backward("enc", x, dh_enc * (1 - self.h_enc**2))
        return grads


def train(vae, x, epochs=10, batch=100, rate=1e-3, seed=0):
    """Adam; a tenth of x is held out, and the parameters of the epoch with the lowest loss there are kept."""
    rng = np.random.default_rng(seed)
    held_out, x = x[:len(x) // 10], x[len(x) // 10:]
    m, v, t, best = dict.fromkeys(vae.parameters, 0.0), dict.fromkeys(vae.parameters, 0.0), 0, None
    for epoch in range(epochs):
        for rows in np.split(rng.permutation(len(x)), range(batch, len(x), batch)):
            t += 1
            for name, g in vae.gradients(x[rows], rng.standard_normal((len(rows), vae.L))).items():
                m[name] = 0.9 * m[name] + 0.1 * g
                v[name] = 0.999 * v[name] + 0.001 * g**2
                vae.parameters[name] -= rate * (m[name] / (1 - 0.9**t)) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
        loss, bce, kld = vae.loss(held_out, rng.standard_normal((len(held_out), vae.L)))
        if best is None or loss < best[0]:
            best = loss, epoch + 1, {name: array.copy() for name, array in vae.parameters.items()}
        print(f"epoch {epoch + 1}: held-out loss {loss:.2f} = cross-entropy {bce:.2f} + KL {kld:.2f}")
    print(f"keeping epoch {best[1]}")
    vae.parameters.update(best[2])


if __name__ == "__main__":
    bars = np.random.default_rng(1).random((1000, 1, 8)) < 0.3
    train(VAE(64, 32, 4), np.repeat(bars, 8, axis=1).reshape(1000, 64).astype(float))
