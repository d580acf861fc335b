"""Anomaly scores class by class, what they cannot go below, purification against the noise, maps of the residual.

Lecture p29, p31 and p32.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tinyvae.plots.base import BLACK, BLUE, CLASSES, MARKERS, RED, new_axes
from tinyvae.plots.images import as_tiles


def auc_per_class(areas, errors, names, title):
    """areas, errors (classes, scores): for each normal class a point for each score, 2 standard errors either way."""
    figure, axes = new_axes(title, (8.4, 4.6))
    areas, errors = np.asarray(areas), np.asarray(errors)
    classes, count = areas.shape
    for i, (name, colour, marker) in enumerate(zip(names, CLASSES, MARKERS)):
        place = np.arange(classes) + (i - (count - 1) / 2) * 0.8 / count
        axes.errorbar(place, areas[:, i], 2 * errors[:, i], color=colour, marker=marker, markersize=6, linestyle="",
                      capsize=2, label=f"{name}: average {areas[:, i].mean():.3f}")
    for edge in np.arange(classes - 1) + 0.5:
        axes.axvline(edge, color="0.88", linewidth=1, zorder=0)
    axes.set_xticks(np.arange(classes))
    axes.set_xlim(-0.5, classes - 0.5)
    axes.set_ylim(top=1.004)
    axes.set_xlabel("digit that is normal; the other nine are anomalies")
    axes.set_ylabel("AUC (bar: 2 standard errors; chance is 0.5)")
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncol=(count + 1) // 2)
    return figure


def roc_by_score(curves, title):
    """curves : name of a score to (false alarms (S,), detections (S,), area); false alarms on a logarithmic axis."""
    figure, axes = new_axes(title, (6.2, 5.6))
    for (name, (false_alarms, detections, area)), colour, marker in zip(curves.items(), CLASSES, MARKERS):
        axes.step(false_alarms, detections, where="post", color=colour, linewidth=1.5, marker=marker, markersize=5,
                  markevery=max(1, len(false_alarms) // 10), label=f"{name}: area {area:.3f}")
    line = np.geomspace(1e-3, 1, 100)
    axes.plot(line, line, color=BLACK, linewidth=1, linestyle=":", label="chance: area 0.500")
    axes.set_xscale("log")
    axes.set_xlim(min(f[f > 0].min() for f in (np.asarray(c[0]) for c in curves.values())), 1)
    axes.set_xlabel("false alarm rate (share of normal pictures called anomaly)")
    axes.set_ylabel("detection rate (share of anomalies called anomaly)")
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncol=2)
    return figure


def scores_above_their_floor(floor, score, anomalous, threshold, labels, title):
    """floor, score (N,), nats: no score lies below its floor, the dashed diagonal. anomalous (N,) booleans.

    threshold : a horizontal line        labels : of the normal and of the anomalous pictures
    """
    figure, axes = new_axes(title, (6.8, 5.0))
    floor, score, anomalous = np.asarray(floor), np.asarray(score), np.asarray(anomalous)
    axes.scatter(floor[anomalous], score[anomalous], s=9, color=RED, marker="^", alpha=0.35, linewidth=0,
                 label=labels[1])
    axes.scatter(floor[~anomalous], score[~anomalous], s=16, color=BLUE, marker="o", alpha=0.7, linewidth=0,
                 label=labels[0])
    ends = np.array([floor.min(), floor.max()])
    axes.plot(ends, ends, color=BLACK, linestyle="--", linewidth=1.4, label="floor: the entropy of the pixels")
    axes.axhline(threshold, color=BLACK, linewidth=1.2)
    axes.text(0.99, threshold, "above: called anomaly", transform=axes.get_yaxis_transform(), ha="right", va="bottom",
              fontsize=9)
    axes.set_xlabel("entropy of the grey pixels, H(x) (nats)")
    axes.set_ylabel("score -ELBO (nats)")
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


def noise_curves(panels, title):
    """One panel for each kind of noise, with one logarithmic axis of errors.

    panels : name to (x label, levels (n,), lines, crossing); lines is label to errors (n,), the first of which, that of
        the noisy picture itself, is dashed. crossing : the level from which the first other line lies below it, a
        vertical line, or NaN. An error of 0 has no place on a logarithmic axis and is left out.
    """
    figure = Figure(figsize=(3.6 * len(panels), 4.6), layout="constrained")
    figure.suptitle(title, fontsize=10)
    row = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    for axes, (name, (x_label, levels, lines, crossing)) in zip(row, panels.items()):
        for i, (label, errors) in enumerate(lines.items()):
            errors = np.where(np.asarray(errors) > 0, errors, np.nan)
            style = {"linestyle": "--", "color": BLACK} if i == 0 else {"color": CLASSES[i - 1]}
            axes.plot(levels, errors, marker=MARKERS[i], markersize=5, label=label, **style)
        if np.isfinite(crossing):
            axes.axvline(crossing, color="0.6", linewidth=1, zorder=0)
            axes.text(crossing, 0.97, f" helps from {crossing:.2f}", transform=axes.get_xaxis_transform(), va="top",
                      fontsize=9, color="0.35")
        axes.set_yscale("log")
        axes.set_title(name, fontsize=10)
        axes.set_xlabel(x_label)
    row[0].set_ylabel("squared error per picture (pixel units squared)")
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncol=4, frameon=False, fontsize=9)
    return figure


def residual_maps(groups, title):
    """Pictures, what they are purified to, and the difference: red where ink is too much, blue where it is missing.

    groups : heading to (x, x_hat), each (n, D) square pictures in [0, 1], or (x, x_hat, boxes) with boxes (n, 3): row,
        column and side of a square to be outlined in the difference
    """
    columns = max(len(group[0]) for group in groups.values())
    figure = Figure(figsize=(2.6 + 0.72 * columns, 0.5 + 2.5 * len(groups)), layout="compressed")
    figure.suptitle(title, fontsize=10)
    blocks = figure.subplots(len(groups), 1, squeeze=False)[:, 0]
    for axes, (heading, (x, x_hat, *boxes)) in zip(blocks, groups.items()):
        x, x_hat = np.asarray(x, np.float64), np.asarray(x_hat, np.float64)
        side = round(x.shape[1] ** 0.5)
        shown = as_tiles(np.concatenate([(1 + x) / 2, (1 + x_hat) / 2, (1 + x - x_hat) / 2]), len(x))
        image = axes.imshow(2 * shown - 1, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
        for i, (top, left, width) in enumerate(boxes[0] if boxes else ()):
            corner = (left + i * (side + 1) - 0.5, top + 2 * (side + 1) - 0.5)
            axes.add_patch(Rectangle(corner, width, width, fill=False, edgecolor=BLACK, linewidth=1.2))
        axes.set_xticks([])
        axes.set_yticks([(i + 0.5) * (side + 1) - 1 for i in range(3)], ["picture $x$", "purified $x'$", "$x - x'$"],
                        fontsize=9)
        axes.tick_params(length=0)
        axes.set_title(heading, fontsize=9, loc="left")
    figure.colorbar(image, ax=list(blocks), label="pixel value, or difference (1 = full ink)", shrink=0.8)
    return figure
