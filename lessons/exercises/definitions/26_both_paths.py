"""The gradient of the negative ELBO with respect to logvar: two paths. Lesson 16."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient, of_term


def inputs(rng, B, L):
    names = ("dz", "mu", "logvar", "eps")
    values = rng.standard_normal((4, B, L))
    return dict(zip(names, (values[0] / B, *values[1:])))


def loss(dz, mu, logvar, eps):
    kl = 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)
    return np.sum(dz * (mu + np.exp(0.5 * logvar) * eps)) + np.mean(kl)


def terms(dz, mu, logvar, eps):
    B = len(mu)
    return {"dlogvar": {"reconstruction path": dz * eps * np.exp(logvar / 2) / 2,
                        "KL, sigma^2 term": np.exp(logvar) / (2 * B),
                        "KL, log sigma^2 term": np.full(mu.shape, -0.5 / B)}}


def paths(dz, mu, logvar, eps):
    return dz * eps * np.exp(logvar / 2) / 2, 0.5 * (np.exp(logvar) - 1) / len(mu)


def reconstruction_path_forgotten(dz, mu, logvar, eps):
    """Only the KL's path is there (lesson 16). Try: logvar also decides how far the noise moves z."""
    return paths(dz, mu, logvar, eps)[1]


def kl_path_forgotten(dz, mu, logvar, eps):
    """Only the path through z is there (lesson 16). Try: the KL holds logvar directly."""
    return paths(dz, mu, logvar, eps)[0]


def kl_summed_over_the_batch(dz, mu, logvar, eps):
    """The KL lacks the 1/B of the mean over the batch; dz has it already (lesson 16).

    Try: what stands in front of the K_b?
    """
    through_z, from_kl = paths(dz, mu, logvar, eps)
    return through_z + len(mu) * from_kl


def one_over_b_twice(dz, mu, logvar, eps):
    """The path through z is divided by B once more; dz has its 1/B already (lesson 16).

    Try: what is dz the gradient of?
    """
    through_z, from_kl = paths(dz, mu, logvar, eps)
    return through_z / len(mu) + from_kl


def half_of_the_kl_lost(dz, mu, logvar, eps):
    """The 1/2 in front of the KL was lost (lessons 14 and 16). Try: the derivative of (exp(l) - l) / 2."""
    through_z, from_kl = paths(dz, mu, logvar, eps)
    return through_z + 2 * from_kl


@of_term("reconstruction path")
def noise_forgotten(dz, mu, logvar, eps):
    """The path through z lacks the noise eps (lessons 15 and 16). Try: dz/dsigma in z = mu + sigma eps."""
    return dz * np.exp(logvar / 2) / 2 + paths(dz, mu, logvar, eps)[1]


@of_term("reconstruction path")
def sigma_forgotten(dz, mu, logvar, eps):
    """The path through z stops at log sigma: sigma is missing (lessons 15 and 16). Try: d exp(l / 2)/dl."""
    return dz * eps / 2 + paths(dz, mu, logvar, eps)[1]


@of_term("reconstruction path")
def with_respect_to_sigma(dz, mu, logvar, eps):
    """The path through z ends at sigma, not at log sigma^2 (lessons 15 and 16).

    Try: how does sigma move when logvar does?
    """
    return dz * eps + paths(dz, mu, logvar, eps)[1]


@of_term("reconstruction path")
def variance_for_sigma(dz, mu, logvar, eps):
    """In the path through z stands sigma^2 where sigma belongs (lessons 15 and 16). Try: sigma = exp(logvar / 2)."""
    return dz * eps * np.exp(logvar) / 2 + paths(dz, mu, logvar, eps)[1]


@of_term("KL, sigma^2 term")
def kl_with_sigma(dz, mu, logvar, eps):
    """In the KL stands sigma where sigma^2 belongs (lessons 14 and 16). Try: sigma^2 = exp(logvar)."""
    return paths(dz, mu, logvar, eps)[0] + 0.5 * (np.exp(logvar / 2) - 1) / len(mu)


def variance_for_sigma_everywhere(dz, mu, logvar, eps):
    """exp(logvar) was taken for sigma in both paths (lessons 14 to 16). Try: logvar = log sigma^2; what is sigma?"""
    sigma = np.exp(logvar)
    return dz * eps * sigma / 2 + 0.5 * (sigma**2 - 1) / len(mu)


def through_sigma(dz, mu, logvar, eps):
    sigma = np.exp(logvar / 2)
    dsigma = dz * eps + (sigma - 1 / sigma) / len(mu)
    return dsigma * sigma / 2


def from_z(dz, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return 0.5 * (dz * (z - mu) + np.expm1(logvar) / len(z))


EXERCISE = Exercise(
    lesson="16", difficulty=3, minutes=20, function="both_paths", outputs=("dlogvar",),
    sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs, truth=gradient(loss, "logvar"), terms=terms,
    mistakes=(reconstruction_path_forgotten, kl_path_forgotten, kl_summed_over_the_batch, one_over_b_twice,
              half_of_the_kl_lost, noise_forgotten, sigma_forgotten, with_respect_to_sigma, variance_for_sigma,
              variance_for_sigma_everywhere, kl_with_sigma),
    alternatives=(through_sigma, from_z),
    hints=("Draw the graph: from logvar one arrow goes to sigma and z, another to the KL. Their gradients add.",
           "Through z: lesson 15. Into the KL: lesson 14; the loss is a mean of the K_b; dz has the 1/B already.",
           "dz eps sigma / 2 + (sigma^2 - 1) / (2 B)."),
    library="vae.VAE.backward")
