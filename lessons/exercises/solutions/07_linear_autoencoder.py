"""The linear autoencoder: the gradients of its two matrices. Lesson 05.

    z = x W        x_hat = z U        e_n = sum_d (x_hat_nd - x_nd)^2        loss = 1/B sum_n e_n

x (B, D) are B examples. W (D, L) is the encoder, U (L, D) the decoder; the lesson's biases are left out. Find the
gradients of the loss with respect to W and U. The forward is not handed over: compute what you need of it.
"""


def linear_autoencoder_backward(x, W, U):
    """x (B, D), W (D, L), U (L, D) to dW (D, L), dU (L, D)."""
    z = x @ W                                  # (B, L)
    x_hat = z @ U                              # (B, D)
    dx_hat = 2 / len(x) * (x_hat - x)          # (B, D)
    dU = z.T @ dx_hat                          # the decoder is a dense layer: input transposed times gradient, (L, D)
    dz = dx_hat @ U.T                          # (B, L)
    dW = x.T @ dz                              # the encoder is one too, (D, L)
    return dW, dU
