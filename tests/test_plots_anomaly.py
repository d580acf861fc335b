"""The figures of lesson 19: what they claim to show is in them, at its place, with a label."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import anomaly


def legend(of):
    return [text.get_text() for text in of.get_texts()]


def test_points_stand_at_their_class_with_two_standard_errors():
    areas, errors = np.array([[0.9, 0.8], [0.7, 0.95], [0.8, 0.8]]), np.full((3, 2), 0.01)
    figure = anomaly.auc_per_class(areas, errors, ("one", "two"), "a title")
    axes, = figure.axes
    for i, container in enumerate(axes.containers):
        points, _, (bars,) = container
        np.testing.assert_array_equal(points.get_ydata(), areas[:, i])
        np.testing.assert_array_equal(np.round(points.get_xdata()), [0, 1, 2])
        np.testing.assert_allclose([segment[:, 1] for segment in bars.get_segments()],
                                   np.stack([areas[:, i] - 0.02, areas[:, i] + 0.02], axis=1))
    markers = [container[0].get_marker() for container in axes.containers]
    assert len(set(markers)) == 2 and axes.get_title() == "a title"
    assert legend(figure.legends[0]) == ["one: average 0.800", "two: average 0.850"]


def test_roc_curves_are_steps_beside_chance():
    curves = {"a": ([0, 0, 0.5, 1], [0, 0.5, 1, 1], 0.875), "b": ([0, 0.25, 1], [0, 0.5, 1], 0.6)}
    figure = anomaly.roc_by_score(curves, "a title")
    axes, = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0, 0], [0, 0.5], [0.5, 1], [1, 1]])
    assert axes.lines[0].get_drawstyle() == "steps-post" and axes.lines[0].get_marker() != axes.lines[1].get_marker()
    np.testing.assert_array_equal(axes.lines[2].get_xdata(), axes.lines[2].get_ydata())
    assert axes.get_xlim() == (0.25, 1) and axes.get_xscale() == "log"
    assert legend(figure.legends[0]) == ["a: area 0.875", "b: area 0.600", "chance: area 0.500"]


def test_scores_lie_above_the_diagonal_and_their_classes_apart():
    axes = anomaly.scores_above_their_floor([1.0, 2.0, 3.0], [4.0, 5.0, 9.0], [False, True, True], 6.0,
                                            ("normal", "other"), "a title").axes[0]
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), [[2, 5], [3, 9]])
    np.testing.assert_array_equal(axes.collections[1].get_offsets(), [[1, 4]])
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[1, 1], [3, 3]])
    assert set(axes.lines[1].get_ydata()) == {6.0}
    assert legend(axes.get_legend()) == ["other", "normal", "floor: the entropy of the pixels"]


@pytest.mark.parametrize("crossing", [0.25, np.nan])
def test_noise_curves_dash_the_noisy_picture_and_mark_the_crossing(crossing):
    lines = {"noisy": [0.0, 4.0], "VAE": [1.0, 2.0], "PCA": [1.5, 1.6]}
    panels = {"one": ("level", [0, 0.3], lines, crossing), "two": ("share", [0, 0.5], lines, np.nan)}
    figure = anomaly.noise_curves(panels, "a title")
    first, second = figure.axes
    np.testing.assert_array_equal(first.lines[0].get_ydata(), [np.nan, 4])           # 0 has no logarithm
    np.testing.assert_array_equal(first.lines[1].get_xydata(), [[0, 1], [0.3, 2]])
    assert [line.get_linestyle() for line in first.lines[:3]] == ["--", "-", "-"]
    assert len({line.get_marker() for line in first.lines[:3]}) == 3
    marked = [line.get_xdata()[0] for line in first.lines[3:]]
    assert marked == ([] if np.isnan(crossing) else [0.25]) and len(second.lines) == 3
    assert [text.get_text() for text in first.texts] == ([] if np.isnan(crossing) else [" helps from 0.25"])
    assert first.get_xlabel() == "level" and second.get_xlabel() == "share" and first.get_yscale() == "log"
    assert legend(figure.legends[0]) == ["noisy", "VAE", "PCA"]


def test_residuals_are_signed_and_the_defect_is_outlined_in_them(tmp_path):
    x, x_hat = np.zeros((2, 9)), np.full((2, 9), 0.5)
    x[1, 4] = 1.0
    figure = anomaly.residual_maps({"defects": (x, x_hat, np.array([[0, 1, 2], [1, 0, 2]])), "others": (x_hat, x)},
                                   "a title")
    shown = figure.axes[0].images[0].get_array()                                     # rows of 3 pixels and a gap
    assert shown.shape == (11, 7)
    np.testing.assert_allclose(shown[0:3, 0:3], 0)
    np.testing.assert_allclose(shown[4:7, 0:3], 0.5)
    np.testing.assert_allclose(shown[8:11, 0:3], -0.5)
    assert shown[9, 5] == 0.5 and figure.axes[1].images[0].get_array()[9, 5] == -0.5
    boxes = [(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in figure.axes[0].patches]
    assert boxes == [(0.5, 7.5, 2, 2), (3.5, 8.5, 2, 2)] and not figure.axes[1].patches
    assert figure.axes[0].images[0].get_clim() == (-1, 1)
    plots.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
