"""KL(N(mu1, s1^2), N(mu2, s2^2)) with respect to its four arguments. Lesson 14."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, L):
    names = ("mu1", "logvar1", "mu2", "logvar2")
    return {"dkl": rng.standard_normal(B), **{name: rng.standard_normal((B, L)) for name in names}}


def loss(dkl, mu1, logvar1, mu2, logvar2):
    inside = logvar2 - logvar1 + (np.exp(logvar1) + (mu1 - mu2)**2) * np.exp(-logvar2) - 1
    return np.sum(dkl * 0.5 * np.sum(inside, axis=1))


def terms(dkl, mu1, logvar1, mu2, logvar2):
    half, r = 0.5 * dkl[:, None] * np.ones_like(mu1), mu1 - mu2
    return {"dlogvar1": {"ratio of variances": half * np.exp(logvar1 - logvar2), "log s1^2 term": -half},
            "dlogvar2": {"log s2^2 term": half, "ratio of variances": -half * np.exp(logvar1 - logvar2),
                         "distance of the means": -half * r**2 * np.exp(-logvar2)}}


def right(dkl, mu1, logvar1, mu2, logvar2):
    r, ratio, precision, d = mu1 - mu2, np.exp(logvar1 - logvar2), np.exp(-logvar2), dkl[:, None]
    return d * r * precision, d * 0.5 * (ratio - 1), -d * r * precision, d * 0.5 * (1 - ratio - r**2 * precision)


def as_to_the_prior(dkl, mu1, logvar1, mu2, logvar2):
    """dlogvar1 is that of the KL to N(0, 1): s2 is missing (lesson 14). Try: s1^2 is divided by s2^2 in the KL."""
    dmu1, _, dmu2, dlogvar2 = right(dkl, mu1, logvar1, mu2, logvar2)
    return dmu1, dkl[:, None] * 0.5 * (np.exp(logvar1) - 1), dmu2, dlogvar2


def mean_without_precision(dkl, mu1, logvar1, mu2, logvar2):
    """dmu1 is not divided by s2^2 (lesson 14). Try: the distance of the means stands over s2^2."""
    _, dlogvar1, dmu2, dlogvar2 = right(dkl, mu1, logvar1, mu2, logvar2)
    return dkl[:, None] * (mu1 - mu2), dlogvar1, dmu2, dlogvar2


def first_variance_under_the_means(dkl, mu1, logvar1, mu2, logvar2):
    """dmu1 is divided by s1^2 where s2^2 belongs (lesson 14). Try: what stands under (mu1 - mu2)^2 in the KL?"""
    _, dlogvar1, dmu2, dlogvar2 = right(dkl, mu1, logvar1, mu2, logvar2)
    return dkl[:, None] * (mu1 - mu2) * np.exp(-logvar1), dlogvar1, dmu2, dlogvar2


def same_sign_for_both_means(dkl, mu1, logvar1, mu2, logvar2):
    """dmu2 has the sign of dmu1; mu2 enters as -mu2 (lesson 14). Try: d(mu1 - mu2)/dmu2."""
    dmu1, dlogvar1, _, dlogvar2 = right(dkl, mu1, logvar1, mu2, logvar2)
    return dmu1, dlogvar1, dmu1.copy(), dlogvar2


def distance_forgotten(dkl, mu1, logvar1, mu2, logvar2):
    """dlogvar2 forgets the distance of the means, which s2^2 divides too (lesson 14).

    Try: which terms of the KL hold logvar2? Count them.
    """
    dmu1, dlogvar1, dmu2, _ = right(dkl, mu1, logvar1, mu2, logvar2)
    return dmu1, dlogvar1, dmu2, -dlogvar1


def distance_not_squared(dkl, mu1, logvar1, mu2, logvar2):
    """In dlogvar2 the distance of the means stands without its square (lesson 14).

    Try: what does a derivative by logvar2 do to (mu1 - mu2)^2?
    """
    dmu1, dlogvar1, dmu2, _ = right(dkl, mu1, logvar1, mu2, logvar2)
    return dmu1, dlogvar1, dmu2, -dlogvar1 - 0.5 * dkl[:, None] * (mu1 - mu2) * np.exp(-logvar2)


def with_respect_to_the_variances(dkl, mu1, logvar1, mu2, logvar2):
    """This is the gradient with respect to the variance, not to its log (lesson 14).

    Try: the factor d s^2/d log s^2.
    """
    dmu1, dlogvar1, dmu2, dlogvar2 = right(dkl, mu1, logvar1, mu2, logvar2)
    return dmu1, dlogvar1 * np.exp(-logvar1), dmu2, dlogvar2 * np.exp(-logvar2)


def in_steps(dkl, mu1, logvar1, mu2, logvar2):
    v1, v2, d = np.exp(logvar1), np.exp(logvar2), dkl[:, None] / 2
    dv1, dv2 = d * (1 / v2 - 1 / v1), d * (1 / v2 - (v1 + (mu1 - mu2)**2) / v2**2)
    return 2 * d * (mu1 - mu2) / v2, dv1 * v1, 2 * d * (mu2 - mu1) / v2, dv2 * v2


def with_einsum(dkl, mu1, logvar1, mu2, logvar2):
    return [np.einsum("b,bj->bj", dkl, g) for g in right(np.ones_like(dkl), mu1, logvar1, mu2, logvar2)]


EXERCISE = Exercise(
    lesson="14", difficulty=3, minutes=25, function="kl_gaussians_backward",
    outputs=("dmu1", "dlogvar1", "dmu2", "dlogvar2"), sizes={"B": (7, 5), "L": (3, 11)}, inputs=inputs,
    truth=gradient(loss, "mu1", "logvar1", "mu2", "logvar2"), terms=terms,
    mistakes=(as_to_the_prior, mean_without_precision, first_variance_under_the_means, same_sign_for_both_means,
              distance_forgotten, distance_not_squared, with_respect_to_the_variances),
    alternatives=(in_steps, with_einsum),
    hints=("Write s1^2 = exp(logvar1) and 1/s2^2 = exp(-logvar2). Each array then stands in two or three places.",
           "logvar2 stands in log s2^2 and, as exp(-logvar2), under s1^2 and under the distance of the means.",
           "The KL's derivatives: (mu1 - mu2)/s2^2 by mu1, minus that by mu2, (s1^2/s2^2 - 1)/2 by logvar1, and "
           "(1 - (s1^2 + (mu1 - mu2)^2)/s2^2)/2 by logvar2. Row b is multiplied by dkl_b."),
    library="gaussian.kl_gaussians_backward")
