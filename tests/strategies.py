"""What hypothesis chooses in the tests: batch sizes, widths (1 and distinct primes among them), seeds."""

import numpy as np
from hypothesis import strategies as st

sizes = st.sampled_from([1, 2, 3, 5, 7])
shapes = st.tuples(sizes, sizes)                       # (B, L)
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def normals(rng, shape, count):
    """count independent float64 arrays of one shape, entries from N(0, 1)."""
    return [rng.standard_normal(shape) for _ in range(count)]


def away_from_zero(rng, shape, margin=0.01):
    """Entries from N(0, 1) pushed at least margin away from 0, where ReLU has its kink."""
    x = rng.standard_normal(shape)
    return x + np.where(x >= 0, margin, -margin)
