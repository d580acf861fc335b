"""Planes and curves through data: error against the size of the code, the curved manifold, the curse of dimensionality.

Notes on autoencoders and on manifold learning.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tinyvae.plots.base import BLACK, BLUE, CLASSES, GREEN, MARKERS, ORANGE, RED, new_axes
from tinyvae.plots.depth import ERROR, plain_numbers
from tinyvae.plots.images import as_tiles


def error_by_size(sizes, lines, points, title):
    """lines : label to errors (len(sizes),)        points : label to (sizes, errors), drawn as markers."""
    figure, axes = new_axes(title, (6.8, 4.6))
    for (label, errors), style, colour in zip(lines.items(), ("-", "--", ":"), (BLACK, BLUE, GREEN)):
        axes.plot(sizes, errors, color=colour, linestyle=style, linewidth=1.6, label=label)
    for (label, (at, errors)), marker, colour in zip(points.items(), MARKERS, (RED, ORANGE)):
        axes.plot(at, errors, color=colour, marker=marker, markersize=8, fillstyle="none", markeredgewidth=2,
                  linestyle="none", label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    shown = [size for size in (1, 2, 5, 10, 20, 30, 50, 100) if sizes[0] <= size <= sizes[-1]]
    axes.set_xticks(shown, [str(size) for size in shown])
    axes.xaxis.set_minor_locator(NullLocator())
    plain_numbers(axes.yaxis)
    axes.set_xlabel("numbers in the code, L")
    axes.set_ylabel(ERROR)
    axes.legend(frameon=False, fontsize=9)
    return figure


def angle_and_excess(angles, excesses, share, title):
    """What a training passes through: angles (n,) in degrees to the best plane; label to excess (n,) in percent.

    share : the least excess that an angle of 90 degrees costs, in percent; the line is share sin^2(angle)
    """
    figure, axes = new_axes(title, (7.4, 4.8))
    angles = np.asarray(angles)
    line = np.geomspace(angles.min() / 1.5, 90, 100)
    for (label, excess), colour, marker in zip(excesses.items(), (BLUE, ORANGE), MARKERS):
        axes.loglog(angles, excess, color=colour, marker=marker, markersize=5, linewidth=1, label=label)
    axes.loglog(line, share * np.sin(np.radians(line))**2, color=BLACK, linestyle="--",
                label="least that the angle costs, $\\sin^2$: slope 2")
    excess = next(iter(excesses.values()))
    for epoch in sorted({0, len(angles) // 4, len(angles) // 2, len(angles) - 1}):
        axes.annotate(f"epoch {epoch}", (angles[epoch], excess[epoch]), xytext=(-8, 6), textcoords="offset points",
                      fontsize=8, ha="right")
    axes.set_xlabel("largest angle between the decoder's plane and that of PCA (degrees)")
    axes.set_ylabel("error above that of PCA (percent)")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def curves_through_data(x, curves, title):
    """x (n, 2) as dots, curves : label to points (m, 2) in their order along the curve."""
    figure, axes = new_axes(title, (6.4, 5.6))
    axes.plot(*np.asarray(x).T, ".", color="#999999", markersize=4, label="data")
    for (label, points), colour, marker in zip(curves.items(), (RED, BLUE, GREEN), MARKERS):
        axes.plot(*np.asarray(points).T, color=colour, marker=marker, markevery=max(1, len(points) // 10), markersize=6,
                  linewidth=2, label=label)
    axes.set_xlabel("$x_1$ (no unit)")
    axes.set_ylabel("$x_2$ (no unit)")
    axes.set_aspect("equal")
    axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2)
    return figure


def curse(occupied, distances, dimensions, ratios, theory, title):
    """Three panels.

    occupied : label to the share of occupied cells in 1, 2, ... dimensions
    distances : number of dimensions to distances divided by their mean, drawn as histograms
    ratios : label to (len(dimensions),)        theory : (len(dimensions),), of the first of them
    """
    figure = Figure(figsize=(12.6, 4.0), layout="constrained")
    figure.suptitle(title, fontsize=10)
    left, middle, right = figure.subplots(1, 3)
    for (label, shares), colour, marker in zip(occupied.items(), (BLUE, RED), MARKERS):
        left.semilogy(np.arange(1, len(shares) + 1), shares, color=colour, marker=marker, label=label)
    left.set_xticks(np.arange(1, max(map(len, occupied.values())) + 1))
    left.set_xlabel("dimensions, 10 cells along each")
    left.set_ylabel("occupied cells (percent)")
    for (d, values), colour, style in zip(distances.items(), (BLUE, ORANGE, RED), ("-", "--", ":")):
        middle.hist(values, bins=np.linspace(0, 2.6, 80), density=True, histtype="step", color=colour, linestyle=style,
                    linewidth=1.6, label=f"{d} dimensions")
    middle.set_xlabel("distance of two points / mean distance")
    middle.set_ylabel("density (per unit of the ratio)")
    for (label, values), colour, marker in zip(ratios.items(), (BLUE, RED), MARKERS):
        right.loglog(dimensions, values, color=colour, marker=marker, linestyle="none", label=label)
    right.loglog(dimensions, theory, color=BLACK, linestyle="--", label="theory: $\\sqrt{2 / d}$")
    right.set_xlabel("dimensions d")
    right.set_ylabel("ratio (no unit)")
    for axes in (left, middle, right):
        axes.legend(frameon=False, fontsize=9)
    return figure


def codes_and_pictures(z, labels, box, images, title):
    """Left: codes z (N, 2) by class. Right: images (n * n, D), decoded on a grid over box = (left, right, bottom, top).

    images start at the top left, row by row
    """
    n = round(len(images)**0.5)
    figure = Figure(figsize=(11.6, 5.9), layout="constrained")
    figure.suptitle(title, fontsize=10)
    codes, pictures = figure.subplots(1, 2)
    places = apart({label: np.median(np.asarray(z)[labels == label], axis=0) for label in np.unique(labels)}, box)
    for label in np.unique(labels):
        of_class, colour = np.asarray(z)[labels == label], CLASSES[label % len(CLASSES)]
        codes.plot(*of_class.T, linestyle="none", marker=MARKERS[label % len(MARKERS)], markersize=3, alpha=0.5,
                   color=colour)
        codes.text(*places[label], str(label), fontsize=12, weight="bold", ha="center", va="center",
                   bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": colour})
    pictures.imshow(as_tiles(np.asarray(images), n, gap=0), cmap="gray_r", vmin=0, vmax=1, extent=box, aspect="auto",
                    interpolation="nearest")
    for axes in (codes, pictures):
        axes.set_xlim(box[0], box[1])
        axes.set_ylim(box[2], box[3])
        axes.set_xlabel("$z_1$, first number of the code")
        axes.set_ylabel("$z_2$, second number of the code")
    codes.set_title("where the encoder puts test digits", fontsize=9)
    pictures.set_title("what the decoder makes of each place", fontsize=9)
    return figure


def apart(places, box):
    """places : label to (x, y), moved up where a label would cover another; box = (left, right, bottom, top)."""
    width, height = box[1] - box[0], box[3] - box[2]
    free = {}
    for label, (x, y) in sorted(places.items(), key=lambda item: item[1][1]):
        for other_x, other_y in sorted(free.values(), key=lambda place: place[1]):
            if abs(x - other_x) < 0.05 * width and abs(y - other_y) < 0.06 * height:
                y = other_y + 0.06 * height
        free[label] = (x, y)
    return free
