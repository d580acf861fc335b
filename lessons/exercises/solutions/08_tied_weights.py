"""Tied weights: one matrix on two paths. Lesson 06.

    z = x W        x_hat = z W^T        loss = 1/B sum_b sum_d (x_hat_bd - x_bd)^2

x (B, D), W (D, L): the decoder is the transpose of the encoder. It is the lesson's small autoencoder without its tanh
and its biases. Find the gradient of the loss with respect to W. The forward is not handed over: compute what you need
of it.
"""


def tied_backward(x, W):
    """x (B, D), W (D, L) to dW (D, L)."""
    z = x @ W                                  # (B, L)
    dx_hat = 2 / len(x) * (z @ W.T - x)        # (B, D)
    dW_decoder = dx_hat.T @ z                  # x_hat_bi = sum_j z_bj W_ij:  dW_ij = sum_b dx_hat_bi z_bj
    dz = dx_hat @ W                            # (B, L)
    dW_encoder = x.T @ dz                      # z_bj = sum_i x_bi W_ij:      dW_ij = sum_b x_bi dz_bj
    return dW_encoder + dW_decoder             # W stands in both lines: the paths add
