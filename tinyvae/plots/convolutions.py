"""Convolution: its matrix, pooling with places and unpooling, kernels and their maps, reconstructions with errors.

Every function takes arrays and returns a Figure. Pixels are dark where the value is high.
"""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from tinyvae.plots.base import BLACK, BLUE, CLASSES, GREEN, ORANGE, RED

PALETTE = ListedColormap(["white", *CLASSES[:7], "#bbbbbb", "#7F3C8D"])


def _bare(axes):
    axes.set_xticks([])
    axes.set_yticks([])


def matrix_pattern(which, k, width, width_out, title):
    """A convolution matrix and its transpose side by side: which kernel entry stands where.

    which : (H_out W_out, H W) whole numbers, 1 to k k for the entries of the kernel row by row, 0 for an empty cell
    width, width_out : W and W_out; a line is drawn after each row of the pictures
    """
    rows, columns = which.shape
    figure = Figure(figsize=(10.5, 5.6), layout="constrained")
    figure.suptitle(title, fontsize=11)
    left, right = figure.subplots(1, 2, width_ratios=(columns, rows + 3))
    for axes, matrix, steps, labels in (
            (left, which, (width, width_out), ("pixel of x, row by row", "pixel of y, row by row")),
            (right, which.T, (width_out, width), ("pixel of y, row by row", "pixel of x, row by row"))):
        axes.imshow(matrix, cmap=PALETTE, vmin=0, vmax=9, interpolation="nearest", alpha=0.55)
        for row, column in np.argwhere(matrix):
            u, v = divmod(matrix[row, column] - 1, k)
            axes.text(column, row, f"{u}{v}", ha="center", va="center", fontsize=8)
        for place in range(0, matrix.shape[1] + 1, steps[0]):
            axes.axvline(place - 0.5, color=BLACK, linewidth=0.7)
        for place in range(0, matrix.shape[0] + 1, steps[1]):
            axes.axhline(place - 0.5, color=BLACK, linewidth=0.7)
        axes.set_xticks(range(0, matrix.shape[1], 1 if matrix.shape[1] < 20 else 2))
        axes.set_yticks(range(matrix.shape[0]))
        axes.tick_params(labelsize=7)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
    left.set_title("M, the convolution: y = M x. A cell \"uv\" holds W[u, v]", fontsize=10)
    right.set_title("transposed: x' = $M^T$ y.\nA column paints the kernel", fontsize=10)
    return figure


def pooling(x, y, indices, back, title):
    """A picture, its maxima and the unpooled picture, with the place of each maximum marked.

    x, back : (H, W)        y, indices : (H/2, W/2), indices 0 to 3 in windows of 2 x 2
    """
    figure = Figure(figsize=(11.6, 4.6), layout="constrained")
    figure.suptitle(title, fontsize=11)
    panels = figure.subplots(1, 3)
    u, v = np.divmod(indices, 2)
    i, j = np.nonzero(y > 0)
    rows, columns = 2 * i + u[i, j], 2 * j + v[i, j]
    heads = (f"x, {x.shape[0]} x {x.shape[1]}: windows; a dot at each maximum above 0",
             f"pooled, {y.shape[0]} x {y.shape[1]}: the maxima, without places",
             "unpooled: each maximum where it was, 0 elsewhere")
    for axes, picture, head in zip(panels, (x, y, back), heads):
        axes.imshow(picture, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(head, fontsize=9)
        axes.set_xlabel("column (pixels)")
    panels[0].set_ylabel("row (pixels)")
    for axes in (panels[0], panels[2]):
        for place in range(0, x.shape[0] + 1, 2):
            axes.axhline(place - 0.5, color=BLUE, linewidth=0.5, alpha=0.6)
        for place in range(0, x.shape[1] + 1, 2):
            axes.axvline(place - 0.5, color=BLUE, linewidth=0.5, alpha=0.6)
        axes.plot(columns, rows, "o", color=RED, markersize=4.5, markeredgecolor="white", markeredgewidth=0.7)
    return figure


def kernels_and_maps(picture, kernels, maps, title):
    """Row 1: the kernels; row 2: what each makes of the picture, which stands at the left.

    picture : (H, W)        kernels : (n, k, k)        maps : (n, H_out, W_out)
    """
    n, reach, top = len(kernels), np.abs(kernels).max(), np.abs(maps).max()
    figure = Figure(figsize=(1.45 * (n + 1) + 1.0, 4.1), layout="constrained")
    figure.suptitle(title, fontsize=11)
    grid = figure.subplots(2, n + 1, squeeze=False)
    grid[0, 0].axis("off")
    grid[1, 0].imshow(picture, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    grid[1, 0].set_title("picture", fontsize=9)
    _bare(grid[1, 0])
    for m in range(n):
        above, below = grid[0, m + 1], grid[1, m + 1]
        weights = above.imshow(kernels[m], cmap="PuOr_r", vmin=-reach, vmax=reach, interpolation="nearest")
        for (u, v), weight in np.ndenumerate(kernels[m]):
            above.text(v, u, f"{weight:+.1f}", ha="center", va="center", fontsize=7,
                       color="white" if abs(weight) > 0.6 * reach else BLACK)
        above.set_title(f"kernel {m + 1}", fontsize=9)
        values = below.imshow(maps[m], cmap="PuOr_r", vmin=-top, vmax=top, interpolation="nearest")
        below.set_title(f"map {m + 1}", fontsize=9)
        _bare(above)
        _bare(below)
    for row, shown, label in ((0, weights, "weight (no unit)"), (1, values, "value (grey levels)")):
        figure.colorbar(shown, ax=grid[row, 1:], fraction=0.02).set_label(label, labelpad=8)
    return figure


def error_bars(groups, lines, title):
    """Mean and five standard errors of each model, one dot for each training.

    groups : label to (runs,), the squared error of each training        lines : label to a number, drawn dashed
    """
    figure = Figure(figsize=(10.0, 0.9 + 0.62 * len(groups)), layout="constrained")
    figure.suptitle(title, fontsize=11)
    axes = figure.subplots()
    for row, values in enumerate(groups.values()):
        mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
        axes.barh(row, mean, height=0.62, color=BLUE, alpha=0.35)
        axes.errorbar(mean, row, xerr=5 * error, color=BLACK, capsize=4, linewidth=1.3)
        axes.plot(values, np.full(len(values), row), "D", color=RED, markersize=4)
        axes.text(0.3, row, f"{mean:.1f}", ha="left", va="center", fontsize=9)
    for (label, value), colour, style in zip(lines.items(), (GREEN, ORANGE), ("--", "-.")):
        axes.axvline(value, color=colour, linestyle=style, linewidth=1.8, label=f"{label}: {value:.1f}")
    axes.set_yticks(range(len(groups)), list(groups), fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("squared error of a test picture (squared grey levels, summed over its pixels)\n"
                    "blue: mean of the trainings; black: 5 standard errors of it; a diamond: one training", fontsize=9)
    axes.legend(frameon=True, fontsize=9, loc="upper right")
    return figure
