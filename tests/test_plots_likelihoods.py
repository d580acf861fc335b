"""The figures of lessons 03 and 10: what they draw is what they were given."""

import numpy as np

from tinyvae import plots
from tinyvae.plots import likelihoods

RNG = np.random.default_rng(0)
X = np.linspace(-1, 1, 6)
BEFORE, DATA, AFTER = np.full(6, 1 / 6), np.array([0.5, 0.3, 0.1, 0.05, 0.05, 0.0]), RNG.dirichlet(np.ones(6))


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_arrows_point_from_the_model_to_the_data(tmp_path):
    figure = likelihoods.likelihood_arrows(X, BEFORE, DATA, AFTER, RNG.standard_normal(9), "title", steps=3)
    left, right = figure.axes
    segments = [segment for arrows in left.collections for segment in arrows.get_segments()]
    assert {(round(s[0, 0], 9), s[0, 1], s[1, 1]) for s in segments} == set(zip(X.round(9), BEFORE, DATA))
    green, red = left.lines[0], left.lines[1]
    np.testing.assert_array_equal(green.get_ydata(), DATA[DATA > BEFORE])
    np.testing.assert_array_equal(red.get_ydata(), DATA[DATA <= BEFORE])
    assert green.get_marker() == "^" and red.get_marker() == "v"
    assert any("after 3 gradient steps" in label for label in labels(right))
    plots.save(figure, tmp_path / "arrows.png")
    assert (tmp_path / "arrows.png").read_bytes()[:4] == b"\x89PNG"


def test_criteria_mark_each_minimum():
    theta = np.linspace(-1, 1, 21)
    curves = {"a": (theta - 0.5)**2, "b": (theta + 0.3)**2}
    left, right = likelihoods.criteria(theta, curves, X, DATA, {"a": BEFORE, "b": AFTER}, "title").axes
    assert [round(line.get_xdata()[0], 9) for line in left.lines if len(line.get_xdata()) == 1] == [0.5, -0.3]
    np.testing.assert_allclose([bar.get_height() for bar in right.patches], DATA)
    assert [line.get_label() for line in right.lines] == ["a", "b"]


def test_bandwidths_mark_the_best_test_score():
    h, train, test = np.array([0.1, 1.0, 10.0]), np.array([3.0, 1.0, 0.5]), np.array([-3.0, 0.9, 0.4])
    figure = likelihoods.bandwidths(h, train, test, 1.0, X, DATA, {"h = 1": AFTER}, "title")
    left, right = figure.axes
    np.testing.assert_array_equal(left.lines[0].get_xydata(), np.column_stack([h, train]))
    np.testing.assert_array_equal(left.lines[1].get_xydata(), np.column_stack([h, test]))
    assert left.texts[0].xy == (1.0, 0.9)
    assert figure.get_suptitle() if hasattr(figure, "get_suptitle") else figure._suptitle.get_text()
    np.testing.assert_array_equal(right.lines[0].get_ydata(), AFTER)


def test_the_pipeline_goes_from_z_to_x():
    z, x = np.linspace(-3, 3, 7), np.linspace(-4, 4, 9)
    left, middle, right = likelihoods.pipeline(z, z**2, 2 * z, x, np.ones(9) / 8, RNG.standard_normal(50), "title").axes
    np.testing.assert_array_equal(left.lines[0].get_xydata(), np.column_stack([z, z**2]))
    np.testing.assert_array_equal(middle.lines[0].get_xydata(), np.column_stack([z, 2 * z]))
    assert np.isclose(sum(bar.get_height() * bar.get_width() for bar in right.patches), 1)       # a density, as p(x) is


def test_the_integrand_counts_hits_and_misses():
    draws, hits = np.array([-1.0, 0.0, 1.0, 2.0]), np.array([False, False, True, False])
    axes = likelihoods.integrand(X, BEFORE, AFTER, draws, hits, "title").axes[0]
    assert [line.get_xdata().tolist() for line in axes.lines[1:]] == [[-1.0, 0.0, 2.0], [1.0]]
    assert labels(axes)[2:] == ["grey ticks: 3 draws that miss", "diamonds: 1 draws that count"]


def test_error_and_bias_keep_measured_and_theory_apart():
    n, values = np.array([10, 100]), np.array([[1.0, 0.3], [1.1, 0.31], [0.5, 0.05], [0.6, 0.06]])
    axes = likelihoods.error_and_bias(n, *values, "title").axes[0]
    drawn = {kind: [line.get_ydata().tolist() for line in axes.lines
                    if (line.get_linestyle() == "None") == (kind == "markers") and len(line.get_xdata())]
             for kind in ("markers", "lines")}
    assert drawn == {"markers": values[[0, 2]].tolist(), "lines": values[[1, 3]].tolist()}


def test_against_dimension_shows_every_estimate_and_the_median():
    d, error = np.array([1, 2, 4]), RNG.standard_normal((3, 5))
    theory, measured = {"p": 0.5**d, "q": 0.9**d}, {"p": [0.5, 0.2, np.nan], "q": [0.9, 0.8, 0.7]}
    left, right = likelihoods.against_dimension(d, theory, measured, 0.6**d, error, "title").axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), theory["p"])
    np.testing.assert_array_equal(left.lines[1].get_ydata(), measured["p"])
    np.testing.assert_array_equal(left.lines[-1].get_ydata(), 0.6**d)
    np.testing.assert_array_equal(right.lines[2].get_ydata(), error[2])
    np.testing.assert_array_equal(right.lines[3].get_ydata(), np.median(error, axis=1))
