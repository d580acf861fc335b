"""The log of a mean of weights, given as logs: log-mean-exp. Lesson 10."""

import decimal

import numpy as np

from lessons.exercises.exercise import Exercise, of_term


def inputs(rng, k, B):
    log_w = rng.standard_normal((k, B)) + rng.standard_normal(B)
    log_w[:, 0] -= 2000
    log_w[:, 1] += 900
    log_w[:2, 2] = -2000, 900                        # far apart within one example, too
    return {"log_w": log_w}


def truth(log_w):
    """In decimals of 50 digits with exponents of any size: no trick is needed there."""
    with decimal.localcontext() as context:
        context.prec = 50
        sums = [sum(decimal.Decimal(float(w)).exp() for w in column) / len(log_w) for column in log_w.T]
        return {"log_p": np.array([float(s.ln()) for s in sums])}


def stable(log_w):
    m = log_w.max(axis=0)
    return m + np.log(np.exp(log_w - m).sum(axis=0))


def terms(log_w):
    return {"log_p": {"log of the sum": stable(log_w), "log k": np.full(log_w.shape[1], -np.log(len(log_w)))}}


def mean_of_the_logs(log_w):
    """This is the mean of the logs: the bound, not log p (lesson 10). Try: is the log inside or outside of the mean?"""
    return log_w.mean(axis=0)


def overflowing(log_w):
    """exp(log_w) itself becomes 0 or infinite in a computer (lesson 10).

    Try: which factor can be taken out of all of them?
    """
    with np.errstate(over="ignore", divide="ignore"):
        return np.log(np.mean(np.exp(log_w), axis=0))


def largest_only(log_w):
    """Only the largest log_w is left (lesson 10). Try: what do the other samples add to the sum?"""
    return log_w.max(axis=0)


def over_the_examples(log_w):
    """The mean runs over the examples, not over the samples (lesson 10). Try: which axis has length k?"""
    m = log_w.max(axis=1)
    return m + np.log(np.mean(np.exp(log_w - m[:, None]), axis=1))


def largest_not_put_back(log_w):
    """The largest log_w was taken out and not put back (lesson 10).

    Try: exp(a - m) = exp(a) / exp(m), and what does the log make of that?
    """
    return np.log(np.mean(np.exp(log_w - log_w.max(axis=0)), axis=0))


def one_largest_for_all(log_w):
    """The largest log_w of all examples was taken out of each: small weights become 0 (lesson 10).

    Try: what does exp make of an example 1000 below the largest? Each example may have its own largest.
    """
    with np.errstate(divide="ignore"):
        return log_w.max() + np.log(np.mean(np.exp(log_w - log_w.max()), axis=0))


@of_term("log k")
def number_of_examples(log_w):
    """The mean divides by the number of examples, not of samples (lesson 10). Try: which axis has length k?"""
    return stable(log_w) - np.log(log_w.shape[1])


@of_term("log k")
def no_log_of_k(log_w):
    """k itself is subtracted where log k belongs (lesson 10). Try: the log of a quotient."""
    return stable(log_w) - len(log_w)


def with_logaddexp(log_w):
    return np.logaddexp.reduce(log_w, axis=0) - np.log(len(log_w))


def one_by_one(log_w):
    total = log_w[0]
    for row in log_w[1:]:
        top = np.maximum(total, row)
        total = top + np.log1p(np.exp(np.minimum(total, row) - top))
    return total - np.log(len(log_w))


EXERCISE = Exercise(
    lesson="10", difficulty=2, minutes=15, function="log_likelihood", outputs=("log_p",),
    sizes={"k": (11, 13), "B": (7, 5)}, inputs=inputs, truth=truth, terms=terms,
    mistakes=(mean_of_the_logs, overflowing, largest_only, over_the_examples, largest_not_put_back,
              one_largest_for_all, no_log_of_k, number_of_examples),
    alternatives=(with_logaddexp, one_by_one),
    hints=("The mean of the weights, then the log: in this order. But exp(-2000) is 0 in a computer.",
           "Multiply all weights by one number exp(-m), and correct for it outside of the log.",
           "m + log sum_s exp(log w_s - m) - log k, with m the largest of the log w_s of the example."),
    library="evaluation.log_likelihood")
