"""The dense layer: the gradients of its input, its weights and its bias. Lesson 04.

    y_bj = sum_i x_bi W_ij + b_j

x (B, I), W (I, J), b (J,), y (B, J). dy (B, J) is the gradient of the loss with respect to y; if the loss is a mean
over the batch, its 1/B is in dy already. Find the gradients with respect to x, W and b. (As an index, b numbers the
examples; b_j is the bias.)
"""

import numpy as np


def dense_backward(dy, x, W, b):
    """dy (B, J), x (B, I), W (I, J), b (J,) to dx (B, I), dW (I, J), db (J,)."""
    # y_bj holds x_bi with the factor W_ij, W_ij with the factor x_bi, b_j with the factor 1; sum over what is not named
    dx = dy @ W.T                              # dx_bi = sum_j dy_bj W_ij        (B, I)
    dW = x.T @ dy                              # dW_ij = sum_b x_bi dy_bj        (I, J)
    db = np.sum(dy, axis=0)                    # db_j  = sum_b dy_bj             (J,)
    return dx, dW, db
