"""KL(q(z given x), N(0, I)) with respect to logvar. Lesson 14."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient, of_term


def inputs(rng, B, L):
    return {"dkl": rng.standard_normal(B), "mu": rng.standard_normal((B, L)), "logvar": rng.standard_normal((B, L))}


def loss(dkl, mu, logvar):
    return np.sum(dkl * 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1))


def terms(dkl, mu, logvar):
    half = 0.5 * dkl[:, None]
    return {"dlogvar": {"sigma^2 term": half * np.exp(logvar), "log sigma^2 term": -half * np.ones_like(logvar)}}


def half_lost(dkl, mu, logvar):
    """The factor 1/2 in front of the KL was lost (lesson 14). Try: the derivative of (exp(l) - l) / 2 by l."""
    return dkl[:, None] * (np.exp(logvar) - 1)


def with_respect_to_sigma(dkl, mu, logvar):
    """This is the gradient with respect to sigma, not log sigma^2 (lesson 14).

    Try: how does sigma move when logvar does? Multiply by that.
    """
    sigma = np.exp(logvar / 2)
    return dkl[:, None] * (sigma - 1 / sigma)


def with_respect_to_variance(dkl, mu, logvar):
    """This is the gradient with respect to sigma^2, not log sigma^2 (lesson 14). Try: the factor d sigma^2/d logvar."""
    return dkl[:, None] * 0.5 * (1 - np.exp(-logvar))


@of_term("sigma^2 term")
def sigma_for_variance(dkl, mu, logvar):
    """exp(logvar / 2) is sigma; the KL holds sigma^2 (lesson 14). Try: logvar = log sigma^2; undo the log."""
    return dkl[:, None] * 0.5 * (np.exp(logvar / 2) - 1)


@of_term("sigma^2 term")
def variance_squared(dkl, mu, logvar):
    """exp(2 logvar) is sigma^4; the KL holds sigma^2 (lesson 14). Try: is logvar log sigma or log sigma^2?"""
    return dkl[:, None] * 0.5 * (np.exp(2 * logvar) - 1)


def upstream_forgotten(dkl, mu, logvar):
    """The upstream gradient dkl is missing (lesson 14). Try: row b belongs to example b; what moves with its KL?"""
    return 0.5 * (np.exp(logvar) - 1)


def mu_left_in(dkl, mu, logvar):
    """mu^2 does not depend on logvar, and has no gradient here (lesson 14). Try: which terms of the KL hold logvar?"""
    return dkl[:, None] * 0.5 * (mu**2 + np.exp(logvar) - 1)


@of_term("log sigma^2 term")
def logvar_left(dkl, mu, logvar):
    """logvar itself is left where its derivative belongs (lesson 14). Try: the derivative of l by l."""
    return dkl[:, None] * 0.5 * (np.exp(logvar) - logvar)


def with_expm1(dkl, mu, logvar):
    return dkl[:, None] * 0.5 * np.expm1(logvar)


def with_loops(dkl, mu, logvar):
    return np.array([[dkl[b] * (np.exp(logvar[b, j]) - 1) / 2 for j in range(logvar.shape[1])] for b in range(len(mu))])


EXERCISE = Exercise(
    lesson="14", difficulty=2, minutes=15, function="kl_backward_logvar", outputs=("dlogvar",),
    sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs, truth=gradient(loss, "logvar"), terms=terms,
    mistakes=(half_lost, with_respect_to_sigma, with_respect_to_variance, sigma_for_variance, variance_squared,
              upstream_forgotten, mu_left_in, logvar_left),
    alternatives=(with_expm1, with_loops),
    hints=("Write the KL with exp(logvar) in place of sigma^2: which of its terms hold logvar?",
           "d exp(l) / dl = exp(l), and d l / dl = 1. What stands in front of the bracket?",
           "dKL_b / dlogvar_bj = (sigma_bj^2 - 1) / 2; the chain rule multiplies row b by dkl_b."),
    library="gaussian.kl_standard_normal_backward")
