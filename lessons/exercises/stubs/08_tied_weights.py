"""Tied weights: one matrix on two paths. Lesson 06.

    z = x W        x_hat = z W^T        loss = 1/B sum_b sum_d (x_hat_bd - x_bd)^2

x (B, D), W (D, L): the decoder is the transpose of the encoder. It is the lesson's small autoencoder without its tanh
and its biases. Find the gradient of the loss with respect to W. The forward is not handed over: compute what you need
of it.
"""

import numpy as np


def tied_backward(x, W):
    """x (B, D), W (D, L) to dW (D, L)."""
    raise NotImplementedError
