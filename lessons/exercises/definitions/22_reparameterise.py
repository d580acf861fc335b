"""z = mu + sigma eps, held against the quantiles of the Gaussian it should be drawn from. Lesson 15."""

import statistics

import numpy as np

from lessons.exercises.exercise import Exercise, of_term


def inputs(rng, B, L):
    names = ("mu", "logvar", "eps")
    return dict(zip(names, rng.standard_normal((3, B, L))))


def truth(mu, logvar, eps):
    """The number of N(mu, sigma^2) below which lies the same share of draws as below eps in N(0, 1)."""
    standard = statistics.NormalDist()
    z = [statistics.NormalDist(m, float(v)**0.5).inv_cdf(standard.cdf(e))
         for m, v, e in zip(mu.ravel(), np.exp(logvar).ravel(), eps.ravel())]
    return {"z": np.reshape(z, mu.shape)}


def terms(mu, logvar, eps):
    return {"z": {"mean": mu, "noise": np.exp(logvar / 2) * eps}}


@of_term("noise")
def variance_for_sigma(mu, logvar, eps):
    """exp(logvar) is the variance; the noise is multiplied by the standard deviation (lesson 15).

    Try: logvar = log sigma^2 = 2 log sigma; what is sigma?
    """
    return mu + np.exp(logvar) * eps


@of_term("noise")
def logvar_for_sigma(mu, logvar, eps):
    """logvar itself multiplies the noise, and it may be negative (lesson 15). Try: sigma from log sigma^2."""
    return mu + logvar * eps


@of_term("noise")
def half_of_logvar(mu, logvar, eps):
    """The number logvar / 2 is log sigma, not sigma (lesson 15). Try: which function undoes the log?"""
    return mu + logvar / 2 * eps


@of_term("noise")
def inverted(mu, logvar, eps):
    """The noise is divided by sigma where it is multiplied (lesson 15).

    Try: a wide q, a large sigma: how far from mu is z?
    """
    return mu + np.exp(-logvar / 2) * eps


@of_term("noise")
def noise_forgotten(mu, logvar, eps):
    """sigma is added without the noise: every draw would be the same (lesson 15). Try: where is the chance in z?"""
    return mu + np.exp(logvar / 2)


def root_of_logvar(mu, logvar, eps):
    """The root of logvar is NaN where logvar is negative (lesson 15). Try: undo the log first; what is left then?"""
    with np.errstate(invalid="ignore"):
        return mu + np.sqrt(logvar) * eps


@of_term("noise")
def one_noise_for_all(mu, logvar, eps):
    """The noise of the first example is used for all (lesson 15). Try: eps has a row for each example."""
    return mu + np.exp(logvar / 2) * eps[:1]


def noise_on_everything(mu, logvar, eps):
    """mu is multiplied by the noise as well (lesson 15). Try: at eps = 0, where should z be?"""
    return (mu + np.exp(logvar / 2)) * eps


def with_roots(mu, logvar, eps):
    return mu + np.sqrt(np.exp(logvar)) * eps


def with_loops(mu, logvar, eps):
    return [[m + np.exp(v / 2) * e for m, v, e in zip(*rows)] for rows in zip(mu, logvar, eps)]


EXERCISE = Exercise(
    lesson="15", difficulty=1, minutes=5, function="reparameterise", outputs=("z",),
    sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs, truth=truth, terms=terms,
    mistakes=(variance_for_sigma, logvar_for_sigma, half_of_logvar, inverted, noise_forgotten, root_of_logvar,
              one_noise_for_all, noise_on_everything),
    alternatives=(with_roots, with_loops),
    hints=("If eps has mean 0 and variance 1, what are the mean and the variance of a + b eps?",
           "The variance of b eps is b^2. It has to be sigma^2 = exp(logvar).",
           "z = mu + sigma eps, sigma = exp(logvar / 2)."),
    library="gaussian.reparameterise")
