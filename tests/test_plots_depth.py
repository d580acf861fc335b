"""The figures of lesson 06: what they claim to show is in them, at its place, with a label."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import depth

X, MEAN, ERROR = np.array([1, 10, 100]), np.array([9.0, 5.0, 3.0]), np.array([0.5, 0.2, 0.1])
CURVES = {"one": (X, MEAN, ERROR), "two": (X, MEAN / 2, ERROR)}


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_latent_sizes_have_their_line_and_their_bars():
    axes = depth.error_by_latent_size([2, 8, 32], [10.0, 6.0, 2.0], {"deep": (MEAN, ERROR)}, "a title").axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[2, 10], [8, 6], [32, 2]])
    assert axes.lines[0].get_linestyle() == "--" and labels(axes)[0].startswith("PCA")
    bars = axes.collections[0].get_segments()
    np.testing.assert_allclose([bar[:, 1] for bar in bars], np.transpose([MEAN - ERROR, MEAN + ERROR]))
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2", "8", "32"]


def test_heat_maps_share_a_scale_that_is_white_at_zero():
    figure = depth.heat_maps({"a": np.arange(4.0), "b": -np.arange(4.0) * 2}, 2, "a title")
    first, second = figure.axes[:2]
    np.testing.assert_array_equal(first.images[0].get_array(), [[0, 1], [2, 3]])
    assert first.images[0].get_clim() == second.images[0].get_clim() == (-6, 6)
    assert [axes.get_title() for axes in (first, second)] == ["a", "b"]


def test_learning_curves_have_bands_and_markers_of_their_own():
    axes = depth.learning_curves(CURVES, "a title", limit=8).axes[0]
    assert labels(axes) == ["one", "two"] and axes.get_ylim()[1] == 8
    assert axes.lines[0].get_marker() != axes.lines[1].get_marker()
    band = axes.collections[0].get_paths()[0].vertices
    for x, mean, error in zip(X, MEAN, ERROR):
        assert {mean - error, mean + error} <= set(band[band[:, 0] == x][:, 1])


def test_the_gap_is_the_height_above_the_diagonal():
    axes = depth.train_and_test({"one": (MEAN, MEAN + 1)}, 8.0, "a title").axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[3, 3], [8, 8]])
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), [[5, 6], [3, 4]])            # 9 lies beyond the limit
    assert axes.xaxis_inverted() and labels(axes)[0] == "test = train: no gap"


def test_stages_end_where_they_end():
    figure = depth.staged_curves({"elu": CURVES, "sigmoid": CURVES}, {20: "stage 1", 100: "fine-tuning"}, "a title")
    for axes, name in zip(figure.axes, ("elu", "sigmoid")):
        np.testing.assert_array_equal(axes.lines[1].get_ydata(), MEAN / 2)
        assert axes.get_title() == name
        assert [line.get_xdata()[0] for line in axes.lines[2:]] == [20, 100]
        assert [(text.get_position()[0], text.get_text()) for text in axes.texts] == [(10, "stage 1"),
                                                                                   (60, "fine-tuning")]


@pytest.mark.parametrize("make", [
    lambda: depth.error_by_latent_size([2, 8, 32], MEAN, {"deep": (MEAN, ERROR)}, "title"),
    lambda: depth.staged_curves({"elu": CURVES}, {20: "stage 1"}, "title")])
def test_they_are_saved_whole(make, tmp_path):
    plots.save(make(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
