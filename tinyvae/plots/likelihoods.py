"""Likelihoods: what the gradient of the NLL does to a distribution, criteria side by side, bandwidths, p(x) from p(z).

Every function takes arrays and returns a Figure. Axes are unitless unless the label says nats.
"""

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, BLUE, GREEN, MARKERS, ORANGE, PURPLE, RED, new_axes

GREY = "#8a8a8a"


def panels(title, n, size):
    """A figure of n panels side by side under one title."""
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontsize=11)
    return figure, figure.subplots(1, n, squeeze=False)[0]


def likelihood_arrows(x, before, data, after, points, title, steps=1):
    """Left: the model before, an arrow at each cell by how much the data's share differs. Right: the model after.

    x : (K,) cell centres       before, after : (K,) model probabilities       data : (K,) shares of the data
    points : (N,) the data, drawn on the x axis       steps : gradient steps between before and after
    """
    figure, (left, right) = panels(title, 2, (10.4, 4.2))
    for rises, colour, marker, label in ((True, GREEN, "^", "green: more data here than the model says"),
                                         (False, RED, "v", "orange: less data here than the model says")):
        here = (data > before) == rises
        left.vlines(x[here], before[here], data[here], color=colour, linewidth=1.5)
        left.plot(x[here], data[here], marker, color=colour, markersize=6, label=label)
    left.plot(x, before, color=GREY, linewidth=2.5, label=r"grey: the model $p_\theta$ now")
    left.set_ylabel("probability of a cell")
    left.set_title(r"arrow: $\hat p_{data} - p_\theta$ = minus the gradient of the NLL", fontsize=10)
    right.plot(x, before, color=GREY, linewidth=2.5, linestyle="--", label=r"grey, dashed: $p_\theta$ before")
    right.fill_between(x, before, after, where=after >= before, interpolate=True, color=GREEN, alpha=0.55,
                       label="green: probability gained")
    right.fill_between(x, before, after, where=after < before, interpolate=True, color=RED, alpha=0.55, hatch="///",
                       edgecolor="white", linewidth=0, label="orange, hatched: probability lost")
    right.plot(x, after, color=BLACK, linewidth=1.5, label=rf"black: $p_\theta$ after {steps} gradient step"
               + "s" * (steps != 1))
    right.set_title(r"black: the updated $p_\theta$; coloured: what it gained and lost", fontsize=10)
    top = 1.35 * max(data.max(), after.max(), before.max())
    for axes in (left, right):
        axes.plot(points, np.full(len(points), -0.03 * top), "|", color=BLUE, markersize=8, alpha=0.5,
                  label="blue ticks: the data")
        axes.set_ylim(-0.07 * top, top)
        axes.set_xlabel("x")
        axes.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def criteria(theta, curves, x, data, models, title):
    """Left: one criterion per curve against theta, each with its minimum marked. Right: the models they choose.

    theta : (T,)       curves : name to values (T,)       x, data : (K,)       models : name to probabilities (K,)
    """
    figure, (left, right) = panels(title, 2, (10.4, 4.2))
    right.bar(x, data, width=x[1] - x[0], color="#d9d9d9", label=r"grey bars: $p_{data}$")
    for (name, values), colour, marker in zip(curves.items(), (BLUE, ORANGE, PURPLE), MARKERS):
        best = np.argmin(values)
        left.plot(theta, values, color=colour)
        left.plot(theta[best], values[best], marker, color=colour, markersize=9, label=name)
        right.plot(x, models[name], color=colour, marker=marker, markersize=4, label=name)
    left.set_xlabel(r"$\theta$, the place of the model")
    left.set_ylabel("criterion (nats; total variation has no unit)")
    left.set_title("the marker is the minimum of each criterion", fontsize=10)
    left.set_ylim(0, 7)
    right.set_xlabel("x")
    right.set_ylabel("probability of a cell")
    right.set_title("the model that each criterion chooses", fontsize=10)
    left.legend(frameon=False, fontsize=9, loc="upper right")
    right.set_ylim(0, 1.25 * max(data.max(), *(p.max() for p in models.values())))
    right.legend(frameon=False, fontsize=9)
    return figure


def bandwidths(h, train, test, ceiling, x, density, models, title):
    """Left: mean log-likelihood of training and test points against the bandwidth. Right: three of the densities.

    h, train, test : (H,), nats per point       ceiling : E[log p_data], nats       x, density : (G,)
    models : label to density (G,)
    """
    figure, (left, right) = panels(title, 2, (10.4, 4.2))
    left.semilogx(h, train, color=BLUE, marker="o", markersize=4, label="training points")
    left.semilogx(h, test, color=RED, marker="s", markersize=4, label="test points")
    left.axhline(ceiling, color=BLACK, linestyle=":", label=r"E[log $p_{data}$], the true density")
    best = np.argmax(test)
    left.annotate("best on test points", (h[best], test[best]), (h[best], ceiling - 3.2), ha="center", fontsize=9,
                  arrowprops={"arrowstyle": "->"})
    left.set_ylim(ceiling - 6, ceiling + 5)
    left.set_xlabel("bandwidth h (unit of x)")
    left.set_ylabel("mean log-likelihood (nats per point), larger is better")
    left.yaxis.label.set_size(9)
    left.legend(frameon=False, fontsize=9)
    for (label, values), colour, style in zip(models.items(), (BLUE, GREEN, ORANGE), ("-", "--", "-.")):
        right.plot(x, values, color=colour, linestyle=style, linewidth=0.8 if style == "-" else 2, label=label)
    right.plot(x, density, color=BLACK, linestyle=":", linewidth=2, label=r"$p_{data}$")
    right.set_ylim(0, 3 * density.max())
    right.set_xlabel("x")
    right.set_ylabel("density (1 / unit of x)")
    right.set_title("small h: a spike on every training point", fontsize=10)
    right.legend(frameon=False, fontsize=9)
    return figure


def pipeline(z, prior, x_hat, x, density, samples, title):
    """Three panels of p13: the density of z, the decoder, the density of x with a histogram of samples.

    z, prior, x_hat : (Z,), grid, p(z), decoder output       x, density : (G,), grid, p(x)       samples : (n,)
    """
    figure, (left, middle, right) = panels(title, 3, (12.0, 3.9))
    left.fill_between(z, prior, color=BLUE, alpha=0.4)
    left.plot(z, prior, color=BLUE)
    left.set_title("simple: p(z), one bump", fontsize=10)
    left.set_xlabel("z")
    left.set_ylabel("density p(z)")
    middle.plot(z, x_hat, color=BLACK, linewidth=2)
    middle.set_title("the decoder: z to the mean of p(x given z)", fontsize=10)
    middle.set_xlabel("z")
    middle.set_ylabel(r"$\hat x$, the decoder's output")
    right.hist(samples, bins=80, range=(x[0], x[-1]), density=True, color=ORANGE, alpha=0.6,
               label="orange bars: samples of the pipeline")
    right.plot(x, density, color=BLACK, linewidth=1.5, label="black: p(x) by quadrature")
    right.set_title("complicated: p(x)", fontsize=10)
    right.set_xlabel("x")
    right.set_ylabel("density p(x)")
    right.set_ylim(0, 1.3 * density.max())
    right.legend(frameon=False, fontsize=8, loc="upper right")
    for axes in (left, middle):
        axes.set_xlim(-3.5, 3.5)
    return figure


def integrand(z, prior, posterior, draws, hits, title):
    """Where the integral of p(x) comes from: p(z), the normalised integrand p(z given x), and draws of the prior.

    z, prior, posterior : (Z,)       draws : (n,), from the prior       hits : (n,), True where the integrand matters
    """
    figure, axes = new_axes(title, (7.6, 4.2))
    axes.fill_between(z, prior, color=BLUE, alpha=0.3, label="blue: p(z), where we draw")
    axes.plot(z, posterior, color=RED, linewidth=2,
              label="orange line: p(x given z) p(z) / p(x), where the integral is")
    low = -0.05 * posterior.max()
    axes.plot(draws[~hits], np.full(np.sum(~hits), low), "|", color=GREY, markersize=9,
              label=f"grey ticks: {np.sum(~hits)} draws that miss")
    axes.plot(draws[hits], np.full(np.sum(hits), low), "D", color=RED, markersize=5,
              label=f"diamonds: {np.sum(hits)} draws that count")
    axes.set_xlim(-3.5, 3.5)
    axes.set_xlabel("z")
    axes.set_ylabel("density")
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


def error_and_bias(n, error, error_theory, bias, bias_theory, title):
    """Markers: measured; lines: theory. All (S,), against the number of draws n, on logarithmic axes."""
    figure, axes = new_axes(title, (7.0, 4.2))
    for values, theory, colour, marker, label in (
            (error, error_theory, BLUE, "o", "error of the estimate, relative to p(x)"),
            (bias, bias_theory, RED, "s", "by how much the log of the estimate is too small (nats)")):
        axes.loglog(n, theory, color=colour, linewidth=1.2)
        axes.loglog(n, values, marker, color=colour, markersize=7, label=label)
    axes.loglog([], [], color=GREY, linewidth=1.2, label="lines: theory")
    axes.set_xlabel("draws from the prior n")
    axes.set_ylabel("relative error; bias in nats")
    axes.set_ylim(bottom=0.3 * min(bias.min(), bias_theory.min()))
    axes.legend(frameon=False, fontsize=9, loc="lower left")
    return figure


def against_dimension(d, theory, measured, seen, log_error, title):
    """Left: effective sample size per sample. Right: the error of log p(x), every repeat a dot.

    d : (M,) dimensions       theory, measured : name of the proposal to (M,) effective shares, NaN where not measured
    seen : (M,), the share that one run from the prior reports
    log_error : (M, R), log of the estimate minus log p(x), nats
    """
    figure, (left, right) = panels(title, 2, (10.4, 4.4))
    for (name, values), colour, marker in zip(theory.items(), (RED, PURPLE, GREEN), MARKERS):
        left.semilogy(d, values, color=colour, linewidth=1)
        left.semilogy(d, measured[name], marker, color=colour, markersize=7, label=name)
    left.semilogy(d, seen, "x", color=BLACK, markersize=7, label="from the prior, what one run sees")
    left.set_xlabel("dimension of z and x")
    left.set_ylabel("effective sample size / number of samples")
    left.set_title("lines: theory; markers: measured", fontsize=10)
    left.legend(frameon=False, fontsize=9, loc="lower left")
    for i, dimension in enumerate(d):
        right.plot(np.full(log_error.shape[1], dimension), log_error[i], "o", color=RED, markersize=3, alpha=0.35,
                   label="one estimate from the prior" if i == 0 else None)
    right.plot(d, np.median(log_error, axis=1), "-s", color=BLACK, markersize=5, label="median")
    right.axhline(0, color=BLUE, linestyle="--", label="the exact log p(x)")
    right.set_xlabel("dimension of z and x")
    right.set_ylabel("log of the estimate - log p(x) (nats)")
    right.set_title("each estimate uses the same number of samples", fontsize=10)
    right.legend(frameon=False, fontsize=9, loc="lower left")
    return figure
