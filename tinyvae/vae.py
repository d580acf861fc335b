"""The variational autoencoder: encoder, reparameterisation, decoder, negative ELBO and its gradient. Lecture p21-p27.

    x --encoder--> (mu, logvar) --z = mu + sigma eps--> z --decoder--> p(x given z)
"""

from typing import Any, NamedTuple

import numpy as np

from tinyvae import checks, gaussian
from tinyvae.layers import mlp
from tinyvae.likelihood import make_likelihood
from tinyvae.parameters import Model


class Loss(NamedTuple):
    """The negative ELBO of a batch and its parts, nats per example, averaged over the batch.

    total = reconstruction + beta * kl. Numbers; kl_per_dimension is (L,) and sums to kl.
    """

    total: Any
    reconstruction: Any
    kl: Any
    kl_per_dimension: Any


class VAE(Model):
    """A VAE with multilayer perceptrons, trained by tinyvae.fit. Lecture p21-p24; Kingma and Welling 2014.

    data_dim : D, numbers per example (784 for a 28x28 image)
    hidden : widths of the encoder's hidden layers; the decoder has them in reverse. () gives the linear VAE
    latent_dim : L
    likelihood : "bernoulli", or "gaussian" with sigma0= and learn_sigma=, or an object of tinyvae.likelihood, of which
        the model keeps a copy: two models never share a sigma
    activation : elu, relu, softplus, tanh, sigmoid or linear; chooses the initialisation too
    beta : weight of the KL in the loss (1 for the ELBO)
    seed : initial weights        dtype : float32 to train, float64 to check gradients
    """

    parts = ("encoder", "decoder", "likelihood")

    def __init__(self, data_dim, hidden=(300, 300), latent_dim=10, likelihood="bernoulli", *, activation="elu",
                 beta=1.0, seed=0, dtype=np.float32, **likelihood_settings):
        self.data_dim = checks.whole_number("data_dim", data_dim)
        self.hidden = checks.widths("hidden", hidden)
        self.latent_dim = checks.whole_number("latent_dim", latent_dim)
        self.activation = activation
        self.beta = beta
        self.likelihood = make_likelihood(likelihood, **likelihood_settings)
        self.encoder, self.decoder = self._networks(checks.generator("seed", seed))
        self._backward_ready = False
        self.pack(dtype)

    def _networks(self, rng):
        D, L = self.data_dim, self.latent_dim
        encoder = mlp((D, *self.hidden, 2 * L), self.activation, rng)            # x (B, D) to [mu, logvar] (B, 2 L)
        decoder = mlp((L, *self.hidden[::-1], D), self.activation, rng)          # z (B, L) to x_hat or logits (B, D)
        return encoder, decoder

    @property
    def beta(self):
        """The weight of the KL; it may be changed between epochs."""
        return self._beta

    @beta.setter
    def beta(self, value):
        self._beta = checks.positive("beta", value, or_zero=True)

    def check(self, x, name="x"):
        """x as it is; ValueError when the likelihood has no such data, as a Bernoulli none outside [0, 1]."""
        return self.likelihood.check(x, name)

    def _data(self, x):
        return self.check(checks.float_array("x", x, self.data_dim, self.dtype))

    def _noise(self, eps, x):
        eps = checks.float_array("eps", eps, self.latent_dim, self.dtype)
        if len(eps) != len(x):
            raise ValueError(f"eps: got {len(eps)} rows, expected {len(x)}, one for each row of x")
        return eps

    def _encode(self, x):
        self._backward_ready = False             # the layers keep the values of this pass, no longer those of a loss
        h = self.encoder.forward(x)                                              # (B, 2 L)
        return h[:, :self.latent_dim], h[:, self.latent_dim:]

    def _decode(self, z):
        self._backward_ready = False
        return self.decoder.forward(z)                                           # (B, D)

    def _decode_backward(self, doutput):
        return self.decoder.backward(doutput)                                    # dz (B, L)

    def encode(self, x):
        """q(z given x) = N(mu, diag sigma^2). Lecture p20.

        x : (B, D)        returns : mu, logvar, each (B, L)
        """
        return self._encode(self._data(x))

    def decode(self, z):
        """The mean of p(x given z). Lecture p28.

        z : (B, L)        returns : (B, D), for a Bernoulli the probabilities that pixels are 1
        """
        z = checks.float_array("z", z, self.latent_dim, self.dtype)
        return self.likelihood.mean(self._decode(z))

    def reconstruct(self, x, eps=None):
        """x through encoder and decoder: from z = mu, or from z = mu + sigma eps when eps (B, L) is given. (B, D)"""
        mu, logvar = self.encode(x)
        return self.decode(mu if eps is None else gaussian.reparameterise(mu, logvar, self._noise(eps, mu)))

    def sample(self, n, rng, mean=True):
        """n new examples: z from N(0, I), then the mean of p(x given z); mean=False draws x from it. Lecture p28.

        rng : Generator or seed        returns : (n, D)
        """
        rng = checks.generator("rng", rng)
        z = self.noise(rng, checks.whole_number("n", n))
        output = self._decode(z)
        return self.likelihood.mean(output) if mean else self.likelihood.sample(output, rng)

    def noise(self, rng, batch_size):
        """The eps that loss needs, from N(0, I), (batch_size, L)."""
        eps = rng.standard_normal((batch_size, self.latent_dim), dtype=self.noise_dtype)
        return eps.astype(self.dtype, copy=False)

    def elbo(self, x, eps):
        """E_q[log p(x given z)] - KL(q || p(z)) for each example, with the one sample that eps gives. Lecture p19.

        x : (B, D)        eps : (B, L)        returns : (B,), nats
        """
        nll, kl = self._forward(x, eps)
        return -nll - np.sum(kl, axis=1)

    def _forward(self, x, eps):
        self._backward_ready = False
        self.x = self._data(x)                                                   # (B, D)
        self.eps = self._noise(eps, self.x)                                      # (B, L)
        self.mu, self.logvar = self._encode(self.x)                              # (B, L) each
        self.z = gaussian.reparameterise(self.mu, self.logvar, self.eps)         # (B, L)
        self.output = self._decode(self.z)                                       # (B, D)
        nll = self.likelihood.nll(self.x, self.output)                           # (B,)
        kl = gaussian.kl_per_dimension(self.mu, self.logvar)                     # (B, L)
        return nll, kl

    def loss(self, x, eps):
        """The negative ELBO of a batch, in nats per example. Lectures p22 and p27.

        x : (B, D)        eps : (B, L), noise from N(0, I)        returns : Loss

        Raises ValueError or TypeError for a wrong shape, NaN, an empty batch, pixels outside [0, 1] for a Bernoulli.
        """
        # L = 1/B sum_b ( -log p(x_b given z_b) + beta sum_j KL_bj )
        nll, kl = self._forward(x, eps)
        self._backward_ready = True
        reconstruction = np.mean(nll)
        kl_per_dimension = np.mean(kl, axis=0)                                   # (L,)
        kl = np.sum(kl_per_dimension)
        return Loss(reconstruction + self.beta * kl, reconstruction, kl, kl_per_dimension)

    def backward(self):
        """Fill the gradients of the last loss: its steps in reverse order. Lectures p25 and p26."""
        if not self._backward_ready:
            raise RuntimeError("backward: call loss(x, eps) first, backward needs what it kept")
        B = len(self.x)
        mean = np.full(B, 1 / B, self.dtype)                                     # d(mean over the batch)/d(each), (B,)
        # reconstruction path: -log p -> decoder -> z -> mu and logvar
        doutput = self.likelihood.nll_backward(mean, self.x, self.output)        # (B, D)
        dz = self._decode_backward(doutput)                                      # (B, L)
        dmu, dlogvar, _ = gaussian.reparameterise_backward(dz, self.mu, self.logvar, self.eps)
        # KL path: straight to mu and logvar
        dmu_kl, dlogvar_kl = gaussian.kl_standard_normal_backward(self.beta * mean, self.mu, self.logvar)
        # both paths meet in the encoder's head [mu, logvar]
        dh = np.concatenate([dmu + dmu_kl, dlogvar + dlogvar_kl], axis=1)        # (B, 2 L)
        self.encoder.backward(dh, input_gradient=False)

    @classmethod
    def from_header(cls, header):
        """The model that header describes, untrained."""
        sizes = {name: header[name] for name in ("data_dim", "hidden", "latent_dim", "activation", "beta", "dtype")}
        return cls(likelihood=header["likelihood"], **sizes, **header["likelihood_settings"])

    def header(self):
        """What a file must hold, besides the parameter vector, to build this model again."""
        return {"model": "VAE", "data_dim": self.data_dim, "hidden": self.hidden, "latent_dim": self.latent_dim,
                "likelihood": self.likelihood.name, "likelihood_settings": self.likelihood.settings,
                "activation": self.activation, "beta": self.beta, "dtype": self.dtype.name}
