"""Bug hunt: a VAE for grey pictures in one class, Gaussian p(x given z), ReLU, Adam. Lesson 16.

One thing in this file was wrong, and is repaired. The checks need only this of it, the rest may look otherwise:
    VAE(data_dim, hidden, latent_dim, seed), with parameters, a dict of arrays that the checks write into
    encode(x) to mu, logvar        sample(mu, logvar, eps) to z        decode(z) to y, the mean of p(x given z)
    loss(x, eps) to loss, reconstruction, kl, in nats: the negative ELBO of lesson 16 and its two parts
    gradients(x, eps) to a dict, name to the gradient of that loss
p(x given z) = N(y, SIGMA0^2 I); x (B, D) are grey values; mu, logvar = log sigma^2 and z are (B, L); eps (B, L) is
standard normal noise. Run as a program, the file trains.
"""

import numpy as np

SIGMA0 = 0.3


class VAE:
    def __init__(self, data_dim=784, hidden=200, latent_dim=20, seed=0):
        rng = np.random.default_rng(seed)
        shapes = {"We": (data_dim, hidden), "Wm": (hidden, latent_dim), "Wv": (hidden, latent_dim),
                  "Wd": (latent_dim, hidden), "Wx": (hidden, data_dim)}
        self.parameters = {name: rng.standard_normal(shape) * np.sqrt(1 / shape[0]) for name, shape in shapes.items()}
        self.parameters.update({"b" + name[1]: np.zeros(shape[1]) for name, shape in shapes.items()})

    def encode(self, x):
        p = self.parameters
        self.he = np.maximum(0, x @ p["We"] + p["be"])
        return self.he @ p["Wm"] + p["bm"], self.he @ p["Wv"] + p["bv"]

    def sample(self, mu, logvar, eps):
        return mu + np.exp(logvar / 2) * eps

    def decode(self, z):
        p = self.parameters
        self.hd = np.maximum(0, z @ p["Wd"] + p["bd"])
        return self.hd @ p["Wx"] + p["bx"]

    def nll(self, x, y):
        """-log N(x; y, SIGMA0^2 I), averaged over the batch."""
        squares = np.sum((x - y)**2, axis=1) / (2 * SIGMA0**2)
        return np.mean(squares) + x.shape[1] * np.log(SIGMA0 * np.sqrt(2 * np.pi))

    def kl(self, mu, logvar):
        """KL(q(z given x), N(0, I)), averaged over the batch."""
        # the latents are independent, so their KLs add up: a sum over them, a mean over the examples alone
        return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar)) / len(mu)

    def kl_backward(self, mu, logvar):
        return mu / len(mu), (np.exp(logvar) - 1) / (2 * len(mu))

    def loss(self, x, eps):
        mu, logvar = self.encode(x)
        reconstruction = self.nll(x, self.decode(self.sample(mu, logvar, eps)))
        kl = self.kl(mu, logvar)
        return reconstruction + kl, reconstruction, kl

    def gradients(self, x, eps):
        p = self.parameters
        mu, logvar = self.encode(x)
        z = self.sample(mu, logvar, eps)
        y = self.decode(z)
        # reconstruction, down to z
        dy = (y - x) / (SIGMA0**2 * len(x))
        dhd = dy @ p["Wx"].T * (self.hd > 0)
        dz = dhd @ p["Wd"].T
        # z = mu + sigma eps, beside the KL
        dmu, dlogvar = self.kl_backward(mu, logvar)
        dmu = dmu + dz
        dlogvar = dlogvar + dz * np.exp(logvar / 2) * eps / 2
        dhe = (dmu @ p["Wm"].T + dlogvar @ p["Wv"].T) * (self.he > 0)
        return {"We": x.T @ dhe, "be": dhe.sum(0), "Wm": self.he.T @ dmu, "bm": dmu.sum(0),
                "Wv": self.he.T @ dlogvar, "bv": dlogvar.sum(0), "Wd": z.T @ dhd, "bd": dhd.sum(0),
                "Wx": self.hd.T @ dy, "bx": dy.sum(0)}


class Adam:
    def __init__(self, parameters, rate=1e-3):
        self.parameters, self.rate, self.t = parameters, rate, 0
        self.m, self.v = dict.fromkeys(parameters, 0.0), dict.fromkeys(parameters, 0.0)

    def step(self, grads):
        self.t += 1
        for name, g in grads.items():
            self.m[name] = 0.9 * self.m[name] + 0.1 * g
            self.v[name] = 0.999 * self.v[name] + 0.001 * g**2
            m, v = self.m[name] / (1 - 0.9**self.t), self.v[name] / (1 - 0.999**self.t)
            self.parameters[name] -= self.rate * m / (np.sqrt(v) + 1e-8)


def train(vae, x, epochs=10, batch=100, rate=1e-3, seed=0):
    rng, adam, latents = np.random.default_rng(seed), Adam(vae.parameters, rate), len(vae.parameters["bm"])
    for epoch in range(epochs):
        for rows in np.split(rng.permutation(len(x)), range(batch, len(x), batch)):
            adam.step(vae.gradients(x[rows], rng.standard_normal((len(rows), latents))))
        now = vae.loss(x, rng.standard_normal((len(x), latents)))
        print("epoch {}: loss {:.2f} = reconstruction {:.2f} + KL {:.2f}".format(epoch + 1, *now))


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    bars = np.repeat(rng.random((1000, 1, 8)), 8, axis=1) * (rng.random((1000, 1, 8)) < 0.3)
    train(VAE(64, 32, 4), bars.reshape(1000, 64))
