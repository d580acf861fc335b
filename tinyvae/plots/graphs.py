"""How gradients travel: the graph of a VAE with a number on each edge, and estimators of one gradient side by side."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from tinyvae.plots.base import BLACK, BLUE, CLASSES, MARKERS, RED, new_axes

# where each variable stands: the steps of the forward from left to right
PLACES = {"x": (-0.4, 0.5), "mu": (1.5, 1.1), "logvar": (1.5, -0.1), "sigma": (2.9, -0.1), "eps": (3.6, -0.9),
          "z": (4.3, 0.5), "a": (5.7, 0.5), "R": (7.1, 0.5), "K": (4.3, 1.8), "loss": (8.4, 0.5)}
SYMBOLS = {"x": "encoder\nof $x$", "mu": r"$\mu$", "logvar": r"$\log\sigma^2$", "sigma": r"$\sigma$",
           "eps": r"$\varepsilon$", "z": "$z$", "a": "logits $a$", "R": "$R$", "K": "KL", "loss": "loss"}
OFFSET = {("x", "mu"): (-14, 26), ("x", "logvar"): (-14, -26), ("logvar", "sigma"): (0, 10), ("z", "a"): (0, 10),
          ("a", "R"): (0, -24), ("R", "loss"): (0, -10)}   # points by which a number stands beside its edge, else on it
LABEL_AT = {("logvar", "K"): 0.8, ("mu", "z"): 0.66}     # share of the edge at which its number stands, else 1/2


def number(value):
    """A number, a short vector, or a tuple of parts with their sum: signs, and three digits after the point."""
    if isinstance(value, tuple):
        return " ".join(f"{v:+.3f}" for v in value) + f"\n= {sum(value):+.3f}"
    return "\n".join(f"{v:+.3f}" for v in np.atleast_1d(value))


def gradient_graph(panels, title):
    """One graph for each panel, forward from left to right, with the gradient that comes back along each edge.

    panels : subtitle to (values, edges). values : name of PLACES to a number or short vector, printed under its
             symbol. edges : (from, to) to the part of d loss/d from that comes back along this edge (from the
             encoder on: d loss/d its output), or None where nothing does: such an edge is drawn dashed, with the
             word "cut". A tuple of parts is drawn with its sum. Lectures p25 and p26.
    """
    figure = Figure(figsize=(10.4, 4.0 * len(panels)), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for axes, (subtitle, (values, edges)) in zip(np.atleast_1d(figure.subplots(len(panels), 1)), panels.items()):
        axes.set_title(subtitle, fontsize=10, loc="left")
        for (source, target), gradient in edges.items():
            start, end = np.array(PLACES[source]), np.array(PLACES[target])
            cut = gradient is None
            axes.annotate("", xy=end, xytext=start, zorder=1, arrowprops={
                "arrowstyle": "-|>", "color": RED if cut else BLACK, "linestyle": "--" if cut else "-",
                "shrinkA": 26, "shrinkB": 26, "linewidth": 1.4})
            at = start + LABEL_AT.get((source, target), 0.5) * (end - start)
            axes.annotate("cut" if cut else number(gradient), at, OFFSET.get((source, target), (0, 0)),
                          textcoords="offset points", color=RED if cut else BLUE, fontsize=9.5, ha="center",
                          va="center", weight="bold", zorder=2,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
        for name, value in values.items():
            axes.text(*PLACES[name], f"{SYMBOLS[name]}\n{number(value)}", ha="center", va="center", fontsize=9.5,
                      zorder=3, bbox={"boxstyle": "round,pad=0.35", "facecolor": "#f2f2f2", "edgecolor": BLACK})
        axes.set_xlim(-0.9, 8.9)
        axes.set_ylim(min(PLACES[name][1] for name in values) - 0.5, 2.2)
        axes.axis("off")
        axes.text(5.1, 1.95, "in the boxes: values, computed from left to right", fontsize=9)
        axes.text(5.1, 1.7, "at the edges: gradient of the loss, from right to left", fontsize=9, color=BLUE,
                  weight="bold")
    return figure


def measured_and_theory(x, lines, x_label, y_label, title):
    """lines : label to (measured, theory), each (len(x),): markers for what was measured, a line for what theory says.
    Both axes logarithmic."""
    figure, axes = new_axes(title, (6.8, 4.6))
    for (label, (measured, theory)), colour, marker in zip(lines.items(), CLASSES, MARKERS):
        axes.loglog(x, theory, color=colour, linewidth=1.2)
        axes.loglog(x, measured, color=colour, marker=marker, markersize=6, linestyle="none", label=label)
    axes.loglog([], [], color=BLACK, linewidth=1.2, label="lines: theory")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(frameon=False, fontsize=9)
    return figure


def training_comparison(curves, bar, bar_label, title):
    """curves : label to the test negative ELBO after each epoch; bar : a level to compare with, drawn dashed."""
    figure, axes = new_axes(title, (6.8, 5.2))
    for (label, values), colour, marker in zip(curves.items(), CLASSES, MARKERS):
        epochs = np.arange(1, len(values) + 1)
        axes.plot(epochs, values, color=colour, marker=marker, markersize=4, markevery=max(1, len(values) // 12),
                  label=f"{label}: ends at {values[-1]:.0f}")
    axes.axhline(bar, color=BLACK, linestyle="--", linewidth=1.2, label=f"{bar_label}: {bar:.0f}")
    axes.set_yscale("log")                                    # a training that drifts off leaves room for the others
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylabel("negative ELBO on test digits (nats per image)")
    figure.legend(loc="outside lower center", frameon=False, fontsize=9, ncols=2)
    return figure
