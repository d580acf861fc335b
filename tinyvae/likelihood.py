"""Likelihoods p(x given z): negative log-likelihood per example with its gradient, the mean, a sample.

x is data, and gets no gradient. The decoder's output, (B, D), is the mean x_hat of a Gaussian or the logits a of a
Bernoulli. Constants are included, so a value is a true negative log-likelihood in nats. Lecture p23.
"""

import copy

import numpy as np

from tinyvae import checks
from tinyvae.activations import sigmoid, softplus
from tinyvae.gaussian import LOG_2PI
from tinyvae.parameters import Parametrised


def gaussian_nll(x, x_hat, logvar):
    """-log N(x; x_hat, sigma^2 I), the L2 loss with its constant. Lecture p23.

    x, x_hat : (B, D)        logvar : (1,), log sigma^2, shared by all dimensions        returns : (B,) in nats
    """
    # -log p = |x - x_hat|^2 / (2 sigma^2) + D/2 log(2 pi sigma^2)
    D = x.shape[1]
    squared_distance = np.sum((x - x_hat)**2, axis=1)                                    # (B,)
    return squared_distance * np.exp(-logvar) / 2 + D / 2 * (LOG_2PI + logvar)


def gaussian_nll_backward(dnll, x, x_hat, logvar):
    """Upstream dnll (B,) to dx_hat (B, D) and dlogvar (1,)."""
    # d(-log p)/dx_hat = (x_hat - x) / sigma^2
    # d(-log p)/dlogvar = D/2 - |x - x_hat|^2 / (2 sigma^2), summed over the batch, which shares logvar
    D = x.shape[1]
    squared_distance = np.sum((x - x_hat)**2, axis=1)                                    # (B,)
    dx_hat = dnll[:, None] * (x_hat - x) * np.exp(-logvar)
    dlogvar = np.sum(dnll * (D / 2 - squared_distance * np.exp(-logvar) / 2), keepdims=True)
    return dx_hat, dlogvar


def bernoulli_nll(x, a):
    """-log of prod_d p_d^x_d (1 - p_d)^(1 - x_d) with p = sigmoid(a). Lecture p23, for binary pixels.

    x : (B, D) in [0, 1]        a : (B, D), logits        returns : (B,) in nats

    Grey pixels are allowed: the value is then the cross-entropy, no longer a log-probability of x.
    """
    # -x log p - (1 - x) log(1 - p) = log(1 + e^a) - x a, which never takes the log of a rounded p
    return np.sum(softplus(a) - x * a, axis=1)


def bernoulli_nll_backward(dnll, x, a):
    """Upstream dnll (B,) to da (B, D)."""
    # d(-log p)/da = sigmoid(a) - x
    return dnll[:, None] * (sigmoid(a) - x)


class Bernoulli(Parametrised):
    """Binary pixels from logits. x must lie in [0, 1]."""

    name = "bernoulli"
    setting_names = ()
    settings = {}

    def check(self, x, name="x"):
        """x unchanged, or a ValueError for pixels outside [0, 1]."""
        return checks.grey_values(name, x, "for a Bernoulli likelihood", ", or use likelihood='gaussian'")

    def nll(self, x, a):
        """x, a (B, D) to (B,), nats."""
        return bernoulli_nll(x, a)

    def nll_backward(self, dnll, x, a):
        """dnll (B,) to da (B, D)."""
        return bernoulli_nll_backward(dnll, x, a)

    def mean(self, a):
        """E[x given z] = sigmoid(a), (B, D)."""
        return sigmoid(a)

    def sample(self, a, rng):
        """Pixels 0 or 1, each 1 with probability sigmoid(a), (B, D)."""
        return (rng.random(a.shape) < sigmoid(a)).astype(a.dtype)


class Gaussian(Parametrised):
    """N(x_hat, sigma^2 I).

    sigma0 : standard deviation, in the units of x: fixed (p23), or where learning starts
    learn_sigma : True makes logvar = log sigma^2, one number for all pixels, a parameter with its own gradient
    """

    name = "gaussian"
    setting_names = ("sigma0", "learn_sigma")

    def __init__(self, sigma0=1.0, learn_sigma=False):
        self.settings = {"sigma0": checks.positive("sigma0", sigma0), "learn_sigma": bool(learn_sigma)}
        self.parameter_names = ("logvar",) if learn_sigma else ()
        self.logvar = np.array([2 * np.log(self.settings["sigma0"])])                     # (1,)
        self.dlogvar = np.zeros(1)

    @property
    def sigma(self):
        """The standard deviation as it stands, fixed or learned."""
        return float(np.exp(0.5 * self.logvar[0].real))

    def check(self, x, name="x"):
        """Any finite x will do."""
        return x

    def _logvar_for(self, x):
        # A fixed logvar is a float64 constant; float32 data must not turn into float64 for it.
        return self.logvar if self.parameter_names else self.logvar.astype(x.dtype)

    def nll(self, x, x_hat):
        """x, x_hat (B, D) to (B,), nats."""
        return gaussian_nll(x, x_hat, self._logvar_for(x_hat))

    def nll_backward(self, dnll, x, x_hat):
        """dnll (B,) to dx_hat (B, D); fills dlogvar when sigma is learned."""
        dx_hat, dlogvar = gaussian_nll_backward(dnll, x, x_hat, self._logvar_for(x_hat))
        if self.parameter_names:
            self.dlogvar[...] = dlogvar
        return dx_hat

    def mean(self, x_hat):
        """E[x given z] = x_hat, (B, D)."""
        return x_hat

    def sample(self, x_hat, rng):
        """x_hat + sigma eps, (B, D)."""
        return x_hat + (self.sigma * rng.standard_normal(x_hat.shape)).astype(x_hat.dtype)


LIKELIHOODS = {"bernoulli": Bernoulli, "gaussian": Gaussian}


def make_likelihood(likelihood, **settings):
    """A likelihood from its name and settings ("gaussian", sigma0=0.5), or a copy of the object given."""
    if isinstance(likelihood, tuple(LIKELIHOODS.values())):
        if settings:
            raise TypeError(f"likelihood: got an object and {', '.join(settings)} as well; give the settings to the "
                            "object")
        return copy.deepcopy(likelihood)
    kind = checks.choice("likelihood", likelihood, LIKELIHOODS)
    unknown = sorted(set(settings) - set(kind.setting_names))
    if unknown:
        raise TypeError(f"likelihood {likelihood!r}: got {', '.join(unknown)}, expected "
                        f"{', '.join(kind.setting_names) or 'no settings'}")
    return kind(**settings)
