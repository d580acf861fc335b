"""-log Bernoulli(x; p) with respect to the logits a. Lesson 13."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient, of_term


def inputs(rng, B, D):
    a = rng.standard_normal((B, D))
    a[0, 0], a[1, 0] = 800, -800                     # where probabilities are rounded to 1 and 0
    return {"dnll": rng.standard_normal(B), "x": rng.random((B, D)), "a": a}


def loss(dnll, x, a):
    # log p = -log(1 + e^-a), log(1 - p) = log p - a;  log(1 + e^a) = max(a, 0) + log(1 + e^-|a|)
    softplus = np.maximum(a, 0) + np.log1p(np.exp(np.minimum(a, -a)))
    return np.sum(dnll * np.sum(softplus - x * a, axis=1))


def p_of(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


def terms(dnll, x, a):
    return {"da": {"model term p": dnll[:, None] * p_of(a), "data term x": -dnll[:, None] * x}}


def slope_once_more(dnll, x, a):
    """The slope p (1 - p) is multiplied in once more; it has cancelled already (lesson 13).

    Try: d nll/dp times dp/da, and cancel.
    """
    p = p_of(a)
    return dnll[:, None] * (p - x) * p * (1 - p)


def with_respect_to_the_probability(dnll, x, a):
    """This is the gradient with respect to p, not to the logit a (lesson 13). Try: which factor takes p to a?"""
    with np.errstate(divide="ignore"):
        return dnll[:, None] * (p_of(a) - x) / (p_of(a) * (1 - p_of(a)))


def not_cancelled(dnll, x, a):
    """The formula is right on paper, but 0 is divided by 0 where p is rounded to 1 or 0 (lesson 13).

    Try: cancel p (1 - p) before you write the line.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return with_respect_to_the_probability(dnll, x, a) * p_of(a) * (1 - p_of(a))


def target_minus_output(dnll, x, a):
    """The sign is reversed: x - p (lesson 13). Try: where x = 1, should a rise or fall to lower the nll?"""
    return dnll[:, None] * (x - p_of(a))


@of_term("model term p")
def logits_for_probabilities(dnll, x, a):
    """The logits a stand where the probabilities p belong (lesson 13).

    Try: what is the derivative of log(1 + exp(a))?
    """
    return dnll[:, None] * (a - x)


def upstream_forgotten(dnll, x, a):
    """The upstream gradient dnll is missing (lesson 13). Try: row b belongs to example b; what moves with its nll?"""
    return p_of(a) - x


def mean_over_pixels(dnll, x, a):
    """The gradient is divided by D: a mean over the pixels; the nll is their sum (lesson 13).

    Try: is there a 1/D in the nll?
    """
    return dnll[:, None] * (p_of(a) - x) / x.shape[1]


@of_term("data term x")
def thresholded_data(dnll, x, a):
    """The pixels were rounded to 0 or 1; the formula holds for grey ones too (lesson 13).

    Try: does any step of the derivation need x to be 0 or 1?
    """
    return dnll[:, None] * (p_of(a) - (x > 0.5))


def with_exp(dnll, x, a):
    p = np.where(a >= 0, 1 / (1 + np.exp(-np.abs(a))), np.exp(-np.abs(a)) / (1 + np.exp(-np.abs(a))))
    return dnll[:, None] * (p - x)


def overflowing_but_right(dnll, x, a):
    with np.errstate(over="ignore"):
        return dnll[:, None] / (1 + np.exp(-a)) - dnll[:, None] * x


EXERCISE = Exercise(
    lesson="13", difficulty=2, minutes=15, function="bernoulli_nll_backward", outputs=("da",),
    sizes={"B": (7, 5), "D": (3, 11)}, inputs=inputs, truth=gradient(loss, "a"), terms=terms,
    mistakes=(slope_once_more, with_respect_to_the_probability, not_cancelled, target_minus_output,
              logits_for_probabilities, upstream_forgotten, mean_over_pixels, thresholded_data),
    alternatives=(with_exp, overflowing_but_right),
    hints=("In two steps: first with respect to p, then dp/da = p (1 - p).",
           "d nll/dp = -x/p + (1 - x)/(1 - p). On one denominator, and times p (1 - p): what is left?",
           "d nll_b / d a_bd = p_bd - x_bd; row b is multiplied by dnll_b. Nothing is divided by p."),
    library="likelihood.bernoulli_nll_backward")
