"""The mean over the batch of the summed squared error. Lesson 05."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, D):
    return {"x": rng.standard_normal((B, D)), "x_hat": rng.standard_normal((B, D))}


def loss(x, x_hat):
    return np.mean(np.sum((x_hat - x)**2, axis=1))


def terms(x, x_hat):
    return {"dx_hat": {"x_hat": 2 * x_hat / len(x), "x": -2 * x / len(x)}}


def two_lost(x, x_hat):
    """The 2 of the square was lost; this loss has no 1/2 that could cancel it (lesson 05). Try: d(u^2)/du."""
    return (x_hat - x) / len(x)


def sum_over_the_batch(x, x_hat):
    """The 1/B of the mean over the batch is missing (lesson 05). Try: what stands in front of sum_n e_n?"""
    return 2 * (x_hat - x)


def mean_over_pixels(x, x_hat):
    """The gradient is divided by all B D numbers; the error is summed over the D of an example (lesson 05).

    Try: there are two sums in the loss; which of them is a mean?
    """
    return 2 * (x_hat - x) / x.size


def divided_by_pixels(x, x_hat):
    """The gradient is divided by D where B belongs (lesson 05).

    Try: the mean runs over the examples, and x has B rows.
    """
    return 2 * (x_hat - x) / x.shape[1]


def target_minus_output(x, x_hat):
    """This is the gradient with respect to x, which has the other sign (lesson 05).

    Try: (x_hat - x)^2 rises with x_hat.
    """
    return 2 * (x - x_hat) / len(x)


def of_the_absolute_value(x, x_hat):
    """This is the gradient of |x_hat - x|, not of its square (lesson 05). Try: d(u^2)/du with u = x_hat - x."""
    return np.sign(x_hat - x) / len(x)


def the_error_itself(x, x_hat):
    """The square is still there: this is the error, not its derivative (lesson 05).

    Try: d(u^2)/du with u = x_hat - x.
    """
    return (x_hat - x)**2 / len(x)


def in_two_steps(x, x_hat):
    de = np.full(len(x), 1 / len(x))
    return de[:, None] * 2 * (x_hat - x)


def expanded(x, x_hat):
    return (x_hat + x_hat) / len(x) - (x + x) / len(x)


EXERCISE = Exercise(
    lesson="05", difficulty=1, minutes=10, function="squared_error_backward", outputs=("dx_hat",),
    sizes={"B": (7, 5), "D": (3, 11)}, inputs=inputs, truth=gradient(loss, "x_hat"), terms=terms,
    mistakes=(two_lost, sum_over_the_batch, mean_over_pixels, divided_by_pixels, target_minus_output,
              of_the_absolute_value, the_error_itself),
    alternatives=(in_two_steps, expanded),
    hints=("One number x_hat_nd stands in one term of one e_n only.",
           "d(u^2)/du = 2u, u = x_hat - x. And what does the mean over the batch put in front?",
           "dx_hat_nd = 2/B (x_hat_nd - x_nd)."),
    library="autoencoder.squared_error_backward")
