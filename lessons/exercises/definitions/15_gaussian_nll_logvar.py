"""-log N(x; x_hat, sigma^2 I) with respect to log sigma^2. Lesson 13."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient, of_term


def inputs(rng, B, D):
    return {"dnll": rng.standard_normal(B), "x": rng.standard_normal((B, D)), "x_hat": rng.standard_normal((B, D)),
            "logvar": rng.standard_normal(1)}


def loss(dnll, x, x_hat, logvar):
    squares = np.sum((x - x_hat)**2, axis=1)
    return np.sum(dnll * (squares * np.exp(-logvar) / 2 + x.shape[1] / 2 * (np.log(2 * np.pi) + logvar)))


def squares_of(dnll, x, x_hat):
    return np.sum(dnll * np.sum((x - x_hat)**2, axis=1))


def terms(dnll, x, x_hat, logvar):
    return {"dlogvar": {"squared distance": -squares_of(dnll, x, x_hat) * np.exp(-logvar) / 2,
                        "constant of the density": np.array([x.shape[1] / 2 * np.sum(dnll)])}}


def with_respect_to_sigma(**inputs):
    """This is the gradient with respect to sigma, not log sigma^2 (lesson 13). Try: 1/sigma^2 = exp(-logvar)."""
    return 2 * whole(**inputs) * np.exp(-inputs["logvar"] / 2)


def with_respect_to_the_variance(**inputs):
    """This is the gradient with respect to sigma^2, not log sigma^2 (lesson 13). Try: 1/sigma^2 = exp(-logvar)."""
    return whole(**inputs) * np.exp(-inputs["logvar"])


@of_term("squared distance")
def variance_not_inverted(dnll, x, x_hat, logvar):
    """The distance is multiplied by sigma^2 where it is divided by it (lesson 13). Try: the sign in exp(-logvar)."""
    return -squares_of(dnll, x, x_hat) * np.exp(logvar) / 2 + x.shape[1] / 2 * np.sum(dnll)


@of_term("squared distance")
def sigma_for_variance(dnll, x, x_hat, logvar):
    """The distance is divided by sigma, not by sigma^2 (lesson 13). Try: sigma = exp(logvar / 2)."""
    return -squares_of(dnll, x, x_hat) * np.exp(-logvar / 2) / 2 + x.shape[1] / 2 * np.sum(dnll)


@of_term("constant of the density")
def one_dimension(dnll, x, x_hat, logvar):
    """The log of the density is counted once, not for each of the D pixels (lesson 13).

    Try: the density of a picture is a product of D densities, one for each pixel.
    """
    return -squares_of(dnll, x, x_hat) * np.exp(-logvar) / 2 + np.sum(dnll) / 2


@of_term("constant of the density")
def batch_for_upstream(dnll, x, x_hat, logvar):
    """In the constant of the density dnll is missing: B stands for the sum of dnll (lesson 13).

    Try: each example's D/2 has its own dnll_b.
    """
    return -squares_of(dnll, x, x_hat) * np.exp(-logvar) / 2 + x.shape[1] / 2 * len(x)


def whole(dnll, x, x_hat, logvar, distance=-0.5, constant=0.5):
    """Both terms with their numbers in front. One output is too little for the factors to be measured."""
    return distance * squares_of(dnll, x, x_hat) * np.exp(-logvar) + constant * x.shape[1] * np.sum(dnll)


def sign_reversed(**inputs):
    """The sign of the whole gradient is reversed (lesson 13). Try: at a large sigma^2, does the nll rise with it?"""
    return whole(**inputs, distance=0.5, constant=-0.5)


def sign_of_the_distance(**inputs):
    """The squared distance has the wrong sign (lesson 13). Try: the inner derivative of exp(-logvar)."""
    return whole(**inputs, distance=0.5)


def half_of_the_distance_lost(**inputs):
    """The squared distance has lost its 1/2 (lesson 13). Try: does exp(-l) bring a 2, as a square does?"""
    return whole(**inputs, distance=-1)


def half_of_the_constant_lost(**inputs):
    """The constant of the density has lost its 1/2 (lesson 13). Try: the derivative of D/2 logvar."""
    return whole(**inputs, constant=1)


def constant_forgotten(**inputs):
    """The constant of the density is missing: it holds sigma too (lesson 13). Try: log(2 pi sigma^2), as a sum."""
    return whole(**inputs, constant=0)


def no_sum_over_the_batch(dnll, x, x_hat, logvar):
    """The sum over the batch is missing (lesson 13). Try: one logvar is shared by all examples."""
    return dnll * (-np.sum((x - x_hat)**2, axis=1) * np.exp(-logvar) / 2 + x.shape[1] / 2)


def through_the_variance(dnll, x, x_hat, logvar):
    v = np.exp(logvar)
    dv = squares_of(dnll, x, x_hat) * (-1 / (2 * v**2)) + np.sum(dnll) * x.shape[1] / (2 * v)
    return dv * v


def pixel_by_pixel(dnll, x, x_hat, logvar):
    return np.array([np.sum(dnll[:, None] * 0.5 * (1 - (x - x_hat)**2 / np.exp(logvar)))])


EXERCISE = Exercise(
    lesson="13", difficulty=2, minutes=15, function="gaussian_nll_backward_logvar", outputs=("dlogvar",),
    sizes={"B": (7, 5), "D": (3, 11)}, inputs=inputs, truth=gradient(loss, "logvar"), terms=terms,
    mistakes=(with_respect_to_sigma, with_respect_to_the_variance, variance_not_inverted, sigma_for_variance,
              one_dimension, batch_for_upstream, sign_reversed, sign_of_the_distance, half_of_the_distance_lost,
              half_of_the_constant_lost, constant_forgotten, no_sum_over_the_batch),
    alternatives=(through_the_variance, pixel_by_pixel),
    hints=("Write 1/sigma^2 as exp(-logvar) and log sigma^2 as logvar. Then there is only one variable left.",
           "d exp(-l)/dl = -exp(-l). One logvar stands in the nll of every example: what does that do?",
           "sum_b dnll_b (D/2 - |x_b - x_hat_b|^2 / (2 sigma^2)): zero where sigma^2 is the mean squared residual."),
    library="likelihood.gaussian_nll_backward")
