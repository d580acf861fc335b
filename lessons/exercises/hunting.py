"""What the bug hunts test: gradients against numerical ones, the forward against numbers that are not its own.

A hunt's file has a class VAE, or plain functions and the parameters in a dict; its docstring says what the tests need
of it. Each test is a method of Tests that takes the reader's module and raises AssertionError.
"""

import functools
import math
import pathlib
import statistics

import numpy as np

SEED = 0
B, D, H, L = 7, 5, 4, 3                          # examples, pixels, hidden units, latents
STEP, TOLERANCE = 1e-5, 1e-6                     # of the central differences; relative to the largest entry
DRAWS = 20_000                                   # of the sampler; statistical tests allow 5 standard errors


class Model:
    """The reader's model in a small size with random parameters, called alike whether it is a class or functions.

    draws : True when the noise comes from a Generator that is handed in, not from an array eps
    """

    def __init__(self, module, key, latents=L, scale=0.5, draws=False):
        rng = np.random.default_rng([SEED, key])
        if hasattr(module, "VAE"):
            place = module.VAE(D, H, latents, seed=0)
            self.parameters, p = place.parameters, ()
        else:
            assert hasattr(module, "init"), "There is no class VAE and no init; the docstring says what must stay."
            place, self.parameters = module, module.init(D, H, latents, seed=0)
            p = (self.parameters,)
        for name in ("encode", "sample", "decode", "loss", "gradients"):
            assert callable(getattr(place, name, None)), f"There is no {name}; the docstring says what must stay."
        self.encode, self.decode, self.gradients, self.given_loss = (
            functools.partial(getattr(place, name), *p) for name in ("encode", "decode", "gradients", "loss"))
        self.sample = place.sample
        self.draws, self.latents = draws, latents
        for array in self.parameters.values():
            array[...] = scale * rng.standard_normal(array.shape)

    def loss(self, x, noise):
        """loss, reconstruction, kl."""
        value = self.given_loss(x, noise)
        three = isinstance(value, (tuple, list)) and len(value) == 3
        assert three, "loss must return three numbers: loss, reconstruction, kl"
        return value

    def noise(self, key, n=B):
        """The noise for n examples, the same for the same key."""
        rng = np.random.default_rng([SEED, 100 + key])
        return rng if self.draws else rng.standard_normal((n, self.latents))

    def posterior_draws(self, x, key):
        """Draws of z for each example of x: (len(x), DRAWS, latents)."""
        mu, logvar = self.encode(x)
        return np.array([self.sample(np.tile(m, (DRAWS, 1)), np.tile(v, (DRAWS, 1)), self.noise(key + i, DRAWS))
                         for i, (m, v) in enumerate(zip(mu, logvar))])


def numeric_gradients(loss, parameters):
    """Central differences of loss() by every entry of the arrays in parameters, which are nudged in place."""
    found = {}
    for name, array in parameters.items():
        found[name] = np.empty_like(array)
        for i in np.ndindex(array.shape):
            before = array[i]
            values = []
            for nudged in (before + STEP, before - STEP):
                array[i] = nudged
                values.append(loss())
            array[i] = before
            found[name][i] = (values[0] - values[1]) / (2 * STEP)
    return found


def compare(gradients, numeric, names):
    """Raises AssertionError that says which of these gradients are wrong, and in what way."""
    right, factors, other, worst = [], {}, [], 0.0
    for name in names:
        assert name in gradients, f"gradients returns none for {name}."
        given, truth = np.asarray(gradients[name], float), numeric[name]
        assert given.shape == truth.shape, f"The gradient of {name} has shape {given.shape}, {name} has {truth.shape}."
        assert np.all(np.isfinite(given)), f"The gradient of {name} has NaN or infinity in it."
        error = np.abs(given - truth).max() / max(np.abs(given).max(), np.abs(truth).max(), 1e-12)
        factor = np.sum(given * truth) / max(np.sum(truth**2), 1e-24)
        if error < TOLERANCE:
            right.append(name)
        elif np.allclose(given, factor * truth, rtol=1e-4, atol=1e-6 * np.abs(truth).max()):
            factors.setdefault(f"{factor:.3g}", []).append(name)
        else:
            other.append(name)
            worst = max(worst, error)
    said = [f"{listed(group)}: {x} times the numerical gradient at every entry." for x, group in factors.items()]
    if other:
        said.append(f"{listed(other)}: wrong by no constant factor, up to {100 * worst:.0f} % of the largest entry.")
    assert not said, " ".join(said) + (f" {listed(right)}: right." if right else "")


def listed(names):
    return ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1]


def kl_by_quadrature(mean, sd):
    """KL of N(mean, sd^2) from N(0, 1): the integral of q log(q/p), by the trapezoidal rule."""
    def log_density(z, m, s):
        return -0.5 * ((z - m) / s)**2 - np.log(s * math.sqrt(2 * math.pi))
    z = mean + sd * np.linspace(-9, 9, 721)
    q = np.exp(log_density(z, mean, sd))
    return np.sum(q * (log_density(z, mean, sd) - log_density(z, 0, 1))) * (z[1] - z[0])


def numbers(row):
    return "(" + ", ".join(f"{value:.3g}" for value in row) + ")"


class Tests:
    """The tests of a hunt.

    encoder, decoder, heads : names of parameters; the heads are weights and bias of mu, then of logvar
    draws : as in Model        sigma0 : the deviation of p(x given z); None when it is Bernoulli
    """

    def __init__(self, encoder, decoder, heads, draws=False, sigma0=None):
        self.encoder, self.decoder, self.heads = encoder.split(), decoder.split(), heads.split()
        self.draws, self.sigma0 = draws, sigma0

    def model(self, module, key, **options):
        return Model(module, key, draws=self.draws, **options)

    def data(self, key, n=B):
        rng = np.random.default_rng([SEED, 200 + key])
        return (rng.random((n, D)) < 0.5).astype(float) if self.sigma0 is None else rng.standard_normal((n, D))

    def compare_gradients(self, model, names, key):
        x = self.data(key)
        given = {name: np.array(array) for name, array in model.gradients(x, model.noise(key)).items()}
        compare(given, numeric_gradients(lambda: model.loss(x, model.noise(key))[0],
                                         {name: model.parameters[name] for name in names}), names)

    def gradient_of_decoder(self, module):
        """gradient check: the decoder"""
        self.compare_gradients(self.model(module, 1), self.decoder, 1)

    def gradient_of_encoder(self, module):
        """gradient check: the encoder"""
        self.compare_gradients(self.model(module, 1), [*self.encoder, *self.heads], 1)

    def gradient_after_another_batch(self, module):
        """gradient check: encoder and decoder, after another batch"""
        model = self.model(module, 2)
        model.gradients(self.data(3), model.noise(3))
        self.compare_gradients(model, list(model.parameters), 2)

    def same_batch_again(self, module):
        """repetition: a batch has the same gradients, whatever was asked before"""
        x, found = self.data(2), []
        for other in (None, 3, 4):
            model = self.model(module, 2)        # a new one, alike each time
            if other:
                model.gradients(self.data(other), model.noise(other))
            found.append({name: np.array(array) for name, array in model.gradients(x, model.noise(2)).items()})
        differ = [name for name, array in found[0].items()
                  if not all(np.allclose(array, later[name], rtol=1e-9, atol=1e-12) for later in found[1:])]
        assert not differ, ("With the same parameters, x and eps, the gradients depend on which batch came before: "
                            + ", ".join(differ) + ".")

    def moments_of_draws(self, module):
        """sampler: mean and standard deviation of the draws of z"""
        model, x = self.model(module, 5), self.data(5, 2)
        mu, logvar = model.encode(x)
        z, sigma = model.posterior_draws(x, 5), np.exp(np.asarray(logvar) / 2)
        mean, sd = z.mean(axis=1), z.std(axis=1, ddof=1)
        assert np.all(np.abs(mean - mu) < 5 * sigma / math.sqrt(DRAWS)), (
            f"{DRAWS} draws have the means {numbers(mean.ravel())}, where mu says {numbers(np.ravel(mu))}.")
        assert np.all(np.abs(sd / sigma - 1) < 5 / math.sqrt(2 * DRAWS)), (
            f"{DRAWS} draws have the deviations {numbers(sd.ravel())}, where logvar says {numbers(sigma.ravel())}.")

    def kl_of_draws(self, module):
        """KL: its value, against the draws of z"""
        wrong, about = [], ""
        for latents in (L, 2):
            model, x = self.model(module, 6, latents=latents), self.data(6, 2)
            z = model.posterior_draws(x, 6)
            mean, sd = z.mean(axis=1), z.std(axis=1, ddof=1)                              # (2, latents)
            truth = sum(kl_by_quadrature(*pair) for pair in zip(mean.ravel(), sd.ravel())) / len(x)
            variance = np.sum((mean * sd)**2 / DRAWS + (sd**2 - 1)**2 / (2 * DRAWS)) / len(x)**2
            kl, error = model.loss(x, model.noise(6, len(x)))[2], 5 * math.sqrt(variance)
            if not abs(kl - truth) < error + 1e-6:
                mu, logvar = (numbers(array[0]) for array in model.encode(x))
                about = about or (f"An example with mu = {mu}, logvar = {logvar}: the draws of its z have the means "
                                  f"{numbers(mean[0])} and the deviations {numbers(sd[0])}.")
                wrong.append(f"With {latents} latents, loss returns a KL of {kl:.3f}; the Gaussians that z is drawn "
                             f"from are {truth:.3f} (+- {error:.3f}) away from N(0, I), by quadrature.")
        assert not wrong, " ".join([*wrong, about])

    def reconstruction(self, module):
        """reconstruction: -log p(x given z), pixel by pixel"""
        model, x = self.model(module, 7), self.data(7)
        y = np.asarray(model.decode(model.sample(*model.encode(x), model.noise(7))))
        truth = sum(self.pixel(float(x[b, d]), float(y[b, d])) for b in range(B) for d in range(D)) / B
        loss, given, kl = model.loss(x, model.noise(7))
        assert abs(given - truth) < 1e-6 * max(1, abs(truth)), (
            f"loss returns a reconstruction of {given:.4f} for {B} examples of {D} pixels. -log p(x given z) of every "
            f"pixel, from the y of decode, added up and averaged over the examples, makes {truth:.4f}.")
        assert abs(loss - (given + kl)) < 1e-9 * max(1, abs(loss)), (
            f"loss returns {loss:.4f}, but its two parts add up to {given:.4f} + {kl:.4f} = {given + kl:.4f}.")

    def pixel(self, x, y):
        """-log p of one pixel x, whose probability (or mean) is y."""
        if self.sigma0 is None:
            return -math.log(max(y if x == 1 else 1 - y, 1e-300))
        return 0.5 * ((x - y) / self.sigma0)**2 + math.log(self.sigma0 * math.sqrt(2 * math.pi))

    def bound(self, module):
        """bound: the loss is never below -log p(x)"""
        model = self.model(module, 8, latents=2, scale=1.3)
        z = np.array([[1.2, -0.9]])
        x = self.drawn(np.asarray(model.decode(z)))
        W_mu, b_mu, W_logvar, b_logvar = (model.parameters[name] for name in self.heads)
        for array in (W_mu, b_mu, W_logvar, b_logvar):
            array[...] = 0                       # q is then the same for every x, and lies in the two biases
        b_mu[...], b_logvar[...] = z[0], -2
        quantiles = [statistics.NormalDist().inv_cdf((i + 0.5) / 16) for i in range(16)]
        eps = np.array([(a, b) for a in quantiles for b in quantiles])
        eps, many = eps / eps.std(axis=0), np.tile(x, (len(eps), 1))
        lowest = descend(lambda: model.loss(many, eps)[0], (b_mu, b_logvar))
        surprise = self.surprise(model, x)
        assert lowest > surprise - 0.01, (
            f"For one x and the best q for it, the loss is {lowest:.3f} nats. The sum of p(x given z) p(z) over a fine "
            f"grid of z gives -log p(x) = {surprise:.3f}, and no negative ELBO is less.")

    def drawn(self, y):
        """x from p(x given z), for the y that decode makes of z."""
        rng = np.random.default_rng([SEED, 300])
        if self.sigma0 is None:
            return (rng.random(y.shape) < y).astype(float)
        return y + self.sigma0 * rng.standard_normal(y.shape)

    def surprise(self, model, x):
        """-log p(x) of the one example x, with two latents: the integral over z on a grid."""
        line = np.linspace(-6, 6, 241)
        z = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        y = np.asarray(model.decode(z))
        if self.sigma0 is None:
            log_p = np.sum(np.log(np.maximum(np.where(x == 1, y, 1 - y), 1e-300)), axis=1)
        else:
            height = math.log(self.sigma0 * math.sqrt(2 * math.pi))
            log_p = np.sum(-0.5 * ((x - y) / self.sigma0)**2 - height, axis=1)
        log_joint = log_p - 0.5 * np.sum(z**2, axis=1) - math.log(2 * math.pi)
        top = log_joint.max()
        return -(top + math.log(np.sum(np.exp(log_joint - top)) * (line[1] - line[0])**2))


def descend(value, arrays, rounds=40):
    """The lowest value() met while the arrays go downhill, by numerical gradients and Adam's step."""
    parameters = {str(i): array for i, array in enumerate(arrays)}
    m, v, lowest = dict.fromkeys(parameters, 0.0), dict.fromkeys(parameters, 0.0), math.inf
    for t in range(1, rounds + 1):
        lowest = min(lowest, value())
        for name, g in numeric_gradients(value, parameters).items():
            m[name], v[name] = 0.8 * m[name] + 0.2 * g, 0.9 * v[name] + 0.1 * g**2
            step = m[name] / (1 - 0.8**t) / (np.sqrt(v[name] / (1 - 0.9**t)) + 1e-8)
            parameters[name] -= 0.25 * (1 - t / (rounds + 1)) * step
    return lowest


def other_repair(definition, *edits):
    """Another right repair: the solution of this definition (its __file__) with pieces of its text replaced."""
    path = pathlib.Path(definition)
    text = (path.parent.parent / "solutions" / path.name).read_text(encoding="utf-8")
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} occurs {text.count(old)} times in the solution {path.name}")
        text = text.replace(old, new)
    return text
