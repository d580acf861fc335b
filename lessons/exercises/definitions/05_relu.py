"""The slope of ReLU. Lesson 04."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def forward(x):
    return np.maximum(x, 0)


def inputs(rng, B, D):
    x = rng.standard_normal((B, D))
    return {"dy": rng.standard_normal((B, D)), "x": x, "y": forward(x)}


def loss(dy, x):
    return np.sum(dy * forward(x))


def terms(dy, x, y):
    return {}


def sign(dy, x, y):
    """The slope below 0 is -1; there ReLU is flat (lesson 04). Try: the graph of max(x, 0) left of 0."""
    return dy * np.sign(x)


def reversed_mask(dy, x, y):
    """The gradient passes where x < 0 and stops where x > 0: the reverse (lesson 04). Try: where does y follow x?"""
    return dy * (x < 0)


def mask_of_the_gradient(dy, x, y):
    """The mask looks at dy; it should look at x (lesson 04). Try: what decided in the forward whether x passed?"""
    return np.maximum(dy, 0)


def passes_everywhere(dy, x, y):
    """The gradient passes everywhere, as if y = x (lesson 04). Try: how does y change where x < 0?"""
    return 1.0 * dy


def output_for_slope(dy, x, y):
    """dy is multiplied by the output y, not by its slope (lesson 04). Try: what is the derivative of x by x?"""
    return dy * y


def upstream_forgotten(dy, x, y):
    """The upstream gradient dy is missing (lesson 04).

    Try: the chain rule multiplies the slope by what comes from above.
    """
    return (x > 0).astype(float)


def with_where(dy, x, y):
    return np.where(y > 0, dy, 0)


def in_place(dy, x, y):
    dx = dy.copy()
    dx[x <= 0] = 0
    return dx


def with_heaviside(dy, x, y):
    return dy * np.heaviside(x, 0.5)


EXERCISE = Exercise(
    lesson="04", difficulty=1, minutes=10, function="relu_backward", outputs=("dx",),
    sizes={"B": (7, 5), "D": (3, 11)}, inputs=inputs, truth=gradient(loss, "x"), terms=terms,
    mistakes=(sign, reversed_mask, mask_of_the_gradient, passes_everywhere, output_for_slope, upstream_forgotten),
    alternatives=(with_where, in_place, with_heaviside),
    hints=("Draw y against x. What is the slope left of 0, and right of it?",
           "There are only two slopes. The sign of x decides which of them it is.",
           "dx = dy where x > 0, and 0 elsewhere."),
    library="activations.relu_backward")
