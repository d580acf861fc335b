"""tinyvae: the variational autoencoder from scratch in NumPy, every gradient by hand."""

from tinyvae.data import digits, fashion_mnist, mnist
from tinyvae.evaluation import log_likelihood
from tinyvae.gradcheck import check_gradients
from tinyvae.likelihood import Bernoulli, Gaussian
from tinyvae.optimizer import SGD, Adam, Momentum
from tinyvae.training import fit
from tinyvae.vae import VAE, load

__version__ = "0.1.0"
__all__ = ["VAE", "load", "fit", "SGD", "Momentum", "Adam", "check_gradients", "log_likelihood", "digits", "mnist",
           "fashion_mnist", "Bernoulli", "Gaussian"]
