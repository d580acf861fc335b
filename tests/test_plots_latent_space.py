"""The figures of lesson 18: what they claim to show is in them, at its place, with a label."""

import numpy as np
import pytest

from tinyvae import plots
from tinyvae.plots import latent_space

RNG = np.random.default_rng(0)


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def information():
    lines = {"mean KL": ([5, 6], None), "I": ([2.0, 3.0], [0.1, 0.2])}
    return latent_space.information_by_examples([10, 100], {"two": lines, "ten": lines}, "t")


def test_information_stands_at_its_examples_with_its_errors():
    left, right = information().axes
    np.testing.assert_allclose(left.lines[0].get_xydata(), [[10, np.log(10)], [100, np.log(100)]])
    assert left.get_title() == "two" and right.get_title() == "ten"
    assert labels(left) == ["log N, most that I can be", "mean KL", "I"]
    exact, drawn = right.containers
    np.testing.assert_array_equal(exact[0].get_xydata(), [[10, 5], [100, 6]])
    np.testing.assert_allclose([segment[:, 1] for segment in drawn[2][0].get_segments()], [[1.9, 2.1], [2.8, 3.2]])
    assert exact[0].get_marker() != drawn[0].get_marker()
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["10", "100"]


def codes():
    z = np.array([[0.0, 0], [1, 1], [5, -7]])
    return latent_space.codes_beside_prior({"a": z, "b": -z}, np.array([3, 7, 7]), "t")


def test_codes_keep_their_class_and_stand_to_a_scale_of_their_own():
    left, right = codes().axes
    np.testing.assert_array_equal(left.lines[0].get_xydata(), [[0, 0]])
    np.testing.assert_array_equal(right.lines[1].get_xydata(), [[-1, -1], [-5, 7]])
    assert labels(right) == ["3", "7"] and left.lines[0].get_marker() != left.lines[1].get_marker()
    assert left.lines[0].get_color() != left.lines[1].get_color()
    assert [circle.get_radius() for circle in left.patches] == [1, 2, 3]
    assert left.get_xlim() == left.get_ylim() != right.get_xlim() == right.get_ylim() and left.get_aspect() == 1


def test_a_few_far_codes_do_not_set_the_scale():
    z = np.concatenate([RNG.uniform(-1, 1, (1000, 2)), [[500, -900]]])
    axes, = latent_space.codes_beside_prior({"a": z}, np.zeros(1001, int), "t").axes
    assert axes.get_xlim() == (-3.3, 3.3) and axes.get_ylim() == (-3.3, 3.3)
    assert axes.get_title() == "a (1 of 1001 codes off the scale)"


def dimensions():
    bars = {"KL (nats)": ([1.0, 2, 3], None), "lost (nats)": ([4.0, 5, 6], [0.1, 0.2, 0.3])}
    return latent_space.dimensions(bars, "t")


def test_dimensions_keep_the_order_of_the_model():
    left, right = dimensions().axes
    assert [bar.get_height() for bar in left.patches] == [1, 2, 3]
    assert [bar.get_x() + bar.get_width() / 2 for bar in left.patches] == pytest.approx([1, 2, 3])
    assert left.get_ylabel() == "KL (nats)" and right.get_ylabel() == "lost (nats)"
    segments = right.containers[0][2][0].get_segments()
    np.testing.assert_allclose([np.ptp(segment[:, 1]) for segment in segments], [0.2, 0.4, 0.6])


def correlations():
    return latent_space.correlations(("slant", "size"), {"direction": ([0.8, 0.4], [0.01, 0.02]),
                                                         "axis": ([0.5, 0.1], [0.03, 0.04])}, "t")


def test_correlations_stand_in_groups():
    axes, = correlations().axes
    direction, axis = (container for container in axes.containers if hasattr(container, "patches"))
    assert [bar.get_height() for bar in direction] == [0.8, 0.4] and [bar.get_height() for bar in axis] == [0.5, 0.1]
    for i in range(2):                                                          # side by side, around the factor's tick
        assert direction[i].get_x() + direction[i].get_width() == pytest.approx(axis[i].get_x()) == pytest.approx(i)
    assert labels(axes) == ["direction", "axis"] and direction[0].get_hatch() != axis[0].get_hatch()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["slant", "size"]


def separation():
    by_size = {"codes": ((2, 10), [0.5, 0.9], [0.02, 0.01]), "view": ([10], [0.3], [0.02])}
    by_width = {"codes": ((20, 200), [0.4, 0.5], [0.02, 0.02])}
    return latent_space.separation({"latents": by_size, "hidden": by_width}, "t")


def test_separation_is_in_percent():
    left, right = separation().axes
    np.testing.assert_allclose(left.containers[0][0].get_xydata(), [[2, 50], [10, 90]])
    np.testing.assert_allclose(left.containers[1][0].get_xydata(), [[10, 30]])
    np.testing.assert_allclose(left.containers[0][2][0].get_segments()[0][:, 1], [48, 52])
    assert labels(left) == ["codes", "view"] and right.get_xlabel() == "hidden"
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["2", "10"]


@pytest.mark.parametrize("make", [information, codes, dimensions, correlations, separation])
def test_they_are_saved_whole(make, tmp_path):
    plots.save(make(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
