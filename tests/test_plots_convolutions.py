"""The figures of lesson 08: what they draw is what they were given."""

import numpy as np

from tinyvae import plots
from tinyvae.plots import convolutions

RNG = np.random.default_rng(0)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_the_matrix_and_its_transpose_name_the_same_weights(tmp_path):
    which = np.array([[1, 2, 0, 3, 4, 0], [0, 1, 2, 0, 3, 4]])                # a 2 x 2 kernel on 2 x 3 pixels
    figure = convolutions.matrix_pattern(which, 2, 3, 2, "title")
    left, right = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), which)
    np.testing.assert_array_equal(right.images[0].get_array(), which.T)
    cell = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in left.texts}
    assert cell == {(0, 0): "00", (0, 1): "01", (0, 3): "10", (0, 4): "11",
                    (1, 1): "00", (1, 2): "01", (1, 4): "10", (1, 5): "11"}
    assert {(text.get_position()[0], text.get_position()[1]): text.get_text() for text in right.texts} == cell
    plots.save(figure, tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").read_bytes()[:4] == b"\x89PNG"


def test_pooling_marks_the_place_of_each_maximum():
    x = np.zeros((4, 4))
    x[1, 0], x[2, 3] = 0.5, 0.8
    y, indices = np.array([[0.5, 0], [0, 0.8]]), np.array([[2, 0], [0, 1]])
    before, pooled, after = convolutions.pooling(x, y, indices, x, "title").axes
    for axes in (before, after):
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [line.get_xydata().tolist() for line in dots] == [[[0, 1], [3, 2]]]      # (column, row)
    np.testing.assert_array_equal(pooled.images[0].get_array(), y)
    assert not pooled.lines


def test_each_kernel_stands_above_its_map():
    kernels, maps = RNG.standard_normal((3, 2, 2)), RNG.standard_normal((3, 4, 4))
    figure = convolutions.kernels_and_maps(np.eye(4), kernels, maps, "title")
    panels = {axes.get_title(): axes for axes in figure.axes}
    np.testing.assert_array_equal(panels["picture"].images[0].get_array(), np.eye(4))
    for m in range(3):
        np.testing.assert_array_equal(panels[f"kernel {m + 1}"].images[0].get_array(), kernels[m])
        assert texts(panels[f"kernel {m + 1}"]) == [f"{weight:+.1f}" for weight in kernels[m].ravel()]
        np.testing.assert_array_equal(panels[f"map {m + 1}"].images[0].get_array(), maps[m])


def test_error_bars_show_every_training_and_five_standard_errors():
    groups = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([4.0, 4.5, 5.0])}
    axes = convolutions.error_bars(groups, {"bar to beat": 3.5}, "title").axes[0]
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], [2.0, 4.5])
    dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "D"]
    assert dots == [[1.0, 2.0, 3.0], [4.0, 4.5, 5.0]]
    ends = [bars.get_segments()[0][:, 0] for bars in axes.collections]
    np.testing.assert_allclose(ends, [[2 - 5 / 3**0.5, 2 + 5 / 3**0.5], [4.5 - 2.5 / 3**0.5, 4.5 + 2.5 / 3**0.5]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["bar to beat: 3.5"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
