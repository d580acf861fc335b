"""Figures: functions that take arrays and return a matplotlib Figure. Nothing here needs a screen.

The only part of tinyvae that knows matplotlib; import it by name (from tinyvae import plots).
"""

from tinyvae.plots.base import save, show
from tinyvae.plots.curves import kl_bars, log_log_line, loss_curves
from tinyvae.plots.images import as_tiles, manifold_grid, picture_rows, reconstructions, sample_grid
from tinyvae.plots.latent import latent_scatter

__all__ = ["save", "show", "loss_curves", "log_log_line", "kl_bars", "as_tiles", "picture_rows", "sample_grid",
           "reconstructions", "manifold_grid", "latent_scatter"]
