"""A decoder that is told the label. Lesson 21."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, L, C, D):
    H = 4
    labels = rng.permutation(np.arange(B) % (C - 1))         # the last class has no example: its row has no gradient
    return {"da": rng.standard_normal((B, D)), "z": rng.standard_normal((B, L)), "labels": labels,
            "U": rng.standard_normal((L, H)), "E": rng.standard_normal((C, H)), "W": rng.standard_normal((H, D))}


def loss(da, z, labels, U, E, W):
    return np.sum(da * (np.tanh(z @ U + E[labels]) @ W))


def terms(da, z, labels, U, E, W):
    return {}


def right(da, z, labels, U, E, W):
    c, h = np.eye(len(E))[labels], np.tanh(z @ U + E[labels])
    ds = (da @ W.T) * (1 - h**2)
    return ds @ U.T, z.T @ ds, c.T @ ds, h.T @ da


def last_example_of_a_class(da, z, labels, U, E, W):
    """Each row of dE holds only the last example of its class (lesson 21).

    Try: what does an assignment to dE[labels] do where a label occurs twice?
    """
    dz, dU, dE, dW = right(da, z, labels, U, E, W)
    ds = (da @ W.T) * (1 - np.tanh(z @ U + E[labels])**2)
    dE = np.zeros_like(E)
    dE[labels] = ds
    return dz, dU, dE, dW


def mean_of_a_class(da, z, labels, U, E, W):
    """Each row of dE is a mean over the examples of its class; a sum belongs there (lesson 21).

    Try: c is the input of a dense layer, and E its weights.
    """
    dz, dU, dE, dW = right(da, z, labels, U, E, W)
    return dz, dU, dE / np.maximum(np.bincount(labels, minlength=len(E)), 1)[:, None], dW


def one_row_per_example(da, z, labels, U, E, W):
    """dE has a row for each example; E has one for each class (lesson 21). Try: which examples share a row of E?"""
    dz, dU, _, dW = right(da, z, labels, U, E, W)
    return dz, dU, (da @ W.T) * (1 - np.tanh(z @ U + E[labels])**2), dW


def label_forgotten_in_the_hidden_layer(da, z, labels, U, E, W):
    """h was computed without the label, tanh(z U) (lesson 21). Try: the backward needs the h of the forward."""
    return right(da, z, labels, U, 0 * E, W)


def slope_forgotten(da, z, labels, U, E, W):
    """The slope of tanh is missing (lessons 04 and 21). Try: what stands between s = z U + c E and h?"""
    c, h = np.eye(len(E))[labels], np.tanh(z @ U + E[labels])
    ds = da @ W.T
    return ds @ U.T, z.T @ ds, c.T @ ds, h.T @ da


def slope_at_the_input(da, z, labels, U, E, W):
    """The slope of tanh is written with its input s where its output h belongs (lessons 04 and 21).

    Try: which is tanh(s)?
    """
    s = z @ U + E[labels]
    ds = (da @ W.T) * (1 - s**2)
    return ds @ U.T, z.T @ ds, np.eye(len(E))[labels].T @ ds, np.tanh(s).T @ da


def all_classes_alike(da, z, labels, U, E, W):
    """Every row of dE is the sum over all examples, as of a bias (lesson 21).

    Try: a class is moved by its own examples.
    """
    dz, dU, dE, dW = right(da, z, labels, U, E, W)
    return dz, dU, np.tile(dE.sum(axis=0), (len(E), 1)), dW


def with_add_at(da, z, labels, U, E, W):
    h = np.tanh(z @ U + E[labels])
    ds, dE = (da @ W.T) / np.cosh(z @ U + E[labels])**2, np.zeros_like(E)
    np.add.at(dE, labels, ds)
    return ds @ U.T, z.T @ ds, dE, h.T @ da


def side_by_side(da, z, labels, U, E, W):
    zc, UE = np.hstack([z, np.eye(len(E))[labels]]), np.vstack([U, E])
    h = np.tanh(zc @ UE)
    ds = (da @ W.T) * (1 - h * h)
    dUE = zc.T @ ds
    return ds @ U.T, dUE[:len(U)], dUE[len(U):], h.T @ da


EXERCISE = Exercise(
    lesson="21", difficulty=2, minutes=20, function="conditional_decoder_backward", outputs=("dz", "dU", "dE", "dW"),
    sizes={"B": (11, 13), "L": (2, 3), "C": (5, 7), "D": (7, 5)}, inputs=inputs,
    truth=gradient(loss, "z", "U", "E", "W"), terms=terms,
    mistakes=(last_example_of_a_class, mean_of_a_class, one_row_per_example, label_forgotten_in_the_hidden_layer,
              slope_forgotten, slope_at_the_input, all_classes_alike),
    alternatives=(with_add_at, side_by_side),
    hints=("With s = z U + c E it is two dense layers. c is data and needs no gradient.",
           "dE = c^T ds, as for any dense layer. What does a one-hot c make of that product?",
           "ds = (da W^T)(1 - h^2); dz = ds U^T, dU = z^T ds, dW = h^T da, and row k of dE is the sum of those rows of "
           "ds that belong to class k."))
