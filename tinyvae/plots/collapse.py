"""Balance and collapse: rate against distortion, the directions that stay active, warm-up. Lectures p22 and p27."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tinyvae.plots.base import BLACK, BLUE, CLASSES, GREEN, MARKERS, ORANGE, RED


def panels(title, n, size):
    """A figure of n panels side by side under one title."""
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontsize=10)
    return figure, figure.subplots(1, n)


def rate_distortion(beta, rate, distortion, title):
    """Left: distortion against rate, a point and its tangent of slope -beta for each beta. Right: their sum.

    beta, rate, distortion : (n,), rate and distortion in nats per picture
    """
    beta, rate, distortion = map(np.asarray, (beta, rate, distortion))
    figure, (left, right) = panels(title, 2, (9.6, 4.2))
    reach = 0.05 * np.ptp(rate)
    for b, r, d in zip(beta, rate, distortion):
        run = min(reach, 0.05 * np.ptp(distortion) / b) * np.array([-1, 1])
        left.plot(r + run, d - b * run, color=ORANGE, linewidth=2.4, label="slope $-\\beta$" if b == beta[0] else None)
        left.annotate(f"{b:.3g}", (r, d), xytext=(6, 5), textcoords="offset points", fontsize=8)
    left.plot(rate, distortion, linestyle="none", color=BLUE, marker="o", markersize=5,
              label="a VAE, with its $\\beta$")
    left.set_xlabel("rate: mean KL (nats per picture)")
    left.set_ylabel("distortion: reconstruction loss (nats per picture)")
    total, best = rate + distortion, np.argmin(rate + distortion)
    right.semilogx(beta, total, color=BLUE, marker="o", markersize=5, label="rate + distortion = $-$ELBO")
    right.plot(beta[best], total[best], "*", color="white", markeredgecolor=BLACK, markersize=15, linestyle="none",
               label=f"least of these: $\\beta$ = {beta[best]:.3g}", zorder=5)
    right.set_xticks(beta, [f"{b:.3g}" for b in beta], fontsize=8)
    right.minorticks_off()
    right.set_xlabel("$\\beta$, the weight of the KL")
    right.set_ylabel("$-$ELBO (nats per picture)")
    for axes in (left, right):
        axes.legend(frameon=False, fontsize=8)
        axes.grid(alpha=0.25)
    return figure


def water_level(eigenvalues, level, theory, directions, axes_activity, title):
    """Left: eigenvalues of the data's covariance and the level. Right: variance of the posterior mean, sorted.

    eigenvalues : (n,), squared pixel units, falling        level : beta sigma0^2
    theory, directions, axes_activity : (n,), 1 - level/eigenvalue; measured along the code's directions; along its axes
    """
    figure, (left, right) = panels(title, 2, (9.6, 4.0))
    place = np.arange(1, len(eigenvalues) + 1)
    kept = np.asarray(eigenvalues) > level
    left.bar(place[kept], np.asarray(eigenvalues)[kept], color=BLUE, label="above the level: kept")
    left.bar(place[~kept], np.asarray(eigenvalues)[~kept], color="white", edgecolor=BLACK, hatch="///",
             label="below: collapsed")
    left.axhline(level, color=RED, linestyle="--", linewidth=1.8, label=f"$\\beta \\sigma_0^2$ = {level:g}")
    left.set_ylabel("eigenvalue $\\lambda$ (pixel units squared)")
    left.set_xlabel("direction of the data, sorted")
    right.plot(place, theory, color=RED, linestyle="--", linewidth=1.8,
               label="closed form, $\\max(0, 1 - \\beta \\sigma_0^2 / \\lambda)$")
    for values, colour, marker, label in ((directions, BLUE, "o", "directions of the code"),
                                          (axes_activity, GREEN, "x", "single latent axes")):
        right.plot(place, values, linestyle="none", color=colour, marker=marker, markersize=7, label=label)
    right.set_ylabel("variance of $\\mu$ (units of z squared)")
    right.set_xlabel("direction or axis of the code, sorted")
    for axes in (left, right):
        axes.set_xticks(place)
        axes.legend(frameon=False, fontsize=8)
    return figure


def warm_up(beta, rates, bounds, floor, title):
    """Rate, and -ELBO less that of a model that ignores z, after each epoch.

    beta : (epochs,), the schedule        rates, bounds : label to (runs, epochs), nats per picture
    floor : the same difference for the best linear VAE
    """
    figure, (left, right) = panels(title, 2, (9.6, 4.2))
    epochs = np.arange(1, len(beta) + 1)
    for axes, groups in ((left, rates), (right, bounds)):
        for (label, runs), colour, marker in zip(groups.items(), (RED, BLUE, ORANGE, *CLASSES), MARKERS):
            for i, values in enumerate(runs):
                axes.plot(epochs, values, color=colour, marker=marker, markersize=3, markevery=max(1, len(beta) // 10),
                          linewidth=1.3, label=label if i == 0 else None)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.25)
    left.set_ylabel("rate: mean KL (nats per picture)")
    share = left.twinx()
    share.plot(epochs, beta, color=BLACK, linestyle=":", linewidth=1.6, label="$\\beta$ of the warm-up")
    share.set_ylabel("$\\beta$")
    share.set_ylim(0, 1.6)
    handles = [line for axes in (left, share) for line in axes.get_lines() if not line.get_label().startswith("_")]
    left.legend(handles=handles, frameon=False, fontsize=8, loc="upper right")
    right.set_ylabel("$-$ELBO less that of a model without z (nats)")
    right.axhline(floor, color=GREEN, linestyle="--", linewidth=1.5, label="best linear VAE")
    right.set_ylim(1.6 * min(floor, *(np.min(runs) for runs in bounds.values())), 6)
    right.legend(frameon=False, fontsize=8)
    return figure
