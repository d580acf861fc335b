"""A table of bad calls and the error that each must get; python -m tests.bad_input prints it with the messages.

Every message must name the argument (or the path), what came, what was expected and what to do.
"""

import pathlib
import tempfile
from typing import Any, NamedTuple

import numpy as np

import tinyvae
from tinyvae import (
    SGD,
    VAE,
    Adam,
    Autoencoder,
    ConditionalVAE,
    ConvAutoencoder,
    Gaussian,
    Momentum,
    anomaly,
    check_gradients,
    digits,
    evaluation,
    fit,
    fit_layer_by_layer,
    latent,
    log_likelihood,
    probes,
)
from tinyvae.autoencoder import EncoderDecoder
from tinyvae.autoregressive import FVBN, AutoregressiveMixture, MaskedDense
from tinyvae.classifier import GenerativeClassifier, NeighbourCode
from tinyvae.flow import Flow
from tinyvae.gan import GAN, fit_gan
from tinyvae.gradcheck import numeric_gradients
from tinyvae.layers import Activation, Dense, Sequential, TransposedDense, mlp
from tinyvae.pca import PCA, principal_angles
from tinyvae.score_matching import ScoreModel, langevin

X = np.random.default_rng(0).random((7, 6))
Y = np.array([0, 1, 2, 0, 1, 2, 0])
EPS = np.random.default_rng(1).standard_normal((7, 2))
WITH_NAN = np.where(np.arange(42).reshape(7, 6) == 23, np.nan, X)
WITH_INFINITY = np.where(np.isnan(WITH_NAN), np.inf, X)


def model(**settings):
    return VAE(6, (4,), 2, **settings)


def autoencoder(**settings):
    return Autoencoder(6, (4,), 2, **settings)


def conditional():
    return ConditionalVAE(6, 3, (4,), 2)


def own(encoder, decoder):
    return EncoderDecoder(encoder, decoder, 6)


def saved_own(folder):
    own(mlp((6, 2), "tanh", 0), mlp((2, 6), "tanh", 0)).save(folder + "/own.npz")
    return folder + "/own.npz"


def quiet_fit(x=X, target=None, **settings):
    return fit(target or model(), x, **{"progress": False, "epochs": 1, **settings})


def written(folder, data):
    path = pathlib.Path(folder) / "file.npz"
    path.write_bytes(data)
    return path


def occupied(folder):
    """A path whose folder is a file: nobody, root included, can write there."""
    return written(folder, b"") / "model.npz"


class Bad(NamedTuple):
    """says : words that the message must hold, in this order."""

    title: str
    call: Any
    error: type
    says: tuple


TABLE = [
    Bad("data_dim zero", lambda f: VAE(0), ValueError, ("data_dim", "got 0", ">= 1")),
    Bad("data_dim a float", lambda f: VAE(784.0), TypeError, ("data_dim", "784.0", "whole number")),
    Bad("hidden a number", lambda f: VAE(6, 400), TypeError, ("hidden", "400", "(500,)")),
    Bad("hidden negative", lambda f: VAE(6, (-3,)), ValueError, ("hidden", "-3")),
    Bad("latent_dim a bool", lambda f: VAE(6, (4,), True), TypeError, ("latent_dim", "True", "whole number")),
    Bad("latent_dim zero", lambda f: VAE(6, (4,), 0), ValueError, ("latent_dim", "got 0")),
    Bad("unknown likelihood", lambda f: model(likelihood="poisson"), ValueError,
        ("likelihood", "'poisson'", "bernoulli, gaussian")),
    Bad("likelihood a class", lambda f: model(likelihood=Gaussian), TypeError, ("likelihood", "expected one of")),
    Bad("sigma0 for a Bernoulli", lambda f: model(likelihood="bernoulli", sigma0=0.1), TypeError,
        ("bernoulli", "sigma0", "no settings")),
    Bad("sigma0 zero", lambda f: model(likelihood="gaussian", sigma0=0), ValueError, ("sigma0", "0.0", "> 0")),
    Bad("sigma0 text", lambda f: Gaussian("small"), TypeError, ("sigma0", "'small'")),
    Bad("a setting spelt wrong", lambda f: model(likelihood="gaussian", sigma=1), TypeError, ("sigma", "sigma0, learn")),
    Bad("unknown activation", lambda f: model(activation="swish"), ValueError, ("activation", "'swish'", "tanh")),
    Bad("beta negative", lambda f: model(beta=-1), ValueError, ("beta", "-1", ">= 0")),
    Bad("dtype integer", lambda f: model(dtype=int), TypeError, ("dtype", "int64", "float32")),
    Bad("seed text", lambda f: model(seed="today"), TypeError, ("seed", "'today'", "Generator")),
    Bad("seed None", lambda f: model().sample(3, None), TypeError, ("rng", "None", "seed")),
    Bad("x of the wrong width", lambda f: model().loss(X[:, :5], EPS), ValueError, ("x", "(7, 5)", "(B, 6)")),
    Bad("one example without a batch", lambda f: model().encode(X[0]), ValueError, ("x", "(6,)", "(B, 6)", "x[None, :]")),
    Bad("images not flattened", lambda f: model().encode(X.reshape(7, 2, 3)), ValueError,
        ("x", "(7, 2, 3)", "reshape(len(x), -1)")),
    Bad("empty batch", lambda f: model().loss(X[:0], EPS[:0]), ValueError, ("x", "(0, 6)", "at least one")),
    Bad("NaN in x", lambda f: model().loss(WITH_NAN, EPS), ValueError, ("x", "1 of 42", "NaN", "(3, 5)")),
    Bad("infinity in x", lambda f: model().encode(WITH_INFINITY), ValueError, ("x", "infinite", "(3, 5)")),
    Bad("bytes for a Bernoulli", lambda f: model().loss(255 * X, EPS), ValueError, ("x", "[0, 1]", "x / 255")),
    Bad("negative pixels", lambda f: model().encode(X - 0.5), ValueError, ("x", "[0, 1]", "gaussian")),
    Bad("ragged rows", lambda f: model().encode([[1, 2], [3]]), TypeError, ("x", "different lengths")),
    Bad("text for x", lambda f: model().encode("digits"), TypeError, ("x", "array of numbers", "str")),
    Bad("eps of the wrong width", lambda f: model().loss(X, EPS[:, :1]), ValueError, ("eps", "(7, 1)", "(B, 2)")),
    Bad("eps with other rows", lambda f: model().loss(X, EPS[:5]), ValueError, ("eps", "5 rows", "expected 7")),
    Bad("eps left out", lambda f: model().loss(X, None), TypeError, ("eps", "NoneType")),
    Bad("NaN in eps", lambda f: model().elbo(X, EPS * np.nan), ValueError, ("eps", "14 of 14")),
    Bad("z of the wrong width", lambda f: model().decode(X), ValueError, ("z", "(7, 6)", "(B, 2)")),
    Bad("no samples", lambda f: model().sample(0, 1), ValueError, ("n", "got 0")),
    Bad("backward before loss", lambda f: model().backward(), RuntimeError, ("backward", "loss(x, eps) first")),
    Bad("epochs zero", lambda f: quiet_fit(epochs=0), ValueError, ("epochs", "got 0")),
    Bad("batch_size a float", lambda f: quiet_fit(batch_size=0.5), TypeError, ("batch_size", "0.5")),
    Bad("fit on no data", lambda f: quiet_fit(X[:0]), ValueError, ("x", "at least one")),
    Bad("fit on other widths", lambda f: quiet_fit(X[:, :3]), ValueError, ("x", "(7, 3)", "(B, 6)")),
    Bad("fit with a NaN far in", lambda f: quiet_fit(WITH_NAN, batch_size=2), ValueError, ("x", "NaN", "(3, 5)")),
    Bad("validation of another width", lambda f: quiet_fit(validation=X[:, :2]), ValueError, ("validation", "(7, 2)")),
    Bad("arrays of different lengths", lambda f: quiet_fit((X, np.arange(3))), ValueError, ("x", "(3,)", "same number")),
    Bad("binarise bytes", lambda f: quiet_fit(255 * X, model(likelihood="gaussian"), binarize=True), ValueError,
        ("x", "[0, 1] to binarise", "x / 255")),
    Bad("validation in bytes", lambda f: quiet_fit(validation=255 * X), ValueError, ("validation", "[0, 1]")),
    Bad("validation of fewer arrays", lambda f: quiet_fit((X, X), validation=X), ValueError,
        ("validation", "got 1 arrays", "expected 2")),
    Bad("a NaN in the second array", lambda f: quiet_fit((X, WITH_NAN)), ValueError, ("x", "NaN", "(3, 5)")),
    Bad("fit on ragged rows", lambda f: quiet_fit([[1, 2], [3]]), TypeError, ("x", "different lengths", "tuple")),
    Bad("an optimiser by name", lambda f: quiet_fit(optimizer="adam"), TypeError, ("optimizer", "'adam'", "Adam(1e-3)")),
    Bad("an optimiser's class", lambda f: quiet_fit(optimizer=Adam), TypeError, ("optimizer", "Adam(1e-3)")),
    Bad("resume without a checkpoint", lambda f: quiet_fit(resume=True), ValueError, ("resume", "path")),
    Bad("a seed below zero", lambda f: quiet_fit(seed=-1), ValueError, ("seed", "-1")),
    Bad("a checkpoint in a folder that is a file", lambda f: quiet_fit(checkpoint=occupied(f)), OSError,
        ("cannot write", "folder", "model.npz")),
    Bad("a checkpoint that exists", lambda f: quiet_fit(checkpoint=written(f, b"")), FileExistsError,
        ("checkpoint", "exists", "resume=True")),
    Bad("resume from a damaged file", lambda f: quiet_fit(checkpoint=written(f, b"PK"), resume=True), ValueError,
        ("file.npz", "damaged")),
    Bad("save into a folder that is not there", lambda f: model().save(f + "/no/model.npz"), FileNotFoundError,
        ("cannot write", "folder that exists", "no/model.npz")),
    Bad("load what is not there", lambda f: tinyvae.load(f + "/no.npz"), FileNotFoundError, ("cannot read", "no.npz")),
    Bad("load an empty file", lambda f: tinyvae.load(written(f, b"")), ValueError, ("file.npz", "damaged")),
    Bad("load a folder", lambda f: tinyvae.load(f), OSError, ("cannot read", "directory")),
    Bad("lr zero", lambda f: Adam(lr=0), ValueError, ("lr", "0.0", "> 0")),
    Bad("lr NaN", lambda f: SGD(lr=float("nan")), ValueError, ("lr", "nan")),
    Bad("beta1 of one", lambda f: Adam(beta1=1), ValueError, ("beta1", "1.0", "[0, 1)")),
    Bad("momentum above one", lambda f: Momentum(momentum=1.5), ValueError, ("momentum", "1.5", "[0, 1)")),
    Bad("an optimiser for two models", lambda f: (o := Adam(), quiet_fit(optimizer=o),
                                                  quiet_fit(target=VAE(6, (5,), 2), optimizer=o)), ValueError,
        ("theta", "new optimiser for each model")),
    Bad("an unknown corruption", lambda f: autoencoder(corruption="dust", level=1), ValueError,
        ("corruption", "'dust'", "gaussian, masking, salt-and-pepper")),
    Bad("a corruption without its level", lambda f: autoencoder(corruption="masking"), TypeError, ("level", "level=0.3")),
    Bad("a level without a corruption", lambda f: autoencoder(level=0.3), TypeError, ("level", "0.3", "corruption=")),
    Bad("a share above one", lambda f: autoencoder(corruption="masking", level=1.5), ValueError,
        ("level", "1.5", "between 0 and 1")),
    Bad("a denoising loss without noise", lambda f: autoencoder(corruption="masking", level=0.3).loss(X), TypeError,
        ("u", "model.noise(rng, len(x))")),
    Bad("noise for a plain autoencoder", lambda f: autoencoder().loss(X, X), TypeError, ("u", "ndarray", "None")),
    Bad("u of another batch", lambda f: autoencoder(corruption="masking", level=0.3).loss(X, X[:3]), ValueError,
        ("u", "(3, 6)", "(7, 6)")),
    Bad("an output activation that is none", lambda f: autoencoder(output="tanh"), ValueError,
        ("output", "'tanh'", "linear, sigmoid")),
    Bad("bytes for a sigmoid", lambda f: quiet_fit(255 * X, autoencoder(output="sigmoid")), ValueError,
        ("x", "[0, 1] for output='sigmoid'", "x / 255")),
    Bad("a decoder of another width", lambda f: own(mlp((6, 2), "tanh", 0), mlp((2, 5), "tanh", 0)).loss(X), ValueError,
        ("decoder", "(7, 5)", "(7, 6)")),
    Bad("tied to a layer elsewhere", lambda f: own(mlp((6, 2), "tanh", 0), TransposedDense(Dense(6, 2, 0))), ValueError,
        ("decoder", "not in the encoder", "Dense of this encoder")),
    Bad("pictures without channels", lambda f: ConvAutoencoder((28, 28)), ValueError, ("image_shape", "(1, 28, 28)")),
    Bad("sides that cannot be halved", lambda f: ConvAutoencoder((1, 30, 30)), ValueError,
        ("channels", "2 poolings", "multiples of 4", "fewer stages")),
    Bad("an even kernel", lambda f: ConvAutoencoder(kernel=4), ValueError, ("kernel", "4", "odd")),
    Bad("layer by layer with a VAE", lambda f: fit_layer_by_layer(model(), X), TypeError, ("model", "VAE", "Autoencoder")),
    Bad("load layers of one's own", lambda f: tinyvae.load(saved_own(f)), ValueError,
        ("own.npz", "'EncoderDecoder'", "into=model")),
    Bad("load into another model", lambda f: tinyvae.load(saved_own(f), into=model()), ValueError,
        ("own.npz", "do not fit together")),
    Bad("load into no model", lambda f: tinyvae.load(saved_own(f), into=Dense), TypeError, ("into", "expected a model")),
    Bad("a ROC without negatives", lambda f: evaluation.roc_curve(X[:, 0], np.ones(7)), ValueError,
        ("positive", "7 positives and 0 negatives", "at least one of each")),
    Bad("an AUC without positives", lambda f: evaluation.auc(X[:, 0], np.zeros(7)), ValueError,
        ("positive", "0 positives and 7 negatives")),
    Bad("an AUC of NaN scores", lambda f: evaluation.auc(WITH_NAN[:, 5], Y == 0), ValueError, ("scores", "1 of 7", "(3,)")),
    Bad("an AUC of other lengths", lambda f: evaluation.auc(X[:, 0], Y[:5] == 0), ValueError,
        ("positive", "(5,)", "expected (7,)")),
    Bad("an AUC of class labels", lambda f: evaluation.auc(X[:, 0], Y), ValueError, ("positive", "from 0 to 2", "labels == c")),
    Bad("an AUC's error from one positive", lambda f: evaluation.auc(X[:, 0], np.arange(7) == 2,
                                                                     return_error=True), ValueError,
        ("positive", "1 positives and 6 negatives", "two of each")),
    Bad("a reconstruction error without a model", lambda f: evaluation.reconstruction_error("vae", X), TypeError,
        ("model", "'vae'", "reconstruct(x)")),
    Bad("a reconstruction error of other widths", lambda f: evaluation.reconstruction_error(model(), X[:, :5]), ValueError,
        ("x", "(7, 5)", "(B, 6)")),
    Bad("more components than examples span", lambda f: PCA(X[:4], 4), ValueError,
        ("k", "got 4", "at most 3", "(4, 6)", "smaller k")),
    Bad("half a component", lambda f: PCA(X, 0.5), TypeError, ("k", "0.5", "whole number")),
    Bad("PCA of a NaN", lambda f: PCA(WITH_NAN, 2), ValueError, ("x", "1 of 42", "(3, 5)")),
    Bad("a code of another width", lambda f: PCA(X, 2).decode(X), ValueError, ("z", "(7, 6)", "(B, 2)")),
    Bad("angles between spaces of other dimension", lambda f: principal_angles(X[:2], X[:2, :5]), ValueError,
        ("B", "(2, 5)", "(k, 6)")),
    Bad("a space spanned by one row twice", lambda f: principal_angles(X[[0, 0]], X[:2]), ValueError,
        ("A", "2 rows", "only 1", "leave out")),
    Bad("neighbours without labels", lambda f: probes.nearest_neighbour(X, Y[:3], X), ValueError,
        ("labels", "(3,)", "(7,)", "row of train")),
    Bad("neighbours of another width", lambda f: probes.nearest_neighbour(X, Y, X[:, :2]), ValueError,
        ("test", "(7, 2)", "(B, 6)")),
    Bad("a probe with labels out of range", lambda f: probes.softmax_regression(X, Y, 2), ValueError,
        ("labels", "0 to 2", "0 to 1")),
    Bad("a probe with labels by float", lambda f: probes.softmax_regression(X, Y / 1, 3), TypeError,
        ("labels", "float64", "astype(int)")),
    Bad("a probe without penalty", lambda f: probes.softmax_regression(X, Y, 3, penalty=0), ValueError,
        ("penalty", "0.0", "> 0")),
    Bad("a probe stopped early", lambda f: probes.softmax_regression(X, Y, 3, max_steps=1), RuntimeError,
        ("gradient", "1 steps", "larger penalty")),
    Bad("a probe's backward before its loss", lambda f: probes.SoftmaxRegression(6, 3).backward(), RuntimeError,
        ("backward", "loss(x, target) first")),
    Bad("k zero", lambda f: log_likelihood(model(), X, k=0), ValueError, ("k", "got 0")),
    Bad("an error from one sample", lambda f: log_likelihood(model(), X, k=1, return_error=True), ValueError,
        ("k", "got 1", ">= 2")),
    Bad("likelihood of other widths", lambda f: log_likelihood(model(), X.T), ValueError, ("x", "(6, 7)", "(B, 6)")),
    Bad("elbo with half a sample", lambda f: evaluation.elbo(model(), X, samples=0.5), TypeError, ("samples", "0.5")),
    Bad("information of an autoencoder", lambda f: latent.information(autoencoder(), X), TypeError,
        ("model", "Autoencoder", "expected a VAE", "sliced_wasserstein")),
    Bad("information from one sample", lambda f: latent.information(model(), X, samples=1), ValueError,
        ("samples", "got 1", ">= 2")),
    Bad("a threshold for active units of zero", lambda f: latent.active_units(model(), X, threshold=0), ValueError,
        ("threshold", "0.0", "> 0")),
    Bad("labels out of range", lambda f: conditional().loss(X, Y + 1, EPS), ValueError, ("labels", "from 1 to 3", "0 to 2")),
    Bad("labels by float", lambda f: conditional().loss(X, Y / 1, EPS), TypeError, ("labels", "float64", ".astype(int)")),
    Bad("labels of another batch", lambda f: conditional().encode(X, Y[:3]), ValueError, ("labels", "3", "expected 7")),
    Bad("labels that sum to two", lambda f: conditional().decode(EPS, 2 * np.eye(3)[Y]), ValueError,
        ("labels", "sum to 2 .. 2", "sum to 1")),
    Bad("a class that is not there", lambda f: conditional().given(3), ValueError, ("label", "got 3", "0 to 2")),
    Bad("no classes", lambda f: ConditionalVAE(6, 0), ValueError, ("classes", "got 0", ">= 1")),
    Bad("a classifier without classes", lambda f: GenerativeClassifier([]), ValueError, ("models", "none", "each class")),
    Bad("a classifier of the whole model", lambda f: GenerativeClassifier(conditional()), TypeError,
        ("models", "ConditionalVAE", "given(y)")),
    Bad("a prior of zero", lambda f: GenerativeClassifier([conditional().given(0)] * 3, [1, 0, 0]), ValueError,
        ("prior", "least entry of 0", "sum to 1")),
    Bad("a threshold from seven pictures", lambda f: GenerativeClassifier([conditional().given(0)]).reject_below(X),
        ValueError, ("normal_scores", "got 7", "at least 99")),
    Bad("a code for grey pixels", lambda f: NeighbourCode(2).log_likelihood(np.full((1, 4), 0.5)), ValueError,
        ("x", "0.5 at (0, 0)", "pixels 0 and 1")),
    Bad("a threshold that keeps everything", lambda f: anomaly.threshold(X[:, 0], 1.0), ValueError, ("keep", "1", "0.99")),
    Bad("a threshold from a NaN", lambda f: anomaly.threshold(WITH_NAN[:, 5], 0.5), ValueError, ("normal_scores", "1 of 7")),
    Bad("an unknown score", lambda f: anomaly.scores(model(), X, "distance"), ValueError, ("kind", "'distance'", "elbo")),
    Bad("the ELBO of PCA", lambda f: anomaly.scores(PCA(X, 2), X, "elbo"), TypeError, ("model", "expected a VAE")),
    Bad("no rounds", lambda f: anomaly.purify(model(), X, 0), ValueError, ("rounds", "got 0")),
    Bad("purified by a class", lambda f: anomaly.purify(VAE, X), TypeError, ("model", "reconstruct(x)")),
    Bad("grey pixels for a belief network", lambda f: FVBN(6).log_likelihood(X), ValueError,
        ("x", "pixels 0 and 1", "binarize=True")),
    Bad("hidden layers by number", lambda f: FVBN(6, 4), TypeError, ("hidden", "4", "(500,)")),
    Bad("an exact backward before its loss", lambda f: FVBN(6).backward(), RuntimeError, ("backward", "loss(x) first")),
    Bad("a mixture of nothing", lambda f: AutoregressiveMixture(2, components=0), ValueError, ("components", "got 0")),
    Bad("half a mask", lambda f: MaskedDense(2, 3, np.full((2, 3), 0.5), 0), ValueError, ("mask", "0.5", "0 and 1")),
    Bad("a flow of one number", lambda f: Flow(1), ValueError, ("data_dim", "got 1", ">= 2")),
    Bad("noise levels that rise", lambda f: ScoreModel(2, (0.1, 1.0)), ValueError, ("sigmas", "0.1", "sort them")),
    Bad("a score of another shape", lambda f: langevin(lambda x: x[:, 0], X, 0.1, 1, 0), ValueError,
        ("score", "(7,)", "expected (7, 6)")),
    Bad("a walk that leaves", lambda f: langevin(lambda x: -x, X, 1e200, 5, 0), FloatingPointError,
        ("step", "1e+200", "smaller step")),
    Bad("a player that is none", lambda f: GAN().slice_of("critic"), ValueError,
        ("part", "'critic'", "generator, discriminator")),
    Bad("a GAN without a rate", lambda f: fit_gan(GAN(), np.ones((3, 2)), lr=0), ValueError, ("lr", "0.0", "> 0")),
    Bad("a gradient check of integers", lambda f: numeric_gradients(np.sum, np.arange(3)), TypeError,
        ("array 0", "int64", "float64", "small step", "astype")),
    Bad("a gradient check of float32", lambda f: numeric_gradients(np.sum, np.float32([1])), TypeError,
        ("array 0", "float32", "7 digits", "astype")),
    Bad("a gradient check of a number", lambda f: check_gradients(3), TypeError, ("target", "int", "(f, f_backward)")),
    Bad("an unknown method", lambda f: check_gradients(Activation("tanh"), X, method="autograd"), ValueError,
        ("method", "'autograd'", "complex, central, forward")),
    Bad("a backward of other length", lambda f: check_gradients((lambda a, b: a * b, lambda d, a, b: d * b), X, X),
        ValueError, ("wrt", "returned 1 gradients", "['a', 'b']")),
    Bad("an unknown wrt", lambda f: check_gradients((lambda a: a, lambda d, a: d), X, wrt="c"), ValueError,
        ("wrt", "['c']", "['a']")),
    Bad("a layer with no layers", lambda f: Sequential(), ValueError, ("layers", "at least one")),
    Bad("a layer of width zero", lambda f: Dense(0, 3, 0), ValueError, ("n_in", "got 0")),
    Bad("a layer's input of the wrong width", lambda f: Dense(5, 3, 0).forward(X), ValueError, ("x", "(7, 6)", "(B, 5)")),
    Bad("no digits", lambda f: digits(0), ValueError, ("n", "got 0")),
    Bad("digits by float", lambda f: digits(10.0), TypeError, ("n", "10.0", "whole number")),
]


def outcome(bad):
    """The exception that the call raises, None when it raises none."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            bad.call(folder)
        except Exception as error:
            return error, folder
    return None, None


if __name__ == "__main__":
    for number, bad in enumerate(TABLE, 1):
        error, folder = outcome(bad)
        message = str(error).replace(folder or "?", "<folder>")
        print(f"{number:2d}  {bad.title}: {type(error).__name__}: {message}")
