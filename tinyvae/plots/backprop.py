"""Gradient checks: what a wrong gradient looks like, the step, kinks, and a fault that no check can see."""

import math

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, BLUE, GREEN, ORANGE, RED

METHODS = {"forward": ("forward difference", ORANGE, "o"), "central": ("central difference", BLUE, "s"),
           "complex": ("complex step", GREEN, "D")}


def wrong_gradients(panels, title):
    """panels : name to (numeric, backward), of one shape: a point for each entry, on the diagonal where they agree."""
    figure = Figure(figsize=(2.7 * len(panels), 3.1), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axes, (name, (numeric, backward)) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items()):
        numeric, backward = np.ravel(numeric), np.ravel(backward)
        reach = 1.1 * max(np.abs(numeric).max(), np.abs(backward).max())
        axes.plot([-reach, reach], [-reach, reach], color=BLACK, linewidth=1, zorder=1)
        right = np.allclose(numeric, backward)
        axes.scatter(numeric, backward, s=22, color=BLUE if right else RED, marker="o" if right else "X", zorder=2)
        axes.set_xlim(-reach, reach)
        axes.set_ylim(-reach, reach)
        axes.set_aspect("equal")
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("numeric derivative (no unit)")
    figure.axes[0].set_ylabel("what backward says (no unit)")
    return figure


def step_size(panels, truncation, title):
    """One panel for each number type.

    panels : name to (h (n,), errors), errors a dict from forward, central, complex to (n,), relative
    truncation : c of the error c h of forward and c h^2 of central differences, drawn as lines
    """
    figure = Figure(figsize=(10.4, 4.6), layout="constrained")
    figure.suptitle(title, fontsize=10)
    both = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (name, (h, errors)) in zip(both, panels.items()):
        for method, values in errors.items():
            label, colour, marker = METHODS[method]
            axes.loglog(h, values, color=colour, marker=marker, markersize=4.5, linewidth=1, label=label)
        for power, (method, constant) in enumerate(truncation.items(), 1):
            far = h >= h[np.argmin(errors[method])]
            axes.loglog(h[far], constant * h[far]**power, color=BLACK, linestyle=("--", ":")[power - 1], linewidth=1.6,
                        label=f"theory of {method}: slope {power}", zorder=3)
        epsilon = np.finfo(name).eps
        axes.axhline(epsilon, color=BLACK, linewidth=0.8, alpha=0.6)
        axes.annotate(f"machine epsilon {epsilon:.0e}", (h.max(), epsilon), (0, -4), textcoords="offset points",
                      ha="right", va="top", fontsize=8)
        for x, word in ((0.16, "rounding"), (0.62, "truncation")):
            axes.text(x, 0.93, word, transform=axes.transAxes, fontsize=9, ha="center", style="italic")
        axes.set_ylim(1e-17, 1e3)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("step h (no unit)")
        axes.grid(alpha=0.25)
    both[0].set_ylabel("error / gradient, root mean square over the weights")
    figure.legend(*both[0].get_legend_handles_labels(), loc="outside lower center", frameon=False, fontsize=9, ncols=5)
    return figure


def kinks(steps, share, theory, usual, title):
    """Left ReLU at its kink with three difference quotients, right how often a check meets a kink.

    steps, share : (n,), measured        theory : function of a step        usual : name to the step of that number type
    """
    figure = Figure(figsize=(9.6, 4.2), layout="constrained")
    figure.suptitle(title, fontsize=10)
    left, right = figure.subplots(1, 2)
    x, h = np.linspace(-1.5, 1.5, 301), 1.0
    left.plot(x, np.maximum(x, 0), color=BLACK, linewidth=2.5, label="ReLU")
    for label, a, b, colour, style in ((f"from 0 to {h:g}: slope 1", 0, h, ORANGE, "--"),
                                       (f"from {-h:g} to 0: slope 0", -h, 0, GREEN, ":"),
                                       ("central: slope 1/2", -h, h, BLUE, "-.")):
        left.plot([a, b], [max(a, 0), max(b, 0)], color=colour, linestyle=style, marker="o", linewidth=2, label=label)
    left.set_xlabel("pre-activation, in steps h")
    left.set_ylabel("value, in steps h")
    left.legend(frameon=False, fontsize=9)
    fine = np.geomspace(min(min(usual.values()), steps.min()) / 3, 0.3, 200)
    right.loglog(fine, [theory(step) for step in fine], color=BLACK, linewidth=1.2, label="theory")
    right.loglog(steps, share, color=BLUE, marker="s", linestyle="none", label="measured, central difference")
    for (name, step), colour, marker in zip(usual.items(), (GREEN, RED), "^v"):
        right.plot(step, theory(step), color=colour, marker=marker, markersize=10, linestyle="none",
                   label=f"usual step in {name}: {step:.0e}")
    right.set_xlabel("step h (standard deviations of the pre-activation)")
    right.set_ylabel("share of checked biases that meet a kink")
    right.legend(frameon=False, fontsize=9)
    right.grid(alpha=0.25)
    return figure


def blind(z, mu, logvar, grid, closed, estimates, title):
    """Left draws z (n,) against the density N(mu, e^logvar); right the KL (nats) against logvar.

    grid, closed : (m,)        estimates : name to (mean, standard error), each (m,): right first, then faulty
    """
    figure = Figure(figsize=(9.6, 4.2), layout="constrained")
    figure.suptitle(title, fontsize=10)
    left, right = figure.subplots(1, 2)
    sigma = math.exp(logvar / 2)
    reach = 4 * sigma * max(1, sigma)
    left.hist(z, bins=np.linspace(mu - reach, mu + reach, 61), density=True, color=ORANGE, alpha=0.7,
              label=f"draws of the faulty sampler,\nstandard deviation {np.std(z):.2f}")
    x = np.linspace(mu - reach, mu + reach, 400)
    left.plot(x, np.exp(-(x - mu)**2 / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi)), color=BLACK, linewidth=2,
              label=f"the density it names,\nstandard deviation {sigma:.2f}")
    left.set_ylim(0, 0.62 / sigma)                        # the density's top is at 0.4 / sigma: room for the legend
    left.set_xlabel("z (no unit)")
    left.set_ylabel("density")
    left.legend(frameon=False, fontsize=9)
    right.plot(grid, closed, color=BLACK, linewidth=1.8, label="closed form")
    for (name, (mean, error)), colour, marker in zip(estimates.items(), (BLUE, ORANGE), "sX"):
        right.errorbar(grid, mean, yerr=error, color=colour, marker=marker, markersize=6, linestyle="none", capsize=3,
                       label=f"Monte Carlo, {name} sampler")
    right.axvline(0, color=BLACK, linestyle=":", linewidth=1, label="here a test sees nothing")
    right.set_xlabel(r"$\log \sigma^2$ (no unit)")
    right.set_ylabel("KL to N(0, 1) (nats)")
    right.legend(frameon=False, fontsize=9)
    return figure
