"""Data: generated digits (no file needed), the MNIST files, small 2-D sets."""

from tinyvae.data.files import fashion_mnist, fetch, mnist
from tinyvae.data.planar import mixture, mixture_log_density, moons, spiral
from tinyvae.data.strokes import digits

__all__ = ["digits", "mnist", "fashion_mnist", "fetch", "moons", "spiral", "mixture", "mixture_log_density"]
