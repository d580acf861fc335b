"""Corruptions: their moments over many draws, and that u alone decides."""

import numpy as np
import pytest

from tinyvae.corruption import GaussianNoise, Masking, SaltAndPepper, make_corruption

N = 200_000


def within(measured, expected, standard_deviation):
    assert abs(measured - expected) < 5 * standard_deviation / np.sqrt(N)


def test_gaussian_noise_has_the_level_as_its_standard_deviation(rng):
    noise = GaussianNoise(0.3)
    x = rng.random((N, 1))
    added = noise.apply(x, noise.draw(rng, x.shape)) - x
    within(added.mean(), 0, 0.3)
    within((added**2).mean(), 0.09, np.sqrt(2) * 0.09)
    within((added * (x - 0.5)).mean(), 0, 0.3 * np.sqrt(1 / 12))         # not correlated with x


def test_masking_sets_the_share_of_pixels_to_zero_and_leaves_the_rest(rng):
    noise, x = Masking(0.3), rng.random((N, 1)) + 0.5
    seen = noise.apply(x, noise.draw(rng, x.shape))
    within((seen == 0).mean(), 0.3, np.sqrt(0.3 * 0.7))
    assert ((seen == 0) | (seen == x)).all()


def test_salt_and_pepper_are_each_half_of_the_share(rng):
    noise, x = SaltAndPepper(0.3), 0.25 + 0.5 * rng.random((N, 1))
    seen = noise.apply(x, noise.draw(rng, x.shape))
    for value in (0, 1):
        within((seen == value).mean(), 0.15, np.sqrt(0.15 * 0.85))
    assert (np.isin(seen, (0, 1)) | (seen == x)).all()


@pytest.mark.parametrize("kind", [GaussianNoise, Masking, SaltAndPepper])
def test_level_0_changes_nothing_the_same_u_the_same_noise_and_x_stays(kind, rng):
    x = rng.random((4, 5)).astype(np.float32)
    before, u = x.copy(), kind(0.5).draw(np.random.default_rng(1), x.shape, np.float32)
    np.testing.assert_array_equal(kind(0).apply(x, u), x)
    seen = kind(0.5).apply(x, u)
    assert seen.dtype == np.float32 and not np.array_equal(seen, x)
    np.testing.assert_array_equal(seen, kind(0.5).apply(x, kind(0.5).draw(np.random.default_rng(1), x.shape, np.float32)))
    np.testing.assert_array_equal(x, before)


def test_names_levels_and_objects():
    noise = make_corruption("masking", 0.25)
    assert type(noise) is Masking and noise.level == 0.25
    assert make_corruption(noise) is noise and make_corruption(None) is None
    for call, error, words in ((lambda: make_corruption("dust", 0.1), ValueError, "gaussian, masking, salt-and-pepper"),
                               (lambda: make_corruption("masking"), TypeError, "level: missing"),
                               (lambda: make_corruption(None, 0.1), TypeError, "level: got 0.1"),
                               (lambda: make_corruption(3), TypeError, "corruption: got 3"),
                               (lambda: make_corruption("masking", 1.5), ValueError, "between 0 and 1"),
                               (lambda: make_corruption("gaussian", -1), ValueError, "level: got -1")):
        with pytest.raises(error, match=words):
            call()
