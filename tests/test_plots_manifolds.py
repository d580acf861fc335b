"""The figures of lesson 05: what they claim to show is in them, at its place, with a label."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import manifolds

RNG = np.random.default_rng(0)


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def error_by_size():
    lines = {"PCA": [9.0, 5, 3], "test": [9.5, 6, 4]}
    return manifolds.error_by_size([1, 2, 3], lines, {"fit": ([1, 3], [9.1, 3.1])}, "t")


def test_errors_stand_at_their_sizes():
    axes = error_by_size().axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[1, 9], [2, 5], [3, 3]])
    np.testing.assert_array_equal(axes.lines[2].get_xydata(), [[1, 9.1], [3, 3.1]])
    assert labels(axes) == ["PCA", "test", "fit"]
    assert axes.lines[2].get_linestyle() == "None" and axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "2"]


def test_the_line_is_the_squared_sine_of_the_angle():
    excess = np.array([70, 20, 5, 0.1, 0.01])
    axes = manifolds.angle_and_excess([80, 30, 10, 2, 1.0], {"one": excess, "two": excess / 2}, 40.0, "t").axes[0]
    angle, least = axes.lines[2].get_data()
    np.testing.assert_allclose(np.interp(30, angle, least), 10, rtol=1e-2)                 # 40 sin^2(30 degrees)
    np.testing.assert_array_equal(axes.lines[0].get_xydata()[-1], [1, 0.01])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), excess / 2)
    assert [(text.get_text(), text.xy) for text in axes.texts] == [
        ("epoch 0", (80, 70)), ("epoch 1", (30, 20)), ("epoch 2", (10, 5)), ("epoch 4", (1, 0.01))]


def test_data_and_curves():
    x = RNG.standard_normal((5, 2))
    axes = manifolds.curves_through_data(x, {"line": [[0, 0], [1, 1]], "curve": x[::-1]}, "t").axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), x)
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), [[0, 0], [1, 1]])
    np.testing.assert_array_equal(axes.lines[2].get_xydata(), x[::-1])
    assert labels(axes) == ["data", "line", "curve"] and axes.lines[1].get_marker() != axes.lines[2].get_marker()


def curse():
    return manifolds.curse({"notes": [80, 8, 0.8], "random": [57, 7.7, 0.8]}, {2: RNG.random(50), 10: RNG.random(50)},
                           [1, 10], {"spread": [1.4, 0.4], "nearest": [0.1, 0.2]}, [1.5, 0.5], "t")


def test_the_curse_has_three_panels():
    left, middle, right = curse().axes
    np.testing.assert_array_equal(left.lines[0].get_xydata(), [[1, 80], [2, 8], [3, 0.8]])
    assert labels(left) == ["notes", "random"] and left.get_yscale() == "log"
    assert labels(middle) == ["2 dimensions", "10 dimensions"]
    for patch in middle.patches:                                                           # densities: the area is 1
        corners = patch.get_xy()
        assert abs(np.sum(np.diff(corners[:, 0]) * corners[:-1, 1])) == pytest.approx(1)
    np.testing.assert_array_equal(right.lines[0].get_xydata(), [[1, 1.4], [10, 0.4]])
    np.testing.assert_array_equal(right.lines[1].get_xydata(), [[1, 0.1], [10, 0.2]])
    np.testing.assert_array_equal(right.lines[2].get_xydata(), [[1, 1.5], [10, 0.5]])
    assert labels(right)[:2] == ["spread", "nearest"]


def test_codes_and_pictures_share_their_axes():
    z, classes = np.array([[0.0, 0], [1, 1], [3, 3]]), np.array([4, 7, 7])
    pictures = np.repeat([[0.1], [0.2], [0.3], [0.4]], 9, axis=1)                          # 3 x 3 pixels each
    left, right = manifolds.codes_and_pictures(z, classes, (-1, 4, -2, 5), pictures, "t").axes
    assert [text.get_text() for text in left.texts] == ["4", "7"] and left.texts[1].get_position() == (2, 2)
    np.testing.assert_array_equal(left.lines[1].get_xydata(), z[1:])
    assert left.lines[0].get_marker() != left.lines[1].get_marker()
    for axes in (left, right):
        assert axes.get_xlim() == (-1, 4) and axes.get_ylim() == (-2, 5)
    image = right.images[0]
    assert tuple(image.get_extent()) == (-1, 4, -2, 5)
    np.testing.assert_allclose(image.get_array()[[0, 0, 5, 5], [0, 5, 0, 5]], [0.1, 0.2, 0.3, 0.4])


def test_labels_do_not_cover_one_another():
    box = (0, 10, 0, 100)
    places = manifolds.apart({1: (5, 50), 2: (5, 51), 3: (5.1, 52), 4: (9, 50)}, box)
    assert places[1] == (5, 50) and places[4] == (9, 50)
    assert places[2] == (5, 56) and places[3] == (5.1, 62)


@pytest.mark.parametrize("make", [error_by_size, curse])
def test_they_are_saved_whole(make, tmp_path):
    plots.save(make(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
