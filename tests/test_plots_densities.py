"""Figures of densities: what they claim to show is in them."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import densities

RNG = np.random.default_rng(0)
X1, X2 = np.linspace(-2, 2, 21), np.linspace(-1, 3, 17)
P = np.stack([X1 < 0, X1 >= 0], axis=1)[None].repeat(17, axis=0) * 0.8 + 0.1                # (17, 21, 2)
POINTS, LABELS = RNG.standard_normal((30, 2)), np.arange(30) % 2


def test_the_maps_share_the_points_and_mark_the_unknown():
    log_density = -np.add.outer(X2**2, X1**2)
    panels = [densities.Panel("left", P), densities.Panel("right", P, np.exp(log_density)[:, :, None].repeat(2, axis=2),
                                                          log_density, -2.0)]
    left, right = densities.plane_maps(X1, X2, panels, POINTS, LABELS, "Two maps", unknown=(1.5, 2.5)).axes
    for axes in (left, right):
        np.testing.assert_array_equal(axes.lines[0].get_xydata(), POINTS[LABELS == 0])
        np.testing.assert_array_equal(axes.lines[1].get_xydata(), POINTS[LABELS == 1])
        np.testing.assert_array_equal(axes.lines[2].get_xydata(), [[1.5, 2.5]])
        assert axes.lines[0].get_marker() != axes.lines[1].get_marker()
    assert any("none of these" in text.get_text() for text in right.texts)
    assert not any("none of these" in text.get_text() for text in left.texts)
    assert len(right.collections) > len(left.collections)


def test_stacked_curves_draw_levels_across():
    x = np.arange(5.0)
    top, bottom = densities.stacked_curves(x, {"p": {"a": x**2}, "log p": {"b": -x, "level": -2.0}}, "x", "t",
                                           (1, 3)).axes
    np.testing.assert_array_equal(top.lines[0].get_ydata(), x**2)
    np.testing.assert_array_equal(bottom.lines[1].get_ydata(), [-2, -2])
    assert (top.get_ylabel(), bottom.get_xlabel()) == ("p", "x")


def test_histogram_bars_are_densities_and_a_cut_bar_says_its_height():
    edges, x = np.array([0.0, 0.5, 1.0, 2.0]), np.linspace(0, 2, 9)
    panels = {"fits": ([10, 10, 20], np.full(9, 0.5)), "peak": ([0, 40, 0], np.full(9, 0.5)),
              "third": ([1, 1, 2], np.full(9, 0.5)), "fourth": ([1, 1, 2], np.full(9, 0.5))}
    axes = densities.histogram_panels(edges, panels, x, "t").axes
    np.testing.assert_allclose(axes[0].patches[0].get_data().values, [0.5, 0.5, 0.5])
    np.testing.assert_allclose(axes[1].patches[0].get_data().values, [0, 2, 0])
    assert [text.get_text().strip() for text in axes[1].texts] == ["2"] and not axes[0].texts
    assert [a.get_title() for a in axes[:4]] == list(panels) and not any(a.get_visible() for a in axes[4:])


def test_lines_without_errors_are_theory():
    n = np.array([10, 100])
    lines = {"measured": (1 / n, 0.1 / n), "theory": (1 / n, None)}
    axes = densities.lines_with_errors(n, lines, "n", "d", "t").axes[0]
    styles = {line.get_label(): line.get_linestyle() for line in axes.lines}
    assert styles["theory"] != "-" and axes.get_xscale() == axes.get_yscale() == "log"
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {"measured", "theory"}


@pytest.mark.parametrize("make", [
    lambda: densities.plane_maps(X1, X2, [densities.Panel("p", P)], POINTS, LABELS, "t"),
    lambda: densities.stacked_curves(X1, {"y": {"a": X1}}, "x", "t"),
    lambda: densities.histogram_panels(X1, {"h": (np.ones(20), np.ones(21))}, X1, "t"),
    lambda: densities.lines_with_errors([1, 2], {"a": ([1, 2], [0.1, 0.1])}, "x", "y", "t")])
def test_figures_are_saved(make, tmp_path):
    plots.save(make(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"
