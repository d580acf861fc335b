"""The whole negative ELBO of a small VAE, by hand. Lesson 16.

    h = tanh(x V)      mu = h M,  logvar = h S      z = mu + exp(logvar / 2) eps      a = z W      p = 1 / (1 + exp(-a))
    R_b = -sum_d ( x log p + (1 - x) log(1 - p) )_bd        K_b = 1/2 sum_j ( mu^2 + exp(logvar) - 1 - logvar )_bj
    loss = 1/B sum_b ( R_b + K_b )

x (B, D) in [0, 1], eps (B, L), V (D, H), M and S (H, L), W (L, D); the lesson's biases and its hidden layer of the
decoder are left out. Find the gradients of the loss with respect to V, M, S and W. The forward is not handed over.
"""

import numpy as np


def vae_backward(x, eps, V, M, S, W):
    """x (B, D), eps (B, L), V (D, H), M, S (H, L), W (L, D) to dV, dM, dS, dW, each of its matrix's shape."""
    raise NotImplementedError
