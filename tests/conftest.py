"""Settings that every test shares: hypothesis chooses the same examples on every machine and has no deadline."""

import hypothesis

hypothesis.settings.register_profile("tinyvae", deadline=None, derandomize=True, max_examples=25,
                                     suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tinyvae")
