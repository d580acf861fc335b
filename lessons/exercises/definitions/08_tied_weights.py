"""W as encoder and, transposed, as decoder. Lesson 06."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, D, L):
    return {"x": rng.standard_normal((B, D)), "W": rng.standard_normal((D, L))}


def loss(x, W):
    return np.mean(np.sum((x @ W @ W.T - x)**2, axis=1))


def paths(x, W):
    z = x @ W
    dx_hat = 2 / len(x) * (z @ W.T - x)
    return x.T @ (dx_hat @ W), dx_hat.T @ z


def terms(x, W):
    encoder, decoder = paths(x, W)
    return {"dW": {"encoder path": encoder, "decoder path": decoder}}


def decoder_path_forgotten(x, W):
    """Only the encoder's path is there; W is the decoder too (lesson 06).

    Try: in which lines of the forward stands W?
    """
    return paths(x, W)[0]


def encoder_path_forgotten(x, W):
    """Only the decoder's path is there; W is the encoder too (lesson 06).

    Try: in which lines of the forward stands W?
    """
    return paths(x, W)[1]


def encoder_path_twice(x, W):
    """The encoder's path is counted twice; the decoder's path is another matrix (lesson 06).

    Try: give the decoder's W a letter of its own, and write down its gradient.
    """
    return 2 * paths(x, W)[0]


def decoder_path_twice(x, W):
    """The decoder's path is counted twice; the encoder's path is another matrix (lesson 06).

    Try: give the decoder's W a letter of its own, and write down the gradient of the encoder's.
    """
    return 2 * paths(x, W)[1]


def target_forgotten(x, W):
    """x_hat stands where the difference x_hat - x belongs (lesson 06). Try: which number is squared in the loss?"""
    z = x @ W
    dx_hat = 2 / len(x) * z @ W.T
    return x.T @ (dx_hat @ W) + dx_hat.T @ z


def sum_over_the_batch(x, W):
    """The 1/B of the mean over the batch is missing (lesson 06). Try: what stands in front of the sums in the loss?"""
    return len(x) * sum(paths(x, W))


def halved(x, W):
    """The gradient is halved: the 2 of the square was lost, or the two paths were averaged (lesson 06).

    Try: d(u^2)/du; and what does the chain rule do with two paths?
    """
    return sum(paths(x, W)) / 2


def decoder_path_in_its_own_shape(x, W):
    """This is the gradient of the decoder's W^T, (L, D) (lesson 06). Try: the gradient of W has the shape of W."""
    return sum(paths(x, W)).T


def from_the_covariance(x, W):
    C, E = x.T @ x / len(x), W @ W.T - np.eye(len(W))
    return 2 * (C @ E + E @ C) @ W


def with_loops(x, W):
    dW = np.zeros_like(W)
    for x_b in x:
        r = 2 * (W @ (W.T @ x_b) - x_b) / len(x)
        dW += np.outer(x_b, W.T @ r) + np.outer(r, W.T @ x_b)
    return dW


EXERCISE = Exercise(
    lesson="06", difficulty=2, minutes=20, function="tied_backward", outputs=("dW",),
    sizes={"B": (7, 5), "D": (11, 13), "L": (2, 3)}, inputs=inputs, truth=gradient(loss, "W"), terms=terms,
    mistakes=(decoder_path_forgotten, encoder_path_forgotten, encoder_path_twice, decoder_path_twice,
              target_forgotten, sum_over_the_batch, halved, decoder_path_in_its_own_shape),
    alternatives=(from_the_covariance, with_loops),
    hints=("Call the decoder's matrix U for a moment, with U = W^T. What are dU and the encoder's dW?",
           "dU belongs to W transposed: turn it round. W moves the loss along both paths at once, so both count.",
           "dx_hat^T z from the decoder and x^T (dx_hat W) from the encoder; the gradient is their sum."),
    library="layers.TransposedDense.backward")
