"""Scores of normal and novel examples, ROC curves and their areas; what a classifier makes of features with few labels.

Notes on autoencoders, uses: novelty detection, features for a classifier.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tinyvae.plots.base import BLACK, BLUE, CLASSES, MARKERS, RED, new_axes

ERROR = "squared error (pixel units squared)"


def score_histograms(normal, novel, threshold, normal_label, novel_label, title, bins=40, called="novel"):
    """normal (N,), novel (M,) scores as two histograms of the same bins, each with area 1, and the threshold.

    called : what a picture to the right of the threshold is called
    """
    figure, axes = new_axes(title, (7.0, 4.4))
    edges = np.linspace(0, max(np.max(normal), np.max(novel)), bins + 1)
    axes.hist(normal, edges, density=True, color=BLUE, alpha=0.55, label=normal_label)
    axes.hist(novel, edges, density=True, color=RED, histtype="step", hatch="//", linewidth=1.6, label=novel_label)
    axes.axvline(threshold, color=BLACK, linestyle="--", linewidth=1.4)
    axes.text(threshold, 0.97, f" called {called} \u2192", transform=axes.get_xaxis_transform(), va="top", fontsize=9)
    axes.set_xlabel(f"score of a picture: {ERROR}")
    axes.set_ylabel("density (per unit of the score)")
    axes.legend(frameon=False, fontsize=9, loc="center right")
    return figure


def roc_curves(groups, title):
    """groups : held-out class to ((false alarms, detections, area) of the autoencoder, the same of PCA).

    Each class has a colour and a marker; PCA is dashed.
    """
    figure, axes = new_axes(title, (6.0, 5.6))
    axes.plot([0, 1], [0, 1], color=BLACK, linewidth=1, linestyle=":", label="chance: area 0.500")
    for (name, curves), colour, marker in zip(groups.items(), CLASSES, MARKERS):
        for (false_alarms, detections, area), style, kind in zip(curves, ("-", "--"), ("autoencoder", "PCA")):
            every = max(1, len(false_alarms) // 12)
            axes.plot(false_alarms, detections, color=colour, linestyle=style, linewidth=1.5, marker=marker,
                      markersize=5, markevery=every, label=f"{name} held out, {kind}: area {area:.3f}")
    axes.set_xlabel("false alarm rate (share of normal pictures called novel)")
    axes.set_ylabel("detection rate (share of novel pictures called novel)")
    axes.legend(frameon=False, fontsize=8, loc="lower right", handlelength=3.5)
    return figure


def auc_bars(areas, errors, names, title):
    """areas, errors (classes, scores): a group of bars for each held-out class, with one standard error either way."""
    figure, axes = new_axes(title, (8.4, 4.4))
    classes, scores = np.shape(areas)
    width = 0.8 / scores
    for i, (name, colour, hatch) in enumerate(zip(names, CLASSES, ("", "//", "..", "xx"))):
        place = np.arange(classes) + (i - (scores - 1) / 2) * width
        axes.bar(place, areas[:, i], width, yerr=errors[:, i], color=colour, edgecolor="white", hatch=hatch, capsize=2,
                 label=f"{name}, average {np.mean(areas[:, i]):.3f}")
    axes.axhline(0.5, color=BLACK, linewidth=1, linestyle="--")
    axes.text(classes - 0.45, 0.51, "chance", va="bottom", fontsize=8)
    axes.set_xticks(np.arange(classes))
    axes.set_xlim(-0.6, classes + 0.3)
    axes.set_ylim(0, 1.22)
    axes.set_yticks(np.arange(0, 1.01, 0.2))
    axes.set_xlabel("held-out digit (novel)")
    axes.set_ylabel("AUC (bar: 1 standard error)")
    axes.legend(frameon=False, fontsize=9, loc="upper center", ncol=scores)
    return figure


def error_against_ink(ink, error, novel_ink, novel_error, slope, intercept, title):
    """Normal (N,) and novel (M,) pictures on logarithmic axes, and the line error = e^intercept ink^slope."""
    figure, axes = new_axes(title, (6.6, 4.8))
    axes.scatter(ink, error, s=9, color=BLUE, marker="o", alpha=0.45, linewidth=0, label="other digits (normal)")
    axes.scatter(novel_ink, novel_error, s=22, color=RED, marker="^", linewidth=0, label="digit 1 (novel)")
    ends = np.array([min(np.min(ink), np.min(novel_ink)), max(np.max(ink), np.max(novel_ink))])
    axes.plot(ends, np.exp(intercept) * ends**slope, color=BLACK, linestyle="--", linewidth=1.5,
              label=f"normal training pictures: ink to the power {slope:.2f}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis, values in ((axes.xaxis, (ink, novel_ink)), (axes.yaxis, (error, novel_error))):
        plain_ticks(axis, np.concatenate(values))
    axes.set_xlabel("ink (sum of the pixels, pixel units)")
    axes.set_ylabel(ERROR)
    axes.legend(frameon=False, fontsize=9)
    return figure


def plain_ticks(axis, values):
    """Ticks of a logarithmic axis as plain numbers 1, 1.5, 2, 3, 5, 7, 10 within the range of values."""
    ticks = np.outer(10.0**np.arange(-3, 6), (1, 1.5, 2, 3, 5, 7)).ravel()
    ticks = ticks[(ticks >= np.min(values)) & (ticks <= np.max(values))]
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_minor_locator(NullLocator())


def label_curves(counts, panels, title):
    """One panel for each classifier: features to (share wrong, half width of its interval), each (len(counts),).

    counts : numbers of labelled examples, on a logarithmic axis; the points of one count stand side by side
    """
    figure = Figure(figsize=(5.2 * len(panels), 4.6), layout="constrained")
    figure.suptitle(title, fontsize=10)
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (name, curves) in zip(row, panels.items()):
        for i, ((label, (wrong, half)), colour, marker) in enumerate(zip(curves.items(), CLASSES, MARKERS)):
            place = np.asarray(counts) * 1.06**(i - (len(curves) - 1) / 2)
            axes.errorbar(place, 100 * np.asarray(wrong), yerr=100 * np.asarray(half), color=colour, marker=marker,
                          markersize=6, capsize=3, linewidth=1.3, label=label)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.xaxis.set_minor_locator(NullLocator())
        plain_ticks(axes.yaxis, axes.get_ylim())
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("labelled pictures")
    row[0].set_ylabel("wrong test pictures (%)")
    row[0].legend(frameon=False, fontsize=9, loc="lower left", title="bars: 95 % interval over the seeds",
                  title_fontsize=8)
    return figure
