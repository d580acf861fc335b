"""Reparameterisation: a path for the gradient through a random draw (slides p25-p26, p32).

Before: lessons 13 and 14 (the two losses), the chain rule, what an expectation is.
After: you can say what sampling cuts and what it does not, derive the gradient of an expectation in two ways (with a
path and without), predict which of the two is noisier and by how much, and say what training does without the trick.
"""

# %%
# One small VAE runs through the first half of this lesson: 3 pixels, 1 latent, no hidden layer. Every number of it can
# be computed by hand.
#
# .. math::
#    [\mu, \ell] = x W + b, \quad \sigma = e^{\ell / 2}, \quad z \sim N(\mu, \sigma^2), \quad a = z w + c
#
# .. math::
#    R = f(z) = -\log p(x|z) = \sum_d \left( \log(1 + e^{a_d}) - x_d a_d \right), \quad
#    K = \frac{1}{2} (\mu^2 + \sigma^2 - 1 - \ell), \quad
#    \mathcal{L} = R + K
#
# :math:`\ell` is :math:`\log \sigma^2`, ``logvar`` in the code. The encoder wants to know: if I move :math:`\mu` and
# :math:`\ell` a little, how does the expected loss change? The KL is a formula in them (lesson 14). :math:`R` sees
# them only through :math:`z`, and :math:`z` is a random draw.

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import evaluation, gaussian, plots, score_function
from tinyvae.gradcheck import relative_error
from tinyvae.plots import graphs

lesson = Lesson("15_reparameterisation", "Reparameterisation", "p25-p26, p32")
step_rng, mean_rng, dimension_rng, vae_rng, test_rng = (
    np.random.default_rng(stream) for stream in np.random.SeedSequence(lesson.seed).spawn(5))

x = np.array([1.0, 0.0, 1.0])                                             # (D,), D = 3
W, b = np.array([[0.5, -0.3], [0.7, 0.4], [0.2, -0.3]]), np.array([0.1, 0.2])
w, c = np.array([2.0, -1.0, 1.5]), np.array([-0.5, 0.3, -1.0])
mu, logvar = x @ W + b                                                    # 0.8 and -0.4
sigma = np.exp(logvar / 2)


def f(z):
    """R for many z at once: (n,) to (n,)."""
    a = z[:, None] * w + c                                                # (n, D)
    return np.sum(np.log1p(np.exp(a)) - x * a, axis=1)


def df(z):
    """f'(z) by the chain rule: dR/da_d = sigmoid(a_d) - x_d, and da_d/dz = w_d."""
    a = z[:, None] * w + c
    return np.sum((1 / (1 + np.exp(-a)) - x) * w, axis=1)


# %%
# **What sampling cuts (p25).** Try the plainest derivative there is: move :math:`\mu` by :math:`h`, and divide the
# change of the loss by :math:`h`. Each evaluation draws its own :math:`z`, as a program does that calls a sampler.

lesson.predict("h becomes ten times smaller. Does the error of (R(mu + h) - R(mu)) / h shrink, stay or grow?")
hs, repeats = 10.0 ** -np.arange(2, 6), 2000 if lesson.quick else 20_000
squared = {"fresh": [], "frozen": []}
for h in hs:
    eps, other_eps = step_rng.standard_normal((2, repeats))
    truth = df(mu + sigma * eps)                                          # the derivative for this noise
    frozen = (f(mu + h + sigma * eps) - f(mu + sigma * eps)) / h
    fresh = (f(mu + h + sigma * other_eps) - f(mu + sigma * eps)) / h
    squared["frozen"].append((frozen - truth)**2)
    squared["fresh"].append((fresh - truth.mean())**2)
squared = {name: np.array(values) for name, values in squared.items()}    # (len(hs), repeats)
rms = {name: np.sqrt(values.mean(axis=1)) for name, values in squared.items()}

# %%
# Two draws differ by something of the size of the spread of :math:`R`, however close the two Gaussians are. Divided by
# :math:`h` that explodes. With the same noise in both evaluations, :math:`R` is a smooth function of :math:`\mu`, and
# Taylor's theorem holds:
#
# .. math::
#    \mathrm{rms}_{fresh} = \frac{\sqrt{2 \operatorname{Var}[f(z)]}}{h}, \qquad
#    \mathrm{rms}_{frozen} = \frac{h}{2} \sqrt{\mathbb{E}[f''(z)^2]} \; (1 + O(h)).
#
# The expectations are integrals over one Gaussian variable: a sum over a fine grid gives them to rounding.

grid = np.linspace(-12, 12, 4001)
phi = np.exp(-grid**2 / 2) / np.sqrt(2 * np.pi) * (grid[1] - grid[0])     # N(0, 1) times the width of a cell


def E(values):
    """E over eps from N(0, 1) of values on the grid."""
    return np.sum(phi * values)


z_grid = mu + sigma * grid
p_grid = 1 / (1 + np.exp(-(z_grid[:, None] * w + c)))
spread = np.sqrt(2 * (E(f(z_grid)**2) - E(f(z_grid))**2))                 # sqrt(2 Var f)
bend = np.sqrt(E(np.sum(p_grid * (1 - p_grid) * w**2, axis=1)**2)) / 2    # sqrt(E f''^2) / 2
u = np.log(hs) - np.log(hs).mean()
slopes = {name: u @ np.log(values) / (u @ u) for name, values in rms.items()}
log_error = squared["fresh"].std(axis=1) / np.sqrt(repeats) / squared["fresh"].mean(axis=1) / 2
lesson.claim("With fresh noise the error of the difference quotient grows as 1/h: log-log slope", slopes["fresh"], -1,
             within=5 * np.sqrt(np.sum((u * log_error)**2)) / (u @ u), source="independent draws; 5 standard errors")
lesson.claim("and its size is the spread of two draws: error times h, averaged over h (in logarithms)",
             np.mean(np.log(rms["fresh"] * hs)), np.log(spread), within=5 * np.sqrt(np.sum(log_error**2)) / len(hs),
             source="sqrt(2 Var f) by quadrature; 5 standard errors")
lesson.claim("With frozen noise the error shrinks as h: log-log slope", slopes["frozen"], 1,
             within=hs.max() * np.abs(w).max(), source="Taylor: the next term is at most h max|w| times this one")
lesson.figure(graphs.measured_and_theory(
    hs, {"fresh noise in each evaluation": (rms["fresh"], spread / hs),
         "the same noise in both": (rms["frozen"], bend * hs)},
    r"step $h$ in $\mu$", "rms error of the difference quotient (nats)",
    "With fresh noise a smaller step makes the derivative worse; with frozen noise, better"), "step")

# %%
# **The note to p25 is a little too strong.** It says that sampling cannot be differentiated. A single draw cannot. The
# *expected* loss can, and that is what we want: :math:`\mathbb{E}[f(z)]` is an integral, smooth in :math:`\mu` and
# :math:`\sigma`. What is missing is a path along which backpropagation could walk. p26 builds one:
#
# .. math::
#    z = \mu + \sigma \varepsilon, \qquad \varepsilon \sim N(0, 1)
#
# has mean :math:`\mu` and standard deviation :math:`\sigma`, so it is a draw from the same Gaussian. The randomness is
# now an input beside :math:`x`; from :math:`\mu` and :math:`\sigma` to :math:`z` there is plain arithmetic. Each line
# below is evaluated by a sum over the grid. Where a derivative stands in front of an integral, the machine takes it,
# by the complex step: for a smooth function :math:`g(t + i \delta) = g(t) + i \delta g'(t) + \dots`, so
# :math:`g'(t)` is the imaginary part of :math:`g(t + i \delta)` over :math:`\delta`, exact to rounding when
# :math:`\delta = 10^{-30}`.

def d(function, at):
    """The derivative of function at a number, by the complex step."""
    return np.imag(function(at + 1e-30j)) / 1e-30


def q(m, l):
    """The density N(z; m, e^l) on z_grid, times the width of a cell. The grid stays where it is."""
    return np.exp(-(z_grid - m)**2 / (2 * np.exp(l))) / np.sqrt(2 * np.pi * np.exp(l)) * (z_grid[1] - z_grid[0])


path_mu, path_logvar = E(df(z_grid)), E(df(z_grid) * sigma * grid / 2)
lesson.derivation("Pathwise gradient with respect to mu: every line is the same number", [
    ("d/dmu E_{z ~ N(mu, sigma^2)}[f(z)]", "what we want", d(lambda m: np.sum(q(m, logvar) * f(z_grid)), mu)),
    ("d/dmu E_eps[f(mu + sigma eps)]", "z = mu + sigma eps has the same law", d(lambda m: E(f(m + sigma * grid)), mu)),
    ("E_eps[d/dmu f(mu + sigma eps)]", "derivative under the integral: eps's law has no mu",
     E(np.imag(f(mu + 1e-30j + sigma * grid)) / 1e-30)),
    ("E_eps[f'(z) dz/dmu]", "chain rule", E(df(z_grid) * d(lambda m: m + sigma * grid, mu))),
    ("E_eps[f'(z)]", "dz/dmu = 1", path_mu),
], within=1e-10, source="quadrature and complex step, rounding only")
lesson.derivation("Pathwise gradient with respect to logvar: every line is the same number", [
    ("d/dlogvar E_{z ~ N(mu, sigma^2)}[f(z)]", "what we want", d(lambda l: np.sum(q(mu, l) * f(z_grid)), logvar)),
    ("d/dlogvar E_eps[f(mu + e^(logvar/2) eps)]", "z = mu + sigma eps, sigma = e^(logvar/2)",
     d(lambda l: E(f(mu + np.exp(l / 2) * grid)), logvar)),
    ("E_eps[d/dlogvar f(mu + e^(logvar/2) eps)]", "derivative under the integral",
     E(np.imag(f(mu + np.exp((logvar + 1e-30j) / 2) * grid)) / 1e-30)),
    ("E_eps[f'(z) dz/dsigma dsigma/dlogvar]", "chain rule, twice",
     E(df(z_grid) * grid * d(lambda l: np.exp(l / 2), logvar))),
    ("E_eps[f'(z) eps sigma / 2]", "dz/dsigma = eps, dsigma/dlogvar = sigma / 2", path_logvar),
], within=1e-10, source="quadrature and complex step, rounding only")

# %%
# **The graph (p25, p26).** The same small VAE for one draw, :math:`\varepsilon = 1`. In each box a value, on each edge
# what comes back along it. :math:`\mu` and :math:`\ell` feed two things each, so two edges bring a gradient, and what
# the encoder hears is their sum. With a sampler in the middle the path from R is cut, and the KL speaks alone.

eps = 1.0
z = mu + sigma * eps
a = z * w + c
R, K = np.sum(np.log1p(np.exp(a)) - x * a), 0.5 * (mu**2 + sigma**2 - 1 - logvar)
da = 1 / (1 + np.exp(-a)) - x                                             # (D,)
dz = da @ w
dmu_path, dsigma, deps = dz, dz * eps, dz * sigma                         # z = mu + sigma eps
dlogvar_path = dsigma * sigma / 2                                         # sigma = exp(logvar / 2)
dmu_kl, dlogvar_kl = mu, (sigma**2 - 1) / 2
dmu, dlogvar = dmu_path + dmu_kl, dlogvar_path + dlogvar_kl
values = {"x": x, "mu": mu, "logvar": logvar, "sigma": sigma, "eps": eps, "z": z, "a": a, "R": R, "K": K, "loss": R + K}
edges = {("x", "mu"): (dmu_kl, dmu_path), ("x", "logvar"): (dlogvar_kl, dlogvar_path), ("mu", "K"): dmu_kl,
         ("logvar", "K"): dlogvar_kl, ("logvar", "sigma"): dlogvar_path, ("sigma", "z"): dsigma, ("mu", "z"): dmu_path,
         ("eps", "z"): deps, ("z", "a"): dz, ("a", "R"): da, ("R", "loss"): 1.0, ("K", "loss"): 1.0}
cut = {**edges, ("x", "mu"): dmu_kl, ("x", "logvar"): dlogvar_kl, ("mu", "z"): None, ("sigma", "z"): None,
       ("logvar", "sigma"): None}
del cut["eps", "z"]
lesson.figure(graphs.gradient_graph(
    {r"p25: $z$ is drawn from $N(\mu, \sigma^2)$; nothing comes back through the draw, the encoder hears the KL alone":
     ({name: value for name, value in values.items() if name != "eps"}, cut),
     r"p26: $z = \mu + \sigma \varepsilon$; the noise is an input, and the gradient of $R$ reaches the encoder":
     (values, edges)},
    "The trick restores the path from the reconstruction loss back to the encoder"), "graph")
vae = tinyvae.VAE(3, (), 1, dtype=np.float64)
for name, array in {"encoder.0.W": W, "encoder.0.b": b, "decoder.0.W": w[None], "decoder.0.b": c}.items():
    vae.parameters[name][...] = array
vae.loss(x[None], np.array([[eps]]))
vae.backward()
by_library = np.concatenate([vae.gradients["encoder.0.b"], vae.gradients["encoder.0.W"].ravel()])
by_graph = np.concatenate([[dmu, dlogvar], np.outer(x, [dmu, dlogvar]).ravel()])     # [mu, logvar] = x W + b
lesson.claim("The edges into mu and logvar add up to the gradient that VAE.backward gives the encoder",
             relative_error(by_graph, by_library).max(), 0, within=1e-12, source="tinyvae/vae.py, rounding only")

# %%
# **No path needed: the score function.** The gradient of an expectation exists without any path, and there is an
# estimator that uses only *values* of :math:`f`. It is also called REINFORCE.
#
# .. math::
#    \frac{\partial}{\partial \mu} \log q(z) = \frac{z - \mu}{\sigma^2}, \qquad
#    \frac{\partial}{\partial \ell} \log q(z) = \frac{1}{2} \left( \frac{(z - \mu)^2}{\sigma^2} - 1 \right)
#
# These two are the scores: which way would q have to move to make this z more probable? The estimator follows them,
# weighted by the loss of that z. A constant :math:`\kappa` may be taken off the loss first, a *baseline*: it changes
# nothing on average, for the mean score is 0.
#
# .. math::
#    \mathbb{E}_q \left[ \frac{\partial}{\partial \mu} \log q(z) \right] = \int \frac{\partial q(z)}{\partial \mu} dz
#    = \frac{\partial}{\partial \mu} \int q(z) dz = \frac{\partial}{\partial \mu} 1 = 0

score_mu, score_logvar = (z_grid - mu) / sigma**2, ((z_grid - mu)**2 / sigma**2 - 1) / 2      # (n,) on the grid
q_grid, f_grid = q(mu, logvar), f(z_grid)
for name, at, density, score, path in (("mu", mu, lambda m: q(m, logvar), score_mu, path_mu),
                                       ("logvar", logvar, lambda l: q(mu, l), score_logvar, path_logvar)):
    dq = d(density, at)                                                   # dq(z)/dmu or dq(z)/dlogvar on the grid
    lesson.derivation(f"Score-function gradient with respect to {name}: every line is the pathwise number", [
        (f"E_eps[f'(z) dz/d{name}]", "the pathwise gradient, from above", path),
        (f"d/d{name} integral q(z) f(z) dz", "definition of the expectation",
         d(lambda value: np.sum(density(value) * f_grid), at)),
        (f"integral dq(z)/d{name} f(z) dz", "derivative under the integral; f has no parameter", np.sum(dq * f_grid)),
        (f"integral q(z) (dq(z)/d{name} / q(z)) f(z) dz", "times q / q = 1", np.sum(q_grid * (dq / q_grid) * f_grid)),
        (f"integral q(z) (d log q(z)/d{name}) f(z) dz", "log-derivative: d log q = dq / q",
         np.sum(q_grid * score * f_grid)),
        (f"E_q[f(z) d log q(z)/d{name}]", "definition of the expectation", E(score * f_grid)),
        (f"E_q[(f(z) - 5) d log q(z)/d{name}]", "the mean score is 0, so a baseline is free",
         E(score * (f_grid - 5))),
    ], within=1e-10, source="quadrature and complex step, rounding only")

# %%
# Both are means, so both can be estimated from draws. They have the same mean; they do not have the same noise.

lesson.predict("Both estimators are right on average. Which one scatters more, and by how much?")
n = 20_000 if lesson.quick else 200_000
eps = mean_rng.standard_normal(n)
z = mu + sigma * eps
score = {"mu": (z - mu) / sigma**2, "logvar": ((z - mu)**2 / sigma**2 - 1) / 2}                # d log q, (n,)
estimates = {"pathwise: f'(z) dz/d.": {"mu": df(z), "logvar": df(z) * sigma * eps / 2},
             "score function: f(z) d log q/d.": {name: f(z) * score[name] for name in score},
             "score function, baseline E[f]": {name: (f(z) - E(f_grid)) * score[name] for name in score}}
exact = {"mu": path_mu, "logvar": path_logvar}
away = []
for label, pair in estimates.items():
    for name, values in pair.items():
        away.append(abs(values.mean() - exact[name]) / (values.std() / np.sqrt(n)))
        print(f"{label:<33} d{name:<7} mean {values.mean():+.4f} (exact {exact[name]:+.4f})  sd {values.std():.3f}")
lesson.claim("All estimators have the exact gradient as their mean: largest distance in standard errors", max(away),
             at_most=5, source="quadrature; 5 standard errors")

# %%
# **The dimension decides.** Take :math:`f(z) = \frac{1}{2} |z|^2` with :math:`L` latents, all with the same
# :math:`\mu` and :math:`\sigma`. Its gradient with respect to :math:`\mu_j` is :math:`\mu_j`. The pathwise estimate
# is :math:`z_j`, with variance :math:`\sigma^2`, whatever :math:`L` is. The score function multiplies
# :math:`\varepsilon_j / \sigma` by the *whole* :math:`f`, to which all the other dimensions bring their noise. With
# :math:`A = z_j^2 / 2`, the others' sum :math:`S` independent of it, and a baseline :math:`\kappa`, it is
# :math:`g_j = (A + S - \kappa) \varepsilon_j / \sigma`. Its mean is :math:`\mu`; for its variance,
# :math:`\operatorname{Var}[g_j]`, we have
#
# .. math::
#    \begin{aligned}
#    \sigma^2 (\operatorname{Var}[g_j] + \mu^2) &= \mathbb{E}[(A + S - \kappa)^2 \varepsilon_j^2] \\
#    &= \mathbb{E}[A^2 \varepsilon_j^2] + 2 (\mathbb{E}[S] - \kappa) \mathbb{E}[A \varepsilon_j^2]
#    + \mathbb{E}[(S - \kappa)^2] \\
#    &= \mathbb{E}[A^2 \varepsilon_j^2] + 2 (\mathbb{E}[S] - \kappa) \mathbb{E}[A \varepsilon_j^2]
#    + \operatorname{Var}[S] + (\mathbb{E}[S] - \kappa)^2
#    \end{aligned}
#
# (a variance is the mean square minus the squared mean; the square of a sum, S independent of :math:`\varepsilon_j`,
# :math:`\mathbb{E} \varepsilon^2 = 1`; a mean square is a variance plus a squared mean). With
# :math:`z_j = \mu + \sigma \varepsilon_j`, :math:`\mathbb{E} \varepsilon^4 = 3`, :math:`\mathbb{E} \varepsilon^6 = 15`
# and odd moments 0:
#
# .. math::
#    \operatorname{Var}[z_j^2] = \mathbb{E}[z_j^4] - (\mathbb{E}[z_j^2])^2
#    = (\mu^4 + 6 \mu^2 \sigma^2 + 3 \sigma^4) - (\mu^2 + \sigma^2)^2 = 4 \mu^2 \sigma^2 + 2 \sigma^4
#
# .. math::
#    \mathbb{E}[A \varepsilon^2] = \frac{1}{2} (\mu^2 + 3 \sigma^2), \quad
#    \mathbb{E}[A^2 \varepsilon^2] = \frac{1}{4} (\mu^4 + 6 \cdot 3 \mu^2 \sigma^2 + 15 \sigma^4), \quad
#    \operatorname{Var}[S] = (L - 1) \frac{\operatorname{Var}[z_j^2]}{4}
#    = (L - 1) (\mu^2 \sigma^2 + \frac{1}{2} \sigma^4)
#
# :math:`\mathbb{E}[S]` grows as :math:`L`, so its square as :math:`L^2`; the baseline :math:`\kappa = \mathbb{E}[f]`
# removes it and leaves :math:`\operatorname{Var}[S]`, which grows as :math:`L`.

lesson.predict("Ten times as many latent dimensions: how many times more draws does the score function need?")
m, s = 0.5, 0.8


def exact_variance(L, baseline):
    """Of (f - baseline) eps_j / sigma for f = |z|^2 / 2, z from N(m, s^2) in L dimensions."""
    A2, A1 = (m**4 + 18 * m**2 * s**2 + 15 * s**4) / 4, (m**2 + 3 * s**2) / 2     # E[A^2 eps^2], E[A eps^2]
    ES, VS = (L - 1) * (m**2 + s**2) / 2, (L - 1) * (m**2 * s**2 + s**4 / 2)
    return (A2 + 2 * (ES - baseline) * A1 + VS + (ES - baseline)**2) / s**2 - m**2


dims, n = 2 ** np.arange(0, 7 if lesson.quick else 9), 10_000 if lesson.quick else 20_000
measured, theory, away = {}, {}, []
for L in dims:
    eps = dimension_rng.standard_normal((n, L))
    z = m + s * eps
    f_z = np.sum(z**2, axis=1) / 2                                                # (n,)
    Ef = L * (m**2 + s**2) / 2
    mus, logvars, one = np.full((n, L), m), np.full((n, L), np.log(s**2)), np.ones(n)
    for label, estimate, variance in (
            ("pathwise", gaussian.reparameterise_backward(z, mus, logvars, eps)[0], s**2),       # dz = df/dz = z
            ("score function", score_function.surrogate_backward(one, mus, logvars, z, f_z)[0], exact_variance(L, 0)),
            ("score function, baseline E[f]", score_function.surrogate_backward(one, mus, logvars, z, f_z, Ef)[0],
             exact_variance(L, Ef))):
        squares = np.mean((estimate - m)**2, axis=1)                              # (n,), mean over the L dimensions
        measured.setdefault(label, []).append(squares.mean())
        theory.setdefault(label, []).append(variance)
        away.append(abs(squares.mean() - variance) / (squares.std() / np.sqrt(n)))
lesson.claim("Every measured variance is the exact one: largest distance in standard errors", max(away), at_most=5,
             source="moments of a Gaussian, for each estimator and dimension; 5 standard errors")
measured, theory = ({label: np.array(values) for label, values in table.items()} for table in (measured, theory))
growth = {label: np.log2(values[-1] / values[-3]) / 2 for label, values in measured.items()}
limit = {label: np.log2(values[-1] / values[-3]) / 2 for label, values in theory.items()}
for label in growth:
    print(f"{label:<30} near L = {dims[-1]} the variance grows as L^{growth[label]:.2f} (exact {limit[label]:.2f}): "
          f"ten times the latents, {10**limit[label]:.0f} times the draws")
lesson.figure(graphs.measured_and_theory(
    dims, {label: (measured[label], theory[label]) for label in measured}, "latent dimensions L",
    r"variance of one estimate of $\partial E[f] / \partial \mu_j$",
    "The score function's noise grows with the dimension, the path's does not"), "dimension")

# %%
# **From lesson to library.** The two pathwise lines are ``gaussian.reparameterise_backward`` (tinyvae/gaussian.py), the
# score-function lines ``score_function.surrogate_backward`` (tinyvae/score_function.py): the gradient of
# :math:`(f - \kappa) \log q(z)` with :math:`z` and :math:`f` held fixed. A baseline that costs nothing is the mean
# of the *other* examples in the batch, ``score_function.leave_one_out``: it does not depend on the example's own z.

mus, logvars, eps, dz = vae_rng.standard_normal((4, 7, 3))
f_z, baseline = vae_rng.standard_normal((2, 7))
z = gaussian.reparameterise(mus, logvars, eps)
sigmas, weight = np.exp(logvars / 2), (f_z - baseline)[:, None]
pairs = zip((mus + sigmas * eps, dz, dz * sigmas * eps / 2,                       # z; by the path: dmu, dlogvar
             weight * (z - mus) / sigmas**2, weight * ((z - mus)**2 / sigmas**2 - 1) / 2),     # by the score
            (z, *gaussian.reparameterise_backward(dz, mus, logvars, eps)[:2],
             *score_function.surrogate_backward(np.ones(7), mus, logvars, z, f_z, baseline)))
lesson.claim("The lesson's five lines and the library's functions agree",
             max(relative_error(ours, theirs).max() for ours, theirs in pairs), 0, within=1e-12,
             source="the derivations above, rounding only")

# %%
# **"Not very important" (p32).** A student asked whether the trick matters; the answer was that it is a technical
# matter, not very important. For understanding what a VAE *is*, that is fair: the loss is the same without it. For
# training one, let us measure. The same VAE, the same weights at the start, the same minibatches, the same noise, the
# same number of steps; only the gradient that goes from the reconstruction loss to the encoder differs.

class Trial(tinyvae.VAE):
    """A VAE whose reconstruction gradient reaches the encoder by the path, by the score function, or not at all."""

    route = "path"

    def backward(self):
        mean = np.full(len(self.x), 1 / len(self.x), self.dtype)                  # (B,)
        dz = self.decoder.backward(self.likelihood.nll_backward(mean, self.x, self.output))
        if self.route == "path":
            dmu, dlogvar, _ = gaussian.reparameterise_backward(dz, self.mu, self.logvar, self.eps)
        elif self.route == "cut":
            dmu, dlogvar = np.zeros_like(self.mu), np.zeros_like(self.logvar)
        else:
            nll = self.likelihood.nll(self.x, self.output)                        # f(z), (B,): values only
            baseline = score_function.leave_one_out(nll) if self.route == "score, baseline" else 0.0
            dmu, dlogvar = score_function.surrogate_backward(mean, self.mu, self.logvar, self.z, nll, baseline)
        dmu_kl, dlogvar_kl = gaussian.kl_standard_normal_backward(mean, self.mu, self.logvar)
        self.encoder.backward(np.concatenate([dmu + dmu_kl, dlogvar + dlogvar_kl], axis=1), input_gradient=False)


ROUTES = {"path": "pathwise: z = mu + sigma eps", "score, baseline": "score function, with a baseline",
          "score": "score function", "cut": "path cut: only the KL"}
n_train, n_test, hidden, L, epochs = (2000, 500, 64, 5, 12) if lesson.quick else (5000, 1000, 200, 10, 15)
images = lesson.images(n_train, n_test)
x_test = (test_rng.random(images.test.shape) < images.test).astype(np.float32)
lesson.predict("With the path cut, the encoder still gets a gradient, from the KL. What will it learn to do?")
models, curves, losses = {}, {}, {}
for route, label in ROUTES.items():
    models[route] = Trial(784, (hidden,), L, seed=lesson.seed)
    models[route].route = route
    history = tinyvae.fit(models[route], images.train, epochs=epochs, validation=images.test, binarize=True,
                          seed=lesson.seed, progress=False)
    curves[label] = history["validation_total"]
    losses[route] = -evaluation.elbo(models[route], x_test, samples=10, rng=lesson.seed)      # (n_test,)
    print(f"{label:<33} negative ELBO {losses[route].mean():7.2f}, of it KL {history['validation_kl'][-1]:6.2f} nats")

# %%
# What can a model reach whose z says nothing about x? At best it knows how often each pixel is 1. Even if it knew that
# of the test pictures themselves, it would pay their entropy, pixel by pixel.

p = x_test.mean(axis=0, dtype=np.float64)
inside = (p > 0) & (p < 1)
pixel_entropy = -np.sum(p[inside] * np.log(p[inside]) + (1 - p[inside]) * np.log(1 - p[inside]))
lesson.claim("With the path cut, the VAE does no better than one that knows only how often each pixel is 1",
             losses["cut"].mean(), at_least=pixel_entropy, source="entropy of independent test pixels, exact")
cut_mu, cut_logvar = models["cut"].encode(x_test)
print(f"Answer: to say nothing. For every test picture mu is at most {np.abs(cut_mu).max():.3f} in size and sigma "
      f"between {np.exp(cut_logvar.min() / 2):.3f} and {np.exp(cut_logvar.max() / 2):.3f}:\nnearly the same N(0, I) "
      "for every x, which is all that the KL asks for.")
for better, worse in (("path", "score, baseline"), ("score, baseline", "score")):
    gap = losses[worse] - losses[better]
    lesson.claim(f"After the same steps, {better!r} is ahead of {worse!r}: mean gap in nats", gap.mean(),
                 at_least=5 * gap.std() / np.sqrt(len(gap)), source="0, by 5 standard errors over test images")
lesson.figure(graphs.training_comparison(
    curves, pixel_entropy, "knows only how often each pixel is 1",
    "Same model, same steps: without the path, training lags, drifts or learns nothing"), "training")

# %%
# How much noise is that? The gradient that enters the trained encoder's head, for 8 fixed images and S draws each. The
# means are compared along :math:`\mu`, the direction in which the KL pulls and the reconstruction pulls back.

S = 1000
trained = models["path"].astype(np.float64)
rows, weight = np.tile(np.float64(x_test[:8]), (S, 1)), np.ones(8 * S)             # (8 S, 784), (8 S,)
trained.loss(rows, vae_rng.standard_normal((8 * S, L)))
nll = trained.likelihood.nll(rows, trained.output)
dz = trained.decoder.backward(trained.likelihood.nll_backward(weight, rows, trained.output))
by_path = gaussian.reparameterise_backward(dz, trained.mu, trained.logvar, trained.eps)[0].reshape(S, 8, L)
baseline = np.tile(losses["path"][:8], S) - gaussian.kl_standard_normal(trained.mu, trained.logvar)      # about E[R]
by_score = score_function.surrogate_backward(weight, trained.mu, trained.logvar, trained.z, nll, baseline)[0]
by_score = by_score.reshape(S, 8, L)
along = [np.sum(trained.mu.reshape(S, 8, L) * estimate, axis=(1, 2)) for estimate in (by_path, by_score)]      # (S,)
lesson.claim("In the trained VAE both estimators pull along mu with the same mean force", along[0].mean(),
             along[1].mean(), within=5 * np.std(along[0] - along[1]) / np.sqrt(S),
             source="both are unbiased; 5 standard errors")
ratio = by_score.var(axis=0).sum() / by_path.var(axis=0).sum()
print(f"variance of dmu, score function with E[R] of the picture as its baseline / pathwise: {ratio:.0f}. So many "
      "draws of the first are worth one of the second.")
reconstructions = {name: models[route].reconstruct(images.test[:10]) for route, name in (
    ("path", "pathwise"), ("score, baseline", "score function,\nbaseline"), ("score", "score function"),
    ("cut", "path cut"))}
lesson.figure(plots.picture_rows({"test digits": images.test[:10], **reconstructions},
                                   "The worse the encoder's gradient, the less a reconstruction knows of its digit"),
              "reconstructions")

# %%
# **The answer to the question.** The gradient exists without the trick, and a VAE can be trained without it. But in
# the same number of steps it gets less far; without a baseline the noise can push :math:`\mu` so far out that the KL
# eats all that was won (watch its column above); and with the path simply cut it gets nowhere at all, since an encoder
# that hears only the KL sends every x to the same N(0, I). The trick is one line of code. What it is worth is the
# distance between the curves.

lesson.end()
