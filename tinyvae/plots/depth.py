"""Depth, tied weights and training layer by layer: errors with their spread over seeds, and two paths into one W.

Notes on autoencoders, deep, symmetric (tied) and layer-by-layer.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from tinyvae.plots.base import BLACK, CLASSES, MARKERS, new_axes

ERROR = "squared error per picture (pixel units squared)"


def plain_numbers(axis):
    """Ticks of a logarithmic axis as 2, 5, 10, 20 rather than as powers of ten."""
    axis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def draw(axes, curves, colours=CLASSES):
    """curves : label to (x, mean, error), all (n,): a line with its marker, and a band of one standard error."""
    for (label, (x, mean, error)), colour, marker in zip(curves.items(), colours, MARKERS):
        mean, error = np.asarray(mean), np.asarray(error)
        axes.plot(x, mean, color=colour, marker=marker, markersize=5, linewidth=1.6, label=label)
        axes.fill_between(x, mean - error, mean + error, color=colour, alpha=0.25, linewidth=0)


def error_by_latent_size(sizes, pca, curves, title):
    """pca (len(sizes),) as a dashed line, curves : label to (mean, error) with error bars, against the latent size."""
    figure, axes = new_axes(title, (7.0, 4.6))
    axes.plot(sizes, pca, color=BLACK, linestyle="--", linewidth=1.6, label="PCA: the best of all linear ones")
    for (label, (mean, error)), colour, marker in zip(curves.items(), CLASSES, MARKERS):
        axes.errorbar(sizes, mean, yerr=error, color=colour, marker=marker, markersize=6, capsize=4, label=label)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("latent size L (numbers in the code)")
    axes.set_ylabel("test " + ERROR)
    axes.legend(frameon=False, fontsize=9)
    return figure


def heat_maps(maps, side, title):
    """maps : label to (side^2,), drawn as pictures on one colour scale that is white at 0."""
    figure = Figure(figsize=(3.0 * len(maps) + 0.8, 3.5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    reach = max(np.abs(values).max() for values in maps.values())
    for axes, (label, values) in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps.items()):
        image = axes.imshow(np.reshape(values, (side, side)), cmap="PuOr", vmin=-reach, vmax=reach)
        axes.set_title(label, fontsize=9)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("pixel column")
    figure.axes[0].set_ylabel("pixel row")
    figure.colorbar(image, ax=figure.axes, label="gradient (per unit of W)", shrink=0.9)
    return figure


def learning_curves(curves, title, limit=None):
    """curves : label to (updates, mean, error). Both axes logarithmic. limit : the largest error to show"""
    figure, axes = new_axes(title, (7.0, 4.6))
    draw(axes, curves)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(top=limit)
    plain_numbers(axes.yaxis)
    axes.set_xlabel("updates of the parameters")
    axes.set_ylabel("test " + ERROR)
    axes.legend(frameon=False, fontsize=9, title="band: 1 standard error over seeds", title_fontsize=8)
    return figure


def train_and_test(paths, limit, title):
    """paths : label to (train, test), each (n,), what a training passes through. Their gap is the height above a line.

    limit : points with a larger training error, those of the beginning, are left out
    """
    figure, axes = new_axes(title, (6.8, 5.0))
    low = min(np.min(train) for train, _ in paths.values())
    axes.plot([low, limit], [low, limit], color=BLACK, linewidth=1, linestyle="--", label="test = train: no gap")
    for (label, (train, test)), colour, marker in zip(paths.items(), CLASSES, MARKERS):
        shown = np.asarray(train) <= limit
        axes.plot(np.asarray(train)[shown], np.asarray(test)[shown], color=colour, marker=marker, markersize=6,
                  label=label)
    axes.invert_xaxis()
    axes.set_xlabel(f"training {ERROR}; training goes to the right")
    axes.set_ylabel("test " + ERROR)
    axes.legend(frameon=False, fontsize=9)
    return figure


def staged_curves(panels, boundaries, title):
    """One panel for each name: curves label to (updates, mean, error), and the updates at which a stage ends.

    boundaries : update to the words that stand left of it, for every panel
    """
    figure = Figure(figsize=(1.6 + 5.6 * len(panels), 4.8), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axes, (name, curves) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items()):
        draw(axes, curves)
        start = 0
        for end, words in boundaries.items():
            axes.axvline(end, color=BLACK, linewidth=0.8, linestyle=":")
            axes.text((start + end) / 2, 1.01, words, transform=axes.get_xaxis_transform(), ha="center", fontsize=8)
            start = end
        axes.set_yscale("log")
        plain_numbers(axes.yaxis)
        axes.set_title(name, fontsize=9, pad=18)
        axes.set_xlabel("updates of the parameters, all stages counted")
        axes.set_ylabel("test " + ERROR)
        axes.legend(frameon=False, fontsize=8)
    return figure
