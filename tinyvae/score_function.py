"""The score-function estimator (REINFORCE): the gradient of E_q[f(z)] from the values of f alone. Lecture p25.

q = N(mu, diag sigma^2). It needs no path from z back to mu and logvar and no derivative of f, and pays for it with a
variance that grows with the number of dimensions. With the path, z = mu + sigma eps: gaussian.reparameterise. A loss
uses one or the other, never both.
"""

import numpy as np

from tinyvae import gaussian


def surrogate(mu, logvar, z, f, baseline=0.0):
    """(f - baseline) log q(z): not E_q[f] itself, but its gradient is, on average, that of E_q[f]. Lecture p25.

    mu, logvar : (B, L)        z : (B, L), drawn from N(mu, diag sigma^2), then held fixed
    f : (B,), values f(z), held fixed too, so f may have no derivative
    baseline : a number, or (B,) numbers that do not depend on their own z        returns : (B,)
    """
    return (f - baseline) * gaussian.log_density(z, mu, logvar)


def surrogate_backward(dsurrogate, mu, logvar, z, f, baseline=0.0):
    """Upstream dsurrogate (B,) to dmu, dlogvar, each (B, L): unbiased estimates of the gradient of E_q[f]."""
    # d/dphi E_q[f] = E_q[(f - baseline) dlog q(z)/dphi],  phi = mu or logvar
    # dlog q/dmu_j = (z_j - mu_j) / sigma_j^2        dlog q/dlogvar_j = ((z_j - mu_j)^2 / sigma_j^2 - 1) / 2
    _, dmu, dlogvar = gaussian.log_density_backward(dsurrogate * (f - baseline), z, mu, logvar)
    return dmu, dlogvar


def leave_one_out(f):
    """For each example the mean of the others' f: a baseline that does not depend on the example's own z.

    f : (B,), B at least 2        returns : (B,)
    """
    if np.ndim(f) != 1 or len(f) < 2:
        raise ValueError(f"f: got shape {np.shape(f)}, expected (B,) with B at least 2, so that each has others")
    # b_i = sum_{k != i} f_k / (B - 1)
    return (np.sum(f) - f) / (len(f) - 1)
