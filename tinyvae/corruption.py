"""Corruptions of the input for a denoising autoencoder: it sees apply(x, u), and is asked for x. Vincent et al. 2010.

Each draws its random numbers u apart from applying them, so that a gradient check can hold them still.
x : (B, D), u : the same shape. Notes on autoencoders, DAE.
"""

import numpy as np

from tinyvae import checks


class Corruption:
    """One kind of noise at one level."""

    def __init__(self, level):
        self.level = checks.positive("level", level, or_zero=True)


class GaussianNoise(Corruption):
    """x + level u with u from N(0, 1): level is the standard deviation, in units of x."""

    name = "gaussian"

    def draw(self, rng, shape, dtype=np.float64):
        """u, from N(0, 1)."""
        return rng.standard_normal(shape, dtype)

    def apply(self, x, u):
        """x (B, D), u (B, D) to the corrupted x (B, D)."""
        return x + self.level * u


class _OfSomePixels(Corruption):
    """Each pixel is hit with probability level, decided by u, uniform on [0, 1)."""

    def __init__(self, level):
        super().__init__(level)
        if self.level > 1:
            raise ValueError(f"level: got {self.level:g}, expected a probability between 0 and 1")

    def draw(self, rng, shape, dtype=np.float64):
        """u, uniform on [0, 1)."""
        return rng.random(shape, dtype)


class Masking(_OfSomePixels):
    """A pixel that is hit becomes 0; the others stay."""

    name = "masking"

    def apply(self, x, u):
        """x (B, D), u (B, D) to the corrupted x (B, D)."""
        return np.where(u < self.level, 0, x)


class SaltAndPepper(_OfSomePixels):
    """A pixel that is hit becomes 0 or 1, each with probability level / 2; the others stay. For x in [0, 1]."""

    name = "salt-and-pepper"

    def apply(self, x, u):
        """x (B, D), u (B, D) to the corrupted x (B, D)."""
        # u < level/2: pepper,   level/2 <= u < level: salt,   else as it was
        return np.where(u < self.level / 2, 0, np.where(u < self.level, 1, x))


CORRUPTIONS = {kind.name: kind for kind in (GaussianNoise, Masking, SaltAndPepper)}


def make_corruption(corruption, level=None):
    """None, or a Corruption: "gaussian", "masking" or "salt-and-pepper" with its level, or such an object itself.

    Raises ValueError or TypeError for an unknown name, a missing or needless level.
    """
    if corruption is None or isinstance(corruption, tuple(CORRUPTIONS.values())):
        if level is not None:
            raise TypeError(f"level: got {level!r} with corruption={corruption!r}; a level goes with a corruption's "
                            "name, such as corruption='masking'")
        return corruption
    kind = checks.choice("corruption", corruption, CORRUPTIONS)
    if level is None:
        raise TypeError(f"level: missing for corruption={corruption!r}; give the standard deviation of gaussian noise, "
                        "or the share of pixels that is hit, such as level=0.3")
    return kind(level)
