"""The two losses: what sigma0 does, the Bernoulli in float32, the KL over its parameters. Lectures p23 and p24."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from tinyvae.plots.base import BLACK, BLUE, CLASSES, MARKERS, ORANGE, RED

DASHES = ("-", "--", ":", "-.")


def line_panels(panels, title, size=(6.4, 4.2)):
    """Panels side by side, each a dict with x (n,), lines (label to values (n,)), x_label, y_label; and where wanted
    name (of the panel), log_x, log_y, x_ticks, y_limits, dense (many points: dash patterns instead of markers) and
    places (label to a point (x, y) that gets a mark).
    """
    figure = Figure(figsize=(size[0] * len(panels) ** 0.6, size[1]), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels):
        for i, (label, values) in enumerate(panel["lines"].items()):
            style = ({"linestyle": DASHES[i % len(DASHES)]} if panel.get("dense")
                     else {"marker": MARKERS[i], "markersize": 5})
            axes.plot(panel["x"], values, color=CLASSES[i], label=label, linewidth=1.8, **style)
        for i, (label, place) in enumerate(panel.get("places", {}).items()):
            axes.plot(*place, linestyle="none", marker="*X"[i % 2], markersize=13, color=BLACK, label=label,
                      markerfacecolor="white", zorder=5)
        axes.set_xscale("log" if panel.get("log_x") else "linear")
        axes.set_yscale("log" if panel.get("log_y") else "linear")
        if "x_ticks" in panel:
            axes.set_xticks(panel["x_ticks"], [f"{tick:.3g}" for tick in panel["x_ticks"]])
            axes.minorticks_off()
        if "y_limits" in panel:
            axes.set_ylim(*panel["y_limits"])
        axes.set_xlabel(panel["x_label"])
        axes.set_ylabel(panel["y_label"])
        axes.set_title(panel.get("name", ""), fontsize=9)
        axes.legend(frameon=False, fontsize=8)
        axes.grid(alpha=0.25)
    return figure


SIGMA0 = "$\\sigma_0$ (pixel units: white 0, black 1)"


def best_sigma0(sigma0, with_constant, without, best, title):
    """The Gaussian loss per pixel (n,) against sigma0 (n,), with and without its constant; best : (sigma0, loss)."""
    return line_panels([{"x": sigma0, "lines": {"with the constant": with_constant, "without it": without},
                         "dense": True, "log_x": True, "x_ticks": (0.03, 0.1, 0.3, 1, 3),
                         "y_limits": (best[1] - 0.7, best[1] + 3), "x_label": SIGMA0,
                         "y_label": "reconstruction loss (nats per pixel)",
                         "places": {f"root of the mean squared residual, {best[0]:.3f}": best}}], title)


def sigma0_trade_off(sigma0, error, kl, learned, title):
    """Root mean squared residual and KL (n,) of VAEs trained with sigma0 (n,); learned (sigma, error, kl) marked."""
    return line_panels([{"x": sigma0, "lines": {"trained with this $\\sigma_0$": values}, "log_x": True,
                         "x_ticks": sigma0, "x_label": SIGMA0, "y_label": label,
                         "places": {f"$\\sigma$ learned in training: {learned[0]:.3f}": (learned[0], place)}}
                        for values, place, label in ((error, learned[1], "root mean squared residual (pixel units)"),
                                                     (kl, learned[2], "KL (nats per picture)"))], title)


def bernoulli_float32(a, losses, gradients, breaks, title):
    """Loss and gradient of one pixel, label to values (n,), against its logit a (n,).

    breaks : the logit from which on log(1 - p) fails
    """
    shared = {"x": a, "dense": True, "x_label": "logit a of a white pixel (x = 0)"}
    return line_panels([
        {**shared, "name": "loss", "lines": losses, "y_label": "loss of the pixel (nats)",
         "places": {f"from a = {breaks:.2f} on, the loss from p is infinite": (breaks, breaks)}},
        {**shared, "name": "gradient", "lines": gradients, "y_label": "gradient with respect to a (nats)",
         "y_limits": (-0.1, 1.7), "places": {"from here on, the gradient through p is not a number": (breaks, 1)}}],
        title)


def running_estimate(n, means, errors, exact, title, y_label):
    """A Monte Carlo mean (len(n),) after n samples with its standard error, beside the exact value."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    axes.axhline(exact, color=RED, linestyle="--", linewidth=1.8, label=f"closed form: {exact:.4f}")
    axes.errorbar(n, means, yerr=errors, color=BLUE, marker="o", markersize=5, capsize=4, linestyle="none",
                  label="Monte Carlo, bar: 1 standard error")
    axes.set_xscale("log")
    axes.set_xlabel("samples of z")
    axes.set_ylabel(y_label)
    axes.legend(frameon=False, fontsize=9)
    return figure


def kl_surface(mu, sigma, kl, paths, title):
    """kl (len(sigma), len(mu)), nats, as contours over mu and sigma, with its minimum and paths of descent.

    paths : label to a path (steps, 2) of (mu, sigma)
    """
    figure = Figure(figsize=(6.8, 4.8), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    levels = (0.02, 0.1, 0.3, 0.6, 1, 1.5, 2, 3, 4, 5)
    filled = axes.contourf(mu, sigma, kl, levels=(0, *levels), cmap="cividis_r", extend="max")
    lines = axes.contour(mu, sigma, kl, levels=levels, colors=BLACK, linewidths=0.5)
    row, left = kl.min(axis=1).argmin(), mu <= 0                                 # the labels stand left of the minimum
    manual = [(place, sigma[row]) for place in np.interp(levels[1:-1], kl[row, left][::-1], mu[left][::-1])]
    for text in axes.clabel(lines, levels=levels[1:-1], fontsize=7, fmt="%g", colors=BLACK, manual=manual):
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])     # read on yellow and on blue
    for (label, path), colour, marker in zip(paths.items(), (ORANGE, RED, BLACK), MARKERS):
        axes.plot(*path.T, color=colour, marker=marker, markersize=4, linewidth=1.4, label=label,
                  markeredgecolor=BLACK, markeredgewidth=0.4, clip_on=False)
    axes.plot(0, 1, "*", color="white", markeredgecolor=BLACK, markersize=15, label="minimum: KL = 0", linestyle="none")
    axes.set_xlabel("mean $\\mu$ (no unit)")
    axes.set_ylabel("standard deviation $\\sigma$ (no unit)")
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, frameon=False)    # off the labels
    figure.colorbar(filled, ax=axes, label="KL (nats)")
    return figure
