"""Small sets of points in the plane, for lessons: the latent space of a model of them can be drawn beside them.

Each returns Points(x, labels), n points in random order. Lengths have no unit: the shapes are about 1 to 2 in
radius. The same seed gives the same points; a Generator is drawn from, so that it moves on.
"""

from typing import NamedTuple

import numpy as np

from tinyvae import checks
from tinyvae.softmax import log_sum_exp


class Points(NamedTuple):
    """x (n, 2) float64, labels (n,) int64 from 0."""
    x: np.ndarray
    labels: np.ndarray


def moons(n, seed=0, noise=0.1):
    """Two interleaved half circles of radius 1, labels 0 (upper) and 1 (lower), n/2 points each.

    seed : whole number or numpy Generator       noise : standard deviation of each coordinate, 0 for none
    """
    n, noise = checks.whole_number("n", n), checks.positive("noise", noise, or_zero=True)
    rng = checks.generator("seed", seed)
    labels = _balanced(n, 2, rng)
    t = rng.uniform(0, np.pi, n)
    # upper: (cos t, sin t)       lower: (1 - cos t, 1/2 - sin t)       t ~ U(0, pi): uniform along the arc
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    x = np.where(labels[:, None] == 0, upper, lower)
    return Points(x + noise * rng.standard_normal((n, 2)), labels)


def spiral(n, seed=0, noise=0.02, arms=2, turns=1.0):
    """Spiral arms from radius 0.1 out to radius 1; labels 0 .. arms-1, n/arms points each.

    seed : whole number or numpy Generator       noise : standard deviation of each coordinate, 0 for none
    arms : number of classes       turns : turns of each arm around the origin per unit of radius
    """
    n, arms = checks.whole_number("n", n), checks.whole_number("arms", arms)
    noise, turns = checks.positive("noise", noise, or_zero=True), checks.positive("turns", turns, or_zero=True)
    rng = checks.generator("seed", seed)
    labels = _balanced(n, arms, rng)
    # r = sqrt(u), u ~ U(0.01, 1): equally many points per unit of area, so the long outer part is not thin
    r = np.sqrt(rng.uniform(0.01, 1, n))
    # angle = 2 pi (turns r + label / arms)       x = r (cos angle, sin angle)
    angle = 2 * np.pi * (turns * r + labels / arms)
    x = r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Points(x + noise * rng.standard_normal((n, 2)), labels)


def mixture(n, seed=0, components=8, radius=2.0, sigma=0.2):
    """n independent draws from equally likely Gaussians on a ring; labels say which, 0 .. components-1.

    The draws are independent, so the labels are balanced only on average. Density: `mixture_log_density`.
    seed : whole number or numpy Generator       radius : of the ring
    sigma : standard deviation of each Gaussian in each coordinate
    """
    n, sigma = checks.whole_number("n", n), checks.positive("sigma", sigma)
    centres = mixture_centres(components, radius)
    rng = checks.generator("seed", seed)
    # k ~ uniform on 0 .. K-1       x = c_k + sigma eps       eps ~ N(0, I)
    labels = rng.integers(len(centres), size=n)
    return Points(centres[labels] + sigma * rng.standard_normal((n, 2)), labels)


def mixture_centres(components=8, radius=2.0):
    """The means of the Gaussians of `mixture`, (components, 2): counter-clockwise, the first at (radius, 0)."""
    components, radius = checks.whole_number("components", components), checks.positive("radius", radius)
    # c_k = radius (cos 2 pi k / K, sin 2 pi k / K)
    angle = 2 * np.pi * np.arange(components) / components
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def mixture_log_density(x, components=8, radius=2.0, sigma=0.2):
    """The exact log p(x) in nats of `mixture` with the same arguments.       x : (B, 2)       returns : (B,)"""
    x, sigma = checks.float_array("x", x, columns=2), checks.positive("sigma", sigma)
    centres = mixture_centres(components, radius)
    # p(x) = 1/K sum_k N(x; c_k, sigma^2 I)
    # log N(x; c_k, sigma^2 I) = -|x - c_k|^2 / (2 sigma^2) - log(2 pi sigma^2)
    exponent = -0.5 * np.sum(((x[:, None, :] - centres) / sigma)**2, axis=2)  # (B, K)
    return log_sum_exp(exponent) - np.log(len(centres)) - np.log(2 * np.pi * sigma**2)


def _balanced(n, classes, rng):
    """n labels in random order, each of 0 .. classes-1 equally often (to within one)."""
    return rng.permutation(np.arange(n, dtype=np.int64) % classes)
