"""The squared error of a reconstruction. Lesson 05.

    e_n = sum_d (x_hat_nd - x_nd)^2,        loss = 1/B sum_n e_n

x (B, D) are the data, x_hat (B, D) what the decoder gave: B examples of D numbers. Find the gradient of the loss with
respect to x_hat.
"""


def squared_error_backward(x, x_hat):
    """x, x_hat (B, D) to dx_hat (B, D)."""
    # d loss/d e_n = 1/B,  d e_n/d x_hat_nd = 2 (x_hat_nd - x_nd)
    B = len(x)
    return 2 * (x_hat - x) / B
