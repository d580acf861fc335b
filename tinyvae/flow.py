"""A normalizing flow of affine couplings (RealNVP): an invertible network, whose density is exact. Lecture p4.

    x --coupling--> . --coupling--> ... --> z from N(0, I)         and back: z --inverse--> x

Dinh et al. 2017 (Density estimation using Real NVP). Lesson 02 has the same in one dimension: x = G(z).
"""

from typing import Any, NamedTuple

import numpy as np

from tinyvae import checks
from tinyvae.gaussian import LOG_2PI
from tinyvae.layers import mlp
from tinyvae.parameters import Described, Parametrised


ROWS = 1000              # examples evaluated at once: bounds the memory whatever N is


class AffineCoupling(Parametrised):
    """One half of x passes; the other is scaled and shifted by numbers computed from it. Dinh et al., section 3.2.

    data_dim : D >= 2; the halves have D // 2 and D - D // 2 numbers        hidden : widths of the network between them
    rng : Generator or seed        flip : False lets the first half pass, True the second
    alpha : bound of s: no coupling scales by more than exp(alpha)        dtype : float32 to train, float64 to check
    """

    def __init__(self, data_dim, hidden, rng, flip=False, activation="tanh", alpha=2.0, dtype=np.float32):
        data_dim = checks.whole_number("data_dim", data_dim, at_least=2)
        first, second = slice(0, data_dim // 2), slice(data_dim // 2, data_dim)
        self.a, self.b = (second, first) if flip else (first, second)            # where x_a and x_b stand in x
        self.D_a, self.D_b = (half.stop - half.start for half in (self.a, self.b))   # D_a + D_b = D
        self.alpha = alpha
        rng = checks.generator("rng", rng)
        self.network = mlp((self.D_a, *checks.widths("hidden", hidden), 2 * self.D_b), activation, rng, dtype)
        # Hidden biases are drawn: with 0 a tanh network is odd, s(-x_a) = -s(x_a). On data as symmetric as a ring such
        # an s gains nothing and has no gradient: a saddle, at which training stays a Gaussian, often to its end.
        for layer in self.network.layers[:-1:2]:
            layer.b[...] = rng.standard_normal(layer.b.shape)
        self.network.layers[-1].W[...] = 0       # s = t = 0: the coupling starts as y = x (Kingma and Dhariwal 2018)

    def leaves(self):
        yield from self.network.leaves()

    def _scale_and_shift(self, x_a):
        h = self.network.forward(x_a)                                            # (B, 2 D_b)
        # s = alpha tanh(h_s): smooth, and never beyond -alpha .. alpha
        self.tanh = np.tanh(h[:, :self.D_b])                                     # (B, D_b)
        return self.alpha * self.tanh, h[:, self.D_b:]                           # s, t, each (B, D_b)

    def forward(self, x):
        """x (B, D) to y (B, D) and log_det (B,), the log of |det dy/dx|."""
        # y_a = x_a        y_b = x_b exp(s(x_a)) + t(x_a)
        self.x_b = x[:, self.b]                                                  # (B, D_b)
        s, t = self._scale_and_shift(x[:, self.a])                               # (B, D_b) each
        self.exp_s = np.exp(s)
        y = np.empty(x.shape, t.dtype)
        y[:, self.a] = x[:, self.a]
        y[:, self.b] = self.x_b * self.exp_s + t
        # dy/dx = [[I, 0], [dy_b/dx_a, diag exp(s)]] is triangular: det = prod_j exp(s_j), log det = sum_j s_j
        return y, np.sum(s, axis=1)

    def backward(self, dy, dlog_det):
        """dy (B, D) and dlog_det (B,) to dx (B, D); fills the gradients of the network."""
        dy_a, dy_b = dy[:, self.a], dy[:, self.b]
        # y_b = x_b exp(s) + t
        dx_b = dy_b * self.exp_s                                                 # (B, D_b)
        dt = dy_b                                                                # (B, D_b)
        # s lies on two paths: y_b and log_det = sum_j s_j
        ds = dy_b * self.x_b * self.exp_s + dlog_det[:, None]                    # (B, D_b)
        # s = alpha tanh(h_s)
        dh_s = ds * self.alpha * (1 - self.tanh**2)                              # (B, D_b)
        # x_a lies on two paths: y_a = x_a and the network
        dx_a = dy_a + self.network.backward(np.concatenate([dh_s, dt], axis=1))  # (B, D_a)
        dx = np.empty_like(dy)
        dx[:, self.a], dx[:, self.b] = dx_a, dx_b
        return dx

    def inverse(self, y):
        """y (B, D) to the one x (B, D) with forward(x) = y. The network itself is never inverted."""
        # x_a = y_a        x_b = (y_b - t(y_a)) exp(-s(y_a))
        s, t = self._scale_and_shift(y[:, self.a])
        x = np.empty(y.shape, t.dtype)
        x[:, self.a] = y[:, self.a]
        x[:, self.b] = (y[:, self.b] - t) * np.exp(-s)
        return x


class Loss(NamedTuple):
    """The negative log-likelihood of a batch and its parts, nats per example: total = base - log_det.

    base = -log N(z; 0, I): how far from the origin z lies        log_det : how much the flow spreads x, as a logarithm
    """

    total: Any
    base: Any
    log_det: Any


class Flow(Described):
    """Affine couplings one after the other, trained by tinyvae.fit. Lecture p4; Dinh et al. 2017.

    data_dim : D >= 2, numbers per example        couplings : how many; the halves take turns, so give 2 or more
    hidden : widths of the hidden layers of each coupling's network
    activation : elu, relu, softplus, tanh, sigmoid or linear
    alpha : bound of s, the log of a coupling's scale
    seed : initial weights; the untrained flow is z = x        dtype : float32 to train, float64 to check gradients
    """

    described_by = ("data_dim", "couplings", "hidden", "activation", "alpha")

    def __init__(self, data_dim=2, couplings=6, hidden=(64, 64), *, activation="tanh", alpha=2.0, seed=0,
                 dtype=np.float32):
        self.data_dim = checks.whole_number("data_dim", data_dim, at_least=2)
        self.hidden = checks.widths("hidden", hidden)
        self.activation, self.alpha = activation, checks.positive("alpha", alpha)
        rng = checks.generator("seed", seed)
        self.couplings = checks.whole_number("couplings", couplings)
        self.chain = [AffineCoupling(self.data_dim, self.hidden, rng, bool(i % 2), activation, self.alpha)
                      for i in range(self.couplings)]
        self._backward_ready = False
        self.pack(dtype)

    def leaves(self):
        for i, coupling in enumerate(self.chain):
            for prefix, leaf in coupling.leaves():
                yield f"couplings.{i}.{prefix}", leaf

    def _transform(self, x):
        self._backward_ready = False             # the layers keep the values of this pass, no longer those of a loss
        z, log_det = x, np.zeros(len(x), self.dtype)
        for coupling in self.chain:
            # chain rule: the Jacobian is the product of those of the couplings, the log of its determinant their sum
            z, log_det_here = coupling.forward(z)
            log_det = log_det + log_det_here
        return z, log_det

    def transform(self, x):
        """x (B, D) to z (B, D) and log_det (B,), the log of |det dz/dx|."""
        return self._transform(checks.float_array("x", x, self.data_dim, self.dtype))

    def inverse(self, z):
        """z (B, D) to the one x (B, D) with transform(x) = z: the couplings backwards, each inverted."""
        self._backward_ready = False
        x = checks.float_array("z", z, self.data_dim, self.dtype)
        for coupling in self.chain[::-1]:
            x = coupling.inverse(x)
        return x

    def _log_parts(self, x):
        self.z, log_det = self.transform(x)                                      # (B, D), (B,)
        # log N(z; 0, I) = -1/2 sum_j (log 2 pi + z_j^2)
        return -0.5 * np.sum(LOG_2PI + self.z**2, axis=1), log_det

    def log_likelihood(self, x):
        """log p(x) in nats, exact: change of variables. Dinh et al., section 3.1.

        x : (B, D)        returns : (B,)
        """
        # p(x) = N(z; 0, I) |det dz/dx|,    log p(x) = log N(z; 0, I) + log_det, some rows at a time
        x = checks.float_array("x", x, self.data_dim, self.dtype)
        return np.concatenate([np.add(*self._log_parts(x[start:start + ROWS])) for start in range(0, len(x), ROWS)])

    def sample(self, n, rng):
        """n new examples: z from N(0, I), then the inverse.       rng : Generator or seed       returns : (n, D)"""
        shape = (checks.whole_number("n", n), self.data_dim)
        return self.inverse(checks.generator("rng", rng).standard_normal(shape, dtype=self.noise_dtype))

    def loss(self, x):
        """The negative log-likelihood of a batch, in nats per example.       x : (B, D)       returns : Loss

        Raises ValueError or TypeError for a wrong shape, NaN, an empty batch.
        """
        # L = 1/B sum_b -(log N(z_b; 0, I) + log_det_b)
        log_base, log_det = self._log_parts(x)
        self._backward_ready = True
        base, log_det = -np.mean(log_base), np.mean(log_det)
        return Loss(base - log_det, base, log_det)

    def backward(self):
        """Fill the gradients of the last loss: its steps in reverse order. Returns dx (B, D)."""
        if not self._backward_ready:
            raise RuntimeError("backward: call loss(x) first, backward needs what it kept")
        B = len(self.z)
        # L = 1/B sum_b (1/2 sum_j z_bj^2 - log_det_b) + constant
        dz = self.z / B                                                          # (B, D)
        dlog_det = np.full(B, -1 / B, self.dtype)                                # (B,), the same for each coupling's
        for coupling in self.chain[::-1]:
            dz = coupling.backward(dz, dlog_det)
        return dz                                                                # the first coupling's input is x
