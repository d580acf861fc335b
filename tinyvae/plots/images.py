"""Pictures in grids: samples, reconstructions, the manifold of a 2-D latent space."""

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import new_axes


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


def picture_rows(groups, title):
    """Named rows of pictures, one block for each heading.

    groups : heading to {row name: square images (n, D) in [0, 1]}, or {row name: images} for one block without a
        heading; values outside [0, 1] are drawn as 0 or 1
    """
    if not isinstance(next(iter(groups.values())), dict):
        groups = {"": groups}
    counts = {len(images) for rows in groups.values() for images in rows.values()}
    if len(counts) != 1:
        raise ValueError(f"groups: got rows of {sorted(counts)} pictures, expected as many in each")
    columns, = counts
    heights = [len(rows) for rows in groups.values()]
    figure = Figure(figsize=(2.1 + 0.62 * columns, 0.7 + 0.62 * sum(heights) + 0.32 * len(groups)), layout="constrained")
    figure.suptitle(title, fontsize=10)
    blocks = figure.subplots(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
    for axes, (heading, rows) in zip(blocks, groups.items()):
        images = np.clip(np.concatenate([np.asarray(row) for row in rows.values()]), 0, 1)
        step = round(images.shape[1] ** 0.5) + 1                                 # a picture and the gap below it
        _show_picture(axes, as_tiles(images, columns))
        axes.set_yticks([(i + 0.5) * step - 1 for i in range(len(rows))], list(rows), fontsize=9)
        axes.tick_params(length=0)
        axes.set_title(heading, fontsize=9, loc="left")
    return figure


def sample_grid(images, title="Samples from the model", columns=10):
    """images (N, D) in [0, 1] in a grid."""
    picture = as_tiles(np.asarray(images), columns)
    figure, axes = new_axes(title, (6.4, 0.5 + 6.2 * picture.shape[0] / picture.shape[1]))
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


def manifold_grid(images, title="The decoder's picture at every place of the 2-D latent space"):
    """images (n * n, D): the decoder at gaussian.quantile_grid(n), so that each picture stands for equal probability.
    Lecture p32."""
    n = round(len(images) ** 0.5)
    if n * n != len(images):
        raise ValueError(f"images: got {len(images)}, expected n * n pictures, from gaussian.quantile_grid(n)")
    picture = as_tiles(np.asarray(images), n, gap=0)
    figure, axes = new_axes(title, (6.4, 6.8))
    axes.imshow(picture, cmap="gray_r", vmin=0, vmax=1, extent=(0, 1, 0, 1), interpolation="nearest")
    axes.set_xlabel("share of the prior to the left, $\\Phi(z_1)$")
    axes.set_ylabel("share of the prior below, $\\Phi(z_2)$")
    return figure
