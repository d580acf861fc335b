"""The evidence lower bound and its price: the three terms, the bound against q, the gap of an inference network.

Lectures p16 to p22.
"""

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, BLUE, CLASSES, GREEN, MARKERS, ORANGE, RED, new_axes
from tinyvae.plots.images import as_tiles

LINES = ("-", "--", "-.", ":")


def stacked_terms(names, terms, log_p, title):
    """terms (3, n): E_q[log p(x given z)], KL(q, p(z)), KL(q, p(z given x)) of n named q; log_p is their signed sum."""
    figure, axes = new_axes(title, (8.0, 4.6))
    first, second, third = np.asarray(terms)
    place = np.arange(len(names))
    edge = {"edgecolor": "white", "linewidth": 0.8, "width": 0.62}
    axes.bar(place, first, color=BLUE, label="$E_q[\\log p(x|z)]$", **edge)
    axes.bar(place, -second, bottom=first, color=ORANGE, hatch="//", label="$-KL(q, p(z))$", **edge)
    axes.bar(place, third, color=GREEN, hatch="..", label="$+KL(q, p(z|x))$", **edge)
    axes.hlines(first - second, place - 0.36, place + 0.36, color=RED, linewidth=3, zorder=3,
                label="ELBO: the lower end")
    axes.plot(place, first - second + third, "D", color=BLACK, markersize=7, markeredgecolor="white", zorder=4,
              label="sum of the three")
    axes.axhline(log_p, color=BLACK, linewidth=1, linestyle="--")
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.text(len(names) - 0.55, log_p, "$\\log p(x)$", va="bottom", fontsize=9)
    axes.set_xticks(place, names, fontsize=8)
    axes.set_xlim(-0.55, len(names) + 0.25)
    axes.set_xlabel("the density q(z) that was chosen")
    axes.set_ylabel("nats")
    handles, labels = axes.get_legend_handles_labels()
    order = [labels.index(label) for label in sorted(labels, key=lambda label: "ELBO" in label or "sum" in label)]
    figure.legend([handles[i] for i in order], [labels[i] for i in order], loc="outside lower center", ncols=5,
                  frameon=False, fontsize=8)
    return figure


def touching_bound(mean, curves, log_p, best, title):
    """curves : width of q to its ELBO (n,) at each mean of q (n,); log_p is the ceiling, best the posterior's mean."""
    figure, axes = new_axes(title)
    for (label, values), colour, marker, line in zip(curves.items(), (ORANGE, BLUE, GREEN), MARKERS, LINES):
        axes.plot(mean, values, line, color=colour, marker=marker, markevery=16, markersize=5, label=label)
    axes.axhline(log_p, color=BLACK, linewidth=1)
    low = max(min(values.min() for values in curves.values()), log_p - 12)
    axes.set_ylim(low, log_p + 0.1 * (log_p - low))
    axes.text(mean[0], log_p, "$\\log p(x)$", va="bottom", fontsize=9)
    axes.plot([best], [log_p], "*", color=RED, markersize=14, zorder=3, label="q is the posterior")
    axes.set_xlabel("mean of q (units of z)")
    axes.set_ylabel("ELBO (nats)")
    axes.legend(title="standard deviation of q", frameon=False, fontsize=8, title_fontsize=8)
    return figure


def price_of_the_gap(weight, log_p, elbo, title):
    """log_p and elbo (n,), nats per example, against a decoder weight (n,); the best of each is marked."""
    figure, axes = new_axes(title)
    for values, label, colour, marker, line in ((log_p, "$\\log p(x)$", BLUE, "o", "-"),
                                                (elbo, "ELBO", RED, "s", "--")):
        best = np.argmax(values)
        axes.plot(weight, values, line, color=colour, label=f"{label}, best at w = {weight[best]:.2f}", marker=marker,
                  markevery=[best], markersize=9)
        axes.axvline(weight[best], color=colour, linestyle=":", linewidth=1)
    axes.fill_between(weight, elbo, log_p, color="0.9", label="gap = KL(q, posterior)")
    axes.set_xlabel("decoder weight w")
    axes.set_ylabel("nats per example")
    axes.legend(frameon=False, fontsize=8, loc="lower center")
    return figure


def cost_of_normalising(measured_at, measured, theory_at, theory, title):
    """Decoder runs for one p(x) against the size of z, measured and by theory, beside the one run of p(x given z)."""
    figure, axes = new_axes(title, (7.6, 4.4))
    axes.semilogy(theory_at, theory, "--", color=BLUE, label="$p(z|x)$: grid, theory $n^L$")
    axes.semilogy(measured_at, measured, "o", color=BLUE, markersize=7, label="$p(z|x)$: grid, measured")
    axes.semilogy(theory_at, np.ones(len(theory_at)), "-", color=RED, marker="s", markersize=4,
                  label="$p(x|z)$: one decoder run")
    year = 1e6 * 365 * 24 * 3600
    axes.axhline(year, color=BLACK, linewidth=0.8, linestyle=":")
    axes.text(theory_at[-1], year, "a year at a million runs a second", ha="right", va="bottom", fontsize=8)
    axes.set_xticks(theory_at[4::5])
    axes.set_xlabel("L, numbers in z")
    axes.set_ylabel("decoder runs")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def gap_curves(gaps, title):
    """gaps : encoder to its mean amortisation gap (epochs + 1,), nats, before training and after each epoch."""
    figure, axes = new_axes(title)
    for (label, values), colour, marker, line in zip(gaps.items(), CLASSES, MARKERS, LINES):
        axes.semilogy(np.arange(len(values)), values, line, color=colour, marker=marker, markersize=5, label=label)
    axes.set_xlabel("epochs of training (0: random weights)")
    axes.set_ylabel("ELBO of the best q - ELBO (nats per digit)")
    axes.legend(title="encoder", frameon=False, fontsize=8, title_fontsize=8)
    return figure


def gap_ladder(names, approximation, amortisation, title):
    """How far below log p(x) each encoder's ELBO lies: approximation (a number) plus amortisation (n,), nats."""
    figure, axes = new_axes(title, (7.2, 4.2))
    place, amortisation = np.arange(len(names)), np.asarray(amortisation)
    axes.bar(place, np.full(len(names), approximation), color=BLUE, width=0.6,
             label="approximation gap: q is Gaussian, with independent axes")
    axes.bar(place, amortisation, bottom=approximation, color=ORANGE, hatch="//", edgecolor="white", width=0.6,
             label="amortisation gap: one network for all x")
    for i, value in enumerate(amortisation + approximation):
        axes.text(i, value, f"{value:.2f}", ha="center", va="bottom", fontsize=9)
    axes.set_xticks(place, names, fontsize=9)
    axes.set_xlabel("where q comes from")
    axes.set_ylabel("log p(x) - ELBO (nats per digit)")
    axes.set_ylim(0, 1.15 * (amortisation.max() + approximation))
    axes.legend(frameon=False, fontsize=8)
    return figure


def pipeline(x, mu, sigma, z, x_prime, title):
    """Lecture p21 with numbers: one row for each example, x (n, D), mu, sigma, z (n, L), x_prime (n, D)."""
    n, L = mu.shape
    figure = Figure(figsize=(8.4, 0.9 + 1.25 * n), layout="constrained")
    figure.suptitle(title, fontsize=11)
    panels = np.atleast_2d(figure.subplots(n, 4, width_ratios=(1, 1.9, 1.9, 1)))
    limit = 1.1 * max(np.max(np.abs(mu) + sigma), np.max(np.abs(z)))
    place = np.arange(1, L + 1)
    heads = ("$x$", "encoder:  $\\mu$ (bar), $\\sigma$ (whisker)",
             "one draw:  $z = \\mu + \\sigma\\varepsilon$ (diamond)", "decoder:  $x'$")
    for axes, head in zip(panels[0], heads):
        axes.set_title(head, fontsize=9)
    for i, (left, encoded, drawn, right) in enumerate(panels):
        for axes, image in ((left, x[i]), (right, x_prime[i])):
            axes.imshow(as_tiles(image[None], 1), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
        for axes, opacity in ((encoded, 1.0), (drawn, 0.35)):
            axes.bar(place, mu[i], yerr=sigma[i], color=BLUE, ecolor=BLACK, capsize=3, alpha=opacity)
            axes.axhline(0, color=BLACK, linewidth=0.6)
            axes.set_ylim(-limit, limit)
            axes.set_xticks(place, [f"$z_{j}$" for j in place] if i == n - 1 else [""] * L)
            axes.tick_params(labelsize=8)
        drawn.plot(place, z[i], "D", color=RED, markersize=6, markeredgecolor="white")
        encoded.set_ylabel("value", fontsize=8)
    return figure
