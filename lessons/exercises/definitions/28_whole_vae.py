"""The negative ELBO of a VAE with one hidden layer in the encoder. Lesson 16."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, D, H, L):
    return {"x": rng.random((B, D)), "eps": rng.standard_normal((B, L)), "V": rng.standard_normal((D, H)) / 2,
            "M": rng.standard_normal((H, L)), "S": rng.standard_normal((H, L)), "W": rng.standard_normal((L, D))}


def loss(x, eps, V, M, S, W):
    h = np.tanh(x @ V)
    mu, logvar = h @ M, h @ S
    a = (mu + np.exp(0.5 * logvar) * eps) @ W
    nll = np.sum(np.log(1 + np.exp(a)) - x * a, axis=1)
    return np.mean(nll + 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1))


class Steps:
    """Every intermediate and its gradient, with one thing wrong when asked for."""

    def __init__(self, x, eps, V, M, S, W, slope=False, p_slope=False, noise=True, kl=(1, 1, 1), sum_kl=False):
        B, self.x = len(x), x
        self.h = np.tanh(x @ V)
        self.mu, self.logvar = self.h @ M, self.h @ S
        sigma = np.exp(self.logvar / 2)
        z = self.mu + sigma * eps
        p = 1 / (1 + np.exp(-(z @ W)))
        self.da = da = (p - x) / B * (p * (1 - p) if p_slope else 1)
        self.dW, self.dz = z.T @ da, da @ W.T
        scale = 1 if sum_kl else 1 / B
        self.path_mu, self.kl_mu = self.dz, kl[0] * self.mu * scale
        self.path_logvar = self.dz * (eps if noise else 1) * sigma / 2
        self.kl_variance, self.kl_log = kl[1] * sigma**2 / 2 * scale, -kl[2] * np.ones_like(sigma) / 2 * scale
        self.M, self.S, self.slope = M, S, 1 if slope else 1 - self.h**2

    def to_v(self, dmu, dlogvar):
        return self.x.T @ ((dmu @ self.M.T + dlogvar @ self.S.T) * self.slope)

    def gradients(self):
        dmu, dlogvar = self.path_mu + self.kl_mu, self.path_logvar + self.kl_variance + self.kl_log
        return self.to_v(dmu, dlogvar), self.h.T @ dmu, self.h.T @ dlogvar, self.dW


def terms(**inputs):
    s = Steps(**inputs)
    zero, h = 0 * s.mu, s.h
    return {"dV": {"reconstruction path through mu": s.to_v(s.path_mu, zero),
                   "reconstruction path through logvar": s.to_v(zero, s.path_logvar),
                   "KL path through mu": s.to_v(s.kl_mu, zero),
                   "KL path through logvar": s.to_v(zero, s.kl_variance + s.kl_log)},
            "dM": {"reconstruction path": h.T @ s.path_mu, "KL path": h.T @ s.kl_mu},
            "dS": {"reconstruction path": h.T @ s.path_logvar, "KL, sigma^2 term": h.T @ s.kl_variance,
                   "KL, log sigma^2 term": h.T @ s.kl_log}}


def kl_forgotten(**inputs):
    """The KL's path is missing: only the reconstruction is followed back (lesson 16).

    Try: mu and logvar are in the KL too.
    """
    return Steps(**inputs, kl=(0, 0, 0)).gradients()


def kl_summed_over_the_batch(**inputs):
    """The KL lacks the 1/B of the mean over the batch (lesson 16). Try: the loss is a mean of both parts."""
    return Steps(**inputs, sum_kl=True).gradients()


def half_of_the_kl_lost(**inputs):
    """The 1/2 in front of the KL was lost on the way to logvar (lessons 14 and 16). Try: (exp(l) - l) / 2 by l."""
    return Steps(**inputs, kl=(1, 2, 2)).gradients()


def slope_of_the_hidden_layer_forgotten(**inputs):
    """The slope of tanh is missing on the way to V (lesson 04). Try: between h and x V stands tanh."""
    return Steps(**inputs, slope=True).gradients()


def slope_of_the_sigmoid_once_more(**inputs):
    """The slope p (1 - p) is multiplied in once more; it has cancelled already (lesson 13).

    Try: the derivative of R_b with respect to a, in one step.
    """
    return Steps(**inputs, p_slope=True).gradients()


def noise_forgotten(**inputs):
    """The noise eps is missing on the way to logvar (lesson 15). Try: dz/dsigma in z = mu + sigma eps."""
    return Steps(**inputs, noise=False).gradients()


def logvar_path_into_v_forgotten(**inputs):
    """dV comes through mu alone; h feeds logvar as well (lesson 16). Try: both heads send a gradient back to h."""
    s = Steps(**inputs)
    return (s.to_v(s.path_mu + s.kl_mu, 0 * s.mu), *s.gradients()[1:])


def mean_for_the_draw(**inputs):
    """dW is made with mu; the input of the decoder is the draw z (lessons 15 and 16). Try: what did W multiply?"""
    s = Steps(**inputs)
    return *s.gradients()[:3], s.mu.T @ s.da


def with_sum_then_divided(x, eps, V, M, S, W):
    h = np.tanh(x @ V)
    mu, logvar = h @ M, h @ S
    z = mu + np.exp(logvar / 2) * eps
    da = 1 / (1 + np.exp(-z @ W)) - x
    dz = da @ W.T
    dmu, dlogvar = dz + mu, 0.5 * (dz * (z - mu) + np.expm1(logvar))
    dV = x.T @ ((dmu @ M.T + dlogvar @ S.T) / np.cosh(x @ V)**2)
    return tuple(g / len(x) for g in (dV, h.T @ dmu, h.T @ dlogvar, z.T @ da))


def by_examples(x, eps, V, M, S, W):
    every = [with_sum_then_divided(x[b:b + 1], eps[b:b + 1], V, M, S, W) for b in range(len(x))]
    return [np.mean(g, axis=0) for g in zip(*every)]


EXERCISE = Exercise(
    lesson="16", difficulty=3, minutes=45, function="vae_backward", outputs=("dV", "dM", "dS", "dW"),
    sizes={"B": (7, 5), "D": (11, 13), "H": (5, 7), "L": (2, 3)}, inputs=inputs,
    truth=gradient(loss, "V", "M", "S", "W"), terms=terms,
    mistakes=(kl_forgotten, kl_summed_over_the_batch, half_of_the_kl_lost, slope_of_the_hidden_layer_forgotten,
              slope_of_the_sigmoid_once_more, noise_forgotten, logvar_path_into_v_forgotten, mean_for_the_draw),
    alternatives=(with_sum_then_divided, by_examples),
    hints=("First write the forward, a name for every line. Then go back, line by line, each name with its gradient.",
           "mu and logvar each have two paths; h feeds two heads. Where paths meet, gradients add.",
           "da = (p - x)/B; dz = da W^T; dmu = dz + mu/B; dlogvar = dz eps sigma/2 + (sigma^2 - 1)/(2B); "
           "dh = dmu M^T + dlogvar S^T; then the slope 1 - h^2. A matrix: its input transposed times its gradient."),
    library="vae.VAE.backward")
