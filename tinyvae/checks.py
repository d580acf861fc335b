"""Argument checks at the public door: what came, what was expected, what to do."""

import operator

import numpy as np


def float_array(name, value, columns=None, dtype=None, ndim=2):
    """value as a float array with a non-empty batch, finite, of the right width; else ValueError or TypeError.

    columns : the expected last dimension, None for any       dtype : cast to this, None keeps the float type
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name}: got rows of different lengths, expected an array with rows of one length") from None
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{name}: expected an array of numbers, got {type(value).__name__} of dtype {array.dtype}")
    if ndim == 1:
        expected = "(N,)" if columns is None else f"({columns},)"
    else:
        expected = "(B, D)" if columns is None else f"(B, {columns}), {columns} numbers per example"
    if array.ndim != ndim or (columns is not None and array.shape[-1] != columns):
        hint = ""
        if ndim == 2 and array.ndim == 1:
            hint = "; one example is x[None, :]"
        elif ndim == 2 and array.ndim > 2:
            hint = "; images are flattened with x.reshape(len(x), -1)"
        raise ValueError(f"{name}: got shape {array.shape}, expected {expected}{hint}")
    if array.size == 0:
        raise ValueError(f"{name}: got the empty shape {array.shape}, expected at least one example")
    if dtype is not None:
        array = array.astype(dtype, copy=False)
    elif array.dtype.kind not in "fc":
        array = array.astype(np.float64)
    # NaN survives min and max, so these two passes find NaN and both infinities without a temporary array.
    if not (np.isfinite(array.min()) and np.isfinite(array.max())):
        bad = np.argwhere(~np.isfinite(array))
        raise ValueError(f"{name}: {len(bad)} of {array.size} values are NaN or infinite, the first at "
                         f"{tuple(bad[0].tolist())}; clean the data first")
    return array


def grey_values(name, array, why, otherwise=""):
    """array as it is; ValueError for values outside [0, 1], with why they must be there and what else would do."""
    low, high = array.real.min(), array.real.max()
    if low < 0 or high > 1:
        raise ValueError(f"{name}: got values from {low:.6g} to {high:.6g}, expected [0, 1] {why}; scale bytes with "
                         f"x / 255{otherwise}")
    return array


def binary_values(name, array, why):
    """array as it is; ValueError for values other than 0 and 1, with why they must be."""
    other = np.argwhere((array != 0) & (array != 1))
    if len(other):
        where = tuple(other[0].tolist())
        raise ValueError(f"{name}: got {array[where].real:.6g} at {where}, expected pixels 0 and 1 {why}; draw them "
                         "from grey values with (rng.random(x.shape) < x).astype(float)")
    return array


def whole_number(name, value, at_least=1):
    """value as an int, at_least or more; TypeError for a float or a bool, ValueError below the bound."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: got {value!r} ({type(value).__name__}), expected a whole number >= {at_least}"
                        ) from None
    if number < at_least:
        raise ValueError(f"{name}: got {number}, expected a whole number >= {at_least}")
    return number


def widths(name, value):
    """value as a tuple of whole numbers >= 1, possibly empty."""
    if np.ndim(value) != 1:
        raise TypeError(f"{name}: got {value!r}, expected a sequence of widths such as (500,), or () for none")
    return tuple(whole_number(name, width) for width in value)


def positive(name, value, or_zero=False):
    """value as a finite float above zero (or zero, when or_zero)."""
    bound = "a finite number >= 0" if or_zero else "a finite number > 0"
    try:
        if isinstance(value, (str, bool, np.bool_)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: got {value!r} ({type(value).__name__}), expected {bound}") from None
    if not np.isfinite(number) or number < 0 or (number == 0 and not or_zero):
        raise ValueError(f"{name}: got {number}, expected {bound}")
    return number


def choice(name, value, table):
    """table[value]; ValueError that lists the names."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: got {value!r} ({type(value).__name__}), expected one of {', '.join(table)}")
    if value not in table:
        raise ValueError(f"{name}: got {value!r}, expected one of {', '.join(table)}")
    return table[value]


def generator(name, rng):
    """A numpy Generator from a Generator or from a whole-number seed; refuses None, so that runs can be repeated."""
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        return np.random.default_rng(whole_number(name, rng, at_least=0))
    except TypeError:
        raise TypeError(f"{name}: got {rng!r} ({type(rng).__name__}), expected a numpy.random.Generator or a "
                        "whole-number seed") from None
