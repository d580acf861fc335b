"""Figures: drawn without a screen, with what they claim to show in them."""

import subprocess
import sys

import numpy as np
import pytest

from tinyvae import plots

RNG = np.random.default_rng(0)
IMAGES = RNG.random((12, 784))


def test_tiles_lie_row_by_row():
    picture = plots.as_tiles(IMAGES, columns=5)
    assert picture.shape == (3 * 29 - 1, 5 * 29 - 1)
    np.testing.assert_array_equal(picture[29:57, 58:86], IMAGES[7].reshape(28, 28))      # second row, third column


def test_reconstructions_stand_below_their_originals():
    figure = plots.reconstructions(IMAGES, 1 - IMAGES, columns=5)
    picture = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(picture[:28, 29:57], IMAGES[1].reshape(28, 28))
    np.testing.assert_array_equal(picture[29:57, 29:57], 1 - IMAGES[1].reshape(28, 28))
    np.testing.assert_array_equal(picture[58:86, 0:28], IMAGES[5].reshape(28, 28))


def test_rows_of_pictures_are_named_in_their_order():
    rows = {"first": np.full((3, 4), 0.2), "second": np.full((3, 4), 1.7)}            # clipped to 1
    axes = plots.picture_rows(rows, "title").axes[0]
    picture = axes.images[0].get_array()
    assert picture.shape == (5, 8)
    assert picture[0, 0] == 0.2 and picture[-1, -1] == 1.0
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second"]
    np.testing.assert_allclose(axes.get_yticks(), [0.5, 3.5])                         # the middle of each row


def test_pictures_lie_below_their_heading_with_the_row_names():
    images = np.random.default_rng(0).random((4, 9))
    figure = plots.picture_rows({"first": {"a": images[:2], "b": images[2:]}, "second": {"c": images[:2]}}, "a title")
    first, second = figure.axes
    np.testing.assert_array_equal(first.images[0].get_array()[4:, 4:], images[3].reshape(3, 3))
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["a", "b"]
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["first", "second"]


def test_labelled_rows_stand_in_their_order():
    rows = {name: np.full((3, 16), value) for name, value in (("a", 0.0), ("b", 0.7), ("c", 1.4))}
    axes = plots.picture_rows(rows, "title").axes[0]
    picture = axes.images[0].get_array()
    assert picture.shape == (14, 14)                                             # 3 tiles of 4 pixels, 1 between them
    for tick, value in zip(axes.get_yticks(), (0, 0.7, 1)):
        assert picture[int(tick), 0] == value                                    # 1.4 is drawn as black
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_every_row_of_pictures_has_its_label_at_its_height():
    upper, lower = np.zeros((3, 16)), np.ones((3, 16))
    axes = plots.picture_rows({"upper": upper, "lower": lower}, "title").axes[0]
    picture = axes.images[0].get_array()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["upper", "lower"]
    assert [picture[round(tick), 1] for tick in axes.get_yticks()] == [0, 1]
    np.testing.assert_allclose(axes.get_yticks(), [1.5, 6.5])                    # 4 pixels, a gap, 4 pixels


def test_rows_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"rows of \[2, 3\] pictures"):
        plots.picture_rows({"a": np.zeros((3, 4)), "b": np.zeros((2, 4))}, "t")


def test_loss_curves_draw_the_history():
    history = {"total": [3.0, 2.0], "reconstruction": [2.0, 1.2], "kl": [1.0, 0.8], "validation_total": [3.1, 2.2]}
    axes = plots.loss_curves(history).axes
    assert [len(a.lines) for a in axes] == [2, 1, 1]
    np.testing.assert_array_equal(axes[0].lines[0].get_xydata(), [[1, 3.0], [2, 2.0]])
    np.testing.assert_array_equal(axes[0].lines[1].get_ydata(), [3.1, 2.2])
    assert [a.get_ylabel() for a in axes] == ["negative ELBO (nats)", "reconstruction (nats)", "KL (nats)"]


def test_the_manifold_puts_large_z2_at_the_top():
    images = np.repeat(np.arange(9.0)[:, None] / 8, 784, axis=1)
    axes = plots.manifold_grid(images).axes[0]
    picture = axes.images[0].get_array()
    assert picture[0, 0] == 0 and picture[0, -1] == 2 / 8 and picture[-1, 0] == 6 / 8
    assert axes.images[0].get_extent() == [0, 1, 0, 1] or tuple(axes.images[0].get_extent()) == (0, 1, 0, 1)


def test_ellipses_have_one_sigma_half_axes():
    mu, logvar = RNG.standard_normal((20, 2)), RNG.standard_normal((20, 2))
    axes = plots.latent_scatter(mu, logvar, np.arange(20) % 3, ellipses=7).axes[0]
    ellipses = axes.collections[0]
    np.testing.assert_allclose(ellipses.get_widths(), 2 * np.exp(logvar[:7, 0] / 2))
    np.testing.assert_allclose(ellipses.get_heights(), 2 * np.exp(logvar[:7, 1] / 2))
    assert {text.get_text() for text in axes.texts} == {"0", "1", "2"}


@pytest.mark.parametrize("make", [
    lambda: plots.sample_grid(IMAGES), lambda: plots.kl_bars(RNG.random(5)), lambda: plots.latent_scatter(IMAGES[:, :2]),
    lambda: plots.log_log_line([1, 10], {"a": [1, 2]}, "x", "y", "title")])
def test_figures_are_saved_whole_with_a_title(make, tmp_path):
    figure = make()
    plots.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert figure.axes[0].get_title()


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"images: got shape \(2, 10\)"):
        plots.sample_grid(np.zeros((2, 10)))
    with pytest.raises(ValueError, match="x_hat: got shape"):
        plots.reconstructions(IMAGES, IMAGES[:3])
    with pytest.raises(ValueError, match="images: got 12"):
        plots.manifold_grid(IMAGES)


def test_no_screen_is_needed():
    code = ("from tinyvae import plots; import numpy, sys; plots.save(plots.sample_grid(numpy.zeros((2, 4))), sys.argv[1])"
            "; assert 'matplotlib.pyplot' not in sys.modules")
    environment = {"MPLBACKEND": "TkAgg", "PATH": "/usr/bin", "HOME": "/tmp"}       # a screen backend and no screen
    import tempfile
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        subprocess.run([sys.executable, "-c", code, file.name], check=True, env=environment)
