"""Figures of the gradient checks: what they claim to show is in them."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import backprop

RNG = np.random.default_rng(0)
H = 10.0 ** -np.arange(6.0)


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def wrong_gradients():
    numeric = RNG.standard_normal((3, 5))
    return backprop.wrong_gradients({"right": (numeric, numeric), "doubled": (numeric, 2 * numeric)}, "title")


def step_size():
    errors = {"forward": H + 1e-8 / H, "central": H**2 + 1e-6 / H, "complex": H**2}
    panels = {"float64": (H, errors), "float32": (H, errors)}
    return backprop.step_size(panels, {"forward": 1.0, "central": 3.0}, "title")


def kinks():
    return backprop.kinks(H[1:4], H[1:4] / 2, lambda h: h / 3, {"float64": 1e-5, "float32": 1e-2}, "title")


def blind():
    grid = np.linspace(-1, 1, 5)
    estimates = {"right": (grid**2, 0 * grid + 0.1), "faulty": (2 * grid**2, 0 * grid + 0.2)}
    return backprop.blind(RNG.standard_normal(1000), 0.5, 1.0, grid, grid**2, estimates, "title")


def test_a_wrong_gradient_has_another_marker_and_leaves_the_diagonal():
    right, doubled = wrong_gradients().axes
    for axes, factor in ((right, 1), (doubled, 2)):
        points = axes.collections[0].get_offsets()
        assert len(points) == 15
        np.testing.assert_allclose(points[:, 1], factor * points[:, 0])
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), axes.lines[0].get_ydata())
        assert axes.get_xlim() == axes.get_ylim() and axes.get_xlim()[1] > np.abs(points).max()
    assert [axes.get_title() for axes in (right, doubled)] == ["right", "doubled"]
    shapes = [axes.collections[0].get_paths()[0].vertices.shape for axes in (right, doubled)]
    assert shapes[0] != shapes[1]                                                # told apart without colour


def test_step_size_draws_errors_theory_from_the_best_step_up_and_the_epsilon_of_the_type():
    double, single = step_size().axes
    np.testing.assert_allclose(double.lines[1].get_ydata(), H**2 + 1e-6 / H)
    np.testing.assert_allclose(double.lines[3].get_xydata(), np.column_stack([H[:5], H[:5]]))       # best at 1e-4
    np.testing.assert_allclose(double.lines[4].get_xydata(), np.column_stack([H[:3], 3 * H[:3]**2]))   # best at 1e-2
    assert [axes.lines[5].get_ydata()[0] for axes in (double, single)] == [2.0**-52, 2.0**-23]
    assert double.get_xscale() == double.get_yscale() == "log"


def test_kinks_stand_on_their_theory_with_the_usual_steps():
    left, right = kinks().axes
    assert [list(line.get_ydata()) for line in left.lines[1:]] == [[0, 1], [0, 0], [0, 1]]
    np.testing.assert_array_equal(left.lines[3].get_xdata(), [-1, 1])
    np.testing.assert_array_equal(right.lines[1].get_xydata(), np.column_stack([H[1:4], H[1:4] / 2]))
    assert right.lines[3].get_xydata().tolist() == [[1e-2, 1e-2 / 3]] and "float32: 1e-02" in labels(right)[3]


def test_blind_draws_the_density_that_the_sampler_names_and_both_estimates():
    left, right = blind().axes
    x, density = left.lines[0].get_xydata().T
    assert np.sum(density) * (x[1] - x[0]) == pytest.approx(1, abs=1e-3)          # cut off 4 wide sigmas from the mean
    assert density.max() == pytest.approx(1 / np.sqrt(2 * np.pi * np.e), rel=1e-3)         # sigma^2 = e^1
    assert x[density.argmax()] == pytest.approx(0.5, abs=x[1] - x[0])
    heights = sum(bar.get_height() * bar.get_width() for bar in left.patches)
    assert heights == pytest.approx(1) and left.get_ylim()[1] > density.max()
    np.testing.assert_allclose(right.lines[0].get_ydata(), np.linspace(-1, 1, 5)**2)
    bars = [np.diff(collection.get_segments()[0][:, 1])[0] for collection in right.collections]
    assert bars == pytest.approx([0.2, 0.4])
    assert labels(right)[2:] == ["Monte Carlo, right sampler", "Monte Carlo, faulty sampler"]


@pytest.mark.parametrize("make", [wrong_gradients, step_size, kinks, blind])
def test_every_figure_has_a_title_named_axes_and_is_saved(make, tmp_path):
    figure = make()
    assert figure._suptitle.get_text() == "title"
    assert all(axes.get_xlabel() for axes in figure.axes) and figure.axes[0].get_ylabel()
    plots.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
