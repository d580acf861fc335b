"""The planar sets against facts that do not come from their code: geometry, moments, quadrature, histograms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyvae.data import planar

SETS = [planar.moons, planar.spiral, planar.mixture]


@pytest.mark.parametrize("make", SETS)
@given(n=st.integers(1, 50), seed=st.integers(0, 2**32))
def test_shapes_types_and_seeds(make, n, seed):
    x, labels = points = make(n, seed)
    assert x.shape == (n, 2) and x.dtype == np.float64 and np.isfinite(x).all()
    assert labels.shape == (n,) and labels.dtype == np.int64 and labels.min() >= 0
    for again in (make(n, seed=seed), make(n, np.random.default_rng(seed))):
        np.testing.assert_array_equal(again.x, points.x)
        np.testing.assert_array_equal(again.labels, points.labels)
    assert not np.array_equal(make(n, seed + 1).x, x)


@pytest.mark.parametrize("make", SETS)
def test_a_generator_moves_on(make):
    rng = np.random.default_rng(3)
    assert not np.array_equal(make(10, rng).x, make(10, rng).x)
    np.testing.assert_array_equal(make(10).x, make(10, seed=0).x)


@given(n=st.integers(1, 60), arms=st.integers(1, 7))
def test_labels_are_balanced(n, arms):
    for labels, classes in ((planar.moons(n).labels, 2), (planar.spiral(n, arms=arms).labels, arms)):
        counts = np.bincount(labels, minlength=classes)
        assert len(counts) == classes and counts.max() - counts.min() <= 1


@pytest.mark.parametrize("make", SETS)
def test_the_order_is_random(make):
    """Sorted, or 0 1 0 1 ..., labels would make every minibatch alike. 0 then 1 comes with chance 1/K**2."""
    labels = make(4000).labels
    classes = labels.max() + 1
    pairs = np.mean((labels[:-1] == 0) & (labels[1:] == 1))
    assert abs(pairs - classes**-2.0) < 5 * math.sqrt(2 * classes**-2.0 / 4000)  # neighbouring pairs share a label
    assert np.mean(labels[:2000] == 0) == pytest.approx(1 / classes, abs=5 * math.sqrt(1 / classes / 2000))


# Moons

def from_half_circles(x, labels):
    """Distance of each point from the half circle of its label: centre (0, 0) above, (1, 1/2) below."""
    centre, sign = np.where(labels[:, None] == 0, [0, 0], [1, 0.5]), np.where(labels == 0, 1, -1)
    across, up = (x - centre).T * np.stack([np.ones(len(x)), sign])
    ends = np.hypot(np.abs(across) - 1, up)
    return np.where(up >= 0, np.abs(np.hypot(across, up) - 1), ends)


def test_moons_lie_on_two_half_circles():
    x, labels = planar.moons(2000, noise=0)
    assert from_half_circles(x, labels).max() < 1e-12
    # uniform along the arc: a point at angle t has E sin t = 2 / pi, E sin^2 t = 1/2; E cos t = 0, E cos^2 t = 1/2
    for part, sign, centre in ((x[labels == 0], 1, [0, 0]), (x[labels == 1], -1, [1, 0.5])):
        across, up = sign * (part - centre).T
        assert across.min() < -0.999 and across.max() > 0.999  # from end to end
        se = math.sqrt(0.5 / len(part))
        assert abs(across.mean()) < 5 * se and abs(up.mean() - 2 / math.pi) < 5 * se
        assert abs(np.mean(across * np.abs(across))) < 5 * se and abs(np.mean(up**2) - 0.5) < 5 * se


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_moons_noise_is_a_standard_deviation(noise):
    n = 20000
    x, labels = planar.moons(n, seed=1, noise=noise)
    distance = from_half_circles(x, labels)
    assert distance.max() < 6 * noise
    # of the two coordinates of the noise only the one across the arc counts: E d^2 = noise^2, SE sqrt(2/n); the ends
    # and the curvature add less than 2 %
    assert abs(np.mean(distance**2) / noise**2 - 1) < 5 * math.sqrt(2 / n) + 0.02


# Spiral

@pytest.mark.parametrize("arms, turns", [(2, 1.0), (3, 0.5), (1, 2.0), (5, 0.0)])
def test_spiral_lies_on_its_arms(arms, turns):
    n = 4000
    x, labels = planar.spiral(n, noise=0, arms=arms, turns=turns)
    z = x[:, 0] + 1j * x[:, 1]
    r = np.abs(z)
    assert 0.1 <= r.min() < 0.13 and 0.99 < r.max() <= 1
    # turned back by its own winding, every point of arm k lies on the ray at k / arms of the circle
    ray = z * np.exp(-2j * np.pi * turns * r)
    np.testing.assert_allclose(ray, r * np.exp(2j * np.pi * labels / arms), atol=1e-12)
    # uniform in area on [0.1, 1]: half of the points lie inside the radius that halves the area of the ring
    assert abs(np.mean(r**2 < (0.01 + 1) / 2) - 0.5) < 5 * math.sqrt(0.25 / n)
    assert abs(np.mean(r**2) - 0.505) < 5 * math.sqrt(0.99**2 / 12 / n)


def test_spiral_noise_is_a_standard_deviation():
    """A straight arm (one arm, no turns) is the x axis: y is the noise alone."""
    n = 20000
    y = planar.spiral(n, noise=0.3, arms=1, turns=0).x[:, 1]
    assert abs(y.mean()) < 5 * 0.3 / math.sqrt(n) and abs(np.mean(y**2) / 0.09 - 1) < 5 * math.sqrt(2 / n)


# Mixture

SHAPES = [dict(components=8, radius=2.0, sigma=0.2), dict(components=3, radius=1.0, sigma=0.5),
          dict(components=1, radius=1.5, sigma=0.3)]


def grid(reach, cells):
    """The midpoints (cells**2, 2) of a square grid on [-reach, reach]^2 and the area of a cell."""
    width = 2 * reach / cells
    mid = -reach + width * (np.arange(cells) + 0.5)
    return np.stack(np.meshgrid(mid, mid, indexing="ij"), axis=-1).reshape(-1, 2), width**2


def by_hand(point, components, radius, sigma):
    """log p of one point: the sum of the densities, in plain Python."""
    total = 0.0
    for k in range(components):
        c = (radius * math.cos(2 * math.pi * k / components), radius * math.sin(2 * math.pi * k / components))
        total += math.exp(-math.dist(point, c)**2 / (2 * sigma**2)) / (2 * math.pi * sigma**2) / components
    return math.log(total)


@pytest.mark.parametrize("shape", SHAPES)
def test_mixture_moments(shape):
    n = 40000
    x, labels = planar.mixture(n, seed=2, **shape)
    K, radius, sigma = shape["components"], shape["radius"], shape["sigma"]
    counts = np.bincount(labels, minlength=K)
    assert len(counts) == K and np.all(np.abs(counts - n / K) <= 5 * math.sqrt(n / K))
    for k in range(K):
        rest = x[labels == k] - radius * np.array([math.cos(2 * math.pi * k / K), math.sin(2 * math.pi * k / K)])
        m = len(rest)
        assert np.all(np.abs(rest.mean(axis=0)) < 5 * sigma / math.sqrt(m))
        covariance = rest.T @ rest / m / sigma**2
        assert np.all(np.abs(np.diag(covariance) - 1) < 5 * math.sqrt(2 / m))
        assert abs(covariance[0, 1]) < 5 / math.sqrt(m)
    if K > 2:  # symmetric ring: mean 0, each coordinate has variance radius^2 / 2 + sigma^2
        variance = radius**2 / 2 + sigma**2
        assert np.all(np.abs(x.mean(axis=0)) < 5 * math.sqrt(variance / n))
        se = np.std(x**2, axis=0) / math.sqrt(n)
        assert np.all(np.abs(np.mean(x**2, axis=0) - variance) < 5 * se)


def test_mixture_draws_are_independent():
    """Labels drawn with chance 1/K have a spread of counts; labels dealt out evenly would have none."""
    counts = np.array([np.bincount(planar.mixture(80, seed).labels, minlength=8) for seed in range(300)])
    # variance of a count: n (1/K) (1 - 1/K) = 8.75; 7 of 8 counts are free, SE about 8.75 sqrt(2 / 2100)
    assert abs(np.mean((counts - 10)**2) - 8.75) < 5 * 8.75 * math.sqrt(2 / 2100)


@pytest.mark.parametrize("shape", SHAPES)
def test_density_integrates_to_one(shape):
    """Midpoint rule; what lies outside [-5, 5]^2 is at least 7 sigma away from every centre."""
    points, area = grid(5, 400)
    assert abs(np.sum(np.exp(planar.mixture_log_density(points, **shape))) * area - 1) < 1e-10


@pytest.mark.parametrize("shape", SHAPES)
def test_density_is_the_histogram_of_the_draws(shape):
    n, cells, fine = 200000, 25, 8
    x = planar.mixture(n, seed=5, **shape).x
    edges = np.linspace(-5, 5, cells + 1)
    counts = np.histogram2d(*x.T, bins=(edges, edges))[0]
    points, area = grid(5, cells * fine)
    p = np.exp(planar.mixture_log_density(points, **shape)) * area
    expected = n * p.reshape(cells, fine, cells, fine).sum(axis=(1, 3))
    often = expected > 25
    assert often.sum() >= 20 and expected[often].sum() > 0.98 * n
    assert np.all(np.abs(counts - expected)[often] < 5 * np.sqrt(expected[often]))


def test_entropy_by_draws_is_that_by_quadrature():
    points, area = grid(5, 400)
    log_p = planar.mixture_log_density(points)
    entropy = -np.sum(np.exp(log_p) * log_p) * area
    draws = -planar.mixture_log_density(planar.mixture(20000, seed=1).x)
    assert abs(draws.mean() - entropy) < 5 * draws.std() / math.sqrt(len(draws))


@pytest.mark.parametrize("shape", SHAPES)
def test_log_density_by_hand(shape):
    x = np.random.default_rng(0).uniform(-2, 2, (50, 2))
    expected = [by_hand(point, **shape) for point in x]
    np.testing.assert_allclose(planar.mixture_log_density(x, **shape), expected, rtol=1e-12, atol=1e-12)
    rounded = x.astype(np.float32)
    np.testing.assert_allclose(planar.mixture_log_density(rounded, **shape),
                               [by_hand(point, **shape) for point in rounded.tolist()], rtol=1e-12, atol=1e-12)


def test_log_density_far_away_does_not_underflow():
    """At (1000, 0) only the nearest centre counts: log p = -998^2 / (2 0.04) - log(8 2 pi 0.04)."""
    log_p = planar.mixture_log_density([[1000.0, 0.0]])
    assert log_p == pytest.approx(-998**2 / 0.08 - math.log(8 * 2 * math.pi * 0.04), rel=1e-14)


def test_log_density_has_the_complex_step_as_derivative():
    x = np.random.default_rng(1).uniform(-2, 2, (20, 2))
    for j in range(2):
        step = np.eye(2)[j]
        slope = planar.mixture_log_density(x + 1e-30j * step).imag / 1e-30
        numeric = (planar.mixture_log_density(x + 1e-6 * step) - planar.mixture_log_density(x - 1e-6 * step)) / 2e-6
        np.testing.assert_allclose(slope, numeric, rtol=1e-6, atol=1e-6)


# Bad arguments

@pytest.mark.parametrize("call, error, match", [
    *[(lambda make=make, n=n: make(n), error, f"n: got {n}")
      for make in SETS for n, error in ((0, ValueError), (2.5, TypeError), (True, TypeError))],
    *[(lambda make=make: make(5, seed=None), TypeError, "seed: got None") for make in SETS],
    *[(lambda make=make: make(5, seed=-1), ValueError, "seed: got -1") for make in SETS],
    (lambda: planar.moons(5, noise=-0.1), ValueError, "noise: got -0.1"),
    (lambda: planar.spiral(5, noise=float("nan")), ValueError, "noise: got nan"),
    (lambda: planar.spiral(5, arms=0), ValueError, "arms: got 0"),
    (lambda: planar.spiral(5, turns="2"), TypeError, "turns: got '2'"),
    (lambda: planar.mixture(5, components=0), ValueError, "components: got 0"),
    (lambda: planar.mixture(5, radius=0), ValueError, "radius: got 0"),
    (lambda: planar.mixture(5, sigma=0), ValueError, "sigma: got 0"),
    (lambda: planar.mixture_log_density([[1.0, 2.0]], sigma=-1), ValueError, "sigma: got -1"),
    (lambda: planar.mixture_log_density([1.0, 2.0]), ValueError, r"x: got shape \(2,\), expected \(B, 2\)"),
    (lambda: planar.mixture_log_density(np.zeros((4, 3))), ValueError, r"x: got shape \(4, 3\), expected \(B, 2\)"),
    (lambda: planar.mixture_log_density([[1.0, np.inf]]), ValueError, "x: 1 of 2 values"),
    (lambda: planar.mixture_centres(2.0), TypeError, "components: got 2.0")])
def test_bad_arguments(call, error, match):
    with pytest.raises(error, match=match):
        call()
