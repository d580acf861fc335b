"""Generation: the two pipelines with numbers, their cost, samples compared with data. Lectures p5, p28 and p29."""

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, BLUE, CLASSES, GREEN, MARKERS, ORANGE, RED, new_axes
from tinyvae.plots.images import as_tiles
from tinyvae.plots.scores import plain_ticks

FILLED = {"fill": True, "alpha": 0.4}


def _picture(axes, image, title):
    axes.imshow(as_tiles(image[None], 1), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=9)


def _box(axes, text, colour):
    axes.axis("off")
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=9, transform=axes.transAxes,
              bbox={"boxstyle": "rarrow,pad=0.5", "facecolor": "white", "edgecolor": colour, "linewidth": 1.6})


def _bars(axes, bars, whiskers, drawn, limit, title):
    place = np.arange(1, len(drawn) + 1)
    if bars is not None:
        axes.bar(place, bars, yerr=whiskers, color=BLUE, ecolor=BLACK, capsize=2, alpha=0.6)
    axes.plot(place, drawn, "D", color=RED, markersize=5, markeredgecolor="white")
    axes.axhline(0, color=BLACK, linewidth=0.6)
    axes.set_ylim(-limit, limit)
    axes.set_xticks(place)
    axes.tick_params(labelsize=7)
    axes.set_xlabel("latent dimension", fontsize=8)
    axes.set_title(title, fontsize=9)


def pipelines(training, sampling, boxes, title):
    """Training (upper row) and sampling (lower row) of one picture, with the numbers of a run. Lectures p5 and p29.

    training : (x (D,), mu, sigma, z (L,) each, x_prime (D,))        sampling : (z (L,), mean (D,), draw (D,))
    boxes : what stands in the encoder's and in the decoder's box
    """
    figure = Figure(figsize=(11.4, 5.0), layout="constrained")
    figure.suptitle(title, fontsize=11)
    (upper, lower) = figure.subplots(2, 6, width_ratios=(1, 1.25, 1.7, 1.25, 1, 1))
    x, mu, sigma, z, x_prime = training
    new_z, mean, draw = sampling
    limit = 1.15 * max(np.max(np.abs(mu) + sigma), np.max(np.abs(z)), np.max(np.abs(new_z)))
    _picture(upper[0], x, "training: a picture $x$")
    _box(upper[1], boxes[0], ORANGE)
    _bars(upper[2], mu, sigma, z, limit, "$\\mu$ (bar), $\\sigma$ (whisker), draw $z$ (diamond)")
    _box(upper[3], boxes[1], GREEN)
    _picture(upper[4], x_prime, "mean of $p(x|z)$")
    upper[5].axis("off")
    upper[5].text(0.5, 0.5, "compared\nwith $x$:\nthe loss", ha="center", va="center", fontsize=9,
                  transform=upper[5].transAxes)
    for axes, text in ((lower[0], "sampling:\nno data"), (lower[1], "no encoder")):
        axes.axis("off")
        axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=9, transform=axes.transAxes)
    _bars(lower[2], None, None, new_z, limit, "draw $z$ from $N(0, I)$")
    _box(lower[3], boxes[1], GREEN)
    _picture(lower[4], mean, "mean of $p(x|z)$")
    _picture(lower[5], draw, "draw from $p(x|z)$")
    return figure


def costs(counts, times, title):
    """counts : job to (encoder, decoder) products per picture        times : job to microseconds per picture."""
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    figure.suptitle(title, fontsize=10)
    left, right = figure.subplots(1, 2, sharey=True)
    place = np.arange(len(counts))[::-1]
    encoder, decoder = np.array(list(counts.values())).T / 1000
    left.barh(place, decoder, color=GREEN, edgecolor="white", label="decoder")
    left.barh(place, encoder, left=decoder, color=ORANGE, edgecolor="white", hatch="//", label="encoder")
    left.set_yticks(place, list(counts), fontsize=9)
    left.set_xlabel("products of two numbers per picture (thousands)")
    left.legend(frameon=False, fontsize=9)
    right.barh(place, list(times.values()), color=BLUE)
    right.set_xlabel("time per picture on this machine (microseconds)")
    return figure


def histograms(panels, title):
    """Histograms side by side, each with area 1.

    panels : name to (groups, edges (K + 1,), x_label, marks). groups : label to values, the data first; values beyond
        the last edge are counted in the last bin, and a bar far above those of the data is cut off, its height written
        beside it. marks : label to a place on the x axis, a thin black line; {} for none
    """
    figure = Figure(figsize=(1.6 + 5.0 * len(panels), 4.4), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axes, (name, (groups, edges, x_label, marks)) in zip(figure.subplots(1, len(panels), squeeze=False)[0],
                                                             panels.items()):
        top = 0
        for i, (label, values) in enumerate(groups.items()):
            counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
            heights = counts / np.sum(counts) / np.diff(edges)
            top = top or 1.7 * heights.max()
            style = FILLED if i == 0 else {"linewidth": 1.8, "linestyle": ("-", "--", ":", "-.")[(i - 1) % 4]}
            colour = CLASSES[(0, 3, 2, 7, 1)[i]]
            axes.stairs(heights, edges, color=colour, label=label, **style)
            for k in np.flatnonzero(heights > top):
                left = k > len(heights) / 2
                axes.text(edges[k + 1 - left], 0.93 * top, f" off scale: {heights[k]:.2g} ", fontsize=8, color=colour,
                          ha="right" if left else "left")
        axes.set_ylim(0, top)
        for label, place in marks.items():
            axes.axvline(place, color=BLACK, linewidth=1.2)
            axes.text(place, 0.85, f" {label}", transform=axes.get_xaxis_transform(), fontsize=8, va="top",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8})
        axes.set_xlabel(x_label)
        axes.set_ylabel("density (1 / unit of the x axis)")
        axes.set_title(name, fontsize=9)
        axes.legend(frameon=False, fontsize=8)
    return figure


def variance_maps(rows, title):
    """The variance of every pixel and its two parts, as pictures on one scale.

    rows : name to (total, between, within), each (D,), squared pixel units; their sums stand above the pictures
    """
    figure = Figure(figsize=(7.6, 0.9 + 2.2 * len(rows)), layout="constrained")
    figure.suptitle(title, fontsize=10)
    heads = ("variance of $x$", "between: variance of the means", "within: the pixels' own noise")
    panels = figure.subplots(len(rows), 3, squeeze=False)
    for line, (name, parts) in zip(panels, rows.items()):
        for axes, part, head in zip(line, parts, heads):
            side = round(len(part) ** 0.5)
            shown = axes.imshow(part.reshape(side, side), cmap="cividis", vmin=0, vmax=0.25, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_title(f"{head}\nsum {np.sum(part):.1f}", fontsize=8)
        line[0].set_ylabel(name, fontsize=9)
    figure.colorbar(shown, ax=panels, label="variance (pixel units squared)", shrink=0.8)
    return figure


def class_shares(shares, errors, title):
    """shares, errors : label to (C,), in per cent: bars for each class, with one standard error either way."""
    figure, axes = new_axes(title, (8.4, 4.2))
    width, classes = 0.8 / len(shares), len(next(iter(shares.values())))
    for i, ((label, share), colour, hatch) in enumerate(zip(shares.items(), CLASSES, ("", "//", "..", "xx"))):
        place = np.arange(classes) + (i - (len(shares) - 1) / 2) * width
        axes.bar(place, share, width, yerr=errors[label], color=colour, edgecolor="white", hatch=hatch, capsize=2,
                 label=label)
    axes.set_xticks(np.arange(classes))
    axes.set_xlabel("class that the classifier names")
    axes.set_ylabel("share of pictures (%; whisker: 1 standard error)")
    axes.set_ylim(0, 1.25 * max(np.max(share) for share in shares.values()))
    axes.legend(frameon=False, fontsize=9, ncols=len(shares), loc="upper center")
    return figure


def clouds(groups, x_label, y_label, title):
    """Points on a logarithmic y axis. groups : label to (x (n,), y (n,))."""
    figure, axes = new_axes(title, (7.2, 4.8))
    for (label, (x, y)), colour, marker in zip(groups.items(), (BLUE, RED, GREEN), MARKERS):
        axes.plot(x, y, marker, color=colour, markersize=3.5, alpha=0.5, markeredgewidth=0, label=label)
    axes.set_yscale("log")
    plain_ticks(axes.yaxis, np.concatenate([y for _, y in groups.values()]))
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return figure
