"""Autoencoders: gradients of every parameter, PCA as the linear optimum, tied weights, denoising, files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyvae
from tests.strategies import generators, sizes
from tests.test_layers import shifted
from tinyvae import Autoencoder, ConvAutoencoder, check_gradients, fit
from tinyvae.autoencoder import EncoderDecoder, squared_error, squared_error_backward
from tinyvae.corruption import SaltAndPepper
from tinyvae.layers import Activation, Dense, Sequential, TransposedDense, mlp

KINDS = [{}, {"hidden": ()}, {"tied": True}, {"tied": True, "output": "sigmoid"}, {"code": "tanh"},
         {"corruption": "gaussian", "level": 0.5}, {"corruption": "masking", "level": 0.4, "tied": True},
         {"corruption": "salt-and-pepper", "level": 0.4}]


def small(seed=0, dtype=np.float64, **settings):
    rng = np.random.default_rng(seed)
    settings = {"hidden": (5, 3), "latent_dim": 2, "activation": "tanh", **settings}
    return shifted(Autoencoder(7, seed=rng, dtype=dtype, **settings), rng)


def inputs(model, rng, B):
    """x, and the u of a corruption."""
    x, u = rng.random((B, model.data_dim)), model.noise(rng, B)
    return (x,) if u is None else (x, u)


@given(rng=generators, B=sizes, D=sizes)
def test_squared_error_gradients_and_loops(rng, B, D):
    x, x_hat = rng.standard_normal((2, B, D))
    expected = [sum((x_hat[b, d] - x[b, d])**2 for d in range(D)) for b in range(B)]
    np.testing.assert_allclose(squared_error(x, x_hat), expected, rtol=1e-12)
    pair = squared_error, squared_error_backward
    assert check_gradients(pair, x, x_hat, wrt="x_hat", rng=rng).worst <= 1e-12
    assert check_gradients(pair, x, x_hat, wrt="x_hat", method="central", rng=rng).worst <= 1e-7


@pytest.mark.parametrize("settings", KINDS)
@given(seed=st.integers(0, 2**32 - 1), B=sizes)
def test_gradients_of_every_parameter(settings, seed, B):
    model, rng = small(seed, **settings), np.random.default_rng(seed)
    report = check_gradients(model, *inputs(model, rng, B), rng=rng)
    assert [row.name for row in report.rows] == list(model.parameters) and report.worst <= 1e-12
    assert check_gradients(model, *inputs(model, rng, B), method="central", rng=rng).worst <= 1e-7


def test_the_loss_is_the_mean_squared_error_of_the_clean_x(rng):
    model = small(corruption="gaussian", level=0.5)
    x, u = inputs(model, rng, 4)
    x_hat = model.decoder.forward(model.encoder.forward(x + 0.5 * u))
    expected = sum((x_hat[b, d] - x[b, d])**2 for b in range(4) for d in range(7)) / 4
    assert model.loss(x, u).total == pytest.approx(expected, rel=1e-12)
    plain = small()
    assert plain.loss(x).total == pytest.approx(((plain.reconstruct(x) - x)**2).sum() / 4, rel=1e-12)


def test_corrupt_shows_what_the_encoder_sees(rng):
    model = small(corruption="masking", level=0.4)
    x = rng.random((50, 7)) + 0.1
    u = model.noise(np.random.default_rng(5), 50)
    np.testing.assert_array_equal(u, np.random.default_rng(5).random((50, 7)))
    np.testing.assert_array_equal(model.corrupt(x, 5), np.where(u < 0.4, 0, x))
    np.testing.assert_array_equal(small().corrupt(x, 5), x)
    np.testing.assert_array_equal(model.reconstruct(x), model.decode(model.encode(x)))


def test_a_sigmoid_bounds_the_target_not_what_the_encoder_sees(rng):
    model = small(output="sigmoid", corruption="gaussian", level=0.5)
    x = rng.random((20, 7))
    seen = model.corrupt(x, 0)
    assert seen.max() > 1 and model.reconstruct(seen).max() <= 1
    with pytest.raises(ValueError, match="output='sigmoid'"):
        model.loss(seen, model.noise(rng, 20))


@pytest.mark.parametrize("tied", [False, True])
def test_a_linear_autoencoder_reaches_pca(tied):
    """The least squared error of rank k is the sum of the dropped eigenvalues of the covariance (Eckart and Young)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 6)) @ np.diag([3, 2, 1.5, 0.7, 0.5, 0.3]) @ np.linalg.qr(rng.standard_normal((6, 6)))[0]
    x += np.array([2.0, 0, -1, 0, 3, 1])
    best = np.linalg.eigvalsh(np.cov(x.T, bias=True))[:4].sum()
    model = Autoencoder(6, (), 2, tied=tied, dtype=np.float64)
    optimizer = tinyvae.Adam(0.05)

    def schedule(epoch):
        optimizer.lr = 0.05 * 0.97**epoch
    fit(model, x, epochs=200, batch_size=50, optimizer=optimizer, progress=False, before_epoch=schedule)
    reached = model.loss(x).total
    assert best * (1 - 1e-12) <= reached <= best * 1.005


def wiener(rng, sigma):
    """Gaussian data, the linear denoiser with the least error, and that error: tr(C) - tr(C (C + sigma^2 I)^-1 C)."""
    A = rng.standard_normal((3, 3))
    C, mean = A @ A.T, np.array([1.0, -2.0, 0.5])
    K = np.linalg.solve(C + sigma**2 * np.eye(3), C)                    # x_hat = mean + (x_seen - mean) K
    model = Autoencoder(3, (), 3, corruption="gaussian", level=sigma, dtype=np.float64)
    model.parameters["encoder.0.W"][...], model.parameters["encoder.0.b"][...] = K, -mean @ K
    model.parameters["decoder.0.W"][...], model.parameters["decoder.0.b"][...] = np.eye(3), mean
    return model, mean + rng.standard_normal((40_000, 3)) @ A.T, np.trace(C) - np.trace(C @ K)


def test_the_best_linear_denoiser_has_the_error_of_the_wiener_filter(rng):
    """Noise at the input only, at its level, and the clean x as the target: each changes this number."""
    model, x, expected = wiener(rng, 0.8)
    x_hat = model.decoder.forward(model.encoder.forward(x + 0.8 * rng.standard_normal(x.shape)))
    standard_error = np.std(squared_error(x, x_hat)) / np.sqrt(len(x))
    assert abs(model.loss(x, model.noise(rng, len(x))).total - expected) < 5 * standard_error
    model.backward()
    best = np.abs(model.gradients.vector).max()
    model.parameters["encoder.0.W"] *= 1.1
    model.loss(x, model.noise(rng, len(x)))
    model.backward()
    assert best < 0.1 * np.abs(model.gradients.vector).max()             # the gradient is noise at the optimum only


def test_tied_weights_are_one_array_with_two_paths(rng):
    model = small(tied=True)
    untied = small()
    assert model.parameters.vector.size == 7 * 5 + 5 * 3 + 3 * 2 + (5 + 3 + 2) + (3 + 5 + 7)
    assert untied.parameters.vector.size - model.parameters.vector.size == 7 * 5 + 5 * 3 + 3 * 2
    copy = model.astype(np.float64)
    copy.parameters["encoder.0.W"][...] = 0
    assert not copy.decoder.layers[-2].dense.W.any() and model.decoder.layers[-2].dense.W.any()
    # the same numbers in an untied model: its two gradients add up to the tied one
    for i, j in ((0, 4), (2, 2), (4, 0)):
        untied.parameters[f"encoder.{i}.W"][...] = model.parameters[f"encoder.{i}.W"]
        untied.parameters[f"encoder.{i}.b"][...] = model.parameters[f"encoder.{i}.b"]
        untied.parameters[f"decoder.{j}.W"][...] = model.parameters[f"encoder.{i}.W"].T
        untied.parameters[f"decoder.{j}.b"][...] = model.parameters[f"decoder.{j}.b"]
    x = rng.random((4, 7))
    assert untied.loss(x).total == pytest.approx(model.loss(x).total, rel=1e-12)
    untied.backward()
    model.backward()
    for i, j in ((0, 4), (2, 2), (4, 0)):
        both = untied.gradients[f"encoder.{i}.W"] + untied.gradients[f"decoder.{j}.W"].T
        np.testing.assert_allclose(model.gradients[f"encoder.{i}.W"], both, rtol=1e-10, atol=1e-13)


def test_a_layer_in_two_places_is_refused():
    """Its one array would stand twice in the vector, and one of the copies would be dead."""
    dense = Dense(3, 3, 0)
    with pytest.raises(ValueError, match="in the encoder too"):
        EncoderDecoder(Sequential(dense), Sequential(dense), 3)
    with pytest.raises(ValueError, match="belongs into the decoder"):
        EncoderDecoder(Sequential(dense, TransposedDense(dense)), Sequential(Dense(3, 3, 1)), 3)


def test_a_tied_layer_of_a_foreign_dense_is_refused():
    with pytest.raises(ValueError, match="not in the encoder"):
        EncoderDecoder(mlp((4, 2), "tanh", 0), TransposedDense(Dense(4, 2, 1)), 4)


def test_any_encoder_and_decoder_train_save_and_load(tmp_path):
    def build(seed):
        rng = np.random.default_rng(seed)
        encoder = Sequential(Dense(6, 4, rng, "tanh"), Activation("tanh"), Dense(4, 2, rng))
        return EncoderDecoder(encoder, mlp((2, 5, 6), "elu", rng), 6, corruption=SaltAndPepper(0.2), dtype=np.float64)
    model, x = build(0), np.random.default_rng(1).random((64, 6))
    history = fit(model, x, epochs=5, batch_size=16, progress=False)
    assert history["total"][-1] < history["total"][0]
    assert check_gradients(model, x[:5], model.noise(np.random.default_rng(2), 5)).worst <= 1e-12
    model.save(tmp_path / "own.npz")
    with pytest.raises(ValueError, match="into=model"):
        tinyvae.load(tmp_path / "own.npz")
    other = tinyvae.load(tmp_path / "own.npz", into=build(3))
    np.testing.assert_array_equal(other.reconstruct(x), model.reconstruct(x))
    with pytest.raises(ValueError, match="do not fit together"):
        tinyvae.load(tmp_path / "own.npz", into=small())
    with pytest.raises(TypeError, match="into: got dict"):
        tinyvae.load(tmp_path / "own.npz", into={})


@pytest.mark.parametrize("settings", KINDS)
def test_save_and_load_give_the_same_model(settings, tmp_path, rng):
    model = small(dtype=np.float32, **settings)
    model.save(tmp_path / "model.npz")
    loaded = tinyvae.load(tmp_path / "model.npz")
    x = rng.random((5, 7))
    assert loaded.header() == model.header() and type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.reconstruct(x), model.reconstruct(x))
    np.testing.assert_array_equal(loaded.corrupt(x, 0), model.corrupt(x, 0))


def test_training_resumes_bit_for_bit_with_the_noise_of_the_corruption(tmp_path, rng):
    x, settings = rng.random((60, 7)), {"corruption": "masking", "level": 0.3, "tied": True}
    whole, half = small(**settings), small(**settings)
    fit(whole, x, epochs=4, batch_size=16, progress=False)
    fit(half, x, epochs=2, batch_size=16, progress=False, checkpoint=tmp_path / "run")
    resumed = small(1, **settings)
    fit(resumed, x, epochs=4, batch_size=16, progress=False, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(resumed.parameters.vector, whole.parameters.vector)
    assert not np.array_equal(half.parameters.vector, whole.parameters.vector)


def test_backward_needs_a_loss_and_no_other_pass_between(rng):
    model, x = small(), rng.random((3, 7))
    with pytest.raises(RuntimeError, match="call loss"):
        model.backward()
    for other in (lambda: model.encode(x), lambda: model.decode(rng.random((3, 2))), lambda: model.reconstruct(x)):
        model.loss(x)
        other()
        with pytest.raises(RuntimeError, match="call loss"):
            model.backward()


def test_what_cannot_be_is_refused_before_training(rng):
    x = rng.random((4, 7))
    with pytest.raises(TypeError, match="this autoencoder is denoising"):
        small(corruption="masking", level=0.3).loss(x)
    with pytest.raises(TypeError, match="has no corruption"):
        small().loss(x, x)
    with pytest.raises(ValueError, match=r"u: got shape \(3, 7\), expected \(4, 7\)"):
        small(corruption="masking", level=0.3).loss(x, x[:3])
    with pytest.raises(ValueError, match="output='sigmoid'"):
        fit(small(output="sigmoid"), 3 * x, progress=False)
    with pytest.raises(ValueError, match="output: got 'tanh'"):
        small(output="tanh")
    wrong = EncoderDecoder(mlp((4, 2), "tanh", 0), mlp((2, 3), "tanh", 0), 4)
    with pytest.raises(ValueError, match=r"decoder: gave shape \(4, 3\)"):
        wrong.loss(x[:, :4])


def small_conv(seed=0, dtype=np.float64, **settings):
    rng = np.random.default_rng(seed)
    settings = {"channels": (2, 3), "latent_dim": 3, "activation": "tanh", **settings}
    return shifted(ConvAutoencoder((1, 8, 4), seed=rng, dtype=dtype, **settings), rng)


CONVOLUTIONAL = [{}, {"unpool": False}, {"latent_dim": None, "output": "sigmoid"}, {"kernel": 1, "channels": (2,)},
                 {"corruption": "masking", "level": 0.3}]


@pytest.mark.parametrize("settings", CONVOLUTIONAL)
@given(seed=st.integers(0, 2**32 - 1), B=sizes)
def test_convolutional_gradients(settings, seed, B):
    model, rng = small_conv(seed, **settings), np.random.default_rng(seed)
    assert check_gradients(model, *inputs(model, rng, B), rng=rng).worst <= 1e-12


@pytest.mark.parametrize("settings", CONVOLUTIONAL)
def test_convolutional_save_and_load(settings, tmp_path, rng):
    model, x = small_conv(dtype=np.float32, **settings), rng.random((5, 32))
    model.save(tmp_path / "model.npz")
    loaded = tinyvae.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(loaded.reconstruct(x), model.reconstruct(x))
    assert loaded.header() == model.header()


def test_the_code_is_all_the_decoder_gets_unless_it_unpools(rng):
    x, other = rng.random((2, 5, 32))
    model = small_conv(unpool=False)
    z, x_hat = model.encode(x), model.reconstruct(x)
    model.encode(other)
    np.testing.assert_array_equal(model.decode(z), x_hat)
    model = small_conv()
    z, x_hat = model.encode(x), model.reconstruct(x)
    model.encode(other)
    assert not np.allclose(model.decode(z), x_hat)                  # same code, places of another batch
    with pytest.raises(ValueError, match="pool the same batch"):
        model.decode(z[:2])


@pytest.mark.parametrize("settings, shape", [({}, (5, 3)), ({"latent_dim": None}, (5, 3 * 2 * 1))])
def test_convolutional_shapes_and_training(settings, shape, rng):
    model, x = small_conv(**settings), rng.random((5, 32))
    assert model.encode(x).shape == shape and model.reconstruct(x).shape == (5, 32)
    history = fit(model, x, epochs=30, optimizer=tinyvae.Adam(0.01), progress=False)
    assert history["total"][-1] < 0.8 * history["total"][0]


def test_convolutional_sizes_that_do_not_fit():
    for settings, words in (({"channels": (2, 3, 4)}, "channels: .*multiples of 8"), ({"channels": ()}, "channels"),
                            ({"kernel": 2}, "kernel: got 2, expected an odd width"), ({"output": "relu"}, "output")):
        with pytest.raises(ValueError, match=words):
            small_conv(**settings)
    with pytest.raises(ValueError, match="image_shape: got"):
        ConvAutoencoder((28, 28))
