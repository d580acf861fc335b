"""z = mu + sigma eps with respect to mu. Lesson 15."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, L):
    names = ("dz", "mu", "logvar", "eps")
    return dict(zip(names, rng.standard_normal((4, B, L))))


def loss(dz, mu, logvar, eps):
    return np.sum(dz * (mu + np.exp(0.5 * logvar) * eps))


def terms(dz, mu, logvar, eps):
    return {}


def with_noise(dz, mu, logvar, eps):
    """The noise multiplies the gradient; it belongs to sigma, not to mu (lesson 15).

    Try: dz/dmu with eps held fixed.
    """
    return dz * eps


def with_sigma(dz, mu, logvar, eps):
    """sigma multiplies the gradient; it belongs to the noise, not to mu (lesson 15).

    Try: dz/dmu with eps held fixed.
    """
    return dz * np.exp(logvar / 2)


def path_cut(dz, mu, logvar, eps):
    """The gradient is 0, as if the draw cut the path (lesson 15). Try: if mu moves and eps stays, does z move?"""
    return 0 * dz


def with_mu(dz, mu, logvar, eps):
    """mu itself multiplies the gradient (lesson 15). Try: the derivative of mu by mu."""
    return dz * mu


def score_function(dz, mu, logvar, eps):
    """This is the score d log q/dmu = eps / sigma, of the other estimator (lesson 15).

    Try: follow z = mu + sigma eps.
    """
    return dz * eps * np.exp(-logvar / 2)


def summed_over_the_batch(dz, mu, logvar, eps):
    """The gradient is summed over the batch; every example has its own mu (lesson 15). Try: the shape of mu."""
    return dz.sum(axis=0)


def times_one(dz, mu, logvar, eps):
    return dz * np.ones_like(mu)


def as_a_matrix(dz, mu, logvar, eps):
    return dz @ np.eye(dz.shape[1])


EXERCISE = Exercise(
    lesson="15", difficulty=1, minutes=5, function="reparameterise_backward_mu", outputs=("dmu",),
    sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs, truth=gradient(loss, "mu"), terms=terms,
    mistakes=(with_noise, with_sigma, path_cut, with_mu, score_function, summed_over_the_batch),
    alternatives=(times_one, as_a_matrix),
    hints=("Hold sigma and eps fixed and move mu a little. How far does z move?",
           "As far as mu does. What does the chain rule make of a derivative of 1?",
           "dmu = dz."),
    library="gaussian.reparameterise_backward")
