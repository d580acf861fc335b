"""The VAE: its whole gradient, its loss on models whose ELBO is known exactly, its files."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyvae
from tests.oracles import gaussian_log_density, linear_marginal
from tests.strategies import generators, sizes
from tinyvae.gradcheck import check_gradients
from tinyvae.layers import INITIALISATIONS
from tinyvae.vae import VAE

LIKELIHOODS = {"bernoulli": {"likelihood": "bernoulli"},
               "gaussian": {"likelihood": "gaussian", "sigma0": 0.7},
               "learned sigma": {"likelihood": "gaussian", "sigma0": 0.7, "learn_sigma": True}}


def shifted(model, rng):
    """The model with non-zero biases, so that no wrong gradient can hide behind a zero."""
    model.parameters.vector[...] += 0.2 * rng.standard_normal(model.parameters.vector.size)
    return model


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@given(rng=generators, B=sizes, D=sizes, L=sizes, hidden=st.sampled_from([(), (3,), (5, 2)]),
       activation=st.sampled_from(["tanh", "elu", "softplus", "sigmoid"]), beta=st.sampled_from([1.0, 0.3, 0.0]))
def test_whole_gradient(likelihood, rng, B, D, L, hidden, activation, beta):
    model = shifted(VAE(D, hidden, L, **LIKELIHOODS[likelihood], activation=activation, beta=beta, seed=rng,
                        dtype=np.float64), rng)
    x, eps = rng.random((B, D)), rng.standard_normal((B, L))
    report = check_gradients(model, x, eps)
    assert [row.name for row in report.rows] == list(model.parameters)
    assert report.worst <= 1e-12


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("activation", sorted(INITIALISATIONS))
def test_whole_gradient_by_central_differences(likelihood, activation):
    rng = np.random.default_rng(7)
    model = shifted(VAE(5, (4, 3), 2, **LIKELIHOODS[likelihood], activation=activation, seed=1, dtype=np.float64), rng)
    report = check_gradients(model, rng.random((7, 5)), rng.standard_normal((7, 2)), method="central")
    assert report.worst <= 1e-7


def test_a_large_model_is_checked_along_directions(rng):
    report = check_gradients(VAE(784, (20,), 3), rng.random((3, 784)), rng.standard_normal((3, 3)), full=500)
    assert report.worst <= 1e-11 and any("random directions" in note for note in report.notes)


@given(rng=generators)
def test_loss_of_the_linear_vae_averages_to_its_exact_elbo(rng):
    """With q = the exact posterior the ELBO is log p(x) for every x, whatever the decoder: no formula of ours in it."""
    D, L, sigma, n = 3, 2, 0.6, 400
    model = VAE(D, (), L, "gaussian", sigma0=sigma, seed=rng, dtype=np.float64)
    W, b = model.parameters["decoder.0.W"], rng.standard_normal(D)
    W[...] = np.array([[1.1, -0.3, 0.2], [0.1, 0.5, 0.9]])
    W[1] -= W[0] * (W[0] @ W[1]) / (W[0] @ W[0])           # orthogonal rows: the posterior is then diagonal
    model.parameters["decoder.0.b"][...] = b
    # posterior of z given x: precision I + W W^T / sigma^2, mean = covariance W (x - b) / sigma^2
    covariance = np.linalg.inv(np.eye(L) + W @ W.T / sigma**2)
    encoder = model.parameters["encoder.0.W"]
    encoder[...] = 0
    encoder[:, :L] = W.T @ covariance / sigma**2
    model.parameters["encoder.0.b"][...] = np.concatenate([-b @ W.T @ covariance / sigma**2,
                                                           np.log(np.diag(covariance))])
    x = rng.standard_normal((1, D))
    exact = gaussian_log_density(x, *linear_marginal(W, b, sigma))[0]
    values = model.elbo(np.repeat(x, n, axis=0), rng.standard_normal((n, L)))
    assert abs(values.mean() - exact) < 5 * values.std() / np.sqrt(n)
    loss = model.loss(np.repeat(x, n, axis=0), rng.standard_normal((n, L)))
    assert abs(-loss.total - exact) < 5 * values.std() / np.sqrt(n)


def test_the_parts_add_up_with_beta(rng):
    model = VAE(6, (4,), 3, beta=0.25, dtype=np.float64)
    x, eps = rng.random((8, 6)), rng.standard_normal((8, 3))
    loss = model.loss(x, eps)
    assert loss.total == pytest.approx(loss.reconstruction + 0.25 * loss.kl, rel=1e-14)
    assert loss.kl_per_dimension.shape == (3,) and loss.kl_per_dimension.sum() == pytest.approx(loss.kl)
    assert loss.reconstruction + loss.kl == pytest.approx(-model.elbo(x, eps).mean())


def test_the_encoder_sees_x_and_the_decoder_z(rng):
    """encode, reparameterise by hand, decode: the pieces are those that loss uses."""
    model = VAE(6, (4,), 3, dtype=np.float64)
    x, eps = rng.random((5, 6)), rng.standard_normal((5, 3))
    mu, logvar = model.encode(x)
    x_hat = model.decode(mu + np.sqrt(np.exp(logvar)) * eps)
    expected = -np.mean(np.sum(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat), axis=1))
    assert model.loss(x, eps).reconstruction == pytest.approx(expected)
    np.testing.assert_allclose(model.reconstruct(x, eps), x_hat)
    np.testing.assert_allclose(model.reconstruct(x), model.decode(mu))


def test_samples(rng):
    model = VAE(6, (4,), 2)
    np.testing.assert_array_equal(model.sample(4, 7), model.sample(4, 7))
    assert not np.array_equal(model.sample(4, 7), model.sample(4, 8))
    means, pixels = model.sample(2000, 9), model.sample(2000, 9, mean=False)
    assert means.shape == (2000, 6) and set(np.unique(pixels)) == {0, 1}
    assert (np.abs(pixels.mean(axis=0) - means.mean(axis=0)) < 5 * 0.5 / np.sqrt(2000)).all()


def test_linear_samples_have_the_exact_marginal_moments():
    model = VAE(3, (), 2, "gaussian", sigma0=0.5, dtype=np.float64, seed=1)
    model.parameters["decoder.0.b"][...] = [1.0, -0.5, 0.3]
    mean, covariance = linear_marginal(model.parameters["decoder.0.W"], model.parameters["decoder.0.b"], 0.5)
    x = model.sample(100_000, 0, mean=False)
    np.testing.assert_allclose(x.mean(axis=0), mean, atol=5 * np.sqrt(covariance.max() / 100_000))
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=5 * covariance.max() * np.sqrt(2 / 100_000))


def test_same_seed_same_weights_and_both_types_start_alike():
    np.testing.assert_array_equal(VAE(6, seed=3).parameters.vector, VAE(6, seed=3).parameters.vector)
    assert not np.array_equal(VAE(6, seed=3).parameters.vector, VAE(6, seed=4).parameters.vector)
    np.testing.assert_allclose(VAE(6, seed=3, dtype=np.float64).parameters.vector, VAE(6, seed=3).parameters.vector,
                               rtol=1e-6)


def test_parameters_are_views_of_one_vector():
    model = VAE(6, (4,), 2, "gaussian", learn_sigma=True)
    for views in (model.parameters, model.gradients):
        assert sum(view.size for view in views.values()) == views.vector.size
        views.vector[...] = np.arange(views.vector.size)
        np.testing.assert_array_equal(np.concatenate([view.ravel() for view in views.values()]), views.vector)
    assert model.encoder.layers[0].W[0, 0] == model.parameters.vector[0]
    assert model.likelihood.logvar[0] == model.parameters.vector[-1]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_have_views_of_their_own(duplicate, rng):
    model = VAE(6, (4,), 2)
    other = duplicate(model)
    other.parameters.vector[...] = 0
    assert np.abs(model.parameters.vector).max() > 0
    assert np.abs(other.encoder.layers[0].W).max() == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_saved_and_loaded_is_the_same_model(likelihood, dtype, tmp_path, rng):
    model = shifted(VAE(6, (4, 3), 2, **LIKELIHOODS[likelihood], activation="relu", beta=0.5, dtype=dtype), rng)
    model.save(tmp_path / "model.npz")
    other = tinyvae.load(tmp_path / "model.npz")
    x, eps = rng.random((5, 6)), rng.standard_normal((5, 2))
    assert other.dtype == dtype and other.beta == 0.5
    assert model.loss(x, eps).total == other.loss(x, eps).total
    np.testing.assert_array_equal(model.parameters.vector, other.parameters.vector)


def test_backward_without_loss_is_refused():
    with pytest.raises(RuntimeError, match="call loss"):
        VAE(6).backward()


def test_float32_throughout(rng):
    for settings in LIKELIHOODS.values():
        model = VAE(6, (4,), 2, **settings)
        loss = model.loss(rng.random((5, 6)), rng.standard_normal((5, 2)))
        assert loss.total.dtype == np.float32 and model.output.dtype == np.float32
        model.backward()
        assert model.gradients.vector.dtype == np.float32


@pytest.mark.parametrize("between", [
    lambda model, x, eps: model.encode(x), lambda model, x, eps: model.decode(eps), lambda model, x, eps: model.elbo(x, eps),
    lambda model, x, eps: model.reconstruct(x), lambda model, x, eps: model.sample(3, 0),
    lambda model, x, eps: tinyvae.log_likelihood(model, x, k=2),
    lambda model, x, eps: pytest.raises(ValueError, model.loss, x, eps[:1])])
def test_backward_never_uses_another_forward(between, rng):
    model = VAE(6, (4,), 2)
    x, eps = rng.random((5, 6)), rng.standard_normal((5, 2))
    model.loss(x, eps)
    between(model, x, eps)
    with pytest.raises(RuntimeError, match="call loss"):
        model.backward()


def test_two_models_never_share_a_likelihood(rng):
    shared = tinyvae.Gaussian(0.5, learn_sigma=True)
    first, second = VAE(6, (), 2, shared), VAE(6, (), 2, shared)
    first.parameters["likelihood.logvar"][...] = 1.0
    assert first.likelihood.sigma == pytest.approx(np.exp(0.5)) and second.likelihood.sigma == pytest.approx(0.5)


def test_beta_is_checked_and_stays_a_python_float():
    model = VAE(6, (4,), 2)
    model.beta = np.linspace(0, 1, 3)[1]
    assert type(model.beta) is float and model.beta == 0.5
    with pytest.raises(ValueError, match="beta: got nan"):
        model.beta = float("nan")
