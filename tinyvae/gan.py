"""The generative adversarial network: a generator, a discriminator, and the gradient of each player. Lecture p4, p5.

    z --generator--> x_hat          x or x_hat --discriminator--> logit a,    D = sigmoid(a) = "is it data?"

Goodfellow et al. 2014 (Generative Adversarial Nets). There is no density in it: noise goes in, points come out.
"""

from typing import Any, NamedTuple

import numpy as np

from tinyvae import checks
from tinyvae.activations import sigmoid, softplus
from tinyvae.layers import mlp
from tinyvae.optimizer import Adam
from tinyvae.parameters import Described, Parametrised
from tinyvae.training import History, TrainingDiverged


def discriminator_nll(a_real, a_fake):
    """What the discriminator minimises, the two classes weighing the same. Goodfellow et al. 2014, equation 1.

    a_real (B,), a_fake (B',) : logits of data and of made points        returns : a number, nats
    """
    # -mean log D(x) - mean log(1 - D(x_hat)),   -log sigmoid(a) = softplus(-a),   -log(1 - sigmoid(a)) = softplus(a)
    return np.mean(softplus(-a_real)) + np.mean(softplus(a_fake))


def discriminator_nll_backward(dloss, a_real, a_fake):
    """Upstream dloss (a number) to da_real (B,) and da_fake (B',)."""
    # d softplus(-a)/da = -sigmoid(-a) = D - 1        d softplus(a)/da = sigmoid(a) = D
    da_real = -dloss * sigmoid(-a_real) / len(a_real)
    da_fake = dloss * sigmoid(a_fake) / len(a_fake)
    return da_real, da_fake


def generator_nll(a_fake):
    """What the generator minimises: made points should be taken for data. Goodfellow et al. 2014, section 3.

    a_fake (B,) : logits of made points        returns : a number, nats
    """
    # -mean log D(x_hat)
    return np.mean(softplus(-a_fake))


def generator_nll_backward(dloss, a_fake):
    """Upstream dloss (a number) to da_fake (B,): about -1/B each where the discriminator is sure that they are made."""
    return -dloss * sigmoid(-a_fake) / len(a_fake)


def saturating_nll(a_fake):
    """The generator's loss of equation 1, the negative of the discriminator's share: a zero-sum game.

    a_fake (B,) : logits of made points        returns : a number, nats, below 0
    """
    # mean log(1 - D(x_hat))
    return -np.mean(softplus(a_fake))


def saturating_nll_backward(dloss, a_fake):
    """Upstream dloss (a number) to da_fake (B,): about 0 where the discriminator is sure that they are made."""
    return -dloss * sigmoid(a_fake) / len(a_fake)


GENERATOR_LOSSES = {False: (generator_nll, generator_nll_backward), True: (saturating_nll, saturating_nll_backward)}


class Loss(NamedTuple):
    """The loss of one player, nats. A game has no loss that both minimise."""

    total: Any


class Player(Parametrised):
    """One player of a GAN as a model: its loss, its backward, its parameters alone; the other stands still.

    So check_gradients checks it, and fit(gan.players["discriminator"], x) trains it against the other as it is.
    """

    def __init__(self, gan, name):
        self.gan, self.name, self.data_dim = gan, name, gan.data_dim

    def _own(self, views):
        return {name: view for name, view in views.items() if name.startswith(self.name + ".")}

    @property
    def parameters(self):
        """Name to view into the GAN's own vector."""
        return self._own(self.gan.parameters)

    @property
    def gradients(self):
        """Name to view, filled by backward()."""
        return self._own(self.gan.gradients)

    def astype(self, dtype):
        """This player of a copy of the GAN."""
        return Player(self.gan.astype(dtype), self.name)

    def noise(self, rng, batch_size):
        """The z that loss needs, (batch_size, latent_dim)."""
        return self.gan.noise(rng, batch_size)

    def loss(self, x, z):
        """x (B, D), z (B', L) to Loss. The generator sees no x: it learns about the data through the other alone."""
        return self.gan.discriminator_loss(x, z) if self.name == "discriminator" else self.gan.generator_loss(z)

    def backward(self):
        """Fill the player's gradients of its last loss."""
        getattr(self.gan, self.name + "_backward")()


class GAN(Described):
    """Two multilayer perceptrons, trained by fit_gan. Lecture p4, p5; Goodfellow et al. 2014.

    data_dim : D, numbers per example        latent_dim : L, numbers of noise per example
    hidden : widths of the generator's hidden layers; the discriminator has them in reverse
    activation : elu, relu, softplus, tanh, sigmoid or linear
    saturating : True lets the generator minimise log(1 - D) instead of -log D
    seed : initial weights        dtype : float32 to train, float64 to check gradients
    """

    parts = ("generator", "discriminator")
    described_by = ("data_dim", "latent_dim", "hidden", "activation", "saturating")

    def __init__(self, data_dim=2, latent_dim=2, hidden=(64, 64), *, activation="relu", saturating=False, seed=0,
                 dtype=np.float32):
        self.data_dim = checks.whole_number("data_dim", data_dim)
        self.latent_dim = checks.whole_number("latent_dim", latent_dim)
        self.hidden, self.activation, self.saturating = checks.widths("hidden", hidden), activation, bool(saturating)
        rng = checks.generator("seed", seed)
        self.generator = mlp((self.latent_dim, *self.hidden, self.data_dim), activation, rng)   # z (B, L) to (B, D)
        self.discriminator = mlp((self.data_dim, *self.hidden[::-1], 1), activation, rng)       # x (B, D) to (B, 1)
        self._ready = None                       # whose loss the layers keep the values of
        self.pack(dtype)

    @property
    def players(self):
        """{"generator": Player, "discriminator": Player}."""
        return {name: Player(self, name) for name in self.parts}

    def slice_of(self, part):
        """Where the parameters of "generator" or "discriminator" lie in parameters.vector: a slice."""
        checks.choice("part", part, dict.fromkeys(self.parts))
        sizes = [sum(view.size for name, view in self.parameters.items() if name.startswith(part + "."))
                 for part in self.parts]
        return slice(0, sizes[0]) if part == self.parts[0] else slice(sizes[0], sum(sizes))

    def check(self, x, name="x"):
        """x as it is: any finite x will do."""
        return x

    def noise(self, rng, batch_size):
        """z from N(0, I), (batch_size, L)."""
        return rng.standard_normal((batch_size, self.latent_dim), dtype=self.noise_dtype).astype(self.dtype, copy=False)

    def _judge(self, x):
        return self.discriminator.forward(x)[:, 0]                               # a (B,)

    def generate(self, z):
        """z (B, L) to points (B, D)."""
        self._ready = None
        return self.generator.forward(checks.float_array("z", z, self.latent_dim, self.dtype))

    def sample(self, n, rng):
        """n new points: z from N(0, I) through the generator, once. rng : Generator or seed        returns : (n, D)"""
        return self.generate(self.noise(checks.generator("rng", rng), checks.whole_number("n", n)))

    def logits(self, x):
        """a (B,) for points x (B, D). The best discriminator has a = log p(x) - log q(x), data against made points."""
        self._ready = None
        return self._judge(checks.float_array("x", x, self.data_dim, self.dtype))

    def discriminator_loss(self, x, z):
        """-mean log D(x) - mean log(1 - D(G(z))).

        x : (B, D)        z : (B', L), noise from N(0, I)        returns : Loss
        Raises ValueError or TypeError for a wrong shape, NaN, an empty batch.
        """
        x = checks.float_array("x", x, self.data_dim, self.dtype)
        x_hat = self.generate(z)                                                 # (B', D)
        a = self._judge(np.concatenate([x, x_hat]))                              # (B + B',)
        self.a_real, self.a_fake = a[:len(x)], a[len(x):]
        self._ready = "discriminator"
        return Loss(discriminator_nll(self.a_real, self.a_fake))

    def discriminator_backward(self):
        """Fill the discriminator's gradients; those of the generator become 0. Returns dx (B, D), dx_hat (B', D)."""
        self._refuse_without_loss("discriminator")
        da_real, da_fake = discriminator_nll_backward(1.0, self.a_real, self.a_fake)
        dx = self.discriminator.backward(np.concatenate([da_real, da_fake])[:, None])
        self.gradients.vector[self.slice_of("generator")] = 0
        return dx[:len(da_real)], dx[len(da_real):]

    def generator_loss(self, z):
        """-mean log D(G(z)), or mean log(1 - D(G(z))) when saturating.

        z : (B, L), noise from N(0, I)        returns : Loss
        Raises ValueError or TypeError for a wrong shape, NaN, an empty batch.
        """
        self.a_fake = self._judge(self.generate(z))                              # (B,)
        self._ready = "generator"
        return Loss(GENERATOR_LOSSES[self.saturating][0](self.a_fake))

    def generator_backward(self):
        """Fill the generator's gradients; those of the discriminator become 0. Returns dz (B, L).

        The discriminator is a part of the generator's loss like any other layer, but one that does not move.
        """
        self._refuse_without_loss("generator")
        da_fake = GENERATOR_LOSSES[self.saturating][1](1.0, self.a_fake)         # (B,)
        dx_hat = self.discriminator.backward(da_fake[:, None])                   # (B, D), through the other player
        dz = self.generator.backward(dx_hat)                                     # (B, L)
        self.gradients.vector[self.slice_of("discriminator")] = 0
        return dz

    def _refuse_without_loss(self, player):
        if self._ready != player:
            raise RuntimeError(f"{player}_backward: call {player}_loss first, backward needs what it kept")


def fit_gan(gan, x, steps=2000, batch_size=256, *, lr=1e-3, generator_lr=None, beta1=0.5, discriminator_steps=1,
            seed=0):
    """Train both players in turn, in place. Goodfellow et al. 2014, algorithm 1, with Adam in place of momentum.

    x : (N, D)        steps : turns; in each the discriminator moves discriminator_steps times, the generator once
    batch_size : of data and of noise, each drawn anew for every move
    lr : of both Adam optimisers, generator_lr of the generator's if it differs; beta1 as in Radford et al. 2016
    seed : of batches and noise

    returns : History, discriminator and generator, each (steps,): the loss before the turn's last move, nats
    Raises ValueError or TypeError for bad input, TrainingDiverged when a loss or a parameter turns NaN.
    """
    x = checks.float_array("x", x, gan.data_dim, gan.dtype)
    steps, batch_size = checks.whole_number("steps", steps), checks.whole_number("batch_size", batch_size)
    moves = {"discriminator": checks.whole_number("discriminator_steps", discriminator_steps), "generator": 1}
    rates = {"discriminator": lr, "generator": lr if generator_lr is None else generator_lr}
    streams = np.random.SeedSequence(checks.whole_number("seed", seed, at_least=0)).spawn(2)
    batch_rng, noise_rng = map(np.random.default_rng, streams)
    optimizers = {name: Adam(rates[name], beta1=beta1) for name in moves}
    parts, players = {name: gan.slice_of(name) for name in moves}, gan.players
    history = {name: np.zeros(steps) for name in moves}
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            for name in moves:
                for _ in range(moves[name]):
                    loss = players[name].loss(x[batch_rng.integers(len(x), size=batch_size)],
                                              gan.noise(noise_rng, batch_size))
                    players[name].backward()
                    part = parts[name]
                    optimizers[name].step(gan.parameters.vector[part], gan.gradients.vector[part])
                    if not (np.isfinite(loss.total) and np.isfinite(gan.parameters.vector[part]).all()):
                        raise TrainingDiverged(step + 1, history[name][step - 1] if step else None,
                                               f"the learning rate of the {name}, {rates[name]:g}, is too large")
                history[name][step] = loss.total
    return History(history)
