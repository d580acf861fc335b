"""The aggregated posterior, information, active units, rate and distortion: sums, quadrature and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import gaussian_log_density
from tests.strategies import generators, shapes
from tinyvae import VAE, Autoencoder, evaluation, latent

LINE = np.linspace(-12, 12, 4001)                        # the quadrature of one latent dimension
STEP = LINE[1] - LINE[0]


def coder(L, **settings):
    """A VAE whose x (B, 2 L) is [mu, logvar] itself, so that every q(z given x) can be chosen."""
    model = VAE(2 * L, (), L, "gaussian", dtype=np.float64, **settings)
    model.parameters["encoder.0.W"][...] = np.eye(2 * L)
    return model


def density(z, mu, logvar):
    """q(z) as it is written: the mean of N products of one-dimensional normal densities."""
    sigma2 = np.exp(logvar)
    each = np.exp(-(z[:, None] - mu)**2 / (2 * sigma2)) / np.sqrt(2 * np.pi * sigma2)           # (S, N, L)
    return each.prod(axis=2).mean(axis=1)


@given(shapes, st.sampled_from([1, 3, 11]), generators)
def test_the_aggregated_density_is_the_mean_of_the_posteriors(shape, N, rng):
    (S, L), x = shape, None
    mu, logvar, z = rng.standard_normal((N, L)), rng.standard_normal((N, L)), rng.standard_normal((S, L))
    x = np.concatenate([mu, logvar], axis=1)
    np.testing.assert_allclose(latent.aggregated_log_density(coder(L), x, z), np.log(density(z, mu, logvar)), rtol=1e-9)


def test_it_is_computed_in_chunks_and_far_away(monkeypatch):
    rng = np.random.default_rng(0)
    mu, logvar, z = (rng.standard_normal((23, 2)) for _ in range(3))
    x = np.concatenate([mu, logvar], axis=1)
    whole = latent.aggregated_log_density(coder(2), x, z)
    monkeypatch.setattr(latent, "PAIRS", 50)
    monkeypatch.setattr(latent, "EXAMPLES", 5)
    np.testing.assert_allclose(latent.aggregated_log_density(coder(2), x, z), whole, rtol=1e-12)
    # 1000 away from one narrow Gaussian exp gives 0, but its logarithm is known
    far = latent.aggregated_log_density(coder(1), np.array([[0.0, 0.0]]), np.array([[1000.0]]))
    np.testing.assert_allclose(far, gaussian_log_density(np.array([[1000.0]]), np.zeros(1), np.eye(1)), rtol=1e-12)


def by_quadrature(mu, logvar):
    """I(x; z) and KL(q(z) || p(z)) of one latent dimension, as integrals."""
    sigma2 = np.exp(logvar)
    each = np.exp(-(LINE - mu)**2 / (2 * sigma2)) / np.sqrt(2 * np.pi * sigma2)                  # (N, points)
    q, p = each.mean(axis=0), np.exp(-LINE**2 / 2) / np.sqrt(2 * np.pi)

    def relative_entropy(a, b):
        return np.sum(np.where(a > 0, a * np.log(np.where(a > 0, a, 1) / np.where(b > 0, b, 1)), 0)) * STEP
    return np.mean([relative_entropy(row, q) for row in each]), relative_entropy(q, p)


@pytest.mark.parametrize("seed", range(3))
def test_information_against_quadrature(seed):
    rng = np.random.default_rng(seed)
    mu, logvar = 2 * rng.standard_normal((7, 1)), rng.uniform(-3, 0, (7, 1))
    found = latent.information(coder(1), np.concatenate([mu, logvar], axis=1), samples=20_000, rng=seed)
    mutual_information, marginal_kl = by_quadrature(mu, logvar)
    assert abs(found.mutual_information - mutual_information) < 5 * found.mutual_information_error
    assert abs(found.marginal_kl - marginal_kl) < 5 * found.marginal_kl_error
    np.testing.assert_allclose(found.mean_kl, mutual_information + marginal_kl, rtol=1e-9)
    assert max(found.mutual_information_error, found.marginal_kl_error) < 0.05


def test_its_standard_errors_are_the_spread_over_seeds():
    rng = np.random.default_rng(0)
    x = np.concatenate([2 * rng.standard_normal((7, 2)), rng.uniform(-3, 0, (7, 2))], axis=1)
    runs = [latent.information(coder(2), x, samples=200, rng=seed) for seed in range(400)]
    spread, stated = np.std(runs, axis=0, ddof=1), np.mean(runs, axis=0)
    # the standard deviation of 400 runs is known to 1 / sqrt(800) = 3.5 %
    np.testing.assert_allclose(spread[[1, 3]], stated[[2, 4]], rtol=5 * 0.035)


def test_information_where_it_is_known():
    nothing = latent.information(coder(3), np.zeros((5, 6)), samples=50)                         # q = p for every x
    np.testing.assert_allclose(nothing, 0, atol=1e-12)
    apart = np.column_stack([100.0 * np.arange(8), np.zeros(8)])                # 8 posteriors that never overlap
    # squares multiplied out: terms of 700^2, whose rounding is 700^2 * 2e-16
    np.testing.assert_allclose(latent.information(coder(1), apart).mutual_information, np.log(8), atol=5e-10)


@pytest.mark.parametrize("logvar", [-15.0, -25.0, -40.0, -60.0])
def test_posteriors_that_are_nearly_points(logvar):
    """Then z tells which x it came from: I = log N, however sharp; (mu / sigma)^2 reaches 1e26 here."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.standard_normal((20, 3)), np.full((20, 3), logvar)], axis=1)
    np.testing.assert_allclose(latent.information(coder(3), x).mutual_information, np.log(20), rtol=1e-6)


def test_activity_and_active_units():
    rng = np.random.default_rng(0)
    x = np.zeros((50, 6))
    x[:, 0], x[:, 1] = np.tile([-1.0, 3.0], 25), 0.3 * np.tile([1.0, -1.0], 25)
    x[:, 3:] = rng.standard_normal((50, 3))                                     # logvar moves, mu_2 does not
    np.testing.assert_allclose(latent.activity(coder(3), x), [4, 0.09, 0], atol=1e-15)
    assert latent.active_units(coder(3), x).tolist() == [True, True, False]
    assert latent.active_units(coder(3), x, threshold=0.1).tolist() == [True, False, False]


def test_rate_and_distortion_of_a_linear_model():
    """Of a linear decoder and a Gaussian of fixed sigma0 both have closed forms."""
    rng, sigma0 = np.random.default_rng(1), 0.7
    model = coder(2, sigma0=sigma0)
    W, b = model.parameters["decoder.0.W"], model.parameters["decoder.0.b"]
    b[...] = rng.standard_normal(4)
    x = 0.5 * rng.standard_normal((400, 4))
    mu, sigma2 = x[:, :2], np.exp(x[:, 2:])
    # E|x - z W - b|^2 = |x - mu W - b|^2 + sum_j sigma_j^2 |W_j|^2
    squared = np.sum((x - mu @ W - b)**2, axis=1) + sigma2 @ np.sum(W**2, axis=1)
    exact = np.mean(squared / (2 * sigma0**2) + 2 * np.log(2 * np.pi * sigma0**2))
    kl = np.mean(np.sum((mu**2 + sigma2 - np.log(sigma2) - 1) / 2, axis=1))
    values = [latent.rate_distortion(model, x, samples=50, rng=seed) for seed in range(20)]
    np.testing.assert_allclose([rate for rate, _ in values], kl, rtol=1e-12)
    distortions = [distortion for _, distortion in values]
    assert abs(np.mean(distortions) - exact) < 5 * np.std(distortions, ddof=1) / np.sqrt(20)
    elbo = evaluation.elbo(model, x, samples=50, rng=3).mean()
    np.testing.assert_allclose(sum(latent.rate_distortion(model, x, samples=50, rng=3)), -elbo, rtol=1e-12)


@pytest.mark.parametrize("shift, scale", [(0.0, 1.0), (0.5, 1.0), (0.0, 0.2), (-2.0, 3.0)])
def test_sliced_wasserstein_of_a_shifted_and_stretched_gaussian(shift, scale):
    """The distance of N(m, s^2) from N(0, 1) is sqrt(m^2 + (s - 1)^2); in a plane, m counts half."""
    rng, N = np.random.default_rng(0), 20_000
    z = scale * rng.standard_normal((N, 1)) + shift
    # mean and standard deviation of N draws are known to s / sqrt(N); 0.01 more for the tails of the quantiles
    allowed = 5 * scale / np.sqrt(N) + 0.01
    assert abs(latent.sliced_wasserstein(z) - np.hypot(shift, scale - 1)) < allowed
    plane = scale * rng.standard_normal((N, 2)) + [0, shift]
    found = latent.sliced_wasserstein(plane, directions=400, rng=1)
    # the mean of cos^2 over 400 directions is 1/2 with standard error 0.35 / 20
    expected = np.sqrt(shift**2 / 2 + (scale - 1)**2)
    assert abs(found - expected) < allowed + 5 * shift**2 * 0.018 / (2 * max(expected, 1e-9)) * (shift != 0)


def test_sliced_wasserstein_sees_what_one_axis_does_not():
    """Two normal axes that always agree: each alone is N(0, 1), the diagonal is not."""
    z = np.random.default_rng(0).standard_normal((5000, 1)) * [1, 1]
    normals = np.random.default_rng(1).standard_normal((5000, 2))
    assert latent.sliced_wasserstein(z) > 5 * latent.sliced_wasserstein(normals)


def test_a_code_without_a_distribution_is_refused():
    with pytest.raises(TypeError, match="expected a VAE.*sliced_wasserstein"):
        latent.information(Autoencoder(4, (), 2), np.zeros((3, 4)))
