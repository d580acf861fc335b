"""KL(q(z given x), N(0, I)) with respect to mu. Lesson 14."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, L):
    return {"dkl": rng.standard_normal(B), "mu": rng.standard_normal((B, L)), "logvar": rng.standard_normal((B, L))}


def loss(dkl, mu, logvar):
    return np.sum(dkl * 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1))


def terms(dkl, mu, logvar):
    return {}


def half_left(dkl, mu, logvar):
    """The 1/2 is still there, but the square brings a 2 (lesson 14). Try: d(mu^2 / 2) / dmu."""
    return dkl[:, None] * mu / 2


def two_without_half(dkl, mu, logvar):
    """The 2 of the square is there, but the 1/2 in front of the KL is gone (lesson 14). Try: d(mu^2 / 2) / dmu."""
    return dkl[:, None] * 2 * mu


def divided_by_variance(dkl, mu, logvar):
    """mu is divided by sigma^2, as in log q; the prior has variance 1 (lesson 14).

    Try: which density holds mu^2 alone?
    """
    return dkl[:, None] * mu * np.exp(-logvar)


def upstream_forgotten(dkl, mu, logvar):
    """The upstream gradient dkl is missing (lesson 14). Try: row b belongs to example b; what moves with its KL?"""
    return mu.copy()


def square_left(dkl, mu, logvar):
    """The square is still there: this is a term of the KL, not its derivative (lesson 14). Try: d(mu^2)/dmu."""
    return dkl[:, None] * 0.5 * mu**2


def summed_over_dimensions(dkl, mu, logvar):
    """The gradient is summed over the dimensions; each mu_bj has its own (lesson 14).

    Try: the shape of mu is (B, L).
    """
    return (dkl[:, None] * mu).sum(axis=1)


def with_einsum(dkl, mu, logvar):
    return np.einsum("b,bj->bj", dkl, mu)


def with_loops(dkl, mu, logvar):
    return [[d * m for m in row] for d, row in zip(dkl, mu)]


def as_matrices(dkl, mu, logvar):
    return np.diag(dkl) @ mu


EXERCISE = Exercise(
    lesson="14", difficulty=1, minutes=5, function="kl_backward_mu", outputs=("dmu",),
    sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs, truth=gradient(loss, "mu"), terms=terms,
    mistakes=(half_left, two_without_half, divided_by_variance, upstream_forgotten, square_left,
              summed_over_dimensions),
    alternatives=(with_einsum, with_loops, as_matrices),
    hints=("Which of the four terms of the KL hold mu?", "d(mu^2 / 2) / dmu: what becomes of the 1/2?",
           "dKL_b / dmu_bj = mu_bj; the chain rule multiplies row b by dkl_b."),
    library="gaussian.kl_standard_normal_backward")
