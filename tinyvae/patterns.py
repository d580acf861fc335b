"""Mistakes that show in any gradient, whatever its formula: a transposition, a missing sum, one wrong row, a constant.

Each takes the gradient and the truth of one probe, and returns a sentence or None. A sentence counts only when it is
the same on every probe.
"""

import numpy as np

FITS = 1e-6          # relative to the largest entry


def fits(array, target):
    """True when array has the shape of target and reaches it in every entry; infinities and NaN must be the same."""
    if np.shape(array) != np.shape(target):
        return False
    finite = np.isfinite(array) & np.isfinite(target)
    if not np.array_equal(array[~finite], target[~finite], equal_nan=True):
        return False
    array, target = array[finite], target[finite]
    scale = max(np.abs(target).max(initial=0), np.abs(array).max(initial=0))
    return bool(np.abs(array - target).max(initial=0) <= FITS * scale)


def transposed(gradient, truth):
    if gradient.ndim == 2 and fits(gradient.T, truth):
        return "the array is transposed"


def missing_sum(gradient, truth):
    if gradient.ndim == truth.ndim + 1:
        for axis in range(gradient.ndim):
            if gradient.shape[axis] > 1 and fits(gradient.sum(axis=axis), truth):
                return f"the sum over axis {axis} is missing" + " (over the batch)" * (axis == 0)


def other_shape(gradient, truth):
    if gradient.shape != truth.shape and gradient.size == truth.size and fits(gradient.reshape(truth.shape), truth):
        return "the numbers are right, in another shape"


def averaged(gradient, truth):
    """The mean or the sum over an axis stands where each entry has its own number."""
    for axis in range(truth.ndim):
        if truth.shape[axis] > 1:
            for name, reduced in (("mean", truth.mean(axis, keepdims=True)), ("sum", truth.sum(axis, keepdims=True))):
                if fits(gradient, np.broadcast_to(reduced, truth.shape)) or fits(gradient, reduced):
                    return f"the {name} over axis {axis} was taken, where each entry has its own gradient"


def shifted(gradient, truth):
    difference = gradient - truth
    if truth.size > 1 and fits(np.full(truth.shape, difference.mean()), difference):
        return "a constant is added to every entry"


def one_place(gradient, truth):
    """Only one row, column or entry is wrong."""
    scale = max(np.abs(truth).max(initial=0), np.abs(gradient).max(initial=0))
    wrong = np.abs(gradient - truth) > FITS * scale
    if wrong.sum() == 1 and truth.size > 3:
        return "a single entry is wrong, all others are right"
    for axis, word in enumerate(("row", "column") if truth.ndim == 2 else ()):
        lines = wrong.any(axis=1 - axis)
        if lines.sum() == 1 and truth.shape[axis] > 2:
            where = int(np.argmax(lines))
            named = {0: "first", truth.shape[axis] - 1: "last"}.get(where)
            return f"only {'the ' + named if named else 'one'} {word} is wrong"


def pattern_of(probes):
    """The sentence that holds on every probe, or None."""
    same_shape = all(p.gradient.shape == p.truth.shape for p in probes)
    checks = ((transposed, averaged, shifted, one_place) if same_shape else
              (transposed, missing_sum, averaged, other_shape))
    for check in checks:
        sentences = {check(p.gradient, p.truth) for p in probes}
        if len(sentences) == 1 and None not in sentences:
            return sentences.pop()
    return None
