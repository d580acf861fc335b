"""What lies in a latent space: information against the examples, codes beside the prior, dimensions, directions,
how well the classes separate. Lectures p3, p30-p32."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import NullLocator

from tinyvae.plots.base import BLACK, BLUE, CLASSES, GREEN, MARKERS, ORANGE, PURPLE, RED


def panels_of(count, title, height=4.2, width=5.0, **settings):
    """A figure with count panels side by side under one title, and the panels."""
    figure = Figure(figsize=(width * count, height), layout="constrained")
    figure.suptitle(title, fontsize=10)
    return figure, figure.subplots(1, count, squeeze=False, **settings)[0]


def information_by_examples(counts, panels, title):
    """One panel for each model: name to {label: (values, errors)}, each (len(counts),), nats, errors None for exact.

    counts : numbers of examples that q(z) is made of, on a logarithmic axis; log N is the dashed line
    """
    figure, row = panels_of(len(panels), title)
    for axes, (name, lines) in zip(row, panels.items()):
        axes.plot(counts, np.log(counts), color=BLACK, linestyle="--", linewidth=1, label="log N, most that I can be")
        for (label, (values, errors)), colour, marker in zip(lines.items(), (BLUE, RED, GREEN, PURPLE), MARKERS):
            axes.errorbar(counts, values, yerr=errors, color=colour, marker=marker, markersize=5, capsize=2,
                          linewidth=1.3, label=label)
        axes.axhline(0, color=BLACK, linewidth=0.6)
        axes.set_xscale("log")
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("examples N that q(z) is the mean of")
        axes.set_ylabel("nats (bars: 1 standard error)")
        axes.legend(frameon=False, fontsize=8)
    return figure


def codes_beside_prior(groups, labels, title):
    """One panel for each model: name to codes (N, 2), by class, each to its own scale; circles of N(0, I) for 1, 2, 3.

    labels : (N,)        A scale leaves out up to 1 % of the coordinates at either end, so that a few far ones do not
        set it; the heading says how many codes are off it
    """
    figure, row = panels_of(len(groups), title, height=5.2)
    labels = np.asarray(labels)
    for axes, (name, z) in zip(row, groups.items()):
        z = np.asarray(z)
        low, high = np.minimum(np.quantile(z, 0.01) - 0.5, -3.3), np.maximum(np.quantile(z, 0.99) + 0.5, 3.3)
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        off = np.sum(np.any((z < low) | (z > high), axis=1))
        for label in np.unique(labels):
            of_class, colour = z[labels == label], CLASSES[label % len(CLASSES)]
            axes.plot(*of_class.T, linestyle="none", marker=MARKERS[label % len(MARKERS)], markersize=3, alpha=0.5,
                      color=colour, label=str(label))
        for radius in (1, 2, 3):
            axes.add_patch(Circle((0, 0), radius, fill=False, color=BLACK, linewidth=1.2, zorder=3))
        axes.set_title(f"{name} ({off} of {len(z)} codes off the scale)", fontsize=9)
        axes.set_xlabel("$z_1$ (circles: 1, 2, 3 standard deviations of p(z))")
        axes.set_ylabel("$z_2$")
        axes.set_aspect("equal")
    row[-1].legend(frameon=False, fontsize=8, title="digit", loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)
    return figure


def dimensions(bars, title):
    """One panel for each quantity: y label to (values, errors), each (L,), in the model's order; errors may be None."""
    figure, row = panels_of(len(bars), title, height=3.4, width=4.0)
    for axes, (label, (values, errors)), colour in zip(row, bars.items(), (BLUE, ORANGE, GREEN)):
        axes.bar(np.arange(1, len(values) + 1), values, yerr=errors, color=colour, capsize=2)
        axes.set_xticks(np.arange(1, len(values) + 1))
        axes.set_xlabel("latent dimension j")
        axes.set_ylabel(label)
    return figure


def correlations(factors, bars, title):
    """Groups of bars: factors are their names, bars : label to (correlations, errors), each (len(factors),)."""
    figure, (axes,) = panels_of(1, title, width=6.8)
    width = 0.8 / len(bars)
    for i, ((label, (values, errors)), colour, hatch) in enumerate(zip(bars.items(), CLASSES, ("", "//", ".."))):
        place = np.arange(len(factors)) + (i - (len(bars) - 1) / 2) * width
        axes.bar(place, values, width, yerr=errors, color=colour, hatch=hatch, edgecolor="white", capsize=3,
                 label=label)
    axes.set_xticks(np.arange(len(factors)), factors)
    axes.set_ylim(0, 1.18)
    axes.set_ylabel("correlation on test digits (bar: 1 standard error)")
    axes.legend(frameon=False, fontsize=9, loc="upper center", ncols=len(bars))
    return figure


def separation(panels, title):
    """How well the classes separate: x label to {label: (x, share, error)}, each (n,), shares from 0 to 1."""
    figure, row = panels_of(len(panels), title, sharey=True)
    for axes, (x_label, lines) in zip(row, panels.items()):
        ticks = set()
        for (label, (x, share, error)), colour, marker in zip(lines.items(), (BLUE, RED, GREEN, PURPLE), MARKERS):
            axes.errorbar(x, 100 * np.asarray(share), yerr=100 * np.asarray(error), color=colour, marker=marker,
                          markersize=6, capsize=3, linewidth=1.3, label=label)
            ticks.update(x)
        axes.set_xscale("log")
        axes.set_xticks(sorted(ticks), [str(tick) for tick in sorted(ticks)])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylim(0, 105)
        axes.set_xlabel(x_label)
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    row[0].set_ylabel("test digits whose nearest code\nis of their class (%)")
    return figure
