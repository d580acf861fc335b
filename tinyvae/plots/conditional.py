"""The generative classifier: what a picture costs the model of digits and what it costs anyone, and who answers what.

Notes on generative models, section 2.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tinyvae.plots.base import BLACK, BLUE, CLASSES, MARKERS, new_axes
from tinyvae.plots.images import as_tiles

SHOWN = 60           # of each kind but the first


def evidence_plane(groups, log_p_threshold, ratio_threshold, title):
    """-log p against -log r on logarithmic axes, with the thresholds on log p and on log p - log r.

    groups : name to (log_r, log_p), each (N,), nats, all below 0; the first group is the one to keep
    """
    figure, axes = new_axes(title, (8.6, 5.4))
    cost_r, cost_p = (-np.concatenate([np.asarray(group[i]) for group in groups.values()]) for i in (0, 1))
    for i, (name, (log_r, log_p)) in enumerate(groups.items()):
        style = ({"color": BLUE, "alpha": 0.35, "s": 9} if i == 0 else
                 {"facecolor": CLASSES[i % 10], "alpha": 0.8, "s": 24, "edgecolor": BLACK})
        some = slice(None if i == 0 else SHOWN)
        axes.scatter(-np.asarray(log_r)[some], -np.asarray(log_p)[some], marker=MARKERS[i % 10],
                     linewidth=0.5 * (i > 0), label=name, **style)
    r = np.geomspace(0.8 * cost_r.min(), 1.25 * cost_r.max(), 200)
    axes.axhline(-log_p_threshold, color=BLACK, linestyle=":", linewidth=1.4, label="threshold on log p")
    above = r - ratio_threshold > 0                          # log p - log r = t:  -log p = -log r - t
    axes.plot(r[above], (r - ratio_threshold)[above], color=BLACK, linestyle="--", linewidth=1.4,
              label="threshold on log p - log r")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        ticks = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)
        axis.set_ticks(ticks, [str(tick) for tick in ticks])
        axis.set_minor_locator(NullLocator())
    axes.set_xlim(r[0], r[-1])
    axes.set_ylim(0.8 * cost_p.min(), 1.25 * cost_p.max())
    axes.set_xlabel("-log r(x): what a picture costs the background (nats)")
    axes.set_ylabel("-log p(x): what it costs the model of digits (nats)")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5),
                title="above a line: none of these", title_fontsize=8)
    return figure


def answers(images, answered, names, title, columns=10):
    """Square images (N, D) in [0, 1] with the answer of each of several below.

    answered : who to (N,) labels, -1 for none of these        names : (N,), what each picture is
    """
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(1.1 * columns + 0.9, (1.35 + 0.17 * len(answered)) * rows + 0.6), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for i, axes in enumerate(figure.subplots(rows, columns, squeeze=False).ravel()):
        if i >= len(images):
            axes.axis("off")
            continue
        axes.imshow(as_tiles(np.asarray(images)[i:i + 1], 1), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_title(names[i], fontsize=7)
        said = {who: labels[i] if labels[i] >= 0 else "none" for who, labels in answered.items()}
        axes.set_xlabel("\n".join(f"{who}: {label}" for who, label in said.items()), fontsize=7)
    return figure
