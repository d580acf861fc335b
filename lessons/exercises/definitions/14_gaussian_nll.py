"""-log N(x; x_hat, sigma0^2 I) with respect to x_hat. Lesson 13."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, D):
    return {"dnll": rng.standard_normal(B), "x": rng.standard_normal((B, D)), "x_hat": rng.standard_normal((B, D)),
            "sigma0": 0.3 + rng.random()}


def loss(dnll, x, x_hat, sigma0):
    squares = np.sum((x - x_hat)**2, axis=1)
    return np.sum(dnll * (squares / (2 * sigma0**2) + x.shape[1] / 2 * np.log(2 * np.pi * sigma0**2)))


def terms(dnll, x, x_hat, sigma0):
    d = dnll[:, None] / sigma0**2
    return {"dx_hat": {"x_hat": d * x_hat, "x": -d * x}}


def target_minus_output(dnll, x, x_hat, sigma0):
    """The sign is that of the gradient with respect to x (lesson 13). Try: the inner derivative of (x - x_hat)^2."""
    return dnll[:, None] * (x - x_hat) / sigma0**2


def half_left(dnll, x, x_hat, sigma0):
    """The 1/2 is still there, but the square brings a 2 (lesson 13). Try: d(u^2 / 2)/du."""
    return dnll[:, None] * (x_hat - x) / (2 * sigma0**2)


def sigma_forgotten(dnll, x, x_hat, sigma0):
    """sigma0 is missing: this is the gradient for sigma0 = 1 (lesson 13). Try: what stands under the square?"""
    return dnll[:, None] * (x_hat - x)


def sigma_for_variance(dnll, x, x_hat, sigma0):
    """The difference is divided by sigma0, not by sigma0^2 (lesson 13). Try: what stands under the square?"""
    return dnll[:, None] * (x_hat - x) / sigma0


def upstream_forgotten(dnll, x, x_hat, sigma0):
    """The upstream gradient dnll is missing (lesson 13). Try: row b belongs to example b; what moves with its nll?"""
    return (x_hat - x) / sigma0**2


def mean_over_pixels(dnll, x, x_hat, sigma0):
    """The gradient is divided by D: a mean over the pixels; the nll is their sum (lesson 13).

    Try: is there a 1/D in the nll?
    """
    return dnll[:, None] * (x_hat - x) / sigma0**2 / x.shape[1]


def square_left(dnll, x, x_hat, sigma0):
    """The square is still there: this is the loss, not its derivative (lesson 13). Try: d(u^2 / 2)/du."""
    return dnll[:, None] * (x_hat - x)**2 / (2 * sigma0**2)


def with_precision(dnll, x, x_hat, sigma0):
    precision = 1 / (sigma0 * sigma0)
    return precision * (dnll[:, None] * x_hat - dnll[:, None] * x)


def with_loops(dnll, x, x_hat, sigma0):
    return [[d * (h - v) / sigma0**2 for v, h in zip(*rows)] for d, *rows in zip(dnll, x, x_hat)]


EXERCISE = Exercise(
    lesson="13", difficulty=1, minutes=10, function="gaussian_nll_backward", outputs=("dx_hat",),
    sizes={"B": (7, 5), "D": (3, 11)}, inputs=inputs, truth=gradient(loss, "x_hat"), terms=terms,
    mistakes=(target_minus_output, half_left, sigma_forgotten, sigma_for_variance, upstream_forgotten, mean_over_pixels,
              square_left),
    alternatives=(with_precision, with_loops),
    hints=("Only the first term holds x_hat. What is the derivative of (x - x_hat)^2 by x_hat? Mind the sign.",
           "The 2 of the square and the 1/2 cancel; sigma0^2 stays.",
           "d nll_b / d x_hat_bd = (x_hat_bd - x_bd) / sigma0^2; row b is multiplied by dnll_b."),
    library="likelihood.gaussian_nll_backward")
