"""The GAN: both players' gradients, the losses by brute force, the optimal discriminator of known densities."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyvae
from tests.strategies import generators, sizes
from tinyvae import gan as gans
from tinyvae import gaussian
from tinyvae.gan import GAN, fit_gan
from tinyvae.gradcheck import check_gradients, numeric_gradients, relative_error
from tinyvae.layers import INITIALISATIONS
from tinyvae.optimizer import Adam

PAIRS = {"generator": (gans.generator_nll, gans.generator_nll_backward),
         "saturating": (gans.saturating_nll, gans.saturating_nll_backward)}


def shifted(model, rng):
    """The model with non-zero biases, so that no wrong gradient can hide behind a zero."""
    model.parameters.vector[...] += 0.2 * rng.standard_normal(model.parameters.vector.size)
    return model


def two_gaussians():
    """A linear GAN whose generator makes N((-0.3, 0.5), I) from N(0, I), to be told from N((0.7, 0), I)."""
    m, c = np.array([0.7, 0.0]), np.array([-0.3, 0.5])
    model = GAN(2, 2, (), dtype=np.float64)
    model.parameters["generator.0.W"][...] = np.eye(2)
    model.parameters["generator.0.b"][...] = c
    return model, m, c


# Gradients

@given(rng=generators, B=sizes, made=sizes)
def test_gradient_of_the_discriminators_loss(rng, B, made):
    logits = 2 * rng.standard_normal(B), 2 * rng.standard_normal(made)
    pair = gans.discriminator_nll, gans.discriminator_nll_backward
    assert check_gradients(pair, *logits, rng=rng).worst <= 1e-12
    assert check_gradients(pair, *logits, method="central", rng=rng).worst <= 1e-7


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@given(rng=generators, B=sizes)
def test_gradient_of_the_generators_losses(pair, rng, B):
    a = 2 * rng.standard_normal(B)
    assert check_gradients(pair, a, rng=rng).worst <= 1e-12
    assert check_gradients(pair, a, method="central", rng=rng).worst <= 1e-7


@pytest.mark.parametrize("saturating", [False, True])
@pytest.mark.parametrize("player", GAN.parts)
@given(rng=generators, B=sizes, made=sizes, D=sizes, L=sizes, hidden=st.sampled_from([(), (3,), (5, 2)]),
       activation=st.sampled_from(["tanh", "elu", "softplus", "sigmoid"]))
def test_whole_gradient_of_each_player(player, saturating, rng, B, made, D, L, hidden, activation):
    model = shifted(GAN(D, L, hidden, activation=activation, saturating=saturating, seed=rng, dtype=np.float64), rng)
    report = check_gradients(model.players[player], rng.standard_normal((B, D)), rng.standard_normal((made, L)))
    assert [row.name for row in report.rows] == [name for name in model.parameters if name.startswith(player)]
    assert report.worst <= 1e-12


@pytest.mark.parametrize("player", GAN.parts)
@pytest.mark.parametrize("activation", sorted(INITIALISATIONS))
def test_whole_gradient_by_central_differences(player, activation):
    rng = np.random.default_rng(7)
    model = shifted(GAN(5, 3, (4, 3), activation=activation, seed=1, dtype=np.float64), rng)
    x, z = rng.standard_normal((7, 5)), rng.standard_normal((5, 3))
    assert check_gradients(model.players[player], x, z, method="central").worst <= 1e-7


@given(rng=generators, B=sizes, made=sizes, D=sizes, L=sizes, saturating=st.booleans())
def test_gradient_of_every_input(rng, B, made, D, L, saturating):
    model = shifted(GAN(D, L, (3,), activation="tanh", saturating=saturating, seed=rng, dtype=np.float64), rng)
    x, z = rng.standard_normal((B, D)), rng.standard_normal((made, L))
    moving = model.astype(np.complex128)
    model.discriminator_loss(x, z)
    dx, dx_hat = model.discriminator_backward()
    numeric_dx, numeric_dz = numeric_gradients(lambda x, z: moving.discriminator_loss(x, z).total, x, z)
    assert relative_error(dx, numeric_dx).max() <= 1e-12
    assert relative_error(model.generator.backward(dx_hat), numeric_dz).max() <= 1e-12     # the rest of its way to z
    model.generator_loss(z)
    numeric_dz, = numeric_gradients(lambda z: moving.generator_loss(z).total, z)
    assert relative_error(model.generator_backward(), numeric_dz).max() <= 1e-12


@pytest.mark.parametrize("player, other", [GAN.parts, GAN.parts[::-1]])
def test_each_backward_changes_no_parameter_and_leaves_the_other_player_a_gradient_of_zero(player, other, rng):
    model = shifted(GAN(dtype=np.float64), rng)
    before = model.parameters.vector.copy()
    model.gradients.vector[...] = 7.0
    of_player = model.players[player]
    of_player.loss(rng.standard_normal((5, 2)), rng.standard_normal((3, 2)))
    of_player.backward()
    np.testing.assert_array_equal(model.parameters.vector, before)
    assert not model.gradients.vector[model.slice_of(other)].any()
    assert len(of_player.gradients) == 6 and all(gradient.any() for gradient in of_player.gradients.values())
    assert np.shares_memory(model.gradients.vector[model.slice_of(player)], of_player.gradients[player + ".0.W"])
    assert model.slice_of(player).stop - model.slice_of(player).start == sum(v.size for v in
                                                                             of_player.parameters.values())


# Forwards

@given(rng=generators, B=sizes, made=sizes)
def test_losses_by_brute_force(rng, B, made):
    real, fake = 2 * rng.standard_normal(B), 2 * rng.standard_normal(made)
    D_real, D_fake = ([1 / (1 + math.exp(-a)) for a in logits] for logits in (real, fake))
    share = sum(math.log(1 - D) for D in D_fake) / made
    assert gans.discriminator_nll(real, fake) == pytest.approx(-sum(map(math.log, D_real)) / B - share, rel=1e-12)
    assert gans.generator_nll(fake) == pytest.approx(-sum(map(math.log, D_fake)) / made, rel=1e-12)
    assert gans.saturating_nll(fake) == pytest.approx(share, rel=1e-12)


def test_sure_discriminators_neither_overflow_nor_lose_the_gradient():
    """Logits of -1000: the saturating loss has lost its gradient, the other has all of it."""
    a = np.array([-1000.0, -1000.0])
    assert gans.discriminator_nll(-a, a) == 0 and gans.discriminator_nll(a, -a) == 2000
    assert gans.generator_nll(a) == 1000 and gans.saturating_nll(a) == 0
    np.testing.assert_array_equal(gans.generator_nll_backward(1.0, a), [-0.5, -0.5])
    np.testing.assert_array_equal(gans.saturating_nll_backward(1.0, a), [0, 0])


def test_the_two_gradients_of_the_generator_differ_by_the_odds():
    """(-D) / (D - 1) = D / (1 - D) = e^a."""
    a = np.linspace(-9, 9, 19)
    np.testing.assert_allclose(gans.saturating_nll_backward(1.0, a) / gans.generator_nll_backward(1.0, a), np.exp(a),
                               rtol=1e-12)


def test_the_players_see_what_the_networks_say(rng):
    """generate, logits, then the losses by hand: the pieces are those that the two losses use."""
    model = shifted(GAN(3, 2, (4,), dtype=np.float64), rng)
    x, z = rng.standard_normal((7, 3)), rng.standard_normal((5, 2))
    a_real, a_fake = model.logits(x), model.logits(model.generate(z))
    assert model.discriminator_loss(x, z).total == pytest.approx(gans.discriminator_nll(a_real, a_fake), rel=1e-14)
    assert model.generator_loss(z).total == pytest.approx(gans.generator_nll(a_fake), rel=1e-14)
    model.saturating = True
    assert model.generator_loss(z).total == pytest.approx(gans.saturating_nll(a_fake), rel=1e-14)
    assert a_real.shape == (7,) and model.generate(z).shape == (5, 3)


def test_the_optimal_loss_of_two_discrete_distributions():
    """p = (4, 3, 2, 1)/10 and q = (1, 2, 3, 4)/10 as ten points each: the best logits are log p/q, and the loss there
    is 2 log 2 - 2 JSD, summed by hand; any other logits cost more."""
    p, q, cells = np.array([4, 3, 2, 1]), np.array([1, 2, 3, 4]), np.arange(4)
    best = np.log(p / q)
    middle = (p + q) / 20
    jsd = sum(0.5 * np.sum(r / 10 * np.log(r / 10 / middle)) for r in (p, q))
    x, x_hat = np.repeat(cells, p), np.repeat(cells, q)
    least = gans.discriminator_nll(best[x], best[x_hat])
    assert least == pytest.approx(2 * math.log(2) - 2 * jsd, rel=1e-14)
    for step in 1e-3 * np.vstack([np.eye(4), -np.eye(4)]):
        assert gans.discriminator_nll((best + step)[x], (best + step)[x_hat]) > least


def test_the_optimal_loss_of_two_gaussians_by_quadrature():
    """N(0.8, 1) against N(-0.4, 1): the loss over evenly likely points, JSD by the trapezoid rule.

    The n points are the middles of cells of probability 1/n. Inside, the rule is exact to 1/n^2; the integrand, at most
    1.2 |x| + 1, is off in the two end cells by about its size there, 1.2 * 5 / n each.
    """
    n, t = 20_001, np.linspace(-12, 12, 4001)
    log_p, log_q = (np.log(np.exp(-(t - m)**2 / 2) / math.sqrt(2 * math.pi)) for m in (0.8, -0.4))
    log_middle = np.logaddexp(log_p, log_q) - math.log(2)
    jsd = 0.5 * np.sum(np.exp(log_p) * (log_p - log_middle) + np.exp(log_q) * (log_q - log_middle)) * (t[1] - t[0])
    z = gaussian.quantiles(n)
    a = lambda x: 1.2 * x - 0.24                                        # log p - log q
    loss = gans.discriminator_nll(a(z + 0.8), a(z - 0.4))
    assert loss == pytest.approx(2 * math.log(2) - 2 * jsd, abs=2 * 6 / n)


def test_a_trained_discriminator_is_the_log_ratio_of_two_gaussians():
    """log N(x; m, I) - log N(x; c, I) = (m - c) x - (m^2 - c^2) / 2. The discriminator is then a logistic regression,
    whose parameters have the covariance (sum D (1 - D) [x, 1] [x, 1]^T)^-1: 5 standard errors are allowed."""
    model, m, c = two_gaussians()
    rng, n = np.random.default_rng(0), 5000
    x, z = m + rng.standard_normal((n, 2)), rng.standard_normal((n, 2))
    player, adam, part = model.players["discriminator"], Adam(0.05), model.slice_of("discriminator")
    for _ in range(300):
        player.loss(x, z)
        player.backward()
        adam.step(model.parameters.vector[part], model.gradients.vector[part])
    assert np.abs(model.gradients.vector[part]).max() < 1e-4            # at the minimum
    points = np.column_stack([np.concatenate([x, c + z]), np.ones(2 * n)])
    D = 1 / (1 + np.exp(-model.logits(points[:, :2])))
    covariance = np.linalg.inv(points.T @ (points * (D * (1 - D))[:, None]))
    found = np.append(model.parameters["discriminator.0.W"], model.parameters["discriminator.0.b"])
    exact = np.append(m - c, -(m @ m - c @ c) / 2)
    assert (np.abs(found - exact) <= 5 * np.sqrt(np.diag(covariance))).all()


def test_samples_of_a_linear_generator_have_its_moments():
    model, _, c = two_gaussians()
    x = model.sample(40_000, 3)
    np.testing.assert_allclose(x.mean(axis=0), c, atol=5 / np.sqrt(40_000))
    np.testing.assert_allclose(np.cov(x.T), np.eye(2), atol=5 * np.sqrt(2 / 40_000))
    np.testing.assert_array_equal(model.sample(4, 7), model.sample(4, 7))
    assert not np.array_equal(model.sample(4, 7), model.sample(4, 8))


# Training

@pytest.mark.parametrize("settings", [{}, {"discriminator_steps": 3, "generator_lr": 0.02, "beta1": 0.7}])
def test_fit_gan_is_two_adams_in_turn(settings):
    """Every number of two turns, the discriminator's moves first, written out."""
    data, turns, batch = np.random.default_rng(0).standard_normal((20, 2)), 2, 5
    trained, model = GAN(hidden=(3,), seed=1, dtype=np.float64), GAN(hidden=(3,), seed=1, dtype=np.float64)
    history = fit_gan(trained, data, turns, batch, lr=0.01, seed=4, **settings)
    batch_rng, noise_rng = map(np.random.default_rng, np.random.SeedSequence(4).spawn(2))
    n_generator = 3 * 2 + 3 + 3 * 2 + 2
    beta1 = settings.get("beta1", 0.5)
    adams = {"generator": Adam(settings.get("generator_lr", 0.01), beta1), "discriminator": Adam(0.01, beta1)}
    for turn in range(turns):
        for name, part in (("discriminator", slice(n_generator, None)), ("generator", slice(0, n_generator))):
            for _ in range(settings.get("discriminator_steps", 1) if name == "discriminator" else 1):
                rows = batch_rng.integers(20, size=batch)
                loss = model.players[name].loss(data[rows], model.noise(noise_rng, batch)).total
                model.players[name].backward()
                theta = model.parameters.vector[part].copy()
                adams[name].step(theta, model.gradients.vector[part].copy())
                model.parameters.vector[part] = theta
            assert history[name][turn] == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(trained.parameters.vector, model.parameters.vector, rtol=1e-12)


def test_the_game_moves_the_generator_to_the_data():
    """Data N((2, -1), 0.5^2 I): the mean of the samples comes nearer to theirs by more than half of the way."""
    data = np.array([2.0, -1.0]) + 0.5 * np.random.default_rng(0).standard_normal((1000, 2))
    model = GAN(hidden=(16,), seed=0)
    before = np.linalg.norm(model.sample(1000, 1).mean(axis=0) - data.mean(axis=0))
    history = fit_gan(model, data, 600, 64, lr=5e-3)
    assert np.linalg.norm(model.sample(1000, 1).mean(axis=0) - data.mean(axis=0)) < before / 2
    assert set(history) == {"generator", "discriminator"} and history["generator"].shape == (600,)


def test_same_seed_same_training():
    data = np.random.default_rng(0).standard_normal((50, 2))
    models = [GAN(hidden=(4,)) for _ in range(3)]
    for model, seed in zip(models, (1, 1, 2)):
        fit_gan(model, data, 3, 8, seed=seed)
    np.testing.assert_array_equal(models[0].parameters.vector, models[1].parameters.vector)
    assert not np.array_equal(models[0].parameters.vector, models[2].parameters.vector)


def test_a_diverging_game_says_so():
    data = 1e30 * np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    with pytest.raises(tinyvae.training.TrainingDiverged, match="learning rate"):
        fit_gan(GAN(), data, 50, 8, lr=1e30)


def test_fit_trains_one_player_alone():
    model, m, _ = two_gaussians()
    before = model.parameters.vector.copy()
    data = m + np.random.default_rng(0).standard_normal((500, 2))
    for player in model.players.values():
        np.testing.assert_array_equal(*(who.noise(np.random.default_rng(3), 4) for who in (player, model)))
    history = tinyvae.fit(model.players["discriminator"], data, epochs=5, optimizer=Adam(0.05), progress=False)
    assert history["total"][-1] < history["total"][0]
    part = model.slice_of("generator")
    np.testing.assert_array_equal(model.parameters.vector[part], before[part])


# The model as a model

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_and_built_again_is_the_same_gan(dtype, tmp_path, rng):
    model = shifted(GAN(3, 2, (4, 5), activation="tanh", saturating=True, dtype=dtype), rng)
    model.save(tmp_path / "gan.npz")
    other = tinyvae.load(tmp_path / "gan.npz")
    assert other.header() == model.header() and other.dtype == dtype
    np.testing.assert_array_equal(other.sample(5, 0), model.sample(5, 0))
    np.testing.assert_array_equal(other.logits(model.sample(5, 0)), model.logits(model.sample(5, 0)))
    assert [len(layer.b) for layer in other.generator.layers[::2]] == [4, 5, 3]
    assert [len(layer.b) for layer in other.discriminator.layers[::2]] == [5, 4, 1]


def test_float32_throughout(rng):
    model = GAN()
    for player in model.players.values():
        assert player.loss(rng.standard_normal((5, 2)), rng.standard_normal((5, 2))).total.dtype == np.float32
        player.backward()
    assert model.sample(3, 0).dtype == model.gradients.vector.dtype == model.noise(rng, 3).dtype == np.float32


@pytest.mark.parametrize("between", [
    lambda model, x: model.sample(3, 0), lambda model, x: model.logits(x), lambda model, x: model.generate(x),
    lambda model, x: pytest.raises(ValueError, model.discriminator_loss, x, x[:, :1])])
@pytest.mark.parametrize("player, other", [GAN.parts, GAN.parts[::-1]])
def test_backward_never_uses_another_forward(between, player, other, rng):
    model, x = GAN(), rng.standard_normal((5, 2))
    with pytest.raises(RuntimeError, match=f"call {player}_loss"):
        model.players[player].backward()
    model.players[other].loss(x, x)
    with pytest.raises(RuntimeError, match=f"call {player}_loss"):
        model.players[player].backward()
    model.players[player].loss(x, x)
    between(model, x)
    with pytest.raises(RuntimeError, match=f"call {player}_loss"):
        model.players[player].backward()


@pytest.mark.parametrize("call, words", [
    (lambda: GAN(0), "data_dim: got 0"), (lambda: GAN(latent_dim=1.5), "latent_dim: got 1.5"),
    (lambda: GAN(hidden=3), "hidden: got 3"), (lambda: GAN(activation="relo"), "relo"),
    (lambda: GAN().discriminator_loss(np.ones((3, 1)), np.ones((3, 2))), "x: got shape"),
    (lambda: GAN().discriminator_loss(np.ones((3, 2)), np.ones((3, 1))), "z: got shape"),
    (lambda: GAN().generator_loss(np.full((3, 2), np.nan)), "z: 6 of 6 values are NaN"),
    (lambda: GAN().logits(np.ones((0, 2))), "x: got the empty shape"),
    (lambda: GAN().sample(0, 0), "n: got 0"), (lambda: GAN().sample(3, None), "rng: got None"),
    (lambda: GAN().slice_of("critic"), "part: got 'critic'"),
    (lambda: fit_gan(GAN(), np.ones((3, 1))), "x: got shape"), (lambda: fit_gan(GAN(), np.ones((3, 2)), 0), "steps"),
    (lambda: fit_gan(GAN(), np.ones((3, 2)), lr=0), "lr: got 0"),
    (lambda: fit_gan(GAN(), np.ones((3, 2)), discriminator_steps=0), "discriminator_steps: got 0"),
    (lambda: fit_gan(GAN(), np.ones((3, 2)), seed=-1), "seed: got -1")])
def test_bad_input_is_refused(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
