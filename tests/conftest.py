"""Settings that every test shares: hypothesis chooses the same examples on every machine and has no deadline."""

import os

# One BLAS thread, set before NumPy starts: the products are small, and on a busy machine threads that wait for one
# another cost many times what they gain.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, Phase, settings  # noqa: E402

# A mutant is red or green: tests.mutants needs no smallest example.
phases = [Phase.explicit, Phase.generate] if "TINYVAE_MUTANTS" in os.environ else list(Phase)
settings.register_profile("tinyvae", deadline=None, derandomize=True, max_examples=25, phases=phases,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tinyvae")


@pytest.fixture
def rng():
    """A freshly seeded generator for each test."""
    return np.random.default_rng(0)
