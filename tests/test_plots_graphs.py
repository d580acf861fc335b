"""The figures of lesson 15: every number, cut and marker that they claim to show is in them."""

import numpy as np

from tinyvae import plots
from tinyvae.plots import graphs

VALUES = {"x": np.array([1.0, 0.0]), "mu": 0.8, "z": 1.5, "loss": 2.0}
EDGES = {("x", "mu"): (0.25, -0.5), ("mu", "z"): None, ("z", "loss"): 0.125}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_the_graph_shows_values_gradients_sums_and_cuts():
    figure = graphs.gradient_graph({"upper": (VALUES, EDGES), "lower": (VALUES, {("z", "loss"): 3.0})}, "a title")
    upper, lower = figure.axes
    assert [axes.get_title(loc="left") for axes in (upper, lower)] == ["upper", "lower"]
    assert {"+0.250 -0.500\n= -0.250", "cut", "+0.125", "$z$\n+1.500"} <= set(texts(upper))
    assert "encoder\nof $x$\n+1.000\n+0.000" in texts(upper)
    assert "+3.000" in texts(lower) and "cut" not in texts(lower)


def test_the_cut_edge_is_dashed():
    axes = graphs.gradient_graph({"": (VALUES, EDGES)}, "a title").axes[0]
    styles = [text.arrow_patch.get_linestyle() for text in axes.texts if getattr(text, "arrow_patch", None)]
    assert styles == ["-", "--", "-"]


def test_measured_is_markers_and_theory_a_line():
    axes = graphs.measured_and_theory([1, 10], {"a": ([2, 3], [4, 5])}, "x", "y", "title").axes[0]
    theory, measured = axes.lines[:2]
    np.testing.assert_array_equal(theory.get_ydata(), [4, 5])
    np.testing.assert_array_equal(measured.get_ydata(), [2, 3])
    assert theory.get_linestyle() == "-" and measured.get_linestyle() == "None" and measured.get_marker() == "o"
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_the_comparison_names_where_each_curve_ends(tmp_path):
    figure = graphs.training_comparison({"one": [300.0, 200.0, 104.4], "two": [310.0, 290.0, 286.0]}, 184.0, "bar", "t")
    axes = figure.axes[0]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["one: ends at 104", "two: ends at 286", "bar: 184"]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[1, 300], [2, 200], [3, 104.4]])
    plots.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"


def test_the_numbers_at_the_encoder_stand_beside_their_arrows():
    axes = graphs.gradient_graph({"": (VALUES, EDGES)}, "a title").axes[0]
    beside = next(text for text in axes.texts if text.get_text().startswith("+0.250"))
    assert beside.xyann[1] > 20 and next(text for text in axes.texts if text.get_text() == "cut").xyann == (0, 0)
