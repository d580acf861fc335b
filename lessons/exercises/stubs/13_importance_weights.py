"""log p(x) from importance weights. Lesson 10.

    p(x) = E_q[w],  w = p(x given z) p(z) / q(z given x),        estimate_b = log ( 1/k sum_s w_sb )

log_w (k, B) holds log w: a row for each of k samples, a column for each of B examples. The logs may be -2000 or 900.
The estimate is finite then, but exp of such a number is 0 or infinite in a computer: find a way around it.
"""

import numpy as np


def log_likelihood(log_w):
    """log_w (k, B) to the estimate of log p(x) for each example (B,), in nats."""
    raise NotImplementedError
