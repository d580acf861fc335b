"""Figures of the two losses: what they draw, at the right place, with a label."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import losses

X = np.array([0.25, 0.5, 1.0, 2.0])


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_line_panels_draw_lines_marks_and_labels():
    panel = {"x": X, "lines": {"one": X, "two": X**2}, "x_label": "x", "y_label": "y", "log_x": True, "x_ticks": X,
             "y_limits": (-1, 5), "places": {"here": (1, 1)}}
    figure = losses.line_panels([panel, {**panel, "dense": True, "name": "right"}], "a title")
    left, right = figure.axes
    assert figure._suptitle.get_text() == "a title" and right.get_title() == "right"
    np.testing.assert_array_equal(left.lines[1].get_ydata(), X**2)
    assert labels(left) == ["one", "two", "here"] and left.lines[2].get_xydata().tolist() == [[1, 1]]
    assert left.get_xscale() == "log" and left.get_ylim() == (-1, 5)
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["0.25", "0.5", "1", "2"]
    assert left.lines[0].get_marker() != left.lines[1].get_marker()              # told apart without colour
    assert right.lines[0].get_linestyle() != right.lines[1].get_linestyle()


def test_sigma0_figures_mark_the_best_and_the_learned():
    axes = losses.best_sigma0(X, X**2, X, (0.5, -0.2), "title").axes[0]
    assert axes.lines[2].get_xydata().tolist() == [[0.5, -0.2]] and "0.500" in labels(axes)[2]
    error, kl = losses.sigma0_trade_off(X, X, 3 - X, (0.3, 0.31, 2.9), "title").axes
    np.testing.assert_array_equal(kl.lines[0].get_ydata(), 3 - X)
    assert error.lines[1].get_xydata().tolist() == [[0.3, 0.31]] and kl.lines[1].get_xydata().tolist() == [[0.3, 2.9]]


def test_bernoulli_panels_mark_where_probabilities_break():
    loss, gradient = losses.bernoulli_float32(X, {"logits": X}, {"logits": X / 2}, 1.5, "title").axes
    np.testing.assert_array_equal(gradient.lines[0].get_ydata(), X / 2)
    assert loss.lines[1].get_xydata().tolist() == [[1.5, 1.5]] and "1.50" in labels(loss)[1]


def test_running_estimate_draws_errors_beside_the_exact_value():
    axes = losses.running_estimate([10, 100], [1.1, 1.0], [0.3, 0.1], 1.02, "title", "KL (nats)").axes[0]
    assert axes.lines[0].get_ydata() == [1.02, 1.02] and labels(axes)[0] == "closed form: 1.0200"
    bars = axes.collections[0].get_segments()
    np.testing.assert_allclose(bars[0][:, 1], [0.8, 1.4])


def test_kl_surface_has_its_minimum_and_its_paths():
    mu, sigma = np.linspace(-3, 3, 13), np.linspace(0.1, 2.5, 9)
    kl = 0.5 * (mu**2 + sigma[:, None]**2 - 1 - np.log(sigma[:, None]**2))
    path = np.array([[2.0, 0.5], [1.0, 0.8]])
    axes = losses.kl_surface(mu, sigma, kl, {"descent": path}, "title").axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), path)
    assert axes.lines[1].get_xydata().tolist() == [[0, 1]]
    assert "mu" in axes.get_xlabel() and "sigma" in axes.get_ylabel()


@pytest.mark.parametrize("make", [
    lambda: losses.line_panels([{"x": X, "lines": {"a": X}, "x_label": "x", "y_label": "y", "log_y": True}], "title"),
    lambda: plots.picture_rows({"a": np.zeros((2, 4))}, "title")])
def test_they_are_saved_whole(make, tmp_path):
    plots.save(make(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
