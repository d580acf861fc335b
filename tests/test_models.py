"""Every kind of model that a file can hold: trained, saved, loaded, resumed."""

import copy

import numpy as np
import pytest

import tinyvae
from tinyvae import models
from tinyvae.autoregressive import FVBN, AutoregressiveMixture
from tinyvae.flow import Flow
from tinyvae.gan import GAN
from tinyvae.score_matching import ScoreModel

X = (np.random.default_rng(0).random((12, 16)) < 0.5).astype(np.float32)
Y = np.arange(12) % 3
SMALL = {
    "VAE": tinyvae.VAE(16, (4,), 2, "gaussian", sigma0=0.5, learn_sigma=True, beta=0.5, activation="tanh"),
    "ConditionalVAE": tinyvae.ConditionalVAE(16, 3, (4,), 2, activation="tanh"),
    "Autoencoder": tinyvae.Autoencoder(16, (4,), 2, tied=True, corruption="masking", level=0.3),
    "ConvAutoencoder": tinyvae.ConvAutoencoder((1, 4, 4), (2,), 3),
    "FVBN": FVBN(16, (5,), activation="tanh"),
    "AutoregressiveMixture": AutoregressiveMixture(16, (5,), 3),
    "Flow": Flow(16, 3, (4,), alpha=1.5),
    "ScoreModel": ScoreModel(16, (2.0, 0.5), (4,)),
    "GAN": GAN(16, 3, (4,), saturating=True),
}


def test_the_table_is_whole():
    assert SMALL.keys() == models.MODELS.keys() and all(type(model).__name__ == name for name, model in SMALL.items())


@pytest.mark.parametrize("name", SMALL)
def test_saved_and_loaded_is_the_same_model(name, tmp_path):
    model = SMALL[name]
    model.save(tmp_path / "model.npz")
    other = tinyvae.load(tmp_path / "model.npz")
    assert type(other) is type(model) and other.header() == model.header()
    assert np.array_equal(other.parameters.vector, model.parameters.vector)


@pytest.mark.parametrize("name", sorted(SMALL.keys() - {"GAN"}))                 # which fit_gan trains
def test_a_checkpoint_is_resumed_and_loaded(name, tmp_path):
    """Two epochs at once, and one epoch, a stop, and another: the same numbers, and load reads them."""
    data = (X, Y) if name == "ConditionalVAE" else X
    whole, parts = (type(SMALL[name]).from_header(SMALL[name].header()) for _ in range(2))
    start = SMALL[name].parameters.vector
    whole.set_vector(start), parts.set_vector(start)
    settings = {"batch_size": 5, "progress": False}
    tinyvae.fit(whole, data, epochs=2, **settings)
    for epochs in (1, 2):
        tinyvae.fit(parts, data, epochs=epochs, checkpoint=tmp_path / "run.npz", resume=True, **settings)
    assert not np.array_equal(whole.parameters.vector, start)
    assert np.array_equal(parts.parameters.vector, whole.parameters.vector)
    assert np.array_equal(tinyvae.load(tmp_path / "run.npz").parameters.vector, whole.parameters.vector)


@pytest.mark.parametrize("name", SMALL)
def test_a_shallow_copy_leaves_the_original_whole(name):
    model = copy.deepcopy(SMALL[name])
    other = copy.copy(model)
    model.parameters.vector[...] = 0
    assert all((array == 0).all() for array in model._named("").values())
    assert not (other.parameters.vector == 0).all()
