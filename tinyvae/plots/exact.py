"""Likelihoods of binary pictures: bounds that rise with k, models side by side in nats, orders, what each pixel costs.

Slide p7; notes on VAE and AE (FVBN).
"""

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, CLASSES, MARKERS, new_axes

HATCHES = ("", "//", "..", "xx")


def rising_bounds(panels, title):
    """One panel for each model, the number of samples k on a logarithmic axis.

    panels : heading to (k (n,), values (n,), errors (n,) or None, levels, y label); levels : label to a height that is
        drawn as a horizontal line
    """
    figure = Figure(figsize=(4.9 * len(panels), 4.0), layout="constrained")
    figure.suptitle(title, fontsize=10)
    styles = iter(((BLACK, "--"), (CLASSES[3], "-."), (CLASSES[2], ":")) * len(panels))      # no two levels look alike
    for axes, (heading, (k, values, errors, levels, y_label)) in zip(np.atleast_1d(figure.subplots(1, len(panels))),
                                                                     panels.items()):
        axes.errorbar(k, values, errors, color=CLASSES[0], marker=MARKERS[0], markersize=6, capsize=3,
                      label="importance sampling, k samples")
        for (label, height), (colour, dashes) in zip(levels.items(), styles):
            axes.axhline(height, color=colour, linestyle=dashes, linewidth=1.4, label=label)
        axes.set_xscale("log")
        axes.set_xlabel("samples per example, k")
        axes.set_ylabel(y_label)
        axes.set_title(heading, fontsize=9)
        axes.legend(frameon=False, fontsize=8)
    return figure


def nats_bars(values, errors, exact, title):
    """Horizontal bars. values, errors : label to nats per picture        exact : the labels of exact values; the others
    are drawn hatched, as upper bounds of -log p(x)."""
    figure, axes = new_axes(title, (7.8, 1.2 + 0.42 * len(values)))
    for row, (label, value) in enumerate(values.items()):
        bound = label not in exact
        axes.barh(row, value, xerr=errors[label], color=CLASSES[5 if bound else 0], hatch="//" if bound else "",
                  edgecolor="white", capsize=3, height=0.7)
        axes.text(value + errors[label], row, f"  {value:.1f}", va="center", fontsize=9)
    names = [f"{label}\n({'exact' if label in exact else 'upper bound'})" for label in values]
    axes.set_yticks(range(len(values)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12 * max(values[label] + errors[label] for label in values))
    axes.set_xlabel("-log p(x) (nats per picture), shorter is better; whiskers: one standard error")
    return figure


def order_bars(orders, groups, title):
    """orders : n names        groups : label to KL(p_data, p_theta) of the best model in each order, (n,), nats."""
    figure, axes = new_axes(title, (7.0, 4.0))
    place, width = np.arange(len(orders)), 0.8 / len(groups)
    top = max(np.max(values) for values in groups.values())
    for i, (label, values) in enumerate(groups.items()):
        at = place + (i - (len(groups) - 1) / 2) * width
        axes.bar(at, values, width, color=CLASSES[i], hatch=HATCHES[i], edgecolor="white", label=label)
        for x, value in zip(at, values):
            axes.text(x, max(value, 0), f"{max(value, 0):.3f}", ha="center", va="bottom", fontsize=8)
    axes.set_xticks(place, orders, fontsize=9)
    axes.set_ylim(0, 1.3 * top)
    axes.set_xlabel("order in which the pixels are predicted")
    axes.set_ylabel("$KL(p_{data}, p_\\theta)$ of the best model (nats)")
    axes.legend(frameon=False, fontsize=9, loc="upper left", ncols=len(groups))
    return figure


def cost_maps(maps, title):
    """maps : label to nats of each pixel (D,), a square picture; all on one scale, and their sums in the headings."""
    figure = Figure(figsize=(3.1 * len(maps) + 0.8, 3.7), layout="constrained")
    figure.suptitle(title, fontsize=10)
    panels = np.atleast_1d(figure.subplots(1, len(maps)))
    top = max(np.max(values) for values in maps.values())
    for axes, (label, values) in zip(panels, maps.items()):
        side = round(len(values)**0.5)
        drawn = axes.imshow(np.reshape(values, (side, side)), cmap="viridis", vmin=0, vmax=top, interpolation="nearest")
        axes.set_title(f"{label}\nsum: {np.sum(values):.1f} nats", fontsize=9)
        axes.set_xticks([])
        axes.set_yticks([])
    figure.colorbar(drawn, ax=panels, label="mean $-\\log p(x_d | \\mathrm{earlier\\ pixels})$ (nats)", shrink=0.8)
    return figure
