"""Figures: functions that take arrays and return a matplotlib Figure. Nothing here needs a screen.

Figures are made without pyplot, so they draw the same with and without a display. Colours are those of Okabe and
Ito, which colour-blind readers can tell apart; every line also has a marker, every class its number.
"""

import pathlib

import numpy as np
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure

from tinyvae import storage

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
CLASSES = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK, "#999999", "#7F3C8D")


def save(figure, path):
    """Write figure to path (its ending chooses the format), whole or not at all."""
    ending = pathlib.Path(path).suffix.lstrip(".") or "png"
    storage.write_bytes(path, lambda file: figure.savefig(file, format=ending, dpi=120))


def _axes(title, size=(6.4, 4.2)):
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    return figure, axes


def as_tiles(images, columns, gap=1):
    """Square grey images (N, D) in [0, 1] as one picture (height, width), row by row, gap pixels apart."""
    side = round(images.shape[1] ** 0.5)
    if side * side != images.shape[1]:
        raise ValueError(f"images: got shape {images.shape}, expected (N, D) with D a square such as 784")
    rows = -(-len(images) // columns)
    step = side + gap
    picture = np.full((rows * step - gap, columns * step - gap), 0.5)
    for i, image in enumerate(images):
        top, left = i // columns * step, i % columns * step
        picture[top:top + side, left:left + side] = image.reshape(side, side)
    return picture


def _show_picture(axes, picture):
    axes.imshow(picture, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])


def sample_grid(images, title="Samples from the model", columns=10):
    """images (N, D) in [0, 1] in a grid."""
    picture = as_tiles(np.asarray(images), columns)
    figure, axes = _axes(title, (6.4, 0.5 + 6.2 * picture.shape[0] / picture.shape[1]))
    _show_picture(axes, picture)
    return figure


def reconstructions(x, x_hat, title="Originals (upper row of each pair) and their reconstructions", columns=10):
    """x and x_hat (N, D) in [0, 1], each original with its reconstruction right below."""
    x, x_hat = np.asarray(x), np.asarray(x_hat)
    if x.shape != x_hat.shape:
        raise ValueError(f"x_hat: got shape {x_hat.shape}, expected {x.shape}, that of x")
    rows = [part for i in range(0, len(x), columns) for half in (x, x_hat)
            for part in _padded(half[i:i + columns], columns)]
    return sample_grid(np.array(rows), title, columns)


def _padded(images, columns):
    empty = np.full((columns - len(images), images.shape[1]), 0.5)
    return np.concatenate([images, empty])


def loss_curves(history, title="Negative ELBO = reconstruction + KL, in nats per image"):
    """history : of tinyvae.fit. Three panels: total, reconstruction, KL; training and, if measured, validation."""
    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    figure.suptitle(title, fontsize=10)
    panels = {"total": "negative ELBO", "reconstruction": "reconstruction", "kl": "KL"}
    for axes, (name, label) in zip(figure.subplots(1, 3), panels.items()):
        for prefix, curve, colour, marker in (("", "train", BLUE, "o"), ("validation_", "test", RED, "s")):
            if prefix + name in history:
                values = np.asarray(history[prefix + name])
                axes.plot(np.arange(1, len(values) + 1), values, color=colour, marker=marker, markersize=4, label=curve)
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"{label} (nats)")
        axes.legend(frameon=False)
    return figure


def log_log_line(x, lines, x_label, y_label, title):
    """lines : label to values (len(x),), drawn against x on logarithmic axes, each with a marker of its own."""
    figure, axes = _axes(title)
    for (label, values), colour, marker in zip(lines.items(), CLASSES, "osD^v"):
        axes.loglog(x, values, color=colour, marker=marker, markersize=5, label=label)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(frameon=False)
    return figure


def kl_bars(kl_per_dimension, title="KL of each latent dimension, largest first"):
    """kl_per_dimension (L,), nats: which dimensions carry information and which are switched off."""
    figure, axes = _axes(title)
    values = np.sort(np.asarray(kl_per_dimension))[::-1]
    axes.bar(np.arange(1, len(values) + 1), values, color=BLUE)
    axes.set_xlabel("latent dimension, sorted")
    axes.set_ylabel("KL (nats)")
    return figure


def manifold_grid(images, title="The decoder's picture at every place of the 2-D latent space"):
    """images (n * n, D): the decoder at gaussian.quantile_grid(n), so that each picture stands for equal probability.
    Lecture p32."""
    n = round(len(images) ** 0.5)
    if n * n != len(images):
        raise ValueError(f"images: got {len(images)}, expected n * n pictures, from gaussian.quantile_grid(n)")
    picture = as_tiles(np.asarray(images), n, gap=0)
    figure, axes = _axes(title, (6.4, 6.8))
    axes.imshow(picture, cmap="gray_r", vmin=0, vmax=1, extent=(0, 1, 0, 1), interpolation="nearest")
    axes.set_xlabel("share of the prior to the left, $\\Phi(z_1)$")
    axes.set_ylabel("share of the prior below, $\\Phi(z_2)$")
    return figure


def latent_scatter(mu, logvar=None, labels=None, title="Where the encoder puts each example", ellipses=300):
    """mu (N, 2), coloured and numbered by labels (N,); the first ellipses get the one-sigma ellipse of q(z given x).

    logvar : (N, 2), or None for no ellipses. Lectures p31 and p32.
    """
    mu = np.asarray(mu)
    labels = np.zeros(len(mu), int) if labels is None else np.asarray(labels)
    figure, axes = _axes(title, (6.4, 6.0))
    classes = np.unique(labels)
    for label in classes:
        of_class = mu[labels == label]
        axes.plot(*of_class.T, ".", markersize=2.5, alpha=0.5, color=CLASSES[label % len(CLASSES)])
        if len(classes) > 1:
            axes.text(*np.median(of_class, axis=0), str(label), fontsize=15, weight="bold", ha="center", va="center",
                      bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": CLASSES[label % len(CLASSES)]})
    if logvar is not None:
        sigma = np.exp(0.5 * np.asarray(logvar)[:ellipses])                       # (n, 2)
        axes.add_collection(EllipseCollection(
            2 * sigma[:, 0], 2 * sigma[:, 1], np.zeros(len(sigma)), units="xy", offsets=mu[:ellipses],
            transOffset=axes.transData, facecolors="none", linewidths=0.7,
            edgecolors=[CLASSES[label % len(CLASSES)] for label in labels[:ellipses]]))
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    axes.set_aspect("equal")
    return figure


def show(path):
    """Open the saved picture in a window and wait until it is closed. Returns False where there is no screen."""
    import matplotlib
    from matplotlib import pyplot
    if matplotlib.get_backend().lower() in ("agg", "pdf", "svg", "ps", "cairo", "template"):
        return False
    pyplot.figure(layout="constrained")
    pyplot.imshow(pyplot.imread(path))
    pyplot.axis("off")
    pyplot.show()
    return True
