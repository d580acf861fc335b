"""-log softmax(a)_y with respect to the logits: p - data, minus the arrows of lesson 03."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient, of_term


def inputs(rng, B, C):
    return {"dnll": rng.standard_normal(B), "a": rng.standard_normal((B, C)), "y": rng.integers(0, C, B)}


def loss(dnll, a, y):
    return np.sum(dnll * (np.log(np.sum(np.exp(a), axis=1)) - a[np.arange(len(y)), y]))


def parts(a, y):
    """p and the one-hot rows."""
    p = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)
    return p, (y[:, None] == np.arange(a.shape[1])).astype(float)


def terms(dnll, a, y):
    p, data = parts(a, y)
    return {"da": {"model term p": dnll[:, None] * p, "data term": -dnll[:, None] * data}}


def upstream_forgotten(dnll, a, y):
    """The upstream gradient dnll is missing (lesson 03).

    Try: each row belongs to one example, whose nll has its own dnll.
    """
    p, data = parts(a, y)
    return p - data


def derivative_of_the_probability(dnll, a, y):
    """This is the gradient of the probability p_y, not of -log p_y (lesson 03).

    Try: by which number does the derivative of a log divide?
    """
    p, data = parts(a, y)
    p_y = p[np.arange(len(y)), y]
    return dnll[:, None] * p_y[:, None] * (data - p)


@of_term("model term p")
def softmax_over_the_batch(dnll, a, y):
    """The softmax is normalised over the batch, not over the classes (lesson 03).

    Try: which axis must sum to 1 for each example?
    """
    p = np.exp(a) / np.exp(a).sum(axis=0)
    return dnll[:, None] * (p - parts(a, y)[1])


@of_term("model term p")
def not_normalised(dnll, a, y):
    """exp(a) stands where p belongs: it is not divided by its sum (lesson 03).

    Try: the derivative of log sum_j exp(a_j).
    """
    return dnll[:, None] * (np.exp(a) - parts(a, y)[1])


@of_term("model term p")
def logits_for_probabilities(dnll, a, y):
    """The logits a stand where the probabilities p belong (lesson 03).

    Try: the derivative of log sum_j exp(a_j) by one a_k.
    """
    return dnll[:, None] * (a - parts(a, y)[1])


@of_term("model term p")
def elementwise_slope(dnll, a, y):
    """p (1 - p) is the slope of p_k by its own logit; here it is the log of p that counts (lesson 03).

    Try: write nll as -a_y + log sum exp(a).
    """
    p, data = parts(a, y)
    return dnll[:, None] * (p * (1 - p) - data)


@of_term("data term")
def number_of_the_class(dnll, a, y):
    """The number of the class is subtracted from every entry of the row (lesson 03).

    Try: in which single a_bk does -a_b,y stand?
    """
    return dnll[:, None] * (parts(a, y)[0] - y[:, None])


def shifted(dnll, a, y):
    log_p = a - a.max(axis=1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    da = np.exp(log_p)
    da[np.arange(len(y)), y] -= 1
    return da * dnll[:, None]


def with_loops(dnll, a, y):
    rows = [[np.exp(a_k) / sum(np.exp(row)) - (k == label) for k, a_k in enumerate(row)] for row, label in zip(a, y)]
    return dnll[:, None] * np.array(rows)


EXERCISE = Exercise(
    lesson="03", difficulty=1, minutes=15, function="softmax_nll_backward", outputs=("da",),
    sizes={"B": (7, 5), "C": (3, 11)}, inputs=inputs, truth=gradient(loss, "a"), terms=terms,
    mistakes=(upstream_forgotten, derivative_of_the_probability, softmax_over_the_batch, not_normalised,
              logits_for_probabilities, elementwise_slope, number_of_the_class),
    alternatives=(shifted, with_loops),
    hints=("Put the softmax into the logarithm: nll = -a_y + log sum_j exp(a_j). Two terms are left.",
           "d/da_k log sum_j exp(a_j) = exp(a_k) / sum_j exp(a_j). What is that? And in which k does -a_y appear?",
           "d nll_b / d a_bk = p_bk - 1 when k is the right class, else p_bk; row b is multiplied by dnll_b."),
    library="softmax.softmax_nll_backward")
