"""The conditional VAE: encoder and decoder are told the label. Lecture p2; Sohn et al. 2015; Kingma et al. 2014.

    [x, c] --encoder--> (mu, logvar) --z = mu + sigma eps--> [z, c] --decoder--> p(x given z, y)

c (B, C) is the one-hot label, 1 in column y and 0 elsewhere. p(z) = N(0, I) for every label: y says which, z how.
The loss is the class-conditional bound, -log p(x given y) <= E_q[-log p(x given z, y)] + KL(q(z given x, y) || p(z)).
"""

import numpy as np

from tinyvae import checks, gaussian
from tinyvae.layers import mlp
from tinyvae.softmax import as_probabilities
from tinyvae.vae import VAE


class ConditionalVAE(VAE):
    """A VAE whose two networks have the one-hot label as further inputs, beside x and beside z. Lecture p2.

    classes : C, how many labels there are; the other arguments are those of tinyvae.VAE
    labels, wherever asked for : (B,) whole numbers 0 .. C-1, or (B, C) rows of probabilities: one-hot, or a blend such
        as half a 3 and half an 8
    Trained by tinyvae.fit(model, (x, labels)). For one label it is an ordinary VAE: given(label).
    """

    def __init__(self, data_dim, classes, hidden=(300, 300), latent_dim=10, likelihood="bernoulli", **settings):
        self.classes, self.c = checks.whole_number("classes", classes), None
        super().__init__(data_dim, hidden, latent_dim, likelihood, **settings)

    def _networks(self, rng):
        D, L, C = self.data_dim, self.latent_dim, self.classes
        encoder = mlp((D + C, *self.hidden, 2 * L), self.activation, rng)        # [x, c] to [mu, logvar] (B, 2 L)
        decoder = mlp((L + C, *self.hidden[::-1], D), self.activation, rng)      # [z, c] to x_hat or logits (B, D)
        return encoder, decoder

    def _beside(self, array):
        """[array, c], each row with its one-hot label behind it."""
        if self.c is None:
            self._label(None)
        if len(self.c) != len(array):
            raise ValueError(f"labels: got {len(self.c)} of them, expected {len(array)}, one for each example")
        return np.concatenate([array, self.c], axis=1)

    def _encode(self, x):
        return super()._encode(self._beside(x))

    def _decode(self, z):
        return super()._decode(self._beside(z))

    def _decode_backward(self, doutput):
        # d[z, c] = doutput W^T ... through the layers; its columns beyond z belong to c, which is data
        return super()._decode_backward(doutput)[:, :self.latent_dim]            # dz (B, L)

    def check_others(self, name, *others):
        """What fit is given beside x: the labels, once for all of them, so that training does not stop half way."""
        if len(others) != 1:
            raise TypeError(f"{name}: got {1 + len(others)} arrays, expected two, (x, labels); without labels use VAE")
        as_probabilities(others[0], (len(others[0]), self.classes), self.dtype, "labels")

    def _label(self, labels):
        self._backward_ready = False
        if np.ndim(labels) == 0:
            raise TypeError(f"labels: got {labels!r}, expected one label for each example, as np.full(len(x), 3); what "
                            "knows no labels takes model.given(3), a VAE")
        B = len(labels)
        self.c = as_probabilities(labels, (B, self.classes), self.dtype, "labels")       # (B, C), for this pass

    def encode(self, x, labels=None):
        """q(z given x, y) = N(mu, diag sigma^2): x (B, D) and labels to mu, logvar, each (B, L)."""
        self._label(labels)
        return super().encode(x)

    def decode(self, z, labels=None):
        """The mean of p(x given z, y): z (B, L) and labels to (B, D)."""
        self._label(labels)
        return super().decode(z)

    def reconstruct(self, x, labels, eps=None):
        """x through encoder and decoder, as VAE.reconstruct; a label that is not that of x asks "x, were it a y"."""
        mu, logvar = self.encode(x, labels)
        return self.decode(mu if eps is None else gaussian.reparameterise(mu, logvar, self._noise(eps, mu)), labels)

    def sample(self, labels, rng, mean=True):
        """One new example for each label: z from N(0, I), then the mean of p(x given z, y), or a draw from it.

        labels : (B,) or (B, C)        rng : Generator or seed        returns : (B, D)
        """
        self._label(labels)
        return super().sample(len(self.c), rng, mean)

    def elbo(self, x, labels, eps):
        """The class-conditional bound on log p(x given y), one number per example, with the one sample of eps.

        x : (B, D)        eps : (B, L)        returns : (B,), nats
        """
        self._label(labels)
        return super().elbo(x, eps)

    def loss(self, x, labels, eps):
        """The negative bound of a batch, in nats per example: as VAE.loss, with q and p given the label.

        x : (B, D)        eps : (B, L), noise from N(0, I)        returns : tinyvae.vae.Loss

        Raises ValueError or TypeError as VAE.loss does, and for labels that are none.
        """
        self._label(labels)
        return super().loss(x, eps)

    def given(self, label):
        """p(x given y = label) as a tinyvae.VAE: sample, reconstruct, log_likelihood, whatever takes a VAE takes it.

        A copy: what either learns later the other does not.        Raises ValueError or TypeError for no such label
        """
        # A label is a bias. W is W_x above W_c, the rows for x above one row for each class, and c picks one row:
        # [x, c] W + b  =  x W_x + c W_c + b  =  x W_x + (W_c[label] + b)
        label = checks.whole_number("label", label, at_least=0)
        if label >= self.classes:
            raise ValueError(f"label: got {label}, expected 0 to {self.classes - 1}")
        model = VAE(self.data_dim, self.hidden, self.latent_dim, self.likelihood, activation=self.activation,
                    beta=self.beta, dtype=self.dtype)
        first = {"encoder.0.W": self.data_dim, "decoder.0.W": self.latent_dim}
        for name, parameter in model.parameters.items():
            parameter[...] = self.parameters[name][:first.get(name)]             # W_x; the other parameters as they are
        for part, n in (("encoder", self.data_dim), ("decoder", self.latent_dim)):
            model.parameters[f"{part}.0.b"] += self.parameters[f"{part}.0.W"][n + label]         # W_c[label] + b
        return model

    @classmethod
    def from_header(cls, header):
        """The model that header describes, untrained."""
        sizes = {name: header[name] for name in
                 ("data_dim", "classes", "hidden", "latent_dim", "activation", "beta", "dtype")}
        return cls(likelihood=header["likelihood"], **sizes, **header["likelihood_settings"])

    def header(self):
        """What a file must hold, besides the parameter vector, to build this model again."""
        return {**super().header(), "model": "ConditionalVAE", "classes": self.classes}
