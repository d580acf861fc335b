"""Reading a trained model back from its file, whatever its kind."""

from tinyvae import storage
from tinyvae.autoencoder import Autoencoder, ConvAutoencoder
from tinyvae.autoregressive import FVBN, AutoregressiveMixture
from tinyvae.conditional import ConditionalVAE
from tinyvae.flow import Flow
from tinyvae.gan import GAN
from tinyvae.parameters import Model
from tinyvae.score_matching import ScoreModel
from tinyvae.vae import VAE

MODELS = {kind.__name__: kind for kind in (VAE, ConditionalVAE, Autoencoder, ConvAutoencoder, FVBN,
                                           AutoregressiveMixture, Flow, ScoreModel, GAN)}


def load(path, into=None):
    """The model that save wrote, or the model inside a checkpoint of fit.

    into : a model of the same layers, whose parameters are overwritten and which is returned: needed for a model with
        layers of your own, which a file does not describe

    Raises OSError when path cannot be read, ValueError when it is damaged, foreign, newer than this tinyvae, or of
    other sizes than into.
    """
    header, arrays = storage.read(path, kinds=("model", "checkpoint"))
    if into is None and header.get("model") not in MODELS:
        raise ValueError(f"{path}: holds a model {header.get('model')!r}, whose layers the file does not describe; "
                         "build it as it was and call load(path, into=model)")
    if into is not None and not isinstance(into, Model):
        raise TypeError(f"into: got {type(into).__name__}, expected a model, such as an EncoderDecoder, or None")
    try:
        model = MODELS[header["model"]].from_header(header) if into is None else into
        model.set_vector(arrays["vector"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: a tinyvae file, but its contents do not fit together ({error}); "
                         "train and save again, or use a copy") from error
    return model
