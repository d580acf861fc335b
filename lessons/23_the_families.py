"""The families: five models of the same points (notes on generative models, section 5; slides p4-p6).

Before: lessons 02 (direct and indirect), 03 (the KL), 07 (denoising), 11 (the bound), 16 (training a VAE), 20
(importance sampling); a determinant is a ratio of areas.
After: you can say what a generative model computes exactly, what only as a bound and what not at all, and measure it:
likelihood, distance of the samples, missing modes, points between modes, the cost of a sample.
"""

# %%
# The notes sort models by what they know of their own density :math:`p_\theta(x)`. Four corrections. The notes make the
# flow an example of an autoregressive model: both densities are tractable, but a flow need not take x number by number.
# An implicit model is said to find :math:`p_\theta(x)` first: a GAN never does. Section 4 has every model minimise a
# cross-entropy: the first two below do, the VAE a bound of it, GAN and score something else. p4 notes that direct
# models are sometimes called implicit, "confusingly": rightly so, flow and VAE are direct and explicit. It counts the
# flow as indirect, and puts the VAE between the two: both make x directly, from noise (p5). The indirect models of p6
# have no place in the notes' tree. Here they do:

import copy
import math
from statistics import NormalDist

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import evaluation, gaussian, softmax
from tinyvae.activations import sigmoid, softplus
from tinyvae.autoregressive import AutoregressiveMixture
from tinyvae.data import planar
from tinyvae.flow import Flow
from tinyvae.gan import GAN, fit_gan
from tinyvae.gradcheck import check_gradients
from tinyvae.plots import families
from tinyvae.score_matching import ScoreModel, annealed_langevin, langevin

lesson = Lesson("23_the_families", "The families", "notes on generative models, section 5; slides p4-p6")
lesson.figure(families.family_tree("generative\nmodels", {
    "explicit density,\ntractable": {"autoregressive": "exact log p(x): one number given those before it",
                                     "normalizing flow": "exact log p(x): noise through an invertible map"},
    "explicit density,\napproximate": {"VAE": "p(x) is an integral over z: a lower bound of log p(x)"},
    "implicit density": {"GAN": "samples; p(x) of no point"},
    "indirect (p6):\na score": {"score matching": "the slope of log p(x); samples by a shaken walk"}},
    "Each family knows something else of its own density"), "family_tree")

# %%
# **The data**: a ring of Gaussians whose density is exact. **The models**: small networks of the same layers.

modes, radius, width = 8, 2.0, 0.2                                # of the ring: turn them, and see who suffers
sigmas = tuple(np.geomspace(3, 0.05, 10).tolist())                # noise levels of the score model
n_train, n_test, n = (2000, 2000, 2000) if lesson.quick else (10_000, 10_000, 10_000)      # n samples of each model
first, *seeds = np.random.SeedSequence(lesson.seed).spawn(6)
data_rng, small_rng, test_rng, made_rng, walk_rng = map(np.random.default_rng, seeds)
seed, f64 = int(first.generate_state(1)[0]), {"dtype": np.float64}
ring = {"components": modes, "radius": radius, "sigma": width}
centres = planar.mixture_centres(modes, radius)                   # (K, 2)
x, x_test = planar.mixture(n_train, data_rng, **ring).x, planar.mixture(n_test, data_rng, **ring).x


def built(hidden=(64, 64), couplings=8, seed=seed, **activation):
    """The five models, untrained."""
    settings = {"seed": seed, **f64, **activation}
    return {"autoregressive": AutoregressiveMixture(2, hidden[:1], 8, **settings),
            "flow": Flow(2, couplings, tuple(h // 2 for h in hidden), **{"activation": "relu", **settings}),
            "VAE": tinyvae.VAE(2, hidden, 1, "gaussian", sigma0=0.3, learn_sigma=True, **settings),
            "GAN": GAN(2, 2, hidden, **{"activation": "tanh", **settings}),
            "score": ScoreModel(2, sigmas, hidden, **settings)}


# %%
# **Every gradient by hand**, and each checked by the complex step: small copies with biases that are not zero.

losses = {"autoregressive": "-log p(x)", "flow": "-log N(z; 0, I) - log |det dz/dx|", "VAE": "-ELBO(x, eps)",
          "generator": "-log D(G(z))", "discriminator": "-log D(x) - log(1 - D(G(z)))",
          "score": "1/2 |sigma s(x + sigma eps) + eps|^2"}
small, models, worst = built((4, 3), 2, activation="tanh"), built(), 0
print("\nfamily           loss                                   parameters   gradient error")
for name, model in small.items():
    model.parameters.vector[...] += 0.3 * small_rng.standard_normal(model.parameters.vector.size)
    for player, part in model.players.items() if name == "GAN" else [(name, model)]:
        inputs = [x[:5]] + ([part.noise(small_rng, 5)] if hasattr(part, "noise") else [])
        error = check_gradients(part, *inputs, raises=False).worst
        full = models[name].players[player] if name == "GAN" else models[name]
        print(f"{player:<16} {losses[player]:<38} {sum(v.size for v in full.parameters.values()):10d}   {error:.1e}")
        worst = max(worst, error)
lesson.claim("Each family's hand-written gradient is the numerical one: largest relative error", worst, 0, within=1e-10,
             source="complex step through the loss, every parameter")

# %%
# **Explicit and tractable.** Autoregressive: the product rule, which holds for every density. The network of
# :math:`x_2` sees only :math:`x_1`, and each conditional is a mixture of Gaussians, so it integrates to 1.
#
# .. math::
#    p(x_1, x_2) = p(x_1) \, p(x_2 | x_1)
#
# Flow: :math:`z = F(x)` is invertible, :math:`x = G(z)`, :math:`z` from N(0, I). For every set :math:`S`
#
# .. math::
#    \begin{aligned}
#    P(x \in S) &= P(G(z) \in S) && \text{definition of the sampler} \\
#    &= P(z \in F(S)) && F \text{ on both sides} \\
#    &= \int_{F(S)} N(z; 0, I) \, dz && z \text{ is Gaussian} \\
#    &= \int_S N(F(x); 0, I) \left| \det \frac{dF}{dx} \right| dx && \text{substitution } z = F(x)
#    \end{aligned}
#
# Ours is a chain of couplings: :math:`y_a = x_a`, :math:`y_b = x_b e^{s(x_a)} + t(x_a)`. The Jacobian is triangular,
# :math:`\log |\det| = \sum_j s_j`, and the inverse needs no inverse of the networks s, t (``tinyvae/flow.py``).
# The last integrand above is the density :math:`p_\theta(x)`. In numbers, :math:`S` a square of side 1 cut into cells:
# the third line knows no derivative, only the areas of the cells' images; the fourth has the Jacobian by complex steps.


def density_by_jacobian(flow, points):
    """N(F(x); 0, I) |det dF/dx|: (n, 2) to (n,)."""
    moving, z = flow.astype(np.complex128), flow.transform(points)[0]
    columns = [np.imag(moving.transform(points + 1e-30j * e)[0]) / 1e-30 for e in np.eye(2)]       # dz/dx_1, dz/dx_2
    return np.exp(gaussian.log_density(z, 0 * z, 0 * z)) * np.abs(np.linalg.det(np.stack(columns, axis=2)))


def mass_of_square(flow, cells):
    """P(x in S) by the images of the cells, by the Jacobian, and by the library: three numbers."""
    corner = np.stack(np.meshgrid(*[np.linspace(0, 1, cells + 1)] * 2), axis=2)                      # (c + 1, c + 1, 2)
    middle = (corner[1:, 1:] + corner[:-1, :-1]).reshape(-1, 2) / 2
    z = flow.transform(corner.reshape(-1, 2))[0].reshape(corner.shape)
    one, two = z[1:, 1:] - z[:-1, :-1], z[1:, :-1] - z[:-1, 1:]                    # the diagonals of each image
    area, z = 0.5 * np.abs(np.linalg.det(np.stack([one, two], axis=3))).ravel(), flow.transform(middle)[0]
    return np.array([np.exp(gaussian.log_density(z, 0 * z, 0 * z)) @ area,
                     density_by_jacobian(flow, middle).mean(), np.exp(flow.log_likelihood(middle)).mean()])


coarse, fine = mass_of_square(small["flow"], 30), mass_of_square(small["flow"], 60)
lesson.derivation("Change of variables: a flow's probability of a square, line by line", [
    ("int_F(S) N(z) dz", "P(z in F(S)): the areas of the cells' images", fine[0]),
    ("int_S N(F(x)) |det dF/dx| dx", "substitution; Jacobian by the complex step", fine[1]),
    ("int_S p(x) dx", "definition of p; Flow.log_likelihood", fine[2]),
], within=np.abs(coarse - fine).max(), source="what halving the cells changes: three times the error of order h^2")
lesson.claim("exp(Flow.log_likelihood) is the derived density: largest relative difference",
             np.abs(np.exp(small["flow"].log_likelihood(x)) / density_by_jacobian(small["flow"], x) - 1).max(), 0,
             within=1e-10, source="the lines above; rounding")

# %%
# **Explicit and approximate.** The VAE's density is the integral of lesson 10. Ours has one latent, so that it can
# still be summed, and the bound (lesson 11) held against the truth.

z_grid = np.linspace(-6, 6, 1001)[:, None]


def vae_log_density(vae, points):
    """log int N(x; decoder(z), sigma^2 I) N(z; 0, 1) dz as a sum over z: (n, 2) to (n,)."""
    made, v = vae.decode(z_grid), vae.likelihood.sigma**2
    log_w = gaussian.log_density(z_grid, 0 * z_grid, 0 * z_grid) + np.log(z_grid[1, 0] - z_grid[0, 0])
    log_w = log_w - 0.5 * np.sum(made**2, axis=1) / v - np.log(2 * np.pi * v)
    return np.concatenate([softmax.log_sum_exp(part @ made.T / v + log_w) - 0.5 * np.sum(part**2, axis=1) / v
                           for part in np.array_split(points, 20)])

# %%
# **Implicit.** The GAN's two players have two losses (Goodfellow et al. 2014), :math:`D = \operatorname{sigmoid}(a)`:
#
# .. math::
#    V(D) = -\mathbb{E}_p[\log D(x)] - \mathbb{E}_q[\log(1 - D(x))], \quad
#    L_G = -\mathbb{E}_z[\log D(G(z))]
#
# D, the judge, is the probability that a point is data; p is the density of the data, q that of the made points. The
# best D, point by point, and its loss, with :math:`m = (p + q) / 2`:
#
# .. math::
#    \begin{aligned}
#    0 &= \frac{\partial}{\partial D} [-p \log D - q \log(1 - D)] = -\frac{p}{D} + \frac{q}{1 - D}
#      \quad \Rightarrow \quad D^* = \frac{p}{p + q}, \quad a^* = \log p - \log q \\
#    V(D^*) &= -\int p \log \frac{p}{p + q} dx - \int q \log \frac{q}{p + q} dx && \text{insert } D^* \\
#    &= 2 \log 2 - \int p \log \frac{p}{m} dx - \int q \log \frac{q}{m} dx && p + q = 2m \\
#    &= 2 \log 2 - KL(p, m) - KL(q, m) && \text{definition of the KL} \\
#    &= 2 \log 2 - 2 JSD(p, q) && \text{definition of the Jensen-Shannon divergence}
#    \end{aligned}
#
# It is a minimum: the second derivative :math:`p / D^2 + q / (1 - D)^2` is positive. JSD is 0 only at :math:`q = p`:
# the judge is then left with :math:`a = 0` and :math:`2 \log 2 = 1.386` nats.

t = np.linspace(-12, 12, 4801)
p_1, p_2, q_t = (np.array([NormalDist(m, s).pdf(v) for v in t]) for m, s in ((-1.5, 0.6), (1.5, 0.6), (0.5, 1.2)))
p_t = (p_1 + p_2) / 2
m_t, integral = (p_t + q_t) / 2, lambda values: values.sum(axis=-1) * (t[1] - t[0])
low, high = np.full(len(t), -200.0), np.full(len(t), 200.0)        # the slope of V rises with the logit a: halve
for _ in range(60):
    a = (low + high) / 2
    rising = q_t * sigmoid(a) - p_t * sigmoid(-a) > 0
    low, high = np.where(rising, low, a), np.where(rising, a, high)
entropy = {name: -integral(f * np.log(f)) for name, f in (("p", p_t), ("q", q_t), ("m", m_t))}
lesson.derivation("The best discriminator's loss is 2 log 2 - 2 JSD", [
    ("min over D of V(D)", "definition; searched at each point", integral(p_t * softplus(-a) + q_t * softplus(a))),
    ("-int p log p/(p+q) - int q log q/(p+q)", "insert D* = p/(p+q)",
     -integral(p_t * np.log(p_t / (p_t + q_t)) + q_t * np.log(q_t / (p_t + q_t)))),
    ("2 log 2 - KL(p, m) - KL(q, m)", "p + q = 2m; p and q integrate to 1",
     2 * np.log(2) - integral(p_t * np.log(p_t / m_t)) - integral(q_t * np.log(q_t / m_t))),
    ("2 log 2 - 2 JSD(p, q)", "JSD = H(m) - H(p)/2 - H(q)/2, H the entropy",
     2 * np.log(2) - 2 * entropy["m"] + entropy["p"] + entropy["q"]),
], within=1e-10, source="quadrature of smooth functions that vanish at the ends: rounding")
game, z = small["GAN"], small["GAN"].noise(small_rng, 50)
D_x, D_made = sigmoid(game.logits(x[:50])), sigmoid(game.logits(game.generate(z)))
lesson.claim("GAN.discriminator_loss and GAN.generator_loss are V(D) and L_G: largest difference",
             max(abs(game.discriminator_loss(x[:50], z).total + np.mean(np.log(D_x)) + np.mean(np.log(1 - D_made))),
                 abs(game.generator_loss(z).total + np.mean(np.log(D_made)))), 0, within=1e-12,
             source="tinyvae/gan.py against the definitions above; rounding")

# %%
# **Indirect.** A score :math:`s(x)` is wanted near the slope of a log density nobody knows. Add noise of size
# :math:`\sigma` to the data: :math:`q(\tilde x) = \mathbb{E}_x [N(\tilde x; x, \sigma^2 I)]`, and the slope of each
# :math:`N` is known (Vincent 2011). E is over x and :math:`\tilde x`; neither constant depends on s:
# :math:`C_1 = \frac{1}{2} \mathbb{E}_q |\nabla \log q|^2` and :math:`C_2 = \frac{1}{2} \mathbb{E} |\nabla \log N|^2`.
#
# .. math::
#    \begin{aligned}
#    \frac{1}{2} \mathbb{E}_q |s - \nabla \log q|^2
#    &= \frac{1}{2} \mathbb{E}_q |s|^2 - \mathbb{E}_q [s \cdot \nabla \log q] + C_1 && \text{square of a difference} \\
#    &= \frac{1}{2} \mathbb{E}_q |s|^2 - \int s \cdot \nabla q \, d \tilde x + C_1 && q \nabla \log q = \nabla q \\
#    &= \frac{1}{2} \mathbb{E}_q |s|^2 - \mathbb{E} \int s \cdot \nabla N d \tilde x + C_1 && q \text{ a mean of } N \\
#    &= \frac{1}{2} \mathbb{E}_q |s|^2 - \mathbb{E} [s \cdot \nabla \log N] + C_1 && \nabla N = N \nabla \log N \\
#    &= \frac{1}{2} \mathbb{E} |s - \nabla \log N|^2 - C_2 + C_1 && \text{complete the square}
#    \end{aligned}
#
# With :math:`\nabla \log N = -(\tilde x - x) / \sigma^2 = -\varepsilon / \sigma` the last line is a regression on the
# noise that was added: as in lesson 07, who can clean knows the score. In numbers, for three data points on a line:

points, noise, s_t = np.array([[-2.0], [0.3], [1.1]]), 0.5, -t + np.sin(2 * t)                # s_t: any function
N = lambda t: np.exp(-(t - points)**2 / (2 * noise**2)) / np.sqrt(2 * np.pi * noise**2)       # (3, t)
N_t, dN, slope_N = N(t), np.imag(N(t + 1e-30j)) / 1e-30, -(t - points) / noise**2             # N, N', (log N)'
q_s, dq_s = N_t.mean(axis=0), dN.mean(axis=0)
C1, C2, square = integral(dq_s**2 / q_s) / 2, np.mean(integral(N_t * slope_N**2)) / 2, integral(q_s * s_t**2) / 2
lesson.derivation("Denoising score matching is score matching but for a constant", [
    ("1/2 E_q|s - (log q)'|^2", "definition; q' by complex step", integral(q_s * (s_t - dq_s / q_s)**2) / 2),
    ("1/2 E_q|s|^2 - E_q[s (log q)'] + C1", "square of a difference", square - integral(q_s * s_t * (dq_s / q_s)) + C1),
    ("1/2 E_q|s|^2 - int s q' + C1", "q (log q)' = q'", square - integral(s_t * dq_s) + C1),
    ("1/2 E_q|s|^2 - E_x int s N' + C1", "q is a mean of N", square - np.mean(integral(s_t * dN)) + C1),
    ("1/2 E_q|s|^2 - E[s (log N)'] + C1", "N' = N (log N)'", square - np.mean(integral(N_t * s_t * slope_N)) + C1),
    ("1/2 E|s - (log N)'|^2 - C2 + C1", "complete the square",
     np.mean(integral(N_t * (s_t - slope_N)**2)) / 2 - C2 + C1),
], within=1e-10, source="quadrature of smooth functions that vanish at the ends: rounding")

# %%
# **Training**: by ``fit``, two rounds of Adam, the second with a tenth of the step. The GAN's players move in turn, in
# a loop of their own, ``fit_gan``. What remains are parameters: sampling (p5, p6) sees them and noise, no data. The
# conditions are not equal: 3 to 10 thousand parameters, and 3000 turns of 128 for the GAN, 8000 of 200 for the flow.


def trained(model, x, epochs):
    """The model after 0.7 and 0.3 of the epochs."""
    for lr, share in ((3e-3, 0.7), (3e-4, 0.3)):
        lesson.fit(model, x, epochs=round(share * epochs), batch_size=200, optimizer=tinyvae.Adam(lr), seed=lesson.seed)
    return model


epochs = {"autoregressive": 15, "flow": 20, "VAE": 30, "score": 40} if lesson.quick else {
    "autoregressive": 100, "flow": 160, "VAE": 160, "score": 160}
turns, batch = (600, 64) if lesson.quick else (3000, 128)
for name in epochs:
    trained(models[name], x, epochs[name])
games = {"GAN": fit_gan(models["GAN"], x, turns, batch, lr=1e-3, seed=lesson.seed)}
vae, score = models["VAE"], models["score"]
log_q = {"autoregressive": models["autoregressive"].log_likelihood, "flow": models["flow"].log_likelihood,
         "VAE": lambda points: vae_log_density(vae, points)}

# %%
# The derivation in the plane: the library's loss on fresh data (times :math:`\sigma^2`, ``tinyvae/score_matching.py``),
# minus the distance of the model from the exact score of the noisy ring, is the constant, however good the model.


def ring_score(points, noise, weights=1 / modes):
    """Log density (n,) and score (n, 2) of the ring with noise: a mixture, whose score lesson 02 has derived."""
    v = width**2 + noise**2
    terms = np.log(weights / (2 * np.pi * v)) - ((points[:, None] - centres)**2).sum(axis=2) / (2 * v)       # (n, K)
    return softmax.log_sum_exp(terms), np.einsum("nk,nkd->nd", softmax.softmax(terms), centres - points[:, None]) / v


limit, step = 3.5, 0.07 if lesson.quick else 0.05
axis = np.arange(-limit, limit + step / 2, step)
grid = np.stack(np.meshgrid(axis, axis), axis=2).reshape(-1, 2)                                # row i is x_2 = axis[i]
level, eps = sigmas[len(sigmas) // 2], test_rng.standard_normal((n_test, 2))
noisy = x_test + level * eps
far = 0.5 * level**2 * np.sum((score.score(noisy, level) - ring_score(noisy, level)[1])**2, axis=1)          # (n,)
each = 0.5 * np.sum((level * score.score(noisy, level) + eps)**2, axis=1)
log_noisy, slope = ring_score(grid, level)
constant = 1 - 0.5 * level**2 * np.sum(np.exp(log_noisy) @ slope**2) * step**2                 # sigma^2 (C2 - C1)
total = score.loss(x_test, np.column_stack([eps, np.full(n_test, level)])).total
lesson.claim("ScoreModel.loss minus the distance to the exact score is the constant", total - far.mean(), constant,
             within=5 * np.std(each - far) / np.sqrt(n_test), source="C2 - C1 by quadrature; 5 standard errors")

# %%
# **Who is how good?** First the likelihood of new points, where there is one. By lesson 03 the mean of
# :math:`\log p - \log p_\theta` over data is a KL: no model can beat the true density. A density must also integrate to
# 1, and be that of the sampler: the mean of :math:`\log p_\theta` over a model's own samples is
# :math:`\int p_\theta \log p_\theta \, dx`.

lesson.predict("Which of the three explicit models comes nearest to the true density, and which one last?")
log_p = planar.mixture_log_density(x_test, **ring)                                            # (N,), nats
made = {name: model.sample(n, made_rng, **({"mean": False} if name == "VAE" else {})) for name, model in models.items()}
maps, kl = {"data": np.exp(planar.mixture_log_density(grid, **ring))}, {}
for name, f in log_q.items():
    log_model = f(x_test)
    gap = log_p - log_model
    kl[name], error = gap.mean(), gap.std() / np.sqrt(n_test)
    lesson.claim(f"{name}: KL from the data (nats), never below 0", kl[name], at_least=-5 * error,
                 source=f"KL >= 0; 5 standard errors of {error:.4f}")
    maps[name] = np.exp(f(grid))
    outside = np.abs(made[name]).max(axis=1) > limit
    values = np.where(outside, 0, f(np.clip(made[name], -limit, limit)))
    on_grid = np.array([[v.sum() * h**2 for v in (q, q * np.log(q + 1e-300))] for h, q in
                        ((step, maps[name]), (2 * step, maps[name].reshape(len(axis), -1)[::2, ::2]))])
    doubt = np.abs(on_grid[0] - on_grid[1]) + np.array([outside.mean() + 5 / n, 5 * values.std() / np.sqrt(n)])
    lesson.claim(f"{name}: the density integrates to 1", on_grid[0, 0], 1, within=doubt[0],
                 source="what a grid twice as coarse changes, and the share of samples outside the square")
    lesson.claim(f"{name}: mean log density of its own samples", values.mean(), on_grid[0, 1], within=doubt[1],
                 source="integral of p log p; grid, and 5 standard errors")
truth = log_model                                                                             # of the last, the VAE
bound, sampled = evaluation.elbo(vae, x_test, 10, test_rng), evaluation.log_likelihood(vae, x_test, 20, test_rng)
print(f"\nAnswer: KL {', '.join(f'{name} {kl[name]:.3f}' for name in sorted(kl, key=kl.get))} nats; true log p(x) "
      f"{log_p.mean():.3f}.\nThe VAE cannot say its own log p(x): bound {bound.mean():.3f}, 20 importance samples "
      f"{sampled.mean():.3f}, truth {truth.mean():.3f}.\nThe GAN and the score have no number here.")
for says, lower, errors in (("bound lies below", bound, 5), ("importance-sampled estimate is not above", sampled, -5)):
    lesson.claim(f"VAE: its {says} its log p(x): by (nats)", (truth - lower).mean(),
                 at_least=errors * np.std(truth - lower) / np.sqrt(n_test),
                 source="Jensen; lesson 11 for the bound, 20 for the estimate; 5 standard errors")

# %%
# **One ruler for all five**: samples. The distance is that of lesson 02, half the summed difference between the shares
# of boxes and their exact probabilities (0 is equal, 1 is disjoint); fresh data show its noise floor. "Between" is what
# lies more than 3 widths from every mode: :math:`e^{-9/2}`, 1 %, of the data. A mode is lost below a tenth of its due.
# The shares of modes do not see a GAN whose points lie too close together within each; the distance does.

edges, erf = np.arange(-3, 3.01, 0.25), np.frompyfunc(math.erf, 1, 1)
Phi = lambda z: 0.5 * (1 + erf(z / math.sqrt(2)).astype(float))                       # P(N(0, 1) <= z)


def distance(points):
    """Between the shares of the boxes among points (n, 2) and the data's exact probabilities."""
    counts = np.histogram2d(*points.T, [edges, edges])[0].ravel()
    return 0.5 * np.abs(np.append(counts, len(points) - counts.sum()) / len(points) - P).sum()


def per_mode(points):
    """Share of points within 3 widths of each mode, (K,)."""
    d = np.linalg.norm(points[:, None] - centres, axis=2)
    return np.bincount(d.argmin(axis=1)[d.min(axis=1) <= 3 * width], minlength=modes) / len(points)


def products(model):
    """Matrix products that one sample takes: counted."""
    model, count = copy.deepcopy(model), []
    for _, leaf in model.leaves():
        if "W" in leaf.parameter_names:
            leaf.forward = lambda x, forward=leaf.forward: count.append(1) or forward(x)
    model.sample(1, 0)
    return len(count)


one, two = (np.diff(Phi((edges - centres[:, [i]]) / width), axis=1) for i in (0, 1))                   # (K, boxes)
P = np.append(one.T @ two / modes, 1 - np.sum(one.sum(axis=1) * two.sum(axis=1)) / modes)     # the boxes, and outside
floor = np.mean([distance(planar.mixture(n, test_rng, **ring).x) for _ in range(10)])
shares, far_off = ({name: f(points) for name, points in made.items()} for f in (per_mode, distance))
cost = {name: products(model) for name, model in models.items()}
print(f"\n                 distance   between modes   modes lost   smallest and largest share   products a sample\n"
      f"{'data':<16} {floor:8.3f} {math.exp(-4.5):15.3f} {0:12d} {1 / modes:17.3f}")
for name in models:
    print(f"{name:<16} {far_off[name]:8.3f} {1 - shares[name].sum():15.3f} {np.sum(shares[name] < 0.1 / modes):12d} "
          f"{shares[name].min():17.3f}, {shares[name].max():.3f} {cost[name]:19d}")
lesson.claim("Every family beats the best single Gaussian: largest distance", max(far_off.values()),
             at_most=distance(test_rng.normal(0, math.sqrt(radius**2 / 2 + width**2), (n, 2))),
             source="as many samples of the Gaussian with the data's mean and covariance")
few = slice(0, 2000)
lesson.figure(families.planes({
    "the data": families.Panel(x_test[few]),
    **{f"{name}: distance {far_off[name]:.2f}\n{100 * (1 - shares[name].sum()):.0f} % between modes":
       families.Panel(points[few]) for name, points in made.items()}}, limit,
    f"2000 samples of each family; circles hold 99 % of the data (fresh data have distance {floor:.2f})",
    (centres, 3 * width)), "samples")
arrows = planar.mixture(150, walk_rng, **{**ring, "sigma": 3 * width}).x
square, game_end = (len(axis), len(axis)), games["GAN"]["discriminator"][-100:].mean()
lesson.figure(families.planes({
    **{f"{name}: density" + (f", KL {kl[name]:.3f} nats" if name in kl else ""): families.Panel(
        image=q.reshape(square)) for name, q in maps.items()},
    f"GAN: a judge that in the end hardly tells\ndata from made: loss {game_end:.2f} (2 log 2 = 1.39)": families.Panel(
        image=models["GAN"].logits(grid).reshape(square), symmetric=True),
    f"score: slope of the log density\nof data with noise {level:.2f}": families.Panel(
        x_test[:500], arrows=(arrows, score.score(arrows, level)))}, limit,
    "What each family can say of a point: three a density, one only what its judge holds of it, one a direction",
    top=maps["data"].max(), symmetric_label="logit of the judge: above 0 it takes the point for data"), "densities")

# %%
# **What each cannot do.** The GAN: notice what it leaves out. :math:`L_G` is a mean over made points, so where none is
# made there is nothing to learn from. Below, a second GAN is **greedy**: its generator learns 17 times as fast as its
# judge. It loses 2 to 7 modes, by the seed, and much that it makes may lie between modes. Nor does a judge's loss say
# all: a judge finds what its network can, so that :math:`JSD \ge \log 2 - V(D) / 2`, a lower bound and no more.

lesson.predict("The GAN's judge has come to 2 log 2, as at the optimum. Are its samples like the data? A greedy GAN's?")
judge_lr, generator_lr = 3e-4, 5e-3                                             # of the greedy GAN
greedy, fair = built()["GAN"], {}
games["GAN, greedy"] = fit_gan(greedy, x, turns, batch, lr=judge_lr, generator_lr=generator_lr, seed=lesson.seed)
models["GAN, greedy"], made["GAN, greedy"] = greedy, greedy.sample(n, made_rng)
shares["GAN, greedy"], far_off["GAN, greedy"] = (f(made["GAN, greedy"]) for f in (per_mode, distance))
print("Answer: no; the losses do not tell. A new judge, trained while the generator stands still:\n\n"
      "               judge, 2 log 2 = 1.386   generator, log 2 = 0.693   new judge   distance   modes lost   between")
for name, history in games.items():
    judge = built(seed=seed + 1)["GAN"]
    judge.parameters.vector[judge.slice_of("generator")] = models[name].parameters.vector[judge.slice_of("generator")]
    tinyvae.fit(judge.players["discriminator"], x, epochs=10, progress=False, optimizer=tinyvae.Adam(3e-3))
    judge.discriminator_loss(x_test, judge.noise(made_rng, n_test))
    fair[name] = softplus(-judge.a_real) + softplus(judge.a_fake)               # (N,): V(D) is its mean
    lost, astray = np.sum(shares[name] < 0.1 / modes), 1 - shares[name].sum()
    print(f"{name:<14} {history['discriminator'][-100:].mean():23.3f} {history['generator'][-100:].mean():26.3f} "
          f"{fair[name].mean():11.3f} {far_off[name]:10.2f} {lost:12d} {astray:9.2f}")
lesson.claim("A greedy generator loses modes that the ordinary one keeps: how many", np.sum(
    (shares["GAN, greedy"] < 0.1 / modes) & (shares["GAN"] >= 0.1 / modes)), at_least=1, source="shares of the samples")
gap = fair["GAN"] - fair["GAN, greedy"]
lesson.claim("A new judge finds the greedy generator out, the ordinary one less: loss lower by (nats)", gap.mean(),
             at_least=5 * gap.std() / np.sqrt(n_test), source="fresh data; 5 standard errors")

# %%
# Nor can a GAN start against a sure judge with the loss :math:`\log(1 - D)`: it **saturates**. The two losses push each
# point the same way, with slopes :math:`-D` and :math:`-(1 - D)`: their ratio is the odds :math:`D / (1 - D) = e^a`.

judge.parameters.vector[...] = built()["GAN"].parameters.vector                    # untrained
tinyvae.fit(judge.players["discriminator"], x, epochs=10, progress=False, optimizer=tinyvae.Adam(3e-3))
noise_z, push = judge.noise(made_rng, 500), {}
for judge.saturating in (False, True):
    judge.generator_loss(noise_z)
    push[judge.saturating] = np.linalg.norm(judge.generator_backward(), axis=1)                      # d loss/dz, (500,)
odds = np.exp(judge.logits(judge.generate(noise_z)))
print(f"against a sure judge the saturating push is {np.median(push[True] / push[False]):.1g} times the other (median)")
lesson.claim("The saturating push is the other times the odds: largest relative deviation",
             np.abs(push[True] / push[False] / odds - 1).max(), 0, within=1e-9, source="the two derivatives; rounding")

# %%
# The flow: **tear**. G is continuous and z lies everywhere, so the made points hang together: between two modes there
# is a bridge, thinner the more steeply G rises there, but never none. VAE and GAN, continuous too, have theirs. The
# VAE: be sharper than its :math:`\sigma`, since all of :math:`p_\theta(x)` is a blur of that width; nor say its own
# :math:`\log p(x)` (above). The autoregressive model: sample all numbers at once.

print(f"sigma of the VAE {vae.likelihood.sigma:.3f}, width of the data's modes {width}")
between = 1 - shares["flow"].sum()
lesson.claim("The flow leaves bridges: share of its samples between modes", between,
             at_least=math.exp(-4.5) + 5 * math.sqrt(between / n), source="share of the data there; 5 standard errors")

# %%
# The score: **weigh** modes that the noise does not join. Take two rings, one with half of its mass in the first mode:
# their KL is large, but at low noise their scores are equal wherever there is data. And Langevin's walk,
# :math:`x' = x + \frac{step}{2} s(x) + \sqrt{step} \, \xi` (lesson 02: :math:`step = 2 \eta`), even along the exact
# score, stays in its mode: the chance that one step crosses an edge of the mode's wedge, times the number of steps,
# bounds the share that leaves. Noise levels from wide to narrow are the remedy (``ScoreModel.sample``), if wide enough.

uneven = np.r_[0.5, np.full(modes - 1, 0.5 / (modes - 1))]
print("\nnoise   KL of the two rings   what the loss of the score sees (nats)")
for noise in (sigmas[0], sigmas[len(sigmas) // 2], sigmas[-1]):
    (log_1, s_1), (log_2, s_2) = ring_score(3 * grid, noise), ring_score(3 * grid, noise, uneven)
    mass = np.exp(log_1) * 9 * step**2
    seen = mass @ np.sum((s_1 - s_2)**2, axis=1) * 0.5 * noise**2
    print(f"{noise:5.2f} {mass @ (log_1 - log_2):15.4f} {seen:25.2g}")
eps = walk_rng.standard_normal(x.shape)                                         # noise is now the lowest, sigmas[-1]
each = 0.5 * np.sum((noise * score.score(x + noise * eps, noise) + eps)**2, axis=1)
lesson.claim("At the lowest noise the weights of the modes are invisible to the loss (nats)", seen,
             at_most=each.std() / np.sqrt(n_train), source="standard error of the loss at this noise, training data")
walkers, walked = 1000, 200 if lesson.quick else 2000
stride = 0.5 * noise**2                                                        # as in ScoreModel.sample
edge = np.array([[np.sin(np.pi / modes)] * 2, [np.cos(np.pi / modes), -np.cos(np.pi / modes)]])    # normals, inward
wedge = np.stack(np.meshgrid(np.arange(0.5, 3.5, 0.015), np.arange(-1.4, 1.4, 0.015)), axis=2).reshape(-1, 2)
wedge = wedge[(wedge @ edge > 0).all(axis=1)]
log_1, s_1 = ring_score(wedge, noise)
leaving = modes * 0.015**2 * np.exp(log_1) @ Phi(-(wedge + stride / 2 * s_1) @ edge / math.sqrt(stride)).sum(axis=1)
start = centres[0] + math.hypot(width, noise) * walk_rng.standard_normal((walkers, 2))
start = start[(start @ edge > 0).all(axis=1)]
made["walk"] = langevin(lambda points: ring_score(points, noise)[1], start, stride, walked, walk_rng)
left = np.mean((made["walk"] @ edge < 0).any(axis=1))
print(f"{walked} steps along the exact score: {left:.3f} of the walkers have left their mode; it should be "
      f"{1 - 1 / modes:.3f}.\nThe same walkers through noise levels, along the learned score, 20 steps at each:")
freed = {}
for i in (0, 3, 5, 9):
    ends = annealed_langevin(score.score, start, sigmas[i:], 20, 0.5, walk_rng)
    freed[i] = np.mean((ends @ edge < 0).any(axis=1))
    print(f"from noise {sigmas[i]:.2f} down: {freed[i]:.3f} have left")
lesson.claim("Langevin leaves one mode no faster than one step's chance times the steps: share that has left", left,
             at_most=walked * leaving + 5 * math.sqrt(walked * leaving / walkers),
             source=f"{walked} times the chance of one step, by quadrature; 5 standard errors")
lesson.claim(f"Wide levels free the walkers: share that left from noise {sigmas[0]:.2f}, minus from {sigmas[5]:.2f}",
             freed[0] - freed[5], at_least=5 * math.sqrt(0.5 / len(start)), source="5 standard errors, at their most")
lesson.figure(families.mode_shares({name: shares[name] for name in models}, (1 - math.exp(-4.5)) / modes,
    math.sqrt((1 - 1 / modes) / modes / n), "The greedy GAN leaves modes out; flow and VAE put more between the "
    "modes than the data have"), "shares")
lesson.figure(families.planes({
    f"GAN, greedy: {lost} of {modes} modes below a tenth\nof their due; {100 * astray:.0f} % of points between": (
        families.Panel(made["GAN, greedy"][few])),
    f"Langevin at noise {noise}:\n{100 * left:.0f} % have left their mode": families.Panel(made["walk"]),
    **{f"{name}, colours end at 5 % of the peak:\n{100 * (1 - shares[name].sum()):.0f} % between modes": families.Panel(
        image=maps[name].reshape(square)) for name in ("flow", "VAE")}},
    limit, "Four ways to fail: modes lost, walkers stuck, bridges thin and wide", (centres, 3 * width), columns=2,
    top=0.05 * maps["data"].max()), "failures")

# %%
# **Which model for what?** One row for each wish, with the numbers of this run.

print(f"\nNearest on the ring: {min(kl, key=kl.get)} by KL, {min(far_off, key=far_off.get)} by distance; and with two "
      f"numbers the\nautoregressive model takes only {cost['autoregressive']} products. They grow with the numbers of "
      "x (784 pixels: 784 runs), those of the\nothers do not: the advice is for pictures, its figures are the ring's."
      "\n\nyou want                      take             because")
for want, take, why in (
        ("log p(x), exact", "autoregressive", f"KL {kl['autoregressive']:.3f}; but a run of the network a number"),
        ("log p(x), and fast samples", "flow", f"{cost['flow']} products; but {100 * between:.0f} % between modes"),
        ("a code z of x", "VAE", f"q(z given x); but a bound, {np.mean(truth - bound):.2f} nats too low"),
        ("samples at once, no more", "VAE or GAN", f"{cost['VAE']} and {cost['GAN']} products, distance "
         f"{far_off['VAE']:.2f} and {far_off['GAN']:.2f}; but a GAN's lost modes go unnoticed"),
        ("samples at any cost", "score", f"distance {far_off['score']:.2f}; but {cost['score']} products, no p(x)")):
    print(f"{want:<29} {take:<16} {why}")
lesson.end()
