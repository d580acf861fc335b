"""Optimisers: step(theta, g) changes the flat parameter vector theta in place, given the gradient g.

theta, g : (P,). The letters are those of the papers. One optimiser serves one model; its state travels in checkpoints.
"""

import numpy as np

from tinyvae import checks


class Optimizer:
    """settings : what it was made with        state : what it has gathered, a dict of arrays and numbers."""

    state_names = ()

    def __init__(self, lr, **others):
        self.lr = checks.positive("lr", lr)
        for name, value in others.items():
            setattr(self, name, value)
        self._setting_names = ("lr", *others)
        for name in self.state_names:
            setattr(self, name, None)

    @property
    def settings(self):
        return {"optimizer": type(self).__name__, **{name: getattr(self, name) for name in self._setting_names}}

    @property
    def state(self):
        return {name: getattr(self, name) for name in self.state_names if getattr(self, name) is not None}

    @state.setter
    def state(self, values):
        for name in self.state_names:
            setattr(self, name, values[name].copy() if name in values else None)

    def _zeros_like(self, theta, kept):
        if kept is None:
            return np.zeros_like(theta)
        if kept.shape != theta.shape:
            raise ValueError(f"theta: got {theta.size} parameters, but this optimiser has already served a model of "
                             f"{kept.size}; make a new optimiser for each model")
        return kept


def fraction(name, value):
    """value as a float in [0, 1)."""
    value = checks.positive(name, value, or_zero=True)
    if value >= 1:
        raise ValueError(f"{name}: got {value}, expected a number in [0, 1)")
    return value


class SGD(Optimizer):
    """theta <- theta - lr g."""

    def __init__(self, lr=0.01):
        super().__init__(lr)

    def step(self, theta, g):
        """theta, g (P,); changes theta."""
        theta -= self.lr * g


class Momentum(Optimizer):
    """v <- momentum v - lr g,  theta <- theta + v. Polyak 1964; Sutskever et al. 2013."""

    state_names = ("v",)

    def __init__(self, lr=0.01, momentum=0.9):
        super().__init__(lr, momentum=fraction("momentum", momentum))

    def step(self, theta, g):
        """theta, g (P,); changes theta."""
        self.v = self._zeros_like(theta, self.v)
        self.v *= self.momentum
        self.v -= self.lr * g
        theta += self.v


class Adam(Optimizer):
    """Kingma and Ba 2015, Algorithm 1."""

    state_names = ("t", "m", "v")
    # Twelve passes over vectors too long for the processor's cache wait for memory. Block by block the
    # temporaries stay in the cache; the numbers are the same. Measured: see python -m tests.benchmarks.
    block = 32768

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(lr, beta1=fraction("beta1", beta1), beta2=fraction("beta2", beta2),
                         eps=checks.positive("eps", eps))

    def step(self, theta, g):
        """theta, g (P,); changes theta."""
        self.t = np.int64(0 if self.t is None else self.t) + 1
        self.m, self.v = self._zeros_like(theta, self.m), self._zeros_like(theta, self.v)
        for start in range(0, theta.size, self.block):
            part = slice(start, start + self.block)
            self._update(theta[part], g[part], self.m[part], self.v[part])

    def _update(self, theta, g, m, v):
        # m <- beta1 m + (1 - beta1) g          v <- beta2 v + (1 - beta2) g^2
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g**2
        # m and v start at 0 and are too small at first; divided by c1 and c2 they are not:
        # theta <- theta - lr m_hat / (sqrt(v_hat) + eps),   m_hat = m / c1,   v_hat = v / c2
        c1, c2 = float(1 - self.beta1**self.t), float(1 - self.beta2**self.t)
        theta -= self.lr / c1 * m / (np.sqrt(v / c2) + self.eps)
