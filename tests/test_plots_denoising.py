"""Figures of denoising: what they claim to show is in them."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import denoising

LEVELS = np.array([0.0, 0.2, 0.4])
PANELS = {"gaussian": ("noise", LEVELS, {"doing nothing": [0.0, 1.0, 4.0], "plain": [0.5, 1.0, 2.0]}, 0.4),
          "masking": ("share", LEVELS, {"doing nothing": [0.0, 2.0, 3.0], "plain": [0.5, 1.5, 2.0]}, 0.2)}
VARIANCES, FACTORS = np.array([1.0, 0.5, 0.1, 0.01]), np.array([0.9, 0.8, 0.0, 0.0])
POINTS = np.stack(np.meshgrid(np.arange(3.0), np.arange(3.0)), axis=-1).reshape(-1, 2)
GROUPS = {"gaussian": {"original": np.zeros((2, 9)), "noisy": np.ones((2, 9))},
          "masking": {"original": np.ones((2, 9))}}
DENSITY = np.exp(-np.add.outer(np.arange(4.0)**2, np.arange(5.0)**2))


def test_level_curves_leave_out_a_zero_and_mark_the_level_of_training():
    left, right = denoising.level_curves(PANELS, "t").axes
    nothing, plain, trained = left.lines
    np.testing.assert_array_equal(nothing.get_ydata(), [np.nan, 1, 4])
    np.testing.assert_array_equal(plain.get_ydata(), [0.5, 1, 2])
    assert trained.get_xdata()[0] == 0.4 and right.lines[2].get_xdata()[0] == 0.2
    assert nothing.get_linestyle() == "--" and nothing.get_marker() != plain.get_marker()
    assert left.get_yscale() == "log" and (left.get_title(), right.get_xlabel()) == ("gaussian", "share")


def test_shrinkage_draws_the_theory_and_what_was_learned():
    axes = denoising.shrinkage(VARIANCES, 0.5, {"learned": FACTORS}, 2, "t").axes[0]
    x, y = axes.lines[0].get_data()
    np.testing.assert_allclose(y, x / (x + 0.25))
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), np.column_stack([VARIANCES, FACTORS]))
    assert axes.get_xscale() == "log"


def test_arrows_start_at_the_points_and_share_one_scale():
    left, right = denoising.arrow_fields(POINTS, {"exact": POINTS, "learned": 2 * POINTS}, np.arange(5.0),
                                         np.arange(4.0), DENSITY, "t").axes
    quivers = [next(item for item in axes.collections if hasattr(item, "U")) for axes in (left, right)]
    np.testing.assert_array_equal(quivers[0].XY, POINTS)
    np.testing.assert_array_equal(quivers[1].U, 2 * POINTS[:, 0])
    assert quivers[0].scale == quivers[1].scale and (left.get_title(), right.get_title()) == ("exact", "learned")


def test_few_and_many_draws_means_with_their_errors():
    panels = {"50 pictures": {"test": ([3.0, 2.0, 4.0], [0.1, 0.1, 0.1])},
              "500": {"test": ([1.0, 1.0, 2.0], [0, 0, 0])}}
    few, many = denoising.few_and_many(LEVELS, panels, "t", "noise").axes
    np.testing.assert_array_equal(few.containers[0].lines[0].get_ydata(), [3, 2, 4])
    assert few.containers[0].has_yerr and few.get_ylim()[0] == 0 and many.get_xlabel() == "noise"


@pytest.mark.parametrize("make", [
    lambda: denoising.level_curves(PANELS, "t"),
    lambda: plots.picture_rows(GROUPS, "t"),
    lambda: denoising.shrinkage(VARIANCES, 0.5, {"learned": FACTORS}, 2, "t"),
    lambda: denoising.arrow_fields(POINTS, {"exact": POINTS}, np.arange(5.0), np.arange(4.0), DENSITY, "t"),
    lambda: denoising.few_and_many(LEVELS, {"50": {"test": ([3.0, 2.0, 4.0], [0.1, 0.1, 0.1])}}, "t", "noise")])
def test_figures_are_saved(make, tmp_path):
    plots.save(make(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"
