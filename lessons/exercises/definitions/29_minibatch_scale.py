"""The mean of the minibatch gradients is the full gradient, over all minibatches of a small set. Lesson 16."""

import itertools

import numpy as np

from lessons.exercises.exercise import Exercise, of_term


def inputs(rng, B, P):
    return {"g": rng.standard_normal((B, P)), "theta": rng.standard_normal(P), "lam": 0.1 + rng.random()}


def truth(g, theta, lam):
    """The only linear, exchangeable estimate that is unbiased, found on a set of B + 2 examples by enumeration.

    With weights c on every example of the minibatch, the mean over all minibatches of c sum_b g_b is c B times the
    mean over the set: unbiased for one c only.
    """
    B = len(g)
    numbers = np.arange(1.0, B + 3)
    sums = [sum(batch) for batch in itertools.combinations(numbers, B)]
    c = np.mean(numbers) / np.mean(sums)
    steps = [np.append(theta[:j], [theta[j] + 1j * 1e-30, *theta[j + 1:]]) for j in range(len(theta))]
    decay = np.array([np.imag(lam / 2 * np.sum(step**2)) / 1e-30 for step in steps])
    return {"dtheta": c * sum(g) + decay}


def terms(g, theta, lam):
    return {"dtheta": {"loss": g.mean(axis=0), "weight decay": lam * theta}}


def summed(g, theta, lam):
    """The gradients of the minibatch are summed: the step grows with B (lesson 16).

    Try: the loss of the whole set is a mean; what should a larger minibatch change?
    """
    return g.sum(axis=0) + lam * theta


def decay_divided(g, theta, lam):
    """The weight decay is divided by B: it is in J once, not once per example (lesson 16).

    Try: which part is a mean?
    """
    return g.mean(axis=0) + lam * theta / len(g)


def decay_for_each_example(g, theta, lam):
    """The weight decay is counted once for each example (lesson 16). Try: which part of J is a sum over examples?"""
    return g.mean(axis=0) + len(g) * lam * theta


def two_of_the_decay(g, theta, lam):
    """The weight decay lost its 1/2, which cancels the 2 of the square (lesson 16). Try: d(lam/2 theta^2)/dtheta."""
    return g.mean(axis=0) + 2 * lam * theta


def mean_over_parameters(g, theta, lam):
    """The sum is divided by all B P numbers of g (lesson 16).

    Try: how many numbers are added up for one parameter?
    """
    return g.sum(axis=0) / g.size + lam * theta


@of_term("loss")
def one_number_for_all(g, theta, lam):
    """One mean over all of g; each parameter has a gradient of its own (lesson 16).

    Try: over which axis is the mean?
    """
    return g.mean() + lam * theta


@of_term("loss")
def first_example(g, theta, lam):
    """Only the first example of the minibatch is used (lesson 16). Try: what do the other rows of g say?"""
    return g[0] + lam * theta


@of_term("weight decay")
def decay_of_the_absolute_value(g, theta, lam):
    """The decay is that of |theta|, not of theta^2 (lesson 16). Try: d(theta^2 / 2)/dtheta."""
    return g.mean(axis=0) + lam * np.sign(theta)


def as_a_product(g, theta, lam):
    return np.full(len(g), 1 / len(g)) @ g + lam * theta


def decay_inside(g, theta, lam):
    return np.mean([row + lam * theta for row in g], axis=0)


EXERCISE = Exercise(
    lesson="16", difficulty=1, minutes=10, function="minibatch_gradient", outputs=("dtheta",),
    sizes={"B": (7, 5), "P": (11, 3)}, inputs=inputs, truth=truth, terms=terms,
    mistakes=(summed, decay_divided, decay_for_each_example, two_of_the_decay, mean_over_parameters, one_number_for_all,
              first_example, decay_of_the_absolute_value),
    alternatives=(as_a_product, decay_inside),
    hints=("What is the mean, over all minibatches, of the mean over a minibatch?",
           "The part that is a mean over examples is estimated by a mean; the part that is there once stays as it is.",
           "The mean of the rows of g, plus lam times theta."))
