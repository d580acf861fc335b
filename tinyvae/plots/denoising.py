"""Denoising: error against the noise level, pictures before and after, shrinkage by direction, fields of arrows."""

import numpy as np
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, BLUE, CLASSES, MARKERS, RED, new_axes


def level_curves(panels, title, y_label="squared error per picture"):
    """One panel for each kind of noise, all with one logarithmic y axis.

    panels : name to (x label, levels (n,), lines, trained); lines is label to errors (n,), the first of which is
        dashed: what doing nothing costs. trained : the level that training used, a vertical line. An error of 0 has no
        place on a logarithmic axis and is left out.
    """
    figure = Figure(figsize=(4.0 * len(panels), 4.6), layout="constrained")
    figure.suptitle(title, fontsize=11)
    row = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    for axes, (name, (x_label, levels, lines, trained)) in zip(row, panels.items()):
        for i, (label, errors) in enumerate(lines.items()):
            errors = np.where(np.asarray(errors) > 0, errors, np.nan)
            style = {"linestyle": "--", "color": BLACK} if i == 0 else {"color": CLASSES[i - 1]}
            axes.plot(levels, errors, marker=MARKERS[i], markersize=5, label=label, **style)
        axes.axvline(trained, color="0.6", linewidth=1, zorder=0)
        axes.text(trained, 0.02, " level in\n training", transform=axes.get_xaxis_transform(), fontsize=8, color="0.35")
        axes.set_yscale("log")
        axes.set_title(name, fontsize=10)
        axes.set_xlabel(x_label)
    row[0].set_ylabel(y_label)
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncol=len(lines), frameon=False,
                  fontsize=9)
    return figure


def shrinkage(variances, sigma, learned, k, title):
    """By which factor each direction of the data is shrunk: the Wiener filter's curve, and what was learned.

    variances (D,) : of the data along its principal directions, largest first        sigma : of the noise
    learned : label to factors (D,)        k : directions that the code can hold
    """
    figure, axes = new_axes(title, (7.2, 4.8))
    variances = np.asarray(variances)
    seen = variances > 1e-3 * variances[0]
    line = np.geomspace(variances[seen].min(), variances[0], 200)
    axes.plot(line, line / (line + sigma**2), "--", color=BLACK,
              label=r"theory: $\lambda / (\lambda + \sigma^2)$, without a bottleneck")
    for i, (label, factors) in enumerate(learned.items()):
        axes.plot(variances[seen], np.asarray(factors)[seen], MARKERS[i], color=CLASSES[i], label=label, markersize=6,
                  markerfacecolor="none" if i else None)
    axes.axvline(sigma**2, color="0.6", linewidth=1, zorder=0)
    axes.text(sigma**2, 1.13, r" $\lambda = \sigma^2$", fontsize=9, color="0.35", ha="left")
    middle = np.sqrt(variances[k - 1] * variances[k])
    axes.axvspan(line[0] * 0.8, middle, color="0.93", zorder=0)
    axes.text(line[0] * 0.85, 0.5, f"beyond the\n{k} numbers\nof the code", fontsize=9, color="0.35", va="center")
    axes.set_xlim(line[0] * 0.8, variances[0] * 1.25)
    axes.set_ylim(-0.08, 1.22)
    axes.set_xscale("log")
    axes.set_xlabel(r"variance $\lambda$ of the clean data along the direction (grey value squared)")
    axes.set_ylabel("factor on that direction")
    axes.legend(fontsize=9, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncol=2)
    return figure


def arrow_fields(points, fields, x1, x2, density, title):
    """Fields of arrows side by side over one density, all in one scale.

    points (n, 2) : where the arrows start        fields : title to arrows (n, 2)
    density (m, p) : on the grid of x1 (p,) and x2 (m,), drawn as contours
    """
    longest = max(np.hypot(*np.asarray(arrows).T).max() for arrows in fields.values())
    spacing = np.ptp(points[:, 0]) / max(1, round(len(points) ** 0.5) - 1)
    figure = Figure(figsize=(4.9 * len(fields), 5.45), layout="constrained")
    figure.suptitle(title, fontsize=11)
    row = np.atleast_1d(figure.subplots(1, len(fields), sharey=True))
    for i, (axes, (name, arrows)) in enumerate(zip(row, fields.items())):
        axes.contourf(x1, x2, density, levels=density.max() * np.array([0.05, 0.2, 0.4, 0.6, 0.8, 1.01]), cmap="Greys",
                      alpha=0.45)
        axes.quiver(*np.asarray(points).T, *np.asarray(arrows).T, color=RED if i else BLUE, angles="xy",
                    scale_units="xy", scale=longest / (1.6 * spacing), width=0.0045)
        axes.set_title(name, fontsize=10)
        axes.set_aspect("equal")
        axes.set_xlabel("$x_1$ (no unit)")
    row[0].set_ylabel("$x_2$ (no unit)")
    return figure


def few_and_many(levels, panels, title, x_label):
    """Error on clean pictures against the noise of the training, one panel for each size of the training set.

    panels : name to {label: (means (n,), standard errors (n,))}
    """
    figure = Figure(figsize=(4.6 * len(panels), 4.3), layout="constrained")
    figure.suptitle(title, fontsize=11)
    row = np.atleast_1d(figure.subplots(1, len(panels)))
    for axes, (name, lines) in zip(row, panels.items()):
        for i, (label, (means, errors)) in enumerate(lines.items()):
            axes.errorbar(levels, means, errors, color=CLASSES[i], marker=MARKERS[i], markersize=6, capsize=3,
                          label=label)
        axes.set_title(name, fontsize=10)
        axes.set_ylim(0)
        axes.set_xlabel(x_label)
        axes.legend(fontsize=9, frameon=False)
    row[0].set_ylabel("squared error on clean pictures, per picture")
    return figure
