"""The latent space: where the encoder puts the examples, and how sure it is."""

import numpy as np
from matplotlib.collections import EllipseCollection

from tinyvae.plots.base import CLASSES, new_axes


def latent_scatter(mu, logvar=None, labels=None, title="Where the encoder puts each example", ellipses=300):
    """mu (N, 2), coloured and numbered by labels (N,); the first ellipses get the one-sigma ellipse of q(z given x).

    logvar : (N, 2), or None for no ellipses. Lectures p31 and p32.
    """
    mu = np.asarray(mu)
    labels = np.zeros(len(mu), int) if labels is None else np.asarray(labels)
    figure, axes = new_axes(title, (6.4, 6.0))
    classes = np.unique(labels)
    for label in classes:
        of_class = mu[labels == label]
        axes.plot(*of_class.T, ".", markersize=2.5, alpha=0.5, color=CLASSES[label % len(CLASSES)])
        if len(classes) > 1:
            axes.text(*np.median(of_class, axis=0), str(label), fontsize=15, weight="bold", ha="center", va="center",
                      bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": CLASSES[label % len(CLASSES)]})
    if logvar is not None:
        sigma = np.exp(0.5 * np.asarray(logvar)[:ellipses])                       # (n, 2)
        axes.add_collection(EllipseCollection(
            2 * sigma[:, 0], 2 * sigma[:, 1], np.zeros(len(sigma)), units="xy", offsets=mu[:ellipses],
            transOffset=axes.transData, facecolors="none", linewidths=0.7,
            edgecolors=[CLASSES[label % len(CLASSES)] for label in labels[:ellipses]]))
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    axes.set_aspect("equal")
    return figure
