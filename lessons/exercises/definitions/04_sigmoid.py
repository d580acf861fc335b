"""The slope of the sigmoid. Lesson 04."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def forward(x):
    return 1 / (1 + np.exp(-x))


def inputs(rng, B, D):
    x = rng.standard_normal((B, D))
    return {"dy": rng.standard_normal((B, D)), "x": x, "y": forward(x)}


def loss(dy, x):
    return np.sum(dy * forward(x))


def terms(dy, x, y):
    return {"dx": {"first term, y": dy * y, "second term, y^2": -dy * y**2}}


def at_the_input(dy, x, y):
    """The slope is written with the input x where the output y belongs (lesson 04).

    Try: which of the two is the sigmoid?
    """
    return dy * x * (1 - x)


def of_tanh(dy, x, y):
    """1 - y^2 is the slope of tanh, not of the sigmoid (lesson 04). Try: derive it from 1 / (1 + exp(-x))."""
    return dy * (1 - y**2)


def output_forgotten(dy, x, y):
    """Only the factor 1 - y is there; the slope has two factors (lesson 04).

    Try: where x is large and negative, the sigmoid is flat; is 1 - y small there?
    """
    return dy * (1 - y)


def one_minus_forgotten(dy, x, y):
    """Only the factor y is there; the slope has two factors (lesson 04).

    Try: where x is large, the sigmoid is flat; is y small there?
    """
    return dy * y


def sigmoid_twice(dy, x, y):
    """The sigmoid is applied to y, which is its output already (lesson 04). Try: which of x and y is the output?"""
    s = 1 / (1 + np.exp(-y))
    return dy * s * (1 - s)


def upstream_forgotten(dy, x, y):
    """The upstream gradient dy is missing (lesson 04).

    Try: the chain rule multiplies the slope by what comes from above.
    """
    return y * (1 - y)


def from_the_input(dy, x, y):
    return dy * np.exp(-x) / (1 + np.exp(-x))**2


def as_a_difference(dy, x, y):
    return dy * y - dy * y * y


def with_cosh(dy, x, y):
    return dy / (2 * np.cosh(x / 2))**2


EXERCISE = Exercise(
    lesson="04", difficulty=1, minutes=10, function="sigmoid_backward", outputs=("dx",),
    sizes={"B": (7, 5), "D": (3, 11)}, inputs=inputs, truth=gradient(loss, "x"), terms=terms,
    mistakes=(at_the_input, of_tanh, output_forgotten, one_minus_forgotten, sigmoid_twice, upstream_forgotten),
    alternatives=(from_the_input, as_a_difference, with_cosh),
    hints=("y = 1/u with u = 1 + exp(-x). The derivative of 1/u is -u' / u^2.",
           "y' = exp(-x) / (1 + exp(-x))^2. Split it into two fractions; one is y.",
           "dx = dy times the output times one minus the output."),
    library="activations.sigmoid_backward")
