"""The closed form of the KL, against quadrature of q log(q/p). Lesson 14."""

import math

import numpy as np

from lessons.exercises.exercise import Exercise, of_term


def inputs(rng, B, L):
    return {"mu": rng.standard_normal((B, L)), "logvar": rng.standard_normal((B, L))}


def kl_by_quadrature(mu, logvar):
    """The integral of q(z) (log q(z) - log p(z)) for one dimension, by the trapezoid rule: exact to rounding here."""
    sigma = math.exp(logvar / 2)
    z = mu + sigma * np.linspace(-12, 12, 2001)
    log_q = -0.5 * ((z - mu) / sigma)**2 - math.log(sigma * math.sqrt(2 * math.pi))
    log_p = -0.5 * z**2 - math.log(math.sqrt(2 * math.pi))
    return float(np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0]))


def truth(mu, logvar):
    return {"kl": np.array([sum(kl_by_quadrature(m, v) for m, v in zip(*row)) for row in zip(mu, logvar)])}


def terms(mu, logvar):
    return {"kl": {"mu^2 term": np.sum(mu**2, axis=1) / 2, "sigma^2 term": np.sum(np.exp(logvar), axis=1) / 2,
                   "constant -1": np.full(len(mu), -mu.shape[1] / 2), "log sigma^2 term": -np.sum(logvar, axis=1) / 2}}


@of_term("sigma^2 term")
def sigma_for_variance(mu, logvar):
    """exp(logvar / 2) is sigma, and the KL holds sigma^2 (lesson 14). Try: logvar = log sigma^2."""
    return 0.5 * np.sum(mu**2 + np.exp(logvar / 2) - 1 - logvar, axis=1)


@of_term("mu^2 term")
def mu_not_squared(mu, logvar):
    """mu stands without its square (lesson 14). Try: E_q[z^2] = mu^2 + sigma^2."""
    return 0.5 * np.sum(mu + np.exp(logvar) - 1 - logvar, axis=1)


@of_term("log sigma^2 term")
def logvar_as_sigma(mu, logvar):
    """log sigma stands where log sigma^2 belongs (lesson 14). Try: log sigma^2 = 2 log sigma = logvar."""
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar / 2, axis=1)


@of_term("sigma^2 term")
def variance_squared(mu, logvar):
    """exp(2 logvar) is sigma^4, and the KL holds sigma^2 (lesson 14). Try: is logvar log sigma or log sigma^2?"""
    return 0.5 * np.sum(mu**2 + np.exp(2 * logvar) - 1 - logvar, axis=1)


def mean_over_dimensions(mu, logvar):
    """The KL is averaged over the latent dimensions; it is a sum (lesson 14).

    Try: independent dimensions add their KLs.
    """
    return 0.5 * np.mean(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)


def half_lost(mu, logvar):
    """The 1/2 in front of the bracket was lost (lesson 14). Try: where does log N(z; mu, sigma^2) have its 1/2?"""
    return np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)


@of_term("constant -1")
def one_per_example(mu, logvar):
    """The 1 is subtracted once for each example, not for each dimension (lesson 14).

    Try: does the -1 stand inside the sum over the dimensions?
    """
    return 0.5 * (np.sum(mu**2 + np.exp(logvar) - logvar, axis=1) - 1)


def summed_over_the_batch(mu, logvar):
    """The KL of the whole batch in one number; each example has its own (lesson 14).

    Try: which index does the result keep, and over which is summed?
    """
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar)


def summed_over_the_examples(mu, logvar):
    """The sum runs over the examples, not over the dimensions (lesson 14). Try: which axis of mu has length L?"""
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=0)


def reverse_kl(mu, logvar):
    """This is KL(p, q), with the two densities exchanged (lesson 14). Try: the expectation runs over q."""
    return 0.5 * np.sum((1 + mu**2) * np.exp(-logvar) - 1 + logvar, axis=1)


def with_expm1(mu, logvar):
    return (mu**2 + np.expm1(logvar) - logvar).sum(axis=1) / 2


def from_two_expectations(mu, logvar):
    sigma = np.exp(logvar / 2)
    log_q = -0.5 - np.log(sigma)
    log_p = -0.5 * (mu**2 + sigma**2)
    return (log_q - log_p).sum(-1)


EXERCISE = Exercise(
    lesson="14", difficulty=1, minutes=15, function="kl", outputs=("kl",), sizes={"B": (11, 7), "L": (3, 5)},
    inputs=inputs, truth=truth, terms=terms,
    mistakes=(sigma_for_variance, variance_squared, mu_not_squared, logvar_as_sigma, mean_over_dimensions, half_lost,
              one_per_example, summed_over_the_batch, summed_over_the_examples, reverse_kl),
    alternatives=(with_expm1, from_two_expectations),
    hints=("KL = E_q[log q(z)] - E_q[log p(z)]. Write both densities out; the constants with pi cancel.",
           "E_q[(z - mu)^2] = sigma^2 and E_q[z^2] = mu^2 + sigma^2, for each dimension.",
           "Half of the sum over the dimensions of mu^2 + sigma^2 - 1 - log sigma^2, with sigma^2 = exp(logvar)."),
    library="gaussian.kl_standard_normal")
