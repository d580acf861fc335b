"""Pictures in grids: samples, reconstructions, the manifold of a 2-D latent space."""

import numpy as np

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
