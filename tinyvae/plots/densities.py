"""Densities: class regions and contours in the plane, curves along a line, histograms against a density."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, CLASSES, MARKERS, new_axes

DASHES = ("-", "--", "-.", ":")


class Panel(NamedTuple):
    """One map of the plane. Arrays lie on the grid of x1 (n,) and x2 (m,): row i is x2[i].

    posterior : (m, n, C), p(y given x): the region of the likeliest class is tinted, boundaries are black lines
    class_densities : (m, n, C) or None, contours of p(x given y), each class in its colour
    log_density : (m, n) or None, log p(x); level : the threshold below which the answer is "none of these"
    """

    title: str
    posterior: Any
    class_densities: Any = None
    log_density: Any = None
    level: float = 0.0


def plane_maps(x1, x2, panels, points, labels, title, unknown=None):
    """Panels side by side over the same points (n, 2), marked and coloured by labels (n,).

    unknown : one point (2,), drawn as a star with a question mark in every panel, or None
    """
    figure = Figure(figsize=(5.2 * len(panels), 5.0), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axes, panel in zip(np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels):
        best = panel.posterior.argmax(axis=2)                                          # (m, n)
        known = panel.log_density > panel.level if panel.log_density is not None else np.ones(best.shape, bool)
        for k in range(panel.posterior.shape[2]):
            colour = CLASSES[k]
            axes.contourf(x1, x2, (best == k) & known, levels=[0.5, 1.5], colors=[colour], alpha=0.18)
            others = np.delete(panel.posterior, k, axis=2).max(axis=2)
            axes.contour(x1, x2, np.where(known, panel.posterior[:, :, k] - others, np.nan), levels=[0], colors=BLACK,
                         linewidths=1.6, zorder=3)
            of_class = points[labels == k]
            axes.plot(*of_class.T, MARKERS[k], markersize=3.5, color=colour, alpha=0.5, linestyle="none",
                      label=f"class {k}")
            if panel.class_densities is not None:
                density = panel.class_densities[:, :, k]
                axes.contour(x1, x2, density, levels=density.max() * np.exp([-4.5, -2.0, -0.5]), colors=[colour],
                             linewidths=1.5)
        if panel.log_density is not None:
            axes.contour(x1, x2, panel.log_density, levels=[panel.level], colors=BLACK, linestyles="--")
            axes.text(0.03, 0.03, "white: none of these", transform=axes.transAxes, fontsize=10)
        if unknown is not None:
            axes.plot(*unknown, "*", markersize=14, color=BLACK)
            axes.annotate("?", unknown, xytext=(9, 4), textcoords="offset points", fontsize=14,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8})
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel("$x_1$ (no unit)")
        axes.set_aspect("equal")
        axes.set_xlim(x1[0], x1[-1])
        axes.set_ylim(x2[0], x2[-1])
    figure.axes[0].set_ylabel("$x_2$ (no unit)")
    figure.axes[0].legend(loc="upper right", fontsize=9, framealpha=0.9)
    return figure


def stacked_curves(x, panels, x_label, title, x_range=None):
    """Panels one below the other over one x axis (n,).

    panels : y label to {label: values (n,)}; a single number instead of values is drawn as a level line
    x_range : (low, high), shaded as "data", or None
    """
    figure = Figure(figsize=(6.8, 2.5 * len(panels) + 0.4), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axes, (y_label, lines) in zip(np.atleast_1d(figure.subplots(len(panels), 1, sharex=True)), panels.items()):
        for i, (label, values) in enumerate(lines.items()):
            style = {"color": CLASSES[i], "linestyle": DASHES[i % len(DASHES)], "label": label, "linewidth": 2}
            if np.ndim(values):
                axes.plot(x, values, marker=MARKERS[i], markersize=5, markevery=(3 * i, max(1, len(x) // 12)), **style)
            else:
                axes.axhline(values, **style)
        if x_range is not None:
            axes.axvspan(*x_range, color="0.88", zorder=0, label="where the data lies")
        axes.set_ylabel(y_label)
        axes.legend(fontsize=9, framealpha=0.9)
    axes.set_xlabel(x_label)
    return figure


def histogram_panels(edges, panels, x, title, x_label="x (no unit)", columns=3):
    """Histograms, each against a density that should be its own.

    edges : (K + 1,)        panels : title to (counts (K,), density (n,)), the density integrating to 1
    x : (n,), where the densities are given; a bar far above them is cut off, its height written beside it
    """
    rows = -(-len(panels) // columns)
    top = 1.7 * max(np.max(density) for _, density in panels.values())
    figure = Figure(figsize=(3.5 * min(columns, len(panels)), 2.7 * rows + 0.5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    grid = np.atleast_1d(figure.subplots(rows, min(columns, len(panels)), sharex=True, sharey=True)).ravel()
    for axes in grid[len(panels):]:
        axes.set_visible(False)
    for i, (axes, (name, (counts, density))) in enumerate(zip(grid, panels.items())):
        heights = np.asarray(counts) / np.sum(counts) / np.diff(edges)
        axes.stairs(heights, edges, fill=True, color=CLASSES[0], alpha=0.45, label="samples")
        axes.plot(x, density, color=CLASSES[3], linewidth=1.6, label="exact density")
        axes.set_ylim(0, top)
        for k in np.flatnonzero(heights > top):            # cut off: its height in figures
            axes.text(edges[k + 1], 0.95 * top, f" {heights[k]:.2g}", fontsize=9, va="top")
        axes.set_title(name, fontsize=10)
        if i + columns >= len(panels):
            axes.set_xlabel(x_label)
            axes.tick_params(labelbottom=True)
        if i % columns == 0:
            axes.set_ylabel("density (1 / unit of x)")
    grid[0].legend(fontsize=8, frameon=False)
    return figure


def lines_with_errors(x, lines, x_label, y_label, title, size=(7.6, 5.4)):
    """Log-log lines. lines : label to (values (n,), standard errors (n,) or None); without errors: a dashed theory."""
    figure, axes = new_axes(title, size)
    measured = 0
    for i, (label, (values, errors)) in enumerate(lines.items()):
        if errors is None:
            axes.plot(x, values, linestyle=DASHES[1 + (i - measured) % 3], color="0.35", linewidth=1.4, label=label)
        else:
            axes.errorbar(x, values, errors, color=CLASSES[measured], marker=MARKERS[measured], markersize=6, capsize=3,
                          linewidth=1.6, label=label)
            measured += 1
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(fontsize=8.5, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncol=2)
    return figure
