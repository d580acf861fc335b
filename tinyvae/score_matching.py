"""Denoising score matching over noise levels, and Langevin's walk, which turns a score into samples. Lecture p4-p6.

The score is the slope of the log density, s(x) = grad log p(x) (D numbers); p4 to p6 call the energy "score" as well.
Vincent 2011 (A connection between score matching and denoising autoencoders); Song and Ermon 2019 (Generative modeling
by estimating gradients of the data distribution).
"""

from typing import Any, NamedTuple

import numpy as np

from tinyvae import checks
from tinyvae.layers import mlp
from tinyvae.parameters import Described

SIGMAS = tuple(np.geomspace(3, 0.05, 10).tolist())      # each 0.63 of the one before


def denoising_score_matching(s, eps, sigma):
    """How far sigma s is from -eps, the noise that was added. Vincent 2011, section 4; Song and Ermon 2019, equation 5.

    s : (B, D), the score at x_noisy = x + sigma eps        eps : (B, D)        sigma : (B, 1)        returns : (B,)
    """
    # Wanted: s near the score of the noisy density q(x_noisy) = E_x[N(x_noisy; x, sigma^2 I)], which nobody knows:
    #   J = 1/2 E |s - grad log q|^2 = 1/2 E |s|^2 - E[s . grad log q] + const
    # q grad log q = grad q, the derivative goes under the mean over x, and grad N = N grad log N:
    #   E[s . grad log q] = int s . grad q dx_noisy = E_x int s . grad N dx_noisy = E[s . grad log N]
    # Completing the square:
    #   J = 1/2 E |s - grad log N|^2 + const,    grad log N = -(x_noisy - x) / sigma^2 = -eps / sigma
    # Times lambda(sigma) = sigma^2, so that all levels weigh about the same:
    #   sigma^2 J = 1/2 E |sigma s + eps|^2 + const
    return 0.5 * np.sum((sigma * s + eps)**2, axis=1)


def denoising_score_matching_backward(dloss, s, eps, sigma):
    """Upstream dloss (B,) to ds (B, D); eps and sigma are noise and get no gradient."""
    # d(1/2 |sigma s + eps|^2)/ds_j = sigma (sigma s_j + eps_j)
    return dloss[:, None] * sigma * (sigma * s + eps)


def langevin(score, x, step, steps, rng):
    """Langevin's walk: climb along the score, and be shaken. Lecture p6; Welling and Teh 2011.

    score : a function from x (n, D) to grad log p(x) (n, D)        x : (n, D), where the n walkers start
    step : its size, the square of a length (2 eta in the letters of lesson 02)        steps : how many, 0 for none
    rng : Generator or seed        returns : (n, D), where the walkers stand in the end

    The longer the walk and the smaller the step, the nearer are the walkers to p: a finite step leaves an error of
    order step. Raises ValueError or TypeError for bad input, FloatingPointError when the walkers leave for infinity.
    """
    x, step = checks.float_array("x", x), checks.positive("step", step)
    rng = checks.generator("rng", rng)
    with np.errstate(over="ignore", invalid="ignore"):
        for i in range(checks.whole_number("steps", steps, at_least=0)):
            xi = rng.standard_normal(x.shape).astype(x.dtype, copy=False)        # (n, D)
            # x' = x + step/2 s(x) + sqrt(step) xi,    xi ~ N(0, I)
            s = score(x)                                                         # (n, D)
            if np.shape(s) != x.shape:
                raise ValueError(f"score: returned shape {np.shape(s)}, expected {x.shape}, that of x")
            x = x + step / 2 * s + step**0.5 * xi
            if not np.isfinite(x).all():
                raise FloatingPointError(f"step: got {step:g}, and after {i + 1} steps a walker is at infinity; take a "
                                         "smaller step (stable where the score falls by less than 4 / step per length)")
    return x


def annealed_langevin(score, x, sigmas, steps, step, rng):
    """Langevin's walk at one noise level after the other, from wide to narrow. Song and Ermon 2019, algorithm 1.

    score : a function of x (n, D) and sigma (a number) to the score (n, D) of the density with noise sigma
    x : (n, D), where the walkers start        sigmas : the levels in the order of the walk
    steps : at each level        step : in units of sigma^2        rng : Generator or seed        returns : (n, D)
    """
    rng, step = checks.generator("rng", rng), checks.positive("step", step)
    for sigma in levels("sigmas", sigmas):
        # step_i = step sigma_i^2: a stride is the same share of the noise at every level
        x = langevin(lambda x, sigma=sigma: score(x, sigma), x, step * sigma**2, steps, rng)
    return x


def levels(name, value):
    """value as a tuple of positive numbers, from wide to narrow; else ValueError or TypeError."""
    if np.ndim(value) != 1 or len(value) == 0:
        raise TypeError(f"{name}: got {value!r}, expected a sequence of noise levels such as (3.0, 1.0, 0.3)")
    sigmas = tuple(checks.positive(name, sigma) for sigma in value)
    if any(wide <= narrow for wide, narrow in zip(sigmas, sigmas[1:])):
        raise ValueError(f"{name}: got {sigmas}, expected levels that fall, from wide to narrow; sort them")
    return sigmas


class Loss(NamedTuple):
    """The mean of denoising_score_matching over a batch. Even the true score leaves some: noise cannot be guessed."""

    total: Any


class ScoreModel(Described):
    """A network for the scores of the data at every noise level, trained by tinyvae.fit. Song and Ermon 2019.

    data_dim : D, numbers per example
    sigmas : the noise levels, standard deviations in the unit of x, from wide (as wide as the data) to narrow (the
        finest detail wanted: samples keep a noise of that size)
    hidden : widths of the hidden layers        activation : elu, relu, softplus, tanh, sigmoid or linear
    seed : initial weights        dtype : float32 to train, float64 to check gradients
    """

    parts = ("network",)
    described_by = ("data_dim", "sigmas", "hidden", "activation")

    def __init__(self, data_dim=2, sigmas=SIGMAS, hidden=(64, 64, 64), *,
                 activation="tanh", seed=0, dtype=np.float32):
        self.data_dim = checks.whole_number("data_dim", data_dim)
        self.sigmas = levels("sigmas", sigmas)
        self.hidden, self.activation = checks.widths("hidden", hidden), activation
        D = self.data_dim
        self.network = mlp((D + 1, *self.hidden, D), activation, checks.generator("seed", seed))
        self._backward_ready = False
        self.pack(dtype)

    def _score(self, x, sigma):
        self._backward_ready = False             # the layers keep the values of this pass, no longer those of a loss
        # s(x, sigma) = f(x, log sigma) / sigma: sigma s is to be like -eps, so f is asked for numbers of about size 1
        # at every level; and log sigma takes even steps from level to level
        f = self.network.forward(np.concatenate([x, np.log(sigma)], axis=1))     # (B, D)
        return f / sigma

    def score(self, x, sigma):
        """The learned grad log q(x) of the data with noise sigma.

        x : (B, D)        sigma : a number, or one for each row (B,)        returns : (B, D)
        """
        x = checks.float_array("x", x, self.data_dim, self.dtype)
        if np.ndim(sigma) == 0:
            sigma = np.full(len(x), checks.positive("sigma", sigma))
        sigma = checks.float_array("sigma", sigma, ndim=1)
        return self._score(x, self._sigma("sigma", sigma[:, None], x))               # a column, (B, 1)

    def _sigma(self, name, sigma, x):
        sigma = checks.float_array(name, sigma, 1, self.dtype)
        if len(sigma) != len(x):
            raise ValueError(f"{name}: got {len(sigma)} levels, expected {len(x)}, one for each row of x")
        if sigma.real.min() <= 0:
            raise ValueError(f"{name}: got {sigma.real.min():g}, expected noise levels > 0")
        return sigma

    def noise(self, rng, batch_size):
        """What loss needs, (batch_size, D + 1): eps from N(0, I), and in the last column one of the sigmas."""
        eps = rng.standard_normal((batch_size, self.data_dim), dtype=self.noise_dtype)
        sigma = rng.choice(self.sigmas, (batch_size, 1))
        return np.concatenate([eps, sigma], axis=1).astype(self.dtype, copy=False)

    def loss(self, x, noise):
        """Denoising score matching: x + sigma eps goes in, -eps / sigma is wanted.

        x : (B, D)        noise : (B, D + 1), columns eps and sigma, as self.noise draws them        returns : Loss
        Raises ValueError or TypeError for a wrong shape, NaN, an empty batch, a sigma that is not positive.
        """
        # L = 1/B sum_b 1/2 |sigma_b s(x_b + sigma_b eps_b, sigma_b) + eps_b|^2
        D = self.data_dim
        x = checks.float_array("x", x, D, self.dtype)
        noise = checks.float_array("noise", noise, D + 1, self.dtype)
        self.eps, self.sigma = noise[:, :D], self._sigma("noise", noise[:, D:], x)       # (B, D), (B, 1)
        self.s = self._score(x + self.sigma * self.eps, self.sigma)                      # (B, D)
        self._backward_ready = True
        return Loss(np.mean(denoising_score_matching(self.s, self.eps, self.sigma)))

    def backward(self):
        """Fill the gradients of the last loss: its steps in reverse order."""
        if not self._backward_ready:
            raise RuntimeError("backward: call loss(x, noise) first, backward needs what it kept")
        B = len(self.s)
        mean = np.full(B, 1 / B, self.dtype)                                     # d(mean over the batch)/d(each), (B,)
        ds = denoising_score_matching_backward(mean, self.s, self.eps, self.sigma)       # (B, D)
        df = ds / self.sigma                                                             # s = f / sigma
        self.network.backward(df, input_gradient=False)

    def sample(self, n, rng, *, steps=20, step=0.5):
        """n new examples: from N(0, sigma_1^2 I), annealed Langevin down the levels. Song and Ermon 2019, algorithm 1.

        rng : Generator or seed        steps : at each level        step : in units of sigma^2        returns : (n, D)
        """
        rng = checks.generator("rng", rng)
        x = self.sigmas[0] * rng.standard_normal((checks.whole_number("n", n), self.data_dim))
        return annealed_langevin(self.score, x.astype(self.dtype), self.sigmas, steps, step, rng)
