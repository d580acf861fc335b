"""The two matrices of a linear autoencoder. Lesson 05."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, D, L):
    return {"x": rng.standard_normal((B, D)), "W": rng.standard_normal((D, L)), "U": rng.standard_normal((L, D))}


def loss(x, W, U):
    return np.mean(np.sum((x @ W @ U - x)**2, axis=1))


def terms(x, W, U):
    c, z = 2 / len(x), x @ W
    return {"dW": {"from x_hat": c * x.T @ (z @ U) @ U.T, "from the target x": -c * x.T @ x @ U.T},
            "dU": {"from x_hat": c * z.T @ (z @ U), "from the target x": -c * z.T @ x}}


def right(x, W, U):
    dx_hat = 2 / len(x) * (x @ W @ U - x)
    return x.T @ dx_hat @ U.T, (x @ W).T @ dx_hat


def encoder_for_decoder(x, W, U):
    """The encoder W stands where the decoder U belongs, on the way back to z (lesson 05).

    Try: which matrix took z to x_hat?
    """
    return x.T @ (2 / len(x) * (x @ W @ U - x)) @ W, right(x, W, U)[1]


def decoder_skipped(x, W, U):
    """dW is made with dx_hat: the way back through the decoder is missing (lesson 05).

    Try: what did the encoder give out, x_hat or z? Its gradient belongs here.
    """
    return x.T @ (2 / len(x) * (x @ W @ U - x)), right(x, W, U)[1]


def input_for_the_code(x, W, U):
    """dU is made with x; the input of the decoder is z (lesson 05). Try: which array did U multiply in the forward?"""
    return right(x, W, U)[0], x.T @ (2 / len(x) * (x @ W @ U - x))


def mean_over_everything(x, W, U):
    """The gradient is divided by B D where B belongs (lesson 05).

    Try: there are two sums in the loss; which of them is a mean?
    """
    return tuple(g / x.shape[1] for g in right(x, W, U))


def sum_over_the_batch(x, W, U):
    """The 1/B of the mean over the batch is missing (lesson 05). Try: what stands in front of sum_n e_n?"""
    return tuple(g * len(x) for g in right(x, W, U))


def two_lost(x, W, U):
    """The 2 of the square was lost (lesson 05). Try: d(u^2)/du."""
    return tuple(g / 2 for g in right(x, W, U))


def du_transposed(x, W, U):
    """dU is transposed, (D, L) (lesson 05). Try: which of z and dx_hat carries the first index of U?"""
    dW, dU = right(x, W, U)
    return dW, dU.T


def dw_transposed(x, W, U):
    """dW is transposed, (L, D) (lesson 05). Try: which of x and dz carries the first index of W?"""
    dW, dU = right(x, W, U)
    return dW.T, dU


def from_the_covariance(x, W, U):
    C = x.T @ x / len(x)
    return 2 * C @ (W @ U - np.eye(len(W))) @ U.T, 2 * W.T @ C @ (W @ U - np.eye(len(W)))


def with_loops(x, W, U):
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    for x_n in x:
        r = 2 * (x_n @ W @ U - x_n) / len(x)
        dU += np.outer(x_n @ W, r)
        dW += np.outer(x_n, U @ r)
    return dW, dU


EXERCISE = Exercise(
    lesson="05", difficulty=2, minutes=20, function="linear_autoencoder_backward", outputs=("dW", "dU"),
    sizes={"B": (7, 5), "D": (11, 13), "L": (2, 3)}, inputs=inputs, truth=gradient(loss, "W", "U"), terms=terms,
    mistakes=(encoder_for_decoder, decoder_skipped, input_for_the_code, mean_over_everything, sum_over_the_batch,
              two_lost, du_transposed, dw_transposed),
    alternatives=(from_the_covariance, with_loops),
    hints=("Give z and x_hat names, and walk back: dx_hat, then dU and dz, then dW.",
           "Both matrices are dense layers without bias. Weights: input transposed times gradient. "
           "Input: gradient times weights transposed.",
           "dx_hat = 2/B (x_hat - x); dU = z^T dx_hat; dz = dx_hat U^T; dW = x^T dz."))
