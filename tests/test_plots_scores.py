"""The figures of lesson 09: what they claim to show is in them, at its place, with a label."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import scores


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_histograms_share_their_bins_and_have_area_one():
    axes = scores.score_histograms([1.0, 1.0, 3.0], [4.0, 4.0], 3.5, "normal", "novel", "a title", bins=4).axes[0]
    assert [patch.get_height() for patch in axes.patches[:4]] == pytest.approx([0, 2 / 3, 0, 1 / 3])
    outline = axes.patches[4].get_xy()
    assert outline[:, 0].max() == 4 and outline[:, 1].max() == pytest.approx(1)
    assert axes.lines[0].get_xdata()[0] == 3.5 and set(legend(axes)) == {"normal", "novel"}
    assert [text.get_text() for text in axes.texts] == [" called novel \u2192"]
    axes = scores.score_histograms([1.0], [4.0], 3.5, "normal", "odd", "a title", called="anomaly").axes[0]
    assert [text.get_text() for text in axes.texts] == [" called anomaly \u2192"]


def test_roc_curves_name_their_area_and_dash_pca():
    curves = ((np.array([0, 0.2, 1]), np.array([0, 0.9, 1]), 0.85), (np.array([0, 0.5, 1]), np.array([0, 0.5, 1]), 0.5))
    axes = scores.roc_curves({2: curves, 7: curves}, "a title").axes[0]
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), [[0, 0], [0.2, 0.9], [1, 1]])
    assert [line.get_linestyle() for line in axes.lines] == [":", "-", "--", "-", "--"]
    assert axes.lines[1].get_marker() == axes.lines[2].get_marker() != axes.lines[3].get_marker()
    assert legend(axes)[1:3] == ["2 held out, autoencoder: area 0.850", "2 held out, PCA: area 0.500"]


def test_bars_stand_at_their_class_with_their_error():
    areas, errors = np.array([[0.9, 0.8], [0.4, 0.6]]), np.array([[0.01, 0.02], [0.03, 0.04]])
    axes = scores.auc_bars(areas, errors, ("one", "two"), "a title").axes[0]
    assert [bar.get_height() for bar in axes.patches] == [0.9, 0.4, 0.8, 0.6]
    assert [round(bar.get_x() + bar.get_width() / 2) for bar in axes.patches] == [0, 1, 0, 1]
    ends = [segment[:, 1] for container in axes.collections for segment in container.get_segments()]
    np.testing.assert_allclose(ends, [[0.89, 0.91], [0.37, 0.43], [0.78, 0.82], [0.56, 0.64]])
    assert legend(axes) == ["one, average 0.650", "two, average 0.700"]
    assert all(line.get_ydata()[0] == 0.5 for line in axes.lines if line.get_linestyle() == "--")


def test_the_line_through_the_ink_is_the_power():
    axes = scores.error_against_ink([10.0, 20.0], [2.0, 3.0], [5.0], [2.5], 0.5, np.log(2), "a title").axes[0]
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), [[10, 2], [20, 3]])
    np.testing.assert_array_equal(axes.collections[1].get_offsets(), [[5, 2.5]])
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[5, 2 * 5**0.5], [20, 2 * 20**0.5]])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["5", "7", "10", "15", "20"]


def test_label_curves_are_percentages_with_their_intervals():
    curves = {"raw": ([0.5, 0.2], [0.1, 0.02]), "code": ([0.4, 0.3], [0.1, 0.03])}
    figure = scores.label_curves([10, 100], {"nearest": curves, "softmax": curves}, "a title")
    for axes, name in zip(figure.axes, ("nearest", "softmax")):
        assert axes.get_title() == name
        np.testing.assert_allclose(axes.containers[1][0].get_ydata(), [40, 30])
        np.testing.assert_allclose(axes.containers[0][0].get_xdata() / [10, 100], 1, atol=0.05)
        bars = axes.containers[0][2][0].get_segments()
        np.testing.assert_allclose([bar[:, 1] for bar in bars], [[40, 60], [18, 22]])
    assert legend(figure.axes[0]) == ["raw", "code"]


def test_they_are_saved_whole(tmp_path):
    figure = scores.label_curves([10, 100], {"nearest": {"raw": ([0.5, 0.2], [0.1, 0.02])}}, "a title")
    plots.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
