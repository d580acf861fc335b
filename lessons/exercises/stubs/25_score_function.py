"""The score-function estimator. Lesson 15.

    d/dmu E_q[f(z)] = E_q[ f(z) d log q(z)/dmu ],        q(z) = N(z; mu, diag sigma^2),  logvar = log sigma^2

No path through z: f (B,) are numbers, computed at draws z (B, L). For each example b, return f_b times the gradient
of log q(z_b) with respect to mu_b, and f_b times that with respect to logvar_b. Take no mean: each example keeps its
row. (The mean of such rows over many draws is the gradient of the expectation.)
"""

import numpy as np


def score_function_gradient(f, z, mu, logvar):
    """f (B,), z, mu, logvar (B, L) to dmu, dlogvar, each (B, L)."""
    raise NotImplementedError
