"""tinyvae: the variational autoencoder from scratch in NumPy, every gradient by hand."""

from tinyvae.autoencoder import Autoencoder, ConvAutoencoder
from tinyvae.conditional import ConditionalVAE
from tinyvae.data import digits, fashion_mnist, mnist
from tinyvae.diagnosis import diagnose
from tinyvae.evaluation import log_likelihood
from tinyvae.gradcheck import check_gradients
from tinyvae.layer_by_layer import fit_layer_by_layer
from tinyvae.likelihood import Bernoulli, Gaussian
from tinyvae.models import load
from tinyvae.optimizer import SGD, Adam, Momentum
from tinyvae.training import fit
from tinyvae.vae import VAE

__version__ = "0.1.0"
__all__ = ["VAE", "ConditionalVAE", "Autoencoder", "ConvAutoencoder", "load", "fit", "fit_layer_by_layer", "SGD",
           "Momentum", "Adam", "check_gradients", "diagnose", "log_likelihood", "digits", "mnist", "fashion_mnist",
           "Bernoulli", "Gaussian"]
