"""The figures of lesson 20: what they draw is what they were given, and every line and bar has its name."""

import numpy as np

from tinyvae import plots
from tinyvae.plots import exact


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_panel_for_each_bound_with_its_levels(tmp_path):
    k, values = np.array([1, 10, 100]), np.array([-3.0, -2.5, -2.4])
    figure = exact.rising_bounds({"left": (k, values, 0.1 * np.ones(3), {"truth": -2.3}, "nats"),
                                  "right": (k[:2], values[:2], None, {"a": -1, "b": -2}, "nats per digit")}, "title")
    left, right = figure.axes
    for axes, n, levels in ((left, 3, [-2.3]), (right, 2, [-1, -2])):
        line = next(line for line in axes.lines if len(line.get_xdata()) == n and line.get_marker() == "o")
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([k[:n], values[:n]]))
        assert [line.get_ydata()[0] for line in axes.lines if line.get_label() in ("truth", "a", "b")] == levels
        assert axes.get_xscale() == "log" and "k" in axes.get_xlabel()
    looks = [line.get_linestyle() for axes in (left, right) for line in axes.lines
             if line.get_label() in ("truth", "a", "b")]
    assert len(set(looks)) == 3
    assert sorted(labels(left)) == ["importance sampling, k samples", "truth"] and right.get_ylabel() == "nats per digit"
    assert {axes.get_title() for axes in figure.axes} == {"left", "right"}
    plots.save(figure, tmp_path / "bound.png")
    assert (tmp_path / "bound.png").read_bytes()[:4] == b"\x89PNG"


def test_bounds_are_hatched_and_exact_values_are_not():
    values = {"pixels": 200.0, "net": 110.0, "VAE": 115.0}
    axes, = exact.nats_bars(values, {"pixels": 5.0, "net": 3.0, "VAE": 2.0}, ["pixels", "net"], "title").axes
    assert [bar.get_width() for bar in axes.patches] == list(values.values())
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, False, True]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["pixels\n(exact)", "net\n(exact)",
                                                                   "VAE\n(upper bound)"]
    assert [text.get_text().strip() for text in axes.texts] == ["200.0", "110.0", "115.0"]
    assert axes.get_xlim()[1] > 205 and "nats" in axes.get_xlabel()


def test_a_group_of_bars_for_each_order():
    groups = {"logistic": np.array([0.2, 0.0]), "arbitrary": np.array([1e-17, -1e-17])}
    axes, = exact.order_bars(["x4 first", "x4 last"], groups, "title").axes
    np.testing.assert_array_equal([bar.get_height() for bar in axes.patches], np.concatenate(list(groups.values())))
    assert [text.get_text() for text in axes.texts] == ["0.200", "0.000", "0.000", "0.000"]
    assert labels(axes) == ["logistic", "arbitrary"] and len({bar.get_hatch() for bar in axes.patches}) == 2


def test_maps_share_a_scale_and_name_their_sums():
    maps = {"independent": np.arange(9.0), "rows": np.arange(9.0) / 2}
    *panels, bar = exact.cost_maps(maps, "title").axes
    for axes, (name, values) in zip(panels, maps.items()):
        image, = axes.images
        np.testing.assert_array_equal(image.get_array(), values.reshape(3, 3))
        assert image.get_clim() == (0, 8) and axes.get_title() == f"{name}\nsum: {values.sum():.1f} nats"
    assert "nats" in bar.get_ylabel()
