"""Layer-by-layer training: each stage by hand beside it, and what it must leave alone."""

import copy

import numpy as np
import pytest

from tinyvae import VAE, Adam, Autoencoder, fit, fit_layer_by_layer
from tinyvae.autoencoder import EncoderDecoder
from tinyvae.layers import Sequential

OPTIONS = {"epochs": 3, "batch_size": 16, "progress": False}


def deep(**settings):
    return Autoencoder(7, (5,), 2, **{"activation": "tanh", "dtype": np.float64, **settings})


@pytest.mark.parametrize("tied", [False, True])
def test_each_stage_is_a_shallow_autoencoder_trained_on_the_codes_before(tied, rng):
    x, model = rng.random((60, 7)), deep(tied=tied)
    # by hand: the outer pair learns x; then the inner pair, which ends in the tanh that made h, learns h
    (W1, f1, W2), (V2, f2, V1, *last) = copy.deepcopy((model.encoder.layers, model.decoder.layers))
    first = EncoderDecoder(Sequential(W1, f1), Sequential(V1, *last), 7, dtype=np.float64)
    expected = [fit(first, x, validation=x, **OPTIONS)]
    h = first.encode(x)
    second = EncoderDecoder(Sequential(W2), Sequential(V2, f2), 5, dtype=np.float64)
    expected.append(fit(second, h, validation=h, **OPTIONS))
    histories = fit_layer_by_layer(model, x, validation=x, **OPTIONS)
    for ours, theirs in zip(histories, expected, strict=True):
        np.testing.assert_array_equal(ours["total"], theirs["total"])
        np.testing.assert_array_equal(ours["validation_total"], theirs["validation_total"])
    np.testing.assert_array_equal(model.encoder.layers[0].W, W1.W)
    np.testing.assert_array_equal(model.encoder.layers[2].W, W2.W)
    np.testing.assert_array_equal(model.decoder.layers[0].b, V2.b)
    np.testing.assert_array_equal(model.decoder.layers[2].b, V1.b)
    if not tied:
        np.testing.assert_array_equal(model.decoder.layers[0].W, V2.W)
        np.testing.assert_array_equal(model.decoder.layers[2].W, V1.W)


def test_one_stage_is_plain_training(rng):
    x = rng.random((40, 7))
    stacked, plain = (Autoencoder(7, (), 2, corruption="masking", level=0.3) for _ in range(2))
    optimizer = Adam(0.01)
    fit_layer_by_layer(stacked, x, optimizer=optimizer, **OPTIONS)
    fit(plain, x, optimizer=Adam(0.01), **OPTIONS)
    np.testing.assert_array_equal(stacked.parameters.vector, plain.parameters.vector)
    assert optimizer.t is None                                     # each stage trains with a copy


def test_only_the_first_stage_sees_the_corruption(rng):
    x = rng.random((40, 7))
    noisy, clean = deep(corruption="gaussian", level=0.5), deep()
    of_noisy, of_clean = (fit_layer_by_layer(model, x, **OPTIONS) for model in (noisy, clean))
    assert not np.array_equal(of_noisy[0]["total"], of_clean[0]["total"])
    noisy.loss(x, noisy.noise(rng, 40))                            # and the whole model is still a denoising one


def test_fine_tuning_goes_on_from_there(rng):
    x, model = rng.random((60, 7)), deep()
    fit_layer_by_layer(model, x, **OPTIONS)
    before = model.loss(x).total
    assert fit(model, x, **OPTIONS)["total"][-1] < before


def test_other_models_are_refused(rng):
    with pytest.raises(TypeError, match="model: got VAE"):
        fit_layer_by_layer(VAE(7, (5,), 2), rng.random((8, 7)))


def test_checkpoints_belong_to_the_fine_tuning(rng, tmp_path):
    with pytest.raises(TypeError, match="checkpoint: got it here"):
        fit_layer_by_layer(deep(), rng.random((8, 7)), checkpoint=tmp_path / "run", resume=True)
