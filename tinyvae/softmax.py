"""The softmax: one of C classes from logits, its negative log-likelihood in nats and the gradient.

logits : (B, C), any real numbers. target : (B,) whole-number labels 0 .. C-1, or (B, C) probabilities, rows summing to
1, which gives the cross-entropy. The target is data, and gets no gradient. Lectures p11, p15; notes on generative
models, section 2.
"""

import numpy as np


def log_sum_exp(a):
    """log sum_j exp(a_j), one number per row; its gradient by a_j is softmax(a)_j.       (B, C) to (B,)"""
    # the largest entry is taken out first, so that exp rounds not all terms to 0 or to infinity:
    # log sum_j exp(a_j) = top + log sum_j exp(a_j - top) for any number top
    top = a.real.max(axis=1, keepdims=True)                              # (B, 1)
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
    t = as_probabilities(target, logits)
    return -np.sum(t * log_softmax(logits), axis=1)


def softmax_nll_backward(dnll, logits, target):
    """Upstream dnll (B,) to dlogits (B, C)."""
    # d(-sum_k t_k log p_k)/da_j = p_j sum_k t_k - t_j = p_j - t_j, since sum_k t_k = 1
    t = as_probabilities(target, logits)
    return dnll[:, None] * (softmax(logits) - t)


def as_probabilities(target, logits):
    """target as (B, C) probabilities of the real dtype of logits: labels become one-hot rows.

    Raises ValueError or TypeError for labels outside 0 .. C-1, and for rows that are no probabilities.
    """
    B, C = logits.shape
    target = np.asarray(target)
    if target.shape == (B,):
        if target.dtype.kind not in "iu":
            raise TypeError(f"target: got labels of dtype {target.dtype}, expected whole numbers 0 to {C - 1}; convert "
                            "with .astype(int)")
        if target.size and (target.min() < 0 or target.max() >= C):
            raise ValueError(f"target: got labels from {target.min()} to {target.max()}, expected 0 to {C - 1}")
        return (target[:, None] == np.arange(C)).astype(logits.real.dtype)
    if target.shape != (B, C):
        raise ValueError(f"target: got shape {target.shape}, expected ({B},) labels or ({B}, {C}) probabilities")
    sums = target.sum(axis=1)
    if not (target.min() >= 0 and np.abs(sums - 1).max() <= 1e-4):       # a NaN fails this too
        raise ValueError(f"target: got rows that sum to {sums.min():.6g} .. {sums.max():.6g} and a least entry of "
                         f"{target.min():.6g}, expected probabilities: entries >= 0, rows that sum to 1")
    return target.astype(logits.real.dtype, copy=False)
