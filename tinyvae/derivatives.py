"""Numeric derivatives of a scalar function of arrays.

    forward difference   (f(x + h) - f(x)) / h                 error about h,    at best 1e-8
    central difference   (f(x + h) - f(x - h)) / (2 h)         error about h^2,  at best 1e-11
    complex step         Im f(x + i h) / h                     error about h^2, and h may be 1e-30: exact to rounding

The complex step (Squire and Trapp 1998) subtracts nothing, so it loses no digits; it needs an f that is analytic and
accepts complex numbers, as every forward of tinyvae does.
"""

import numpy as np

from tinyvae import checks

METHODS = ("complex", "central", "forward")
# Central: truncation h^2 f_3 / 6 (f_3 the third derivative) and rounding eps f / h are equal near
# h = (3 eps f / f_3)^(1/3). A loss sums many terms of which one variable moves few: f / f_3 is large, and 4 eps^(1/3)
# serves better than eps^(1/3).
STEPS = {"complex": 1e-30, "central": 4 * np.finfo(float).eps ** (1 / 3), "forward": np.finfo(float).eps ** (1 / 2)}


def directional_derivative(f, x, direction, method="complex", step=None):
    """d/dt f(x + t direction) at t = 0 for a scalar f, and the absolute error that rounding alone can cause.

    x, direction : float64 arrays of one shape        step : h; for differences it is relative to max(1, |x|)
    """
    h = step or STEPS[method]
    if method == "complex":
        return np.imag(f(x + 1j * h * direction)) / h, 0.0
    # an exactly representable change of x: the difference is divided by the step that was really taken
    h = h * max(1.0, np.abs(x[direction != 0]).max(initial=0.0))
    above = x + h * direction
    below = x - h * direction if method == "central" else x
    f_above, f_below = np.real(f(above)), np.real(f(below))
    taken = np.abs(above - below).max() / np.abs(direction).max()
    rounding = 4 * np.finfo(float).eps * max(abs(f_above), abs(f_below)) / taken
    return (f_above - f_below) / taken, rounding


def numeric_gradients(f, *arrays, method="complex", step=None):
    """df/darray for each array, entry by entry, for a scalar function f(*arrays).

    arrays : float64 (integers and float32 are refused: see as_float64)        returns : a list of arrays
    """
    checks.choice("method", method, dict.fromkeys(METHODS))
    arrays = [as_float64(f"array {i}", array) for i, array in enumerate(arrays)]
    gradients = []
    for i, array in enumerate(arrays):
        def f_of_one(value, i=i):
            return f(*arrays[:i], value, *arrays[i + 1:])
        gradients.append(entries(f_of_one, array, np.ndindex(array.shape), method, step)[0].reshape(array.shape))
    return gradients


def as_float64(name, array):
    """array itself when it is float64; TypeError that gives the reason otherwise."""
    array = np.asarray(array)
    if array.size == 0:
        raise ValueError(f"{name}: got the empty shape {array.shape}, expected at least one entry to move")
    if array.dtype == np.float64:
        return array
    reason = {"i": "an integer cannot be moved by a small step", "u": "an integer cannot be moved by a small step",
              "b": "a truth value cannot be moved by a small step",
              "f": "it holds 7 digits, of which a difference quotient keeps 2 or 3"}.get(array.dtype.kind, "no float")
    raise TypeError(f"{name}: got dtype {array.dtype}, expected float64, because {reason}; "
                    "convert with .astype(np.float64)")


def entries(f, array, indices, method, step):
    """df/darray at each of indices, and the rounding error of each, as two 1-D arrays."""
    values, roundings = [], []
    for index in indices:
        direction = np.zeros_like(array)
        direction[index] = 1.0
        value, rounding = directional_derivative(f, array, direction, method, step)
        values.append(value)
        roundings.append(rounding)
    return np.array(values, dtype=float), np.array(roundings)
