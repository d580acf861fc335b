"""The minibatch: from its gradients to an estimate for the whole set. Lesson 16.

    J = 1/N sum_n loss_n + lam/2 |theta|^2

The mean runs over the N examples of the whole set. The second term, weight decay, keeps the parameters theta small;
it is there once, not once for each example. g (B, P) are the gradients of loss_n with respect to theta (P,) for B
examples, drawn so that each example is as likely as any other. Return the estimate of the gradient of J whose mean
over all such minibatches is the gradient of J on the whole set.
"""

import numpy as np


def minibatch_gradient(g, theta, lam):
    """g (B, P), theta (P,), lam a number, to dtheta (P,)."""
    # the mean over a minibatch has the mean over the set as its expectation; the decay is there once, whatever B is
    return np.mean(g, axis=0) + lam * theta
