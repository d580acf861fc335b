"""One step of Adam, with its bias correction. Lesson 16.

    m = beta1 m + (1 - beta1) g                 v = beta2 v + (1 - beta2) g^2
    m_hat = m / (1 - beta1^t)                   v_hat = v / (1 - beta2^t)
    theta = theta - lr m_hat / (sqrt(v_hat) + eps)

m, v and theta (P,) are as the step before left them, g (P,) is the gradient, t = 1, 2, ... the number of this step.
Return theta, m and v after it; leave the arrays you were given as they are. m and v started at 0, so the first means
are too small, which m_hat and v_hat repair. lr is the learning rate; eps, here no noise, keeps the division from 0.
(The lesson trains with Adam and describes it in words; these lines are algorithm 1 of Kingma and Ba 2015.)
"""

import numpy as np


def adam_step(theta, m, v, g, t, lr, beta1, beta2, eps):
    """theta, m, v, g (P,), t a whole number, the others numbers, to the new theta, m, v, each (P,)."""
    raise NotImplementedError
