"""Autoregressive models: p(x) as a product of conditionals, exact, from masked layers.

    p(x) = p(x_1) p(x_2 given x_1) ... p(x_D given x_1 .. x_D-1)          the chain rule of probability

    x --masked network--> for each d, numbers computed from x_1 .. x_d-1 only --> p(x_d given x_1 .. x_d-1)

FVBN: binary x, the fully visible belief network of the notes on VAE and AE (Neal 1992; Frey et al. 1996), with the
masks of MADE (Germain et al. 2015) when it has hidden layers. AutoregressiveMixture: continuous x (Uria et al. 2013).
"""

from typing import Any, NamedTuple

import numpy as np

from tinyvae import checks
from tinyvae.activations import ACTIVATIONS, sigmoid, softplus
from tinyvae.gaussian import LOG_2PI
from tinyvae.layers import Activation, Dense, Sequential
from tinyvae.parameters import Described
from tinyvae.softmax import log_softmax, log_sum_exp, softmax


ROWS = 1000              # examples evaluated at once: bounds the memory whatever N is


class MaskedDense(Dense):
    """y = x (M W) + b, M W taken entry by entry: input i reaches output j only where M_ij = 1. Germain et al. 2015.

    mask : M (n_in, n_out), 0 and 1 or False and True        the others as in Dense
    """

    def __init__(self, n_in, n_out, mask, rng, activation="linear", dtype=np.float32):
        super().__init__(n_in, n_out, rng, activation, dtype)
        mask = checks.float_array("mask", mask, columns=n_out)
        if len(mask) != n_in or not np.isin(mask, (0, 1)).all():
            raise ValueError(f"mask: got shape {mask.shape} with values from {mask.min():.6g} to {mask.max():.6g}, "
                             f"expected ({n_in}, {n_out}) of 0 and 1")
        self.mask = mask == 1                                                            # M (n_in, n_out)
        self.W *= self.mask                  # a masked entry is never used: let it be seen as 0

    def forward(self, x):
        """x (B, n_in) to y (B, n_out)."""
        if x.ndim != 2 or x.shape[1] != len(self.W):
            raise ValueError(f"x: got shape {x.shape}, expected (B, {len(self.W)})")
        self.x = x
        self.MW = self.mask * self.W                                                     # (n_in, n_out)
        y = x @ self.MW
        y += self.b
        return y

    def backward(self, dy, input_gradient=True):
        """dy (B, n_out) to dx (B, n_in), or None without input_gradient; fills dW, db."""
        # y_bj = sum_i x_bi M_ij W_ij + b_j
        np.matmul(self.x.T, dy, out=self.dW)      # dW_ij = M_ij sum_b x_bi dy_bj        (n_in, n_out)
        self.dW *= self.mask
        np.sum(dy, axis=0, out=self.db)           # db_j  = sum_b dy_bj                  (n_out,)
        if not input_gradient:
            return None
        return dy @ self.MW.T                     # dx_bi = sum_j dy_bj M_ij W_ij        (B, n_in)


def degrees(n, D):
    """How far each of n hidden units may look: m_k in 1 .. D-1, spread evenly. Germain et al. 2015.       (n,)"""
    # Unit k may depend on x_1 .. x_m_k. Degree D would be of no use: no output may look at x_D. D = 1 leaves degree 0.
    return 1 + np.arange(n) * (D - 1) // n if D > 1 else np.zeros(n, int)


def masked_network(D, hidden, outputs, activation, rng, dtype=np.float32):
    """A network from x (B, D) to outputs * D numbers; column p D + d depends on x_1 .. x_d-1 only (d = 1 .. D)."""
    layers, before = [], np.arange(1, D + 1)                                             # input d has degree d
    for width in hidden:
        here = degrees(width, D)
        layers += [MaskedDense(len(before), width, before[:, None] <= here, rng, activation, dtype),
                   Activation(activation)]
        before = here
    last = np.tile(np.arange(1, D + 1), outputs)
    layers.append(MaskedDense(len(before), len(last), before[:, None] < last, rng, "linear", dtype))
    return Sequential(*layers)


class Loss(NamedTuple):
    """The negative log-likelihood of a batch, nats per example, averaged over the batch: exact, no bound."""

    total: Any


class Autoregressive(Described):
    """What both models share. Subclasses give the conditional from the network's numbers h (B, outputs D):

    conditional_nll(x, h) -> (B, D), -log p(x_d given x_1 .. x_d-1)
    conditional_nll_backward(dnll, x, h) -> dh (B, outputs D), for dnll (B,), the same for every d
    draw(h, d, rng) -> (n,), column d of new examples
    """

    parts = ("network",)
    described_by = ("data_dim", "hidden", "activation")

    def __init__(self, data_dim, hidden, outputs, activation, seed, dtype):
        self.data_dim = checks.whole_number("data_dim", data_dim)
        self.hidden = checks.widths("hidden", hidden)
        checks.choice("activation", activation, ACTIVATIONS)
        self.activation = activation
        self.network = masked_network(self.data_dim, self.hidden, outputs, activation, checks.generator("seed", seed))
        self._backward_ready = False
        self.pack(dtype)

    def check(self, x, name="x"):
        """x as it is; a subclass refuses data that it cannot take."""
        return x

    def _data(self, x):
        self._backward_ready = False             # the layers keep the values of this pass, no longer those of a loss
        return self.check(checks.float_array("x", x, self.data_dim, self.dtype))

    def log_conditionals(self, x):
        """log p(x_d given x_1 .. x_d-1) of each number of each example.      x : (N, D)      returns : (N, D), nats"""
        x = self._data(x)
        chunks = [x[start:start + ROWS] for start in range(0, len(x), ROWS)]
        return np.concatenate([-self.conditional_nll(some, self.network.forward(some)) for some in chunks])

    def log_likelihood(self, x):
        """log p(x), exact: one run of the network, no samples.       x : (N, D)       returns : (N,), nats"""
        # log p(x) = sum_d log p(x_d given x_1 .. x_d-1)
        return np.sum(self.log_conditionals(x), axis=1)

    def sample(self, n, rng):
        """n new examples, number by number: D runs of the network. Ancestral sampling.

        rng : Generator or seed        returns : (n, D)
        """
        rng = checks.generator("rng", rng)
        x = np.zeros((checks.whole_number("n", n), self.data_dim), self.dtype)
        self._backward_ready = False
        for d in range(self.data_dim):
            # p(x_d given x_1 .. x_d-1) sees only columns that are drawn already; those still 0 are masked
            x[:, d] = self.draw(self.network.forward(x), d, rng)
        return x

    def loss(self, x):
        """The negative log-likelihood of a batch, in nats per example.       x : (B, D)       returns : Loss

        Raises ValueError or TypeError for a wrong shape, NaN, an empty batch, data that the model cannot take.
        """
        # L = -1/B sum_b sum_d log p(x_bd given x_b1 .. x_b,d-1)
        self.x = self._data(x)                                                           # (B, D)
        self.h = self.network.forward(self.x)                                            # (B, outputs D)
        self._backward_ready = True
        return Loss(np.mean(np.sum(self.conditional_nll(self.x, self.h), axis=1)))

    def backward(self):
        """Fill the gradients of the last loss: its steps in reverse order."""
        if not self._backward_ready:
            raise RuntimeError("backward: call loss(x) first, backward needs what it kept")
        B = len(self.x)
        mean = np.full(B, 1 / B, self.dtype)                                             # (B,)
        dh = self.conditional_nll_backward(mean, self.x, self.h)                         # (B, outputs D)
        self.network.backward(dh, input_gradient=False)


class FVBN(Autoregressive):
    """Binary x, each pixel given the earlier ones, in the order of the columns. Notes on VAE and AE, FVBN.

    p(x_d = 1 given x_1 .. x_d-1) = sigmoid(a_d)

    data_dim : D, numbers per example (784 for a 28x28 image)
    hidden : () gives logistic regressions, a_d = sum_{i<d} x_i W_id + b_d, the logistic belief network (Neal 1992);
        widths give masked hidden layers (Germain et al. 2015)
    activation : elu, relu, softplus, tanh, sigmoid or linear
    seed : initial weights        dtype : float32 to train, float64 to check gradients

    The pixels must be 0 or 1: train with fit(..., binarize=True).
    """

    def __init__(self, data_dim, hidden=(), *, activation="relu", seed=0, dtype=np.float32):
        super().__init__(data_dim, hidden, 1, activation, seed, dtype)

    def check(self, x, name="x"):
        """x unchanged, or a ValueError for pixels other than 0 and 1, of which this p(x) says nothing."""
        return checks.binary_values(name, x, "for an FVBN, which fit gives with binarize=True")

    def conditional_nll(self, x, a):
        """-log p(x_d given x_1 .. x_d-1) from logits a.       x, a : (B, D)       returns : (B, D)"""
        # -x log p - (1 - x) log(1 - p) = log(1 + e^a) - x a, as in tinyvae/likelihood.py
        return softplus(a) - x * a

    def conditional_nll_backward(self, dnll, x, a):
        """Upstream dnll (B,) to da (B, D)."""
        # d(-log p)/da = sigmoid(a) - x
        return dnll[:, None] * (sigmoid(a) - x)

    def probabilities(self, x):
        """p(x_d = 1 given x_1 .. x_d-1).       x : (N, D) of 0 and 1       returns : (N, D)"""
        return sigmoid(self.network.forward(self._data(x)))

    def draw(self, a, d, rng):
        """Pixel d of new examples: 1 with probability sigmoid(a_d)."""
        return rng.random(len(a)) < sigmoid(a[:, d])


class AutoregressiveMixture(Autoregressive):
    """Continuous x, each number given the earlier ones a mixture of Gaussians. Uria et al. 2013 (RNADE).

    p(x_d given x_1 .. x_d-1) = sum_k pi_dk N(x_d; m_dk, s_dk^2),   pi = softmax of logits

    data_dim : D        hidden : widths of masked hidden layers        components : K Gaussians for each number
    activation : elu, relu, softplus, tanh, sigmoid or linear
    seed : initial weights        dtype : float32 to train, float64 to check gradients

    The means start between -2 and 2, for data whose standard deviation is about 1.
    """

    described_by = (*Autoregressive.described_by, "components")

    def __init__(self, data_dim=2, hidden=(64,), components=8, *, activation="tanh", seed=0, dtype=np.float32):
        self.components = checks.whole_number("components", components)
        super().__init__(data_dim, hidden, 3 * self.components, activation, seed, dtype)
        # Components that start alike receive one gradient and stay alike: spread their means.
        bias = self.network.layers[-1].b.reshape(3, self.components, self.data_dim)
        bias[1] = np.linspace(-2, 2, self.components)[:, None] if self.components > 1 else 0

    def _log_terms(self, x, h):
        """log pi_k, log N(x_d; m_k, s_k^2) and u = (x_d - m_k) / s_k, each (B, K, D), and log s_k^2."""
        # in one row of h: K D logits, K D means, K D values of logvar = log s^2
        logits, m, logvar = np.moveaxis(h.reshape(len(h), 3, self.components, self.data_dim), 1, 0)   # (B, K, D) each
        log_pi = log_softmax(logits)
        u = (x[:, None, :] - m) * np.exp(-0.5 * logvar)
        log_normal = -0.5 * (LOG_2PI + logvar + u**2)
        return log_pi, log_normal, u, logvar

    def conditional_nll(self, x, h):
        """-log p(x_d given x_1 .. x_d-1).       x : (B, D)       h : (B, 3 K D)       returns : (B, D)"""
        # log p = log sum_k exp(log pi_k + log N_k)
        log_pi, log_normal, _, _ = self._log_terms(x, h)
        return -log_sum_exp(log_pi + log_normal)

    def conditional_nll_backward(self, dnll, x, h):
        """Upstream dnll (B,) to dh (B, 3 K D)."""
        log_pi, log_normal, u, logvar = self._log_terms(x, h)
        # r_k = pi_k N_k / sum_j pi_j N_j, the share that component k has in x_d
        r = softmax(log_pi + log_normal)                                                 # (B, K, D)
        # d(-log p)/dlogit_k = pi_k - r_k
        # d(-log p)/dm_k = -r_k (x - m_k) / s_k^2 = -r_k u_k / s_k
        # d(-log p)/dlogvar_k = r_k (1 - u_k^2) / 2
        dlogits, dm, dlogvar = np.exp(log_pi) - r, -r * u * np.exp(-0.5 * logvar), 0.5 * r * (1 - u**2)
        return dnll[:, None] * np.stack([dlogits, dm, dlogvar], axis=1).reshape(h.shape)

    def draw(self, h, d, rng):
        """Number d of new examples: a component k with probability pi_k, then m_k + s_k eps."""
        logits, m, logvar = np.moveaxis(h.reshape(len(h), 3, self.components, self.data_dim)[..., d], 1, 0)  # (n, K)
        up_to_k = np.cumsum(softmax(logits), axis=1)                                     # rising to 1, (n, K)
        k = np.sum(rng.random((len(h), 1)) * up_to_k[:, -1:] >= up_to_k, axis=1)         # (n,)
        rows = np.arange(len(h))
        return m[rows, k] + np.exp(0.5 * logvar[rows, k]) * rng.standard_normal(len(h))
