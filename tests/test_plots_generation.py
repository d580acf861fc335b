"""Figures of generation: what they draw, at the right place, with a label."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import generation

RNG = np.random.default_rng(0)
X, MU, SIGMA, Z = RNG.random(9), RNG.standard_normal(3), RNG.random(3), RNG.standard_normal(3)
BINARY = (X > 0.5).astype(float)


def pipelines():
    return generation.pipelines((X, MU, SIGMA, Z, X / 2), (2 * Z, X / 3, BINARY), ["encoder", "decoder"], "a title")


def costs():
    return generation.costs({"one": (0, 3000), "two": (1000, 4000)}, {"one": 5.0, "two": 8.0}, "a title")


def histograms():
    groups = {"data": [0.5, 1.5, 1.5, 2.5], "far": [0.5, 99, 99, 99], "near": [0.1] * 4}
    return generation.histograms({"left": (groups, np.arange(4.0), "x (units)", {"here": 1.2})}, "a title")


def variance_maps():
    return generation.variance_maps({"samples": (X / 4, X / 8, X / 8), "data": (X / 5, X / 6, X / 30)}, "a title")


def class_shares():
    return generation.class_shares({"a": [10, 30, 60], "b": [20, 30, 50]}, {"a": [1, 2, 3], "b": [0, 0, 0]}, "a title")


def clouds():
    return generation.clouds({"p": (X, 20 + 100 * X), "q": (Z, [30, 50, 70])}, "x", "ink", "a title")


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_pipelines_draw_the_numbers_of_both_rows():
    figure = pipelines()
    upper, lower = figure.axes[:6], figure.axes[6:]
    np.testing.assert_array_equal([bar.get_height() for bar in upper[2].patches], MU)
    np.testing.assert_array_equal(upper[2].lines[-2].get_ydata(), Z)
    np.testing.assert_array_equal(lower[2].lines[0].get_ydata(), 2 * Z)
    pictures = [axes.images[0].get_array().ravel() for axes in (upper[0], upper[4], lower[4], lower[5])]
    np.testing.assert_array_equal(pictures, [X, X / 2, X / 3, BINARY])
    assert not lower[2].patches and texts(figure).count("decoder") == 2 and "no encoder" in texts(figure)


def test_costs_stack_the_encoder_on_the_decoder():
    left, right = costs().axes
    decoder, encoder = left.containers
    assert [bar.get_width() for bar in decoder] == [3, 4] and [bar.get_x() for bar in encoder] == [3, 4]
    assert encoder[1].get_width() == 1 and labels(left) == ["decoder", "encoder"]
    assert [bar.get_width() for bar in right.patches] == [5, 8]
    assert [text.get_text() for text in left.get_yticklabels()] == ["one", "two"] and left.get_yticks()[0] > 0


def test_histograms_have_area_one_and_cut_off_what_is_far_above_the_data():
    axes, = histograms().axes
    data, far, near = (patch.get_data().values for patch in axes.patches)
    assert data.tolist() == [0.25, 0.5, 0.25] and far.tolist() == [0.25, 0, 0.75] and near.tolist() == [1, 0, 0]
    assert axes.get_ylim() == (0, 1.7 * 0.5) and "x (units)" == axes.get_xlabel()
    assert [text.strip() for text in texts(axes.figure)] == ["off scale: 1", "here"]        # cut off; the mark
    assert axes.lines[0].get_xdata() == [1.2, 1.2] and labels(axes) == ["data", "far", "near"]
    assert axes.patches[1].get_linestyle() != axes.patches[2].get_linestyle()     # told apart without colour


def test_variance_maps_have_one_scale_and_their_sums():
    figure = variance_maps()
    maps = [axes for axes in figure.axes if axes.get_title()]
    assert len(maps) == 6 and {axes.images[0].get_clim() for axes in maps} == {(0, 0.25)}
    np.testing.assert_array_equal(maps[4].images[0].get_array().ravel(), X / 6)
    assert f"sum {np.sum(X / 6):.1f}" in maps[4].get_title() and maps[3].get_ylabel() == "data"


def test_class_shares_stand_side_by_side():
    axes, = class_shares().axes
    a, b = (container for container in axes.containers if hasattr(container, "patches"))
    assert [bar.get_height() for bar in a] == [10, 30, 60] and [bar.get_height() for bar in b] == [20, 30, 50]
    assert all(left.get_x() < right.get_x() for left, right in zip(a, b)) and labels(axes) == ["a", "b"]
    assert a.patches[0].get_hatch() != b.patches[0].get_hatch()


def test_clouds_draw_points_with_their_names():
    axes, = clouds().axes
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), np.column_stack([Z, [30, 50, 70]]))
    assert len(axes.lines) == 2 and axes.get_yscale() == "log"
    assert axes.lines[0].get_marker() != axes.lines[1].get_marker() and labels(axes) == ["p", "q"]


@pytest.mark.parametrize("make", [pipelines, costs, histograms, variance_maps, class_shares, clouds])
def test_they_have_a_title_and_are_saved_whole(make, tmp_path):
    figure = make()
    assert "a title" in [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    plots.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
