"""The figures of balance and collapse show the arrays they were given."""

import numpy as np

from tinyvae import plots
from tinyvae.plots import collapse

BETA, RATE, DISTORTION = np.array([0.1, 1.0, 10.0]), np.array([9.0, 4.0, 1.0]), np.array([2.0, 3.0, 20.0])


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_rate_distortion_draws_a_tangent_at_each_point(tmp_path):
    figure = collapse.rate_distortion(BETA, RATE, DISTORTION, "title")
    left, right = figure.axes
    for tangent, beta, rate, distortion in zip(left.lines, BETA, RATE, DISTORTION):
        (x0, y0), (x1, y1) = tangent.get_xydata()
        assert np.isclose((y1 - y0) / (x1 - x0), -beta)
        assert np.allclose([(x0 + x1) / 2, (y0 + y1) / 2], [rate, distortion])
    np.testing.assert_array_equal(left.lines[-1].get_xydata(), np.column_stack([RATE, DISTORTION]))
    assert [text.get_text() for text in left.texts] == ["0.1", "1", "10"]
    np.testing.assert_array_equal(right.lines[0].get_xydata(), np.column_stack([BETA, RATE + DISTORTION]))
    assert right.lines[1].get_xydata().tolist() == [[1.0, 7.0]]                    # the star: the least sum
    plots.save(figure, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes()[:4] == b"\x89PNG"


def test_water_level_parts_the_eigenvalues():
    eigenvalues, theory = np.array([4.0, 2.5, 1.5, 0.5]), np.array([0.5, 0.2, 0, 0])
    left, right = collapse.water_level(eigenvalues, 2.0, theory, theory + 0.01, theory + 0.02, "title").axes
    assert [bar.get_height() for bar in left.patches] == eigenvalues.tolist()
    assert [bool(bar.get_hatch()) for bar in left.patches] == [False, False, True, True]
    assert left.lines[0].get_ydata() == [2.0, 2.0]
    for line, values in zip(right.lines, (theory, theory + 0.01, theory + 0.02)):
        np.testing.assert_array_equal(line.get_ydata(), values)


def test_warm_up_shows_every_run_and_the_schedule():
    beta = np.array([0, 0.5, 1.0])
    rates = {"one": [[3.0, 2, 1], [4, 3, 2]], "two": [[5.0, 5, 5], [6, 6, 6]]}
    bounds = {"one": [[1.0, 0, 0], [2, 1, 0]], "two": [[0.0, -1, -4], [0, -2, -5]]}
    left, right, share = collapse.warm_up(beta, rates, bounds, -3.0, "title").axes
    assert [line.get_ydata().tolist() for line in left.lines] == rates["one"] + rates["two"]
    assert [line.get_ydata().tolist() for line in right.lines[:4]] == bounds["one"] + bounds["two"]
    assert right.lines[4].get_ydata() == [-3.0, -3.0] and right.get_ylim()[0] < -5
    np.testing.assert_array_equal(share.lines[0].get_ydata(), beta)
    assert labels(left) == ["one", "two", "$\\beta$ of the warm-up"] and labels(right)[:2] == ["one", "two"]
