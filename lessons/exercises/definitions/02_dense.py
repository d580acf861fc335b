"""The three gradients of a dense layer. Lesson 04."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, I, J):
    return {"dy": rng.standard_normal((B, J)), "x": rng.standard_normal((B, I)), "W": rng.standard_normal((I, J)),
            "b": rng.standard_normal(J)}


def loss(dy, x, W, b):
    return np.sum(dy * (x @ W + b))


def terms(dy, x, W, b):
    return {}


def right(dy, x, W, b):
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def dx_transposed(dy, x, W, b):
    """dx is transposed: its columns are the examples (lesson 04).

    Try: a gradient has the shape of its variable; what do the rows of x number?
    """
    return W @ dy.T, *right(dy, x, W, b)[1:]


def dw_transposed(dy, x, W, b):
    """dW is transposed, (J, I) (lesson 04).

    Try: dW_ij belongs to W_ij; which of x and dy carries the index i?
    """
    return dy @ W.T, dy.T @ x, dy.sum(axis=0)


def no_sum_for_the_bias(dy, x, W, b):
    """db lacks the sum over the batch (lesson 04). Try: b_j is in y_bj of every example b."""
    return dy @ W.T, x.T @ dy, dy


def bias_keepdims(dy, x, W, b):
    """db has the right numbers with an axis too many (lesson 04).

    Try: a gradient has the shape of its variable, (J,).
    """
    return dy @ W.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


def bias_summed_over_outputs(dy, x, W, b):
    """db is summed over the outputs, not over the batch (lesson 04). Try: which index does b_j keep?"""
    return dy @ W.T, x.T @ dy, dy.sum(axis=1)


def means_over_the_batch(dy, x, W, b):
    """dW is a mean over the batch; a sum belongs there (lesson 04).

    Try: every example is a route from W_ij to the loss; what does the chain rule do with routes?
    """
    return dy @ W.T, x.T @ dy / len(x), dy.sum(axis=0)


def bias_mean(dy, x, W, b):
    """db is a mean over the batch; a sum belongs there (lesson 04).

    Try: every example is a route from b_j to the loss; what does the chain rule do with routes?
    """
    return dy @ W.T, x.T @ dy, dy.mean(axis=0)


def bias_in_dx(dy, x, W, b):
    """The bias has slipped into dx (lesson 04). Try: which number multiplies x_bi in y_bj? Is b in it?"""
    return (dy + b) @ W.T, x.T @ dy, dy.sum(axis=0)


def upstream_forgotten_in_dx(dy, x, W, b):
    """In dx the upstream gradient dy is missing: all examples get the same (lesson 04).

    Try: W_ij says how y_bj moves with x_bi; what says how the loss moves with y_bj?
    """
    return np.tile(W.sum(axis=1), (len(x), 1)), *right(dy, x, W, b)[1:]


def with_einsum(dy, x, W, b):
    return np.einsum("bj,ij->bi", dy, W), np.einsum("bi,bj->ij", x, dy), np.einsum("bj->j", dy)


def with_loops(dy, x, W, b):
    dW = sum(np.outer(x_b, dy_b) for x_b, dy_b in zip(x, dy))
    return np.array([W @ dy_b for dy_b in dy]), dW, np.array([sum(column) for column in dy.T])


def transposed_twice(dy, x, W, b):
    return [(W @ dy.T).T, (dy.T @ x).T, np.ones(len(dy)) @ dy]


EXERCISE = Exercise(
    lesson="04", difficulty=1, minutes=20, function="dense_backward", outputs=("dx", "dW", "db"),
    sizes={"B": (7, 5), "I": (2, 3), "J": (11, 13)}, inputs=inputs, truth=gradient(loss, "x", "W", "b"), terms=terms,
    mistakes=(dx_transposed, dw_transposed, no_sum_for_the_bias, bias_keepdims, bias_summed_over_outputs,
              means_over_the_batch, bias_mean, bias_in_dx, upstream_forgotten_in_dx),
    alternatives=(with_einsum, with_loops, transposed_twice),
    hints=("Write y_bj out for one example and one output, and ask where x_bi, W_ij and b_j stand in it.",
           "Each gradient sums over the indices that its variable does not have. The shapes allow little else.",
           "dx_bi = sum_j dy_bj W_ij;  dW_ij = sum_b x_bi dy_bj;  db_j = sum_b dy_bj."),
    library="layers.Dense.backward")
