"""Figures of the generative classifier: what they claim to show is in them."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import conditional

GROUPS = {"digits": (np.array([-100.0, -150.0]), np.array([-80.0, -90.0])),
          "empty": (np.full(99, -7.0), np.full(99, -45.0))}
X = np.eye(4)[:3]                                                                # three pictures of 2 x 2
SAID = {"softmax": np.array([4, 0, 2]), "ratio": np.array([4, -1, 2])}


def test_the_evidence_plane_shows_costs_and_both_thresholds():
    axes = conditional.evidence_plane(GROUPS, -120.0, -20.0, "t").axes[0]
    digits, empty = axes.collections
    np.testing.assert_array_equal(digits.get_offsets(), [[100, 80], [150, 90]])
    assert len(empty.get_offsets()) == conditional.SHOWN and axes.get_title() == "t"
    level, ratio = axes.lines
    assert list(level.get_ydata()) == [120, 120]
    r, p = ratio.get_data()
    np.testing.assert_allclose(p - r, 20)                                        # log p - log r = -20
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log") and axes.get_ylim()[0] < 45


def test_a_threshold_above_the_cost_of_a_picture_ends_where_the_axis_does():
    p = conditional.evidence_plane(GROUPS, -120.0, 30.0, "t").axes[0].lines[1].get_ydata()
    assert p.min() > 0


def test_answers_stand_below_their_pictures():
    first, second, third, empty = conditional.answers(X, SAID, ["a", "b", "c"], "t", columns=4).axes
    assert second.get_xlabel() == "softmax: 0\nratio: none" and third.get_title() == "c" and not empty.axison
    np.testing.assert_array_equal(first.images[0].get_array(), X[0].reshape(2, 2))


@pytest.mark.parametrize("make", [lambda: conditional.evidence_plane(GROUPS, -120.0, -20.0, "t"),
                                  lambda: conditional.answers(X, SAID, ["a", "b", "c"], "t", columns=2)])
def test_figures_are_saved(make, tmp_path):
    plots.save(make(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"
