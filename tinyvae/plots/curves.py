"""Curves and bars: losses over the epochs, lines on logarithmic axes, the KL of each latent dimension."""

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLUE, CLASSES, MARKERS, RED, new_axes


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
    """lines : label to values (len(x),), drawn against x on logarithmic axes, each with a marker of its own; a label
    that starts with "theory" becomes a plain dashed line."""
    figure, axes = new_axes(title)
    for (label, values), colour, marker in zip(lines.items(), CLASSES, MARKERS):
        style = {"linestyle": "--"} if label.startswith("theory") else {"marker": marker, "markersize": 5}
        axes.loglog(x, values, color=colour, label=label, **style)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(frameon=False)
    return figure


def kl_bars(kl_per_dimension, title="KL of each latent dimension, largest first"):
    """kl_per_dimension (L,), nats: which dimensions carry information and which are switched off."""
    figure, axes = new_axes(title)
    values = np.sort(np.asarray(kl_per_dimension))[::-1]
    axes.bar(np.arange(1, len(values) + 1), values, color=BLUE)
    axes.set_xlabel("latent dimension, sorted")
    axes.set_ylabel("KL (nats)")
    return figure
