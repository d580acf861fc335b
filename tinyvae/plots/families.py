"""Families of generative models: their tree, their samples and densities side by side, how they share out the modes."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, BLUE, CLASSES, MARKERS, RED, new_axes

X1, X2 = "$x_1$ (no unit)", "$x_2$ (no unit)"


def family_tree(root, branches, title):
    """The root at the left, its branches, and the families of each branch at the right.

    branches : text of a branch to {text of a family: what it gives}
    """
    leaves = [(branch, family, gives) for branch, families in branches.items() for family, gives in families.items()]
    places = {branch: [] for branch in branches}
    figure, axes = new_axes(title, (10.5, 0.85 * len(leaves) + 0.8))
    for i, (branch, family, gives) in enumerate(leaves):
        places[branch].append(-i)
        axes.text(5.6, -i, f"{family}\n{gives}", va="center", fontsize=10, bbox=_box(CLASSES[i]))
    for branch, rows in places.items():
        middle = np.mean(rows)
        for row in rows:
            axes.plot([3.1, 5.6], [middle, row], color="0.5", zorder=0)
        axes.plot([0.6, 3.1], [-(len(leaves) - 1) / 2, middle], color="0.5", zorder=0)
        axes.text(3.1, middle, branch, ha="center", va="center", fontsize=10, bbox=_box(BLACK))
    axes.text(0.6, -(len(leaves) - 1) / 2, root, ha="center", va="center", fontsize=10, bbox=_box(BLACK))
    axes.set_xlim(0, 10)
    axes.set_ylim(0.6 - len(leaves), 0.6)
    axes.axis("off")
    return figure


def _box(colour):
    return {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": colour, "linewidth": 1.6}


class Panel(NamedTuple):
    """One square of the plane, |x_1|, |x_2| <= limit, of which some are None.

    points : (n, 2)        image : (m, m) on an even grid, row i is x2[i]
    symmetric : the image is no density but a number about 0, red above, blue below
    arrows : (points (n, 2), vectors (n, 2)), drawn with lengths relative to the longest
    """

    points: Any = None
    image: Any = None
    arrows: Any = None
    symmetric: bool = False


def planes(panels, limit, title, circles=None, columns=3, top=None, symmetric_label=""):
    """Panels side by side in rows, all of the same square of the plane.

    panels : title to Panel        circles : (centres (K, 2), radius), drawn in every panel, or None
    top : the value at which the colours of densities end, the same for all; None for the largest of all
    symmetric_label : what the numbers of a symmetric image are
    """
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(3.4 * columns + 0.6, 3.5 * rows + 0.6), layout="constrained")
    figure.suptitle(title, fontsize=11)
    grid = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    for axes in grid[len(panels):]:
        axes.set_visible(False)
    densities = [np.max(panel.image) for panel in panels.values() if panel.image is not None and not panel.symmetric]
    top = max(densities, default=1) if top is None else top
    bars = {}
    for i, (axes, (name, panel)) in enumerate(zip(grid, panels.items())):
        if panel.image is not None:
            low, colours = (-np.abs(panel.image).max(), "RdBu_r") if panel.symmetric else (0, "Blues")
            drawn = axes.imshow(panel.image, origin="lower", extent=(-limit, limit) * 2, vmin=low, cmap=colours,
                                vmax=-low if panel.symmetric else top, interpolation="nearest")
            bars[panel.symmetric] = drawn
        if panel.points is not None:
            axes.plot(*np.transpose(panel.points), ".", color=BLUE, markersize=2, alpha=0.5, rasterized=True)
        if panel.arrows is not None:
            axes.quiver(*np.transpose(panel.arrows[0]), *np.transpose(panel.arrows[1]), color=RED, width=0.006)
        if circles is not None:
            angle = np.linspace(0, 2 * np.pi, 61)
            for centre in circles[0]:
                axes.plot(centre[0] + circles[1] * np.cos(angle), centre[1] + circles[1] * np.sin(angle), color=BLACK,
                          linewidth=0.7)
        axes.set_title(name, fontsize=9.5)
        axes.set_xlim(-limit, limit)
        axes.set_ylim(-limit, limit)
        axes.set_aspect("equal")
        if i + columns >= len(panels):
            axes.set_xlabel(X1)
            axes.tick_params(labelbottom=True)
        if i % columns == 0:
            axes.set_ylabel(X2)
    for symmetric, drawn in bars.items():
        figure.colorbar(drawn, ax=list(grid), location="bottom" if symmetric else "right", shrink=0.6, aspect=35,
                        label=symmetric_label if symmetric else "density (1 / unit of area)",
                        extend="neither" if symmetric else "max")
    return figure


def mode_shares(shares, expected, error, title):
    """How the samples of each model fall on K modes, and in a last column what lies between the modes.

    shares : model to its share (K,) of samples in each mode
    expected, error : share of the data in a mode, and its standard error: a grey band of 5 to either side
    """
    figure, axes = new_axes(title, (8.6, 5.0))
    K, wide = len(next(iter(shares.values()))), 0.72 / len(shares)
    axes.axhspan(expected - 5 * error, expected + 5 * error, xmax=K / (K + 1), color="0.85", zorder=0,
                 label="data, 5 standard errors either way")
    axes.plot([K - 0.5, K + 0.5], [1 - K * expected] * 2, color="0.6", zorder=1, label="data between modes")
    for i, (label, values) in enumerate(shares.items()):
        values = np.append(values, 1 - np.sum(values))
        place = np.arange(K + 1) + (i - (len(shares) - 1) / 2) * wide
        axes.plot(place, values, MARKERS[i], color=CLASSES[i], markersize=7, linestyle="none", label=label)
    for k in range(1, K + 1):
        axes.axvline(k - 0.5, color="0.9", linewidth=0.8, zorder=0)
    axes.set_xticks(np.arange(K + 1), [*map(str, range(K)), "between"])
    axes.set_xlim(-0.5, K + 0.5)
    axes.set_xlabel("mode, counter-clockwise from the right; last column: between modes")
    axes.set_ylabel("share of the samples (1 is all)")
    axes.set_ylim(-0.01, None)
    figure.legend(loc="outside lower center", frameon=False, fontsize=9, ncols=3)
    return figure
