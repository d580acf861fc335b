"""The KL between two diagonal Gaussians: its four gradients. Lesson 14.

    KL_b = 1/2 sum_j ( ((mu1 - mu2)^2 + s1^2) / s2^2 - 1 - log s1^2 + log s2^2 )_bj

s1 and s2 are the standard deviations, logvar1 = log s1^2, logvar2 = log s2^2. dkl (B,) is the gradient of the loss
with respect to the KL of each example. Find the gradients of the loss with respect to mu1, logvar1, mu2 and logvar2.
"""

import numpy as np


def kl_gaussians_backward(dkl, mu1, logvar1, mu2, logvar2):
    """dkl (B,), the others (B, L), to dmu1, dlogvar1, dmu2, dlogvar2, each (B, L)."""
    raise NotImplementedError
