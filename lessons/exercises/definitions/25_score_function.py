"""f times the score of a Gaussian. Lesson 15."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient, of_term


def inputs(rng, B, L):
    return {"f": rng.standard_normal(B), "z": rng.standard_normal((B, L)), "mu": rng.standard_normal((B, L)),
            "logvar": rng.standard_normal((B, L))}


def loss(f, z, mu, logvar):
    log_q = -0.5 * np.sum(np.log(2 * np.pi) + logvar + (z - mu)**2 * np.exp(-logvar), axis=1)
    return np.sum(f * log_q)


def terms(f, z, mu, logvar):
    half = 0.5 * f[:, None] * np.ones_like(z)
    return {"dmu": {"z": f[:, None] * z * np.exp(-logvar), "mu": -f[:, None] * mu * np.exp(-logvar)},
            "dlogvar": {"squared distance": half * (z - mu)**2 * np.exp(-logvar), "constant of the density": -half}}


def right(f, z, mu, logvar):
    r, precision = z - mu, np.exp(-logvar)
    return f[:, None] * r * precision, f[:, None] * 0.5 * (r**2 * precision - 1)


def mu_minus_z(f, z, mu, logvar):
    """dmu has the wrong sign: mu - z (lesson 15). Try: log q rises when mu moves towards z."""
    dmu, dlogvar = right(f, z, mu, logvar)
    return -dmu, dlogvar


def not_divided_by_the_variance(f, z, mu, logvar):
    """dmu is not divided by sigma^2 (lesson 15). Try: what stands under the squared distance in log q?"""
    return f[:, None] * (z - mu), right(f, z, mu, logvar)[1]


def divided_by_sigma(f, z, mu, logvar):
    """dmu is divided by sigma, not by sigma^2: that is eps, not the score (lesson 15). Try: d log q/dmu in full."""
    return f[:, None] * (z - mu) * np.exp(-logvar / 2), right(f, z, mu, logvar)[1]


def pathwise(f, z, mu, logvar):
    """This is the slope of z along the path; here z is held fixed (lesson 15). Try: differentiate log q, not z."""
    sigma = np.exp(logvar / 2)
    return f[:, None] * np.ones_like(z), f[:, None] * (z - mu) / sigma * sigma / 2


@of_term("squared distance")
def distance_not_squared(f, z, mu, logvar):
    """In dlogvar the distance is not squared (lesson 15). Try: what does a derivative by logvar do to (z - mu)^2?"""
    return right(f, z, mu, logvar)[0], f[:, None] * 0.5 * ((z - mu) * np.exp(-logvar) - 1)


@of_term("squared distance")
def distance_over_sigma(f, z, mu, logvar):
    """In dlogvar the squared distance is divided by sigma, not sigma^2 (lesson 15).

    Try: what stands under it in log q?
    """
    return right(f, z, mu, logvar)[0], f[:, None] * 0.5 * ((z - mu)**2 * np.exp(-logvar / 2) - 1)


def with_respect_to_sigma(f, z, mu, logvar):
    """dlogvar is the gradient with respect to sigma, not log sigma^2 (lesson 15).

    Try: how does sigma move when logvar does?
    """
    sigma = np.exp(logvar / 2)
    return right(f, z, mu, logvar)[0], f[:, None] * ((z - mu)**2 / sigma**3 - 1 / sigma)


def with_respect_to_the_variance(f, z, mu, logvar):
    """dlogvar is the gradient with respect to sigma^2, not to its log (lesson 15). Try: the factor dsigma^2/dlogvar."""
    dmu, dlogvar = right(f, z, mu, logvar)
    return dmu, dlogvar * np.exp(-logvar)


def mean_over_the_draws(f, z, mu, logvar):
    """The mean over the examples was taken; each example keeps its row here (lesson 15). Try: the shape of mu."""
    return tuple(g.mean(axis=0) for g in right(f, z, mu, logvar))


def f_forgotten(f, z, mu, logvar):
    """f is missing: this is the score alone, whose mean is 0 (lesson 15).

    Try: each example's score is weighted by f_b.
    """
    return right(np.ones_like(f), z, mu, logvar)


def from_eps(f, z, mu, logvar):
    sigma = np.exp(logvar / 2)
    eps = (z - mu) / sigma
    return f[:, None] * eps / sigma, f[:, None] * (eps**2 - 1) / 2


def with_einsum(f, z, mu, logvar):
    return [np.einsum("b,bj->bj", f, score) for score in right(np.ones_like(f), z, mu, logvar)]


EXERCISE = Exercise(
    lesson="15", difficulty=3, minutes=20, function="score_function_gradient", outputs=("dmu", "dlogvar"),
    sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs, truth=gradient(loss, "mu", "logvar"), terms=terms,
    mistakes=(mu_minus_z, not_divided_by_the_variance, divided_by_sigma, pathwise, distance_not_squared,
              distance_over_sigma, with_respect_to_sigma, with_respect_to_the_variance, mean_over_the_draws,
              f_forgotten),
    alternatives=(from_eps, with_einsum),
    hints=("Write log q(z) out. z is a number now, not mu + sigma eps.",
           "1/sigma^2 = exp(-logvar) and log sigma^2 = logvar. The square brings a 2, which meets the 1/2.",
           "With eps = (z - mu)/sigma: d log q/dmu = eps/sigma, d log q/dlogvar = (eps^2 - 1)/2; both times f_b."),
    library="score_function.surrogate_backward")
