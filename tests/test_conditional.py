"""The conditional VAE: its whole gradient, the label's place in it, the VAE of one class, its files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyvae
from tests.oracles import gaussian_log_density, linear_marginal
from tests.strategies import generators, sizes
from tests.test_vae import LIKELIHOODS, shifted
from tinyvae import evaluation
from tinyvae.conditional import ConditionalVAE
from tinyvae.gradcheck import check_gradients

X, Y = np.random.default_rng(0).random((7, 6)), np.array([0, 2, 1, 2, 0, 1, 2])
EPS = np.random.default_rng(1).standard_normal((7, 2))


def small(**settings):
    settings = {"hidden": (4,), "latent_dim": 2, "activation": "tanh", "dtype": np.float64, **settings}
    return shifted(ConditionalVAE(6, 3, **settings), np.random.default_rng(5))


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@given(rng=generators, B=sizes, D=sizes, C=sizes, L=sizes, hidden=st.sampled_from([(), (3,), (5, 2)]),
       activation=st.sampled_from(["tanh", "elu", "softplus", "sigmoid"]), beta=st.sampled_from([1.0, 0.3, 0.0]))
def test_whole_gradient(likelihood, rng, B, D, C, L, hidden, activation, beta):
    model = shifted(ConditionalVAE(D, C, hidden, L, **LIKELIHOODS[likelihood], activation=activation, beta=beta,
                                   seed=rng, dtype=np.float64), rng)
    x, c, eps = rng.random((B, D)), np.eye(C)[rng.integers(C, size=B)], rng.standard_normal((B, L))
    report = check_gradients(model, x, c, eps)
    assert [row.name for row in report.rows] == list(model.parameters)
    assert model.parameters["encoder.0.W"].shape[0] == D + C and model.parameters["decoder.0.W"].shape[0] == L + C
    assert report.worst <= 1e-12


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_whole_gradient_by_central_differences(likelihood):
    rng = np.random.default_rng(7)
    model = shifted(ConditionalVAE(5, 3, (4, 3), 2, **LIKELIHOODS[likelihood], seed=1, dtype=np.float64), rng)
    blends = rng.dirichlet(np.ones(3), 7)
    report = check_gradients(model, rng.random((7, 5)), blends, rng.standard_normal((7, 2)), method="central")
    assert report.worst <= 1e-7


def by_hand(model, x, label, eps):
    """-log p(x given z, y) and KL of one example, number by number: the weights of label y are added, one at a time."""
    p = model.parameters

    def dense(inputs, name, add=None):
        W, b = p[name + ".W"], p[name + ".b"]
        out = [b[j] + sum(inputs[i] * W[i, j] for i in range(len(inputs))) for j in range(len(b))]
        return out if add is None else [out[j] + W[len(inputs) + add, j] for j in range(len(b))]
    h = dense([np.tanh(v) for v in dense(x, "encoder.0", label)], "encoder.2")
    mu, logvar = h[:model.latent_dim], h[model.latent_dim:]
    z = [m + np.exp(v / 2) * e for m, v, e in zip(mu, logvar, eps)]
    a = dense([np.tanh(v) for v in dense(z, "decoder.0", label)], "decoder.2")
    nll = -sum(np.log(1 / (1 + np.exp(-v)) if t else 1 / (1 + np.exp(v))) for t, v in zip(x, a))
    return nll, sum((m**2 + np.exp(v) - v - 1) / 2 for m, v in zip(mu, logvar))


def test_the_loss_number_by_number():
    """The label reaches encoder and decoder, in the column of its own: nothing here is the library's forward."""
    model, x = small(), np.round(X)
    expected = np.array([by_hand(model, *row) for row in zip(x, Y, EPS)])                # (7, 2)
    loss = model.loss(x, Y, EPS)
    assert loss.reconstruction == pytest.approx(expected[:, 0].mean(), rel=1e-12)
    assert loss.kl == pytest.approx(expected[:, 1].mean(), rel=1e-12)
    np.testing.assert_allclose(model.elbo(x, Y, EPS), -expected.sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("hidden", [(), (4,), (5, 3)])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_given_is_the_model_of_one_class(likelihood, hidden):
    """A label is a bias: every number that takes a label comes out of the VAE of that label too."""
    model = small(hidden=hidden, **LIKELIHOODS[likelihood], beta=0.5)
    for label in range(3):
        labels, one = np.full(7, label), model.given(label)
        assert type(one) is tinyvae.VAE and one.beta == 0.5 and one.hidden == hidden and one.activation == "tanh"
        np.testing.assert_allclose(one.encode(X), model.encode(X, labels), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(one.decode(EPS), model.decode(EPS, labels), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(one.elbo(X, EPS), model.elbo(X, labels, EPS), rtol=1e-12)
        assert one.loss(X, EPS).total == pytest.approx(model.loss(X, labels, EPS).total, rel=1e-12)
        np.testing.assert_allclose(one.sample(7, 3, mean=False), model.sample(labels, 3, mean=False), rtol=1e-12)
    one.parameters.vector[...] = 0
    assert np.abs(model.parameters.vector).min() > 0                                     # a copy


def test_given_has_the_exact_marginal_of_its_class():
    """The linear decoder of class y: p(x given y) = N(b + W_y, W^T W + sigma^2 I); importance sampling agrees."""
    model = ConditionalVAE(3, 2, (), 2, "gaussian", sigma0=0.6, seed=0, dtype=np.float64)
    W, b = model.parameters["decoder.0.W"], model.parameters["decoder.0.b"]
    W[...] = np.array([[1.1, -0.3, 0.2], [0.1, 0.5, 0.9], [2.0, 0.0, 0.0], [0.0, -1.0, 3.0]])
    b[...] = [0.3, -0.2, 0.1]
    x = np.random.default_rng(2).standard_normal((20, 3))
    for label, mean in enumerate(([2.3, -0.2, 0.1], [0.3, -1.2, 3.1])):
        exact = gaussian_log_density(x, *linear_marginal(W[:2], np.array(mean), 0.6))
        one = model.given(label)
        # an encoder whose q is near the posterior, a little wider, so that the weights are bounded
        covariance = np.linalg.inv(np.eye(2) + W[:2] @ W[:2].T / 0.36)
        one.parameters["encoder.0.W"][...] = np.hstack([W[:2].T @ covariance / 0.36, np.zeros((3, 2))])
        one.parameters["encoder.0.b"][...] = np.concatenate([-np.array(mean) @ W[:2].T @ covariance / 0.36,
                                                             np.log(1.5 * np.diag(covariance))])
        estimate, error = evaluation.log_likelihood(one, x, k=4000, rng=0, return_error=True)
        assert (np.abs(estimate - exact) < 5 * error).all() and error.max() < 0.1


def test_samples_follow_their_labels():
    model = small(likelihood="gaussian", sigma0=0.1)
    model.parameters["decoder.0.W"][2:] = np.array([[3.0] * 4, [0.0] * 4, [-3.0] * 4])
    labels = np.repeat([0, 2], 500)
    means, drawn = model.sample(labels, 7), model.sample(labels, 7, mean=False)
    assert means.shape == (1000, 6)
    np.testing.assert_array_equal(means, model.sample(labels, 7))
    noise = (drawn - means) / 0.1                                            # 6000 numbers from N(0, 1)
    assert abs(noise.mean()) < 5 / np.sqrt(6000) and abs(noise.std() - 1) < 5 / np.sqrt(2 * 6000)
    swapped = model.sample(labels[::-1], 7)                                  # the same z, the other label
    assert np.abs(swapped - means).max(axis=1).min() > 0.1


def test_a_label_of_another_class_is_another_question():
    model = small()
    x_hat = model.reconstruct(X, Y)
    assert not np.allclose(x_hat, model.reconstruct(X, (Y + 1) % 3))
    np.testing.assert_allclose(x_hat, model.decode(model.encode(X, Y)[0], Y))
    mu, logvar = model.encode(X, Y)
    np.testing.assert_allclose(model.reconstruct(X, Y, EPS), model.decode(mu + np.exp(logvar / 2) * EPS, Y))


def test_a_blend_lies_between_its_labels():
    """In the linear decoder half of each label is the mean of their pictures."""
    model = small(hidden=(), likelihood="gaussian")
    zero, two = (model.decode(EPS, np.full(7, label)) for label in (0, 2))
    blend = model.decode(EPS, np.tile([0.5, 0.0, 0.5], (7, 1)))
    np.testing.assert_allclose(blend, (zero + two) / 2, rtol=1e-12)


@pytest.mark.parametrize("labels, error, says", [
    (Y[:3], ValueError, "labels: got 3 of them, expected 7"), (Y + 1, ValueError, "labels: got labels from 1 to 3"),
    (Y - 1, ValueError, "from -1 to 1, expected 0 to 2"), (Y / 1, TypeError, "whole numbers 0 to 2; convert"),
    (Y[:, None, None], ValueError, r"labels: got shape \(7, 1, 1\)"), ([], ValueError, r"labels: got shape \(0,\)"),
    (np.eye(4)[Y], ValueError, r"labels: got shape \(7, 4\), expected \(7,\) labels or \(7, 3\)"),
    (2 * np.eye(3)[Y], ValueError, "rows that sum to 2 .. 2"),
    (np.tile([1.5, -0.5, 0], (7, 1)), ValueError, "least entry of -0.5")])
def test_what_is_no_label_is_refused(labels, error, says):
    model = small()
    for call in (lambda: model.loss(X, labels, EPS), lambda: model.encode(X, labels),
                 lambda: model.elbo(X, labels, EPS), lambda: model.decode(EPS, labels),
                 lambda: model.reconstruct(X, labels)):
        with pytest.raises(error, match=says):
            call()


def test_given_refuses_what_is_no_class():
    for label, error, says in ((3, ValueError, "label: got 3, expected 0 to 2"), (-1, ValueError, "got -1"),
                               (1.0, TypeError, "whole number")):
        with pytest.raises(error, match=says):
            small().given(label)
    with pytest.raises(ValueError, match="classes: got 0"):
        ConditionalVAE(6, 0)


def test_fit_takes_the_labels_and_uses_them():
    """x is its label and nothing else: with the labels nothing remains to code, and both losses go to 0."""
    labels = np.arange(300) % 3
    x = np.eye(3)[labels][:, [0, 1, 2, 0, 1, 2]]
    model = ConditionalVAE(6, 3, (8,), 2, dtype=np.float64)
    shuffled = ConditionalVAE(6, 3, (8,), 2, dtype=np.float64)
    settings = {"epochs": 30, "batch_size": 20, "optimizer": tinyvae.Adam(0.03), "progress": False}
    history = tinyvae.fit(model, (x, labels), validation=(x, labels), **settings)
    other_labels = np.random.default_rng(0).permutation(labels)
    tinyvae.fit(shuffled, (x, other_labels), **{**settings, "optimizer": tinyvae.Adam(0.03)})
    assert history["validation_total"][-1] < 0.1 and history["validation_kl"][-1] < 0.1
    noise = np.random.default_rng(1).standard_normal((300, 2))
    # a label that says nothing leaves log 3 nats about which picture it is, of which the bound cannot be below
    assert 0.9 * np.log(3) < shuffled.loss(x, other_labels, noise).total < 2 * np.log(3)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_saved_and_loaded_is_the_same_model(likelihood):
    model = small(**LIKELIHOODS[likelihood], beta=0.5, dtype=np.float32)
    other = ConditionalVAE.from_header(model.header())
    assert other.header() == model.header() and other.header()["model"] == "ConditionalVAE"
    other.set_vector(model.parameters.vector)
    assert model.loss(X, Y, EPS).total == other.loss(X, Y, EPS).total and other.dtype == np.float32


def test_float32_throughout():
    model = small(dtype=np.float32)
    assert model.loss(X, Y, EPS).total.dtype == np.float32 and model.output.dtype == np.float32
    model.backward()
    assert model.gradients.vector.dtype == np.float32 and model.given(1).dtype == np.float32


@pytest.mark.parametrize("between", [
    lambda model: model.encode(X, Y), lambda model: model.decode(EPS, Y), lambda model: model.elbo(X, Y, EPS),
    lambda model: model.reconstruct(X, Y), lambda model: model.sample(Y, 0),
    lambda model: pytest.raises(ValueError, model.loss, X, Y[:1], EPS),
    lambda model: pytest.raises(TypeError, model.loss, X, Y / 1, EPS)])
def test_backward_never_uses_another_forward(between):
    model = small()
    model.loss(X, Y, EPS)
    between(model)
    with pytest.raises(RuntimeError, match="call loss"):
        model.backward()
