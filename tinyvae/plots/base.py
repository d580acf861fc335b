"""What every figure shares: colours, axes, saving, showing.

Figures are made without pyplot, so they draw the same with and without a display. Colours are those of Okabe and
Ito, which colour-blind readers can tell apart; every line also has a marker, every class its number.
"""

import pathlib

from matplotlib.figure import Figure

from tinyvae import storage

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
CLASSES = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK, "#999999", "#7F3C8D")
MARKERS = "osD^vP*X<>"


def save(figure, path):
    """Write figure to path (its ending chooses the format), whole or not at all."""
    ending = pathlib.Path(path).suffix.lstrip(".") or "png"
    storage.write_bytes(path, lambda file: figure.savefig(file, format=ending, dpi=120))


def new_axes(title, size=(6.4, 4.2)):
    """A figure with one pair of axes and its title, a sentence that says what to see."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    return figure, axes


def show(path):
    """Open the saved picture in a window and wait until it is closed. Returns False where there is no screen."""
    import matplotlib
    from matplotlib import pyplot
    if matplotlib.get_backend().lower() in ("agg", "pdf", "svg", "ps", "cairo", "template"):
        return False
    pyplot.figure(layout="constrained")
    pyplot.imshow(pyplot.imread(path))
    pyplot.axis("off")
    pyplot.show()
    return True
