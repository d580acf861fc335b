"""Figures of the families: what they claim to show is in them."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import families

RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((30, 2))
IMAGE = np.abs(RNG.standard_normal((9, 9)))
TREE = {"explicit": {"flow": "exact", "VAE": "a bound"}, "implicit": {"GAN": "samples"}}


def test_the_tree_names_everything_and_joins_each_box_to_its_parent():
    axes = families.family_tree("models", TREE, "t").axes[0]
    assert {text.get_text() for text in axes.texts} == {"models", "explicit", "implicit", "flow\nexact", "VAE\na bound",
                                                        "GAN\nsamples"}
    places = {text.get_text().split("\n")[0]: text.get_position() for text in axes.texts}
    lines = {tuple(map(tuple, line.get_xydata())) for line in axes.lines}
    expected = {("models", branch) for branch in TREE} | {(branch, leaf) for branch in TREE for leaf in TREE[branch]}
    assert lines == {(places[a], places[b]) for a, b in expected}


def test_planes_show_points_images_arrows_and_circles():
    panels = {"points": families.Panel(POINTS), "density": families.Panel(image=IMAGE),
              "judge": families.Panel(image=IMAGE - 2, symmetric=True),
              "score": families.Panel(arrows=(POINTS, -POINTS))}
    figure = families.planes(panels, 3, "t", circles=([(1.0, 0.0), (0.0, 2.0)], 0.5), top=0.7, symmetric_label="logit")
    points, density, judge, score = figure.axes[:4]
    np.testing.assert_array_equal(points.lines[0].get_xydata(), POINTS)
    for axes in (points, density, judge, score):
        circle = axes.lines[-1].get_xydata()
        np.testing.assert_allclose(np.linalg.norm(circle - [0, 2], axis=1), 0.5)
        assert axes.get_xlim() == axes.get_ylim() == (-3, 3)
    np.testing.assert_array_equal(density.images[0].get_array(), IMAGE)
    assert density.images[0].get_clim() == (0, 0.7) and density.images[0].origin == "lower"
    low, high = judge.images[0].get_clim()
    assert low == -high == -np.abs(IMAGE - 2).max()
    assert len(score.collections) == 1 and not score.images
    bars = {axes.get_xlabel() or axes.get_ylabel() for axes in figure.axes[6:]}
    assert bars == {"density (1 / unit of area)", "logit"}


def test_without_top_the_colours_end_at_the_largest_density():
    figure = families.planes({"a": families.Panel(image=IMAGE), "b": families.Panel(image=2 * IMAGE)}, 1, "t")
    assert [axes.images[0].get_clim() for axes in figure.axes[:2]] == [(0, 2 * IMAGE.max())] * 2


def test_shares_stand_over_their_modes_with_markers_of_their_own():
    figure = families.mode_shares({"GAN": [0.5, 0.0, 0.25], "flow": [0.3, 0.3, 0.2]}, 0.3, 0.01, "t")
    axes = figure.axes[0]
    gan, flow = [line for line in axes.lines if line.get_label() in ("GAN", "flow")]
    np.testing.assert_array_equal(gan.get_ydata(), [0.5, 0.0, 0.25, 0.25])
    np.testing.assert_array_equal(np.round((gan.get_xdata() + flow.get_xdata()) / 2), [0, 1, 2, 3])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "1", "2", "between"]
    assert gan.get_marker() != flow.get_marker()
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    np.testing.assert_allclose([band.y0, band.y1], [0.25, 0.35])
    np.testing.assert_allclose([band.x0, band.x1], [-0.5, 2.5])
    rest, = (line for line in axes.lines if line.get_label() == "data between modes")
    np.testing.assert_allclose(rest.get_ydata(), [0.1, 0.1])
    assert {text.get_text() for text in figure.legends[0].get_texts()} >= {"GAN", "flow"}


@pytest.mark.parametrize("make", [
    lambda: families.family_tree("models", TREE, "t"), lambda: families.planes({"a": families.Panel(POINTS)}, 3, "t"),
    lambda: families.mode_shares({"a": [0.5, 0.5]}, 0.5, 0.01, "t")])
def test_figures_are_saved(make, tmp_path):
    plots.save(make(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"
