"""KL(q(z given x), N(0, I)) with respect to sigma. Lesson 14."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient, of_term


def inputs(rng, B, L):
    return {"dkl": rng.standard_normal(B), "mu": rng.standard_normal((B, L)),
            "sigma": np.exp(0.5 * rng.standard_normal((B, L)))}


def loss(dkl, mu, sigma):
    return np.sum(dkl * 0.5 * np.sum(mu**2 + sigma**2 - 1 - np.log(sigma**2), axis=1))


def terms(dkl, mu, sigma):
    return {"dsigma": {"sigma^2 term": dkl[:, None] * sigma, "log sigma^2 term": -dkl[:, None] / sigma}}


def with_respect_to_logvar(dkl, mu, sigma):
    """This is the gradient with respect to log sigma^2, not sigma (lesson 14).

    Try: the factor d(log sigma^2)/dsigma.
    """
    return dkl[:, None] * 0.5 * (sigma**2 - 1)


def with_respect_to_variance(dkl, mu, sigma):
    """This is the gradient with respect to sigma^2, not sigma (lesson 14).

    Try: the factor d sigma^2/dsigma.
    """
    return dkl[:, None] * 0.5 * (1 - 1 / sigma**2)


def with_respect_to_log_sigma(dkl, mu, sigma):
    """This is the gradient with respect to log sigma, not sigma (lesson 14). Try: the factor d log sigma/dsigma."""
    return dkl[:, None] * (sigma**2 - 1)


@of_term("log sigma^2 term")
def log_of_sigma_squared(dkl, mu, sigma):
    """1/sigma^2 is the derivative of log sigma^2 by sigma^2; the way to sigma is missing (lesson 14).

    Try: log sigma^2 = 2 log sigma.
    """
    return dkl[:, None] * (sigma - 1 / sigma**2)


@of_term("log sigma^2 term")
def log_term_is_constant(dkl, mu, sigma):
    """A constant 1 stands where 1/sigma belongs (lesson 14). Try: d(log sigma)/dsigma."""
    return dkl[:, None] * (sigma - 1)


def upstream_forgotten(dkl, mu, sigma):
    """The upstream gradient dkl is missing (lesson 14). Try: row b belongs to example b; what moves with its KL?"""
    return sigma - 1 / sigma


def mu_left_in(dkl, mu, sigma):
    """mu^2 does not depend on sigma, and has no gradient here (lesson 14). Try: which terms of the KL hold sigma?"""
    return dkl[:, None] * (mu**2 / 2 + sigma - 1 / sigma)


def one_fraction(dkl, mu, sigma):
    return dkl[:, None] * (sigma**2 - 1) / sigma


def through_logvar(dkl, mu, sigma):
    dlogvar = dkl[:, None] * 0.5 * (sigma**2 - 1)
    return dlogvar * 2 / sigma


EXERCISE = Exercise(
    lesson="14", difficulty=2, minutes=10, function="kl_backward_sigma", outputs=("dsigma",),
    sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs, truth=gradient(loss, "sigma"), terms=terms,
    mistakes=(with_respect_to_logvar, with_respect_to_variance, with_respect_to_log_sigma, log_of_sigma_squared,
              log_term_is_constant, upstream_forgotten, mu_left_in),
    alternatives=(one_fraction, through_logvar),
    hints=("Two of the four terms hold sigma. log sigma^2 = 2 log sigma.",
           "d(sigma^2)/dsigma = 2 sigma and d(2 log sigma)/dsigma = 2/sigma; both are halved.",
           "dKL_b / dsigma_bj = sigma_bj - 1/sigma_bj: zero where sigma = 1. Row b is multiplied by dkl_b."))
