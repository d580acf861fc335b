"""Figures of the evidence lower bound: what they claim to show is in them."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import bounds

RNG = np.random.default_rng(0)


def test_stacked_terms_end_at_the_elbo_and_their_sum_stands_at_log_p():
    terms = np.array([[-3.0, -5.0], [1.0, 0.5], [1.5, 3.0]])
    axes = bounds.stacked_terms(["a", "b"], terms, -2.5, "t").axes[0]
    boxes = [bar.get_bbox() for bar in axes.patches]
    np.testing.assert_allclose([(box.y0, box.y1) for box in boxes],
                               [(0, -3), (0, -5), (-3, -4), (-5, -5.5), (0, 1.5), (0, 3)])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [-2.5, -2.5])
    np.testing.assert_allclose([segment[0][1] for segment in axes.collections[0].get_segments()], [-4, -5.5])


def test_the_bound_is_drawn_with_its_ceiling_and_the_place_where_they_touch():
    mean = np.linspace(-1, 1, 33)
    axes = bounds.touching_bound(mean, {"s": -mean**2 - 1, "2 s": -mean**2 - 2}, -1.0, 0.0, "t").axes[0]
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), -mean**2 - 2)
    assert list(axes.lines[2].get_ydata()) == [-1.0, -1.0]
    assert (axes.lines[3].get_xdata()[0], axes.lines[3].get_ydata()[0]) == (0.0, -1.0)


def test_the_price_marks_the_best_of_each_curve():
    weight = np.linspace(0, 2, 21)
    axes = bounds.price_of_the_gap(weight, -(weight - 1)**2, -(weight - 1.5)**2 - 1, "t").axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()][:2] == [
        "$\\log p(x)$, best at w = 1.00", "ELBO, best at w = 1.50"]


def test_the_cost_of_p_x_given_z_is_one_run():
    axes = bounds.cost_of_normalising([1, 2], [20.0, 400.0], np.arange(1, 11), 20.0**np.arange(1, 11), "t").axes[0]
    assert axes.get_yscale() == "log"
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), [[1, 20], [2, 400]])
    np.testing.assert_array_equal(axes.lines[2].get_ydata(), np.ones(10))


def test_the_ladder_stacks_amortisation_on_approximation():
    axes = bounds.gap_ladder(["a", "b"], 0.5, [2.0, 0.0], "t").axes[0]
    assert [(bar.get_y(), bar.get_height()) for bar in axes.patches] == [(0, 0.5), (0, 0.5), (0.5, 2.0), (0.5, 0.0)]
    assert [text.get_text() for text in axes.texts] == ["2.50", "0.50"]


def test_gap_curves_start_before_training():
    axes = bounds.gap_curves({"a": [9.0, 3.0, 1.0], "b": [8.0, 2.0, 0.5]}, "t").axes[0]
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), [[0, 8], [1, 2], [2, 0.5]])


@pytest.mark.parametrize("n", [1, 3])
def test_the_pipeline_shows_each_example_in_its_row(n):
    x, x_prime, (mu, z) = RNG.random((n, 16)), RNG.random((n, 16)), RNG.standard_normal((2, n, 4))
    figure = bounds.pipeline(x, mu, np.full((n, 4), 0.3), z, x_prime, "t")
    assert len(figure.axes) == 4 * n
    left, encoded, drawn, right = figure.axes[-4:]                               # the last row
    np.testing.assert_array_equal(left.images[0].get_array(), x[-1].reshape(4, 4))
    np.testing.assert_array_equal(right.images[0].get_array(), x_prime[-1].reshape(4, 4))
    np.testing.assert_allclose([bar.get_height() for bar in encoded.patches], mu[-1])
    assert any(np.array_equal(line.get_ydata(), z[-1]) for line in drawn.lines)


def test_every_figure_has_a_title_and_is_saved(tmp_path):
    figure = bounds.gap_ladder(["a"], 0.5, [2.0], "what to see")
    assert figure.axes[0].get_title() == "what to see" and figure.axes[0].get_ylabel()
    plots.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"
