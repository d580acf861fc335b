"""The slope of tanh. Lesson 04."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient, of_term


def forward(x):
    return np.tanh(x)


def inputs(rng, B, D):
    x = rng.standard_normal((B, D))
    return {"dy": rng.standard_normal((B, D)), "x": x, "y": forward(x)}


def loss(dy, x):
    return np.sum(dy * forward(x))


def terms(dy, x, y):
    return {"dx": {"term 1": dy, "y^2 term": -dy * y**2}}


@of_term("y^2 term")
def at_the_input(dy, x, y):
    """The slope is written with the input x where the output y belongs (lesson 04).

    Try: the slope holds tanh(x); which of x and y is that?
    """
    return dy * (1 - x**2)


@of_term("y^2 term")
def tanh_twice(dy, x, y):
    """tanh is applied to y, which is tanh(x) already (lesson 04). Try: which of x and y is the output?"""
    return dy * (1 - np.tanh(y)**2)


@of_term("y^2 term")
def not_squared(dy, x, y):
    """The square of y is missing (lesson 04). Try: where x is large and negative, how steep is tanh?"""
    return dy * (1 - y)


def of_the_sigmoid(dy, x, y):
    """y (1 - y) is the slope of the sigmoid, not of tanh (lesson 04). Try: derive it from tanh = sinh / cosh."""
    return dy * y * (1 - y)


def upstream_forgotten(dy, x, y):
    """The upstream gradient dy is missing (lesson 04).

    Try: the chain rule multiplies the slope by what comes from above.
    """
    return 1 - y**2


def slope_added(dy, x, y):
    """The slope is added to dy where it should multiply (lesson 04). Try: the chain rule for y = f(x)."""
    return dy + (1 - y**2)


def with_cosh(dy, x, y):
    return dy / np.cosh(x)**2


def factored(dy, x, y):
    return (1 - y) * dy * (1 + y)


def as_list(dy, x, y):
    return [[d * (1 - t * t) for d, t in zip(*rows)] for rows in zip(dy, y)]


EXERCISE = Exercise(
    lesson="04", difficulty=1, minutes=10, function="tanh_backward", outputs=("dx",),
    sizes={"B": (7, 5), "D": (3, 11)}, inputs=inputs, truth=gradient(loss, "x"), terms=terms,
    mistakes=(at_the_input, tanh_twice, not_squared, of_the_sigmoid, upstream_forgotten, slope_added),
    alternatives=(with_cosh, factored, as_list),
    hints=("tanh = sinh / cosh: the quotient rule, with sinh' = cosh and cosh' = sinh.",
           "(cosh^2 - sinh^2) / cosh^2 = 1 - tanh^2. You have tanh(x) at hand.",
           "dx = dy times one minus the square of the output."),
    library="activations.tanh_backward")
