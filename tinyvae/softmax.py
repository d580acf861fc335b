"""The softmax: one of C classes from logits, its negative log-likelihood in nats and the gradient.

logits : (B, C), any real numbers; axes behind the classes, as in (B, C, D), are D softmaxes of their own.
target : (B,) whole-number labels 0 .. C-1, or (B, C) probabilities, rows summing to 1, which gives the cross-entropy;
it is data, and gets no gradient. Lectures p11, p15; notes on generative models, section 2.
"""

import numpy as np


def log_sum_exp(a):
    """log sum_j exp(a_j), one number per row; its gradient by a_j is softmax(a)_j.  (B, C, ...) to (B, ...)"""
    # the largest entry is taken out first, so that exp rounds not all terms to 0 or to infinity:
    # log sum_j exp(a_j) = top + log sum_j exp(a_j - top) for any number top
    top = a.real.max(axis=1, keepdims=True)                              # (B, 1)
    top = np.where(np.isfinite(top), top, 0)                             # all terms 0: log 0 = -inf, not inf - inf
    with np.errstate(divide="ignore"):
        return top[:, 0] + np.log(np.sum(np.exp(a - top), axis=1))


def log_softmax(logits):
    """log p_k = a_k - log sum_j exp(a_j), which never takes the log of a rounded p.       (B, C) to (B, C)"""
    return logits - log_sum_exp(logits)[:, None]


def softmax(logits):
    """p_k = exp(a_k) / sum_j exp(a_j): positive, rows sum to 1.       (B, C) to (B, C)"""
    return np.exp(log_softmax(logits))


def softmax_nll(logits, target):
    """-log p_y, or -sum_k t_k log p_k for probabilities t, with p = softmax(logits).

    logits : (B, C)        target : (B,) labels or (B, C) probabilities        returns : (B,) in nats
    """
    # cross-entropy of t and p; for a label, t is one-hot and one term remains: -log p_y
    t = as_probabilities(target, logits.shape, logits.real.dtype)
    return -np.sum(t * log_softmax(logits), axis=1)


def softmax_nll_backward(dnll, logits, target):
    """Upstream dnll (B,) to dlogits (B, C)."""
    # d(-sum_k t_k log p_k)/da_j = p_j sum_k t_k - t_j = p_j - t_j, since sum_k t_k = 1
    t = as_probabilities(target, logits.shape, logits.real.dtype)
    return dnll[:, None] * (softmax(logits) - t)


def as_probabilities(target, shape, dtype, name="target"):
    """target as probabilities of this shape (B, C): labels become one-hot rows.

    Raises ValueError or TypeError that names the argument for labels outside 0 .. C-1, and for rows that are no
    probabilities.
    """
    B, C = shape
    target = np.asarray(target)
    if target.shape not in ((B,), (B, C)):
        raise ValueError(f"{name}: got shape {target.shape}, expected ({B},) labels or ({B}, {C}) probabilities, one "
                         "row for each example")
    if target.ndim == 1:
        return one_hot(target, C, dtype, name)
    sums = target.sum(axis=1)
    if not (target.real.min() >= 0 and np.abs(sums - 1).max() <= 1e-4):       # a NaN fails this too
        raise ValueError(f"{name}: got rows that sum to {sums.min():.6g} .. {sums.max():.6g} and a least entry of "
                         f"{target.min():.6g}, expected probabilities: entries >= 0, rows that sum to 1")
    return target.astype(dtype, copy=False)


def one_hot(labels, classes, dtype, name="labels"):
    """Rows with 1 in the column of the label and 0 elsewhere: labels (B,), whole numbers 0 .. C-1, to (B, C).

    Raises ValueError or TypeError that names the argument for anything else.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(f"{name}: got shape {labels.shape}, expected (B,), one label for each example")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{name}: got labels of dtype {labels.dtype}, expected whole numbers 0 to {classes - 1}; "
                        "convert with .astype(int)")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"{name}: got labels from {labels.min()} to {labels.max()}, expected 0 to {classes - 1}")
    return (labels[:, None] == np.arange(classes)).astype(dtype)
