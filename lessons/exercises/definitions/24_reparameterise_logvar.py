"""z = mu + sigma eps with respect to logvar. Lesson 15."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, L):
    names = ("dz", "mu", "logvar", "eps")
    return dict(zip(names, rng.standard_normal((4, B, L))))


def loss(dz, mu, logvar, eps):
    return np.sum(dz * (mu + np.exp(0.5 * logvar) * eps))


def terms(dz, mu, logvar, eps):
    return {}


def with_respect_to_sigma(dz, mu, logvar, eps):
    """This is the gradient with respect to sigma, not log sigma^2 (lesson 15).

    Try: how does sigma move when logvar does? Multiply by that.
    """
    return dz * eps


def half_lost(dz, mu, logvar, eps):
    """The 1/2 of sigma = exp(logvar / 2) was lost (lesson 15). Try: the inner derivative of logvar / 2."""
    return dz * eps * np.exp(logvar / 2)


def noise_forgotten(dz, mu, logvar, eps):
    """The noise eps is missing (lesson 15). Try: dz/dsigma in z = mu + sigma eps."""
    return dz * np.exp(logvar / 2) / 2


def variance_for_sigma(dz, mu, logvar, eps):
    """exp(logvar) is sigma^2; sigma belongs there (lesson 15). Try: d exp(logvar / 2)/dlogvar."""
    return dz * eps * np.exp(logvar) / 2


def sigma_forgotten(dz, mu, logvar, eps):
    """sigma is missing, only its 1/2 is there (lesson 15). Try: exp stays when it is differentiated."""
    return dz * eps / 2


def with_respect_to_the_variance(dz, mu, logvar, eps):
    """This is the gradient with respect to sigma^2, not its log (lesson 15).

    Try: how does sigma^2 move when its log does?
    """
    return dz * eps * np.exp(-logvar / 2) / 2


def z_for_noise(dz, mu, logvar, eps):
    """z stands where the noise eps belongs (lesson 15). Try: which factor does sigma have in z = mu + sigma eps?"""
    sigma = np.exp(logvar / 2)
    return dz * (mu + sigma * eps) * sigma / 2


def mean_left_in(dz, mu, logvar, eps):
    """z stands where sigma eps belongs: mu is still in it (lesson 15). Try: which part of z moves with sigma?"""
    return dz * (mu + np.exp(logvar / 2) * eps) / 2


def noise_drawn_again(dz, mu, logvar, eps):
    """The noise of another example is used: it must be the very eps of the forward (lesson 15).

    Try: keep eps, row for row.
    """
    return dz * np.roll(eps, 1, axis=0) * np.exp(logvar / 2) / 2


def from_z(dz, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return dz * (z - mu) / 2


def in_two_steps(dz, mu, logvar, eps):
    dsigma = dz * eps
    return dsigma * 0.5 * np.sqrt(np.exp(logvar))


EXERCISE = Exercise(
    lesson="15", difficulty=2, minutes=10, function="reparameterise_backward_logvar", outputs=("dlogvar",),
    sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs, truth=gradient(loss, "logvar"), terms=terms,
    mistakes=(with_respect_to_sigma, half_lost, noise_forgotten, variance_for_sigma, sigma_forgotten,
              with_respect_to_the_variance, z_for_noise, mean_left_in, noise_drawn_again),
    alternatives=(from_z, in_two_steps),
    hints=("Two steps: from z to sigma, from sigma to logvar.",
           "dz/dsigma = eps. And sigma = exp(logvar / 2): mind the inner derivative.",
           "dlogvar = dz eps sigma / 2, entry by entry."),
    library="gaussian.reparameterise_backward")
