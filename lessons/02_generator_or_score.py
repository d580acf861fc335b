"""Generator or score: two ways to make data (slides p2, p3, p4, p5, p6).

Before: density and distribution function, the derivative of a logarithm, the standard error of a share.
After: you can turn noise into data of a given density directly, or by walking along its score, and measure how far
the result is from the truth: how much of that is too few samples, and how much a wrong sampler.
"""

# %%
# Slide p2: a generator has **two inputs**, a condition :math:`c` (the word "bird") and randomness (the dice). Here the
# data is one number :math:`x`, and its density is known, one mixture of three Gaussians for each of two conditions:
#
# .. math::
#    p(x|c) = \sum_{k} w_{ck} N(x; m_k, s_k^2), \quad F(x|c) = \int_{-\infty}^x p(t|c) dt
#    = \sum_k w_{ck} \Phi \left( \frac{x - m_k}{s_k} \right)
#
# :math:`\Phi` is the distribution function of N(0, 1). The integral of a sum is the sum of the integrals.

import math

import numpy as np

from lessons.course import Lesson
from tinyvae import gaussian, softmax
from tinyvae.gradcheck import numeric_gradients
from tinyvae.plots import densities

lesson = Lesson("02_generator_or_score", "Generator or score", "p2-p6")
sizes, repeats = (np.array([150, 600, 2400]), 12) if lesson.quick else (np.array([200, 800, 3200, 12_800]), 16)
z_rng, dice_rng, chain_rng, data_rng, learned_rng = map(np.random.default_rng,
                                                        np.random.SeedSequence(lesson.seed).spawn(5))
w = np.array([[0.3, 0.4, 0.3], [0.1, 0.2, 0.7]])                           # (conditions, K)
m, s = np.array([-2.2, 0.0, 1.8]), np.array([0.6, 0.5, 0.8])               # (K,)
erf = np.frompyfunc(math.erf, 1, 1)                                        # entry by entry


def Phi(z):
    """P(N(0, 1) <= z), any shape."""
    return 0.5 * (1 + erf(z / math.sqrt(2)).astype(float))


def p(x, c=0):
    """p(x|c): (n,) to (n,)."""
    return np.exp(-(x[:, None] - m)**2 / (2 * s**2)) / np.sqrt(2 * np.pi * s**2) @ w[c]


def F(x, c=0):
    """F(x|c): (n,) to (n,)."""
    return Phi((x[:, None] - m) / s) @ w[c]


# %%
# **Direct (p4): a function G from noise to data.** Draw :math:`u` evenly from [0, 1] and return the :math:`x` at which
# the distribution function reaches it, :math:`G(u) = F^{-1}(u)`. :math:`F` rises, so halving an interval finds it.
#
# .. math::
#    \begin{aligned}
#    P(G(u) \le x) &= P(F^{-1}(u) \le x) && \text{definition of } G \\
#    &= P(u \le F(x)) && F \text{ rises: apply it to both sides} \\
#    &= F(x) && u \text{ is uniform: } P(u \le a) = a \\
#    &= \int_{-\infty}^x p(t) dt && \text{definition of } F
#    \end{aligned}

def G(u, c=0, steps=45):
    """x with F(x|c) = u by bisection: (n,) to (n,). The interval starts 20 wide and halves 45 times: 6e-13."""
    low, high = np.full(len(u), -10.0), np.full(len(u), 10.0)
    for _ in range(steps):
        middle = (low + high) / 2
        below = F(middle, c) < u
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


at, u_even, t = np.array([0.7]), (np.arange(4000) + 0.5) / 4000, np.linspace(-10, 0.7, 20_001)
x_even = G(u_even)
lesson.derivation("Noise pushed through G has the distribution function F", [
    ("P(G(u) <= x)", "x = 0.7; counted over 4000 evenly spaced u", np.mean(x_even <= at)),
    ("P(u <= F(x))", "F rises: apply it to both sides", np.mean(u_even <= F(at)[0])),
    ("F(x)", "u is uniform", F(at)[0]),
    ("integral of p up to x", "definition of F; trapezoid rule", np.sum((p(t)[1:] + p(t)[:-1]) / 2) * (t[1] - t[0])),
], within=1 / 4000, source="a count of 4000 is good to 1/4000")

# %%
# p5 feeds the generator **Gaussian** noise: :math:`u = \Phi(z)`, so :math:`x = G(\Phi(z))`. This map rises too, and the
# density of what comes out follows from the change of variables. It is a **normalizing flow**, in one dimension.
#
# .. math::
#    p_G(x) = N(z; 0, 1) \, / \, \left| \frac{dx}{dz} \right|
#
# The lecture (p4) counts flows among the *indirect* models. A flow is a direct generator, which also knows its density:

z, h = np.linspace(-2.5, 2.5, 101), 1e-4
dx_dz = (G(Phi(z + h)) - G(Phi(z - h))) / (2 * h)
log_p_G = -0.5 * z**2 - 0.5 * np.log(2 * np.pi) - np.log(dx_dz)
lesson.claim("The generator is a flow: log density by change of variables, largest difference from log p(x)",
             np.abs(log_p_G - np.log(p(G(Phi(z))))).max(), 0, within=1e-5,
             source="central difference, h = 1e-4: truncation about h^2, times derivatives of G up to 100")
lesson.figure(densities.stacked_curves(z, {"x = G(z | c)": {f"condition c = {c}": G(Phi(z), c)
                                                            for c in (0, 1)}}, "noise z (standard deviations)",
    "Two inputs: the same noise gives another x under another condition, and new noise another x"), "two_inputs")


# %%
# **The dice have no meaning of their own (p3).** Another generator with two dice: the first chooses the component, the
# second the place within it. The noise means something else, the density is the same.

def G_two_dice(z1, z2, c=0):
    """Component by the first die, place by the second."""
    k = np.minimum(np.searchsorted(np.cumsum(w[c]), Phi(z1)), 2)
    return m[k] + s[k] * z2


# %%
# **How far from the truth?** Half the sum of the differences between a histogram and the exact probability
# :math:`P_k = F(e_{k+1}) - F(e_k)` of each bin, the total variation distance. The count of a bin is binomial, so its
# share has variance :math:`P_k (1 - P_k) / n`, and the mean of :math:`|N(0, v)|` is :math:`\sqrt{2 v / \pi}`:
#
# .. math::
#    d_n = \frac{1}{2} \sum_k \left| \frac{n_k}{n} - P_k \right|, \quad
#    E[d_n] \approx \frac{A}{\sqrt{n}}, \quad A = \frac{1}{2} \sum_k \sqrt{\frac{2}{\pi} P_k (1 - P_k)}

edges = np.arange(-3.5, 3.6, 0.5)                                          # 14 bins and the two tails


def shares(x):
    """Share of each bin, tails included: (n,) to (16,)."""
    return np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) / len(x)


def bins_of(c):
    return np.diff(np.concatenate([[0], F(edges, c), [1]]))                # (16,), P_k


def distance(share, P=bins_of(0)):
    return 0.5 * np.abs(share - P).sum()


A = 0.5 * np.sum(np.sqrt(2 / np.pi * bins_of(0) * (1 - bins_of(0))))
starts = np.concatenate([[0], np.cumsum(np.repeat(sizes, repeats))])       # blocks of each size, no sample used twice


def distances(x):
    """Mean distance (sizes,) and its standard error, over the repeats."""
    d = np.array([distance(shares(x[a:b])) for a, b in zip(starts, starts[1:])]).reshape(len(sizes), repeats)
    return d.mean(axis=1), d.std(axis=1, ddof=1) / np.sqrt(repeats)


def slope(values, errors):
    """Log-log slope against the sizes, and its standard error."""
    centred = np.log(sizes) - np.log(sizes).mean()
    return centred @ np.log(values) / (centred @ centred), np.sqrt(np.sum((centred * errors / values)**2)) / (
        centred @ centred)


lesson.predict("Four times as many samples: by which factor does the distance of the histogram to the truth fall?")
n_all = starts[-1]
x_direct = G(Phi(z_rng.standard_normal(n_all)))
lines = {"direct: inverse distribution function": distances(x_direct),
         "direct: two dice": distances(G_two_dice(*dice_rng.standard_normal((2, n_all))))}


# %%
# **Indirect (p4, p6): a function that rates x.** The lecture calls energy, likelihood and score by one name. Keep them
# apart: the energy is :math:`E(x) = -\log p(x)` up to any constant (low is good), the **score** is today the slope
# :math:`s(x) = \frac{d}{dx} \log p(x) = -E'(x)`, in which that constant has vanished.

def E(x, c=0):
    """Energy, without the constant of the Gaussians: (n,) to (n,)."""
    return -np.log(np.exp(-(x[:, None] - m)**2 / (2 * s**2)) / s @ w[c])


def score(x, c=0):
    """s(x) = sum_k r_k (m_k - x) / s_k^2: (n,) to (n,). r_k, (n, K), is the posterior of component k (Bayes' rule)."""
    weighted = np.exp(-(x[:, None] - m)**2 / (2 * s**2)) / s * w[c]        # (n, K)
    r = weighted / weighted.sum(axis=1, keepdims=True)
    return np.sum(r * (m - x[:, None]) / s**2, axis=1)


parts = w[0] * np.exp(-(at - m)**2 / (2 * s**2)) / np.sqrt(2 * np.pi * s**2)             # (K,), w_k N_k(x)
lesson.derivation("The score of a mixture", [
    ("d/dx log p(x)", "definition; complex step", numeric_gradients(lambda x: np.sum(np.log(p(x))), at)[0][0]),
    ("p'(x) / p(x)", "chain rule", numeric_gradients(lambda x: np.sum(p(x)), at)[0][0] / p(at)[0]),
    ("sum_k w_k N_k(x) (m_k - x) / s_k^2 / p(x)", "linearity; derivative of exp", parts @ ((m - at) / s**2) / p(at)[0]),
    ("sum_k r_k (m_k - x) / s_k^2", "r_k = w_k N_k(x) / p(x), Bayes' rule", score(at)[0]),
    ("-E'(x)", "the constant has no slope; complex step", -numeric_gradients(lambda x: np.sum(E(x)), at)[0][0]),
], within=1e-12, source="rounding")

# %%
# p6 says that the places where the score is best are the data. Climbing to them is not sampling: all walkers end in
# the three peaks. **Langevin's** walk climbs and is shaken, by just as much as keeps the density as it is:
#
# .. math::
#    x' = x + \eta \, s(x) + \sqrt{2 \eta} \, \xi, \quad \xi \sim N(0, 1)
#
# Why this much? Follow the mean of any smooth :math:`g` through one step that starts from :math:`p`:
#
# .. math::
#    \begin{aligned}
#    E[g(x')] &= E[g(x) + g'(x) (x' - x) + \frac{1}{2} g''(x) (x' - x)^2 + \dots] && \text{Taylor} \\
#    &= E[g] + \eta E[g' s] + \eta E[g''] + O(\eta^2) && E[\xi] = 0, \; E[\xi^2] = 1 \\
#    &= E[g] + \eta \int (g' s p + g'' p) dx + O(\eta^2) && \text{definition of the mean} \\
#    &= E[g] + \eta \int (g' p' + g'' p) dx + O(\eta^2) && s p = p' \text{, definition of the score} \\
#    &= E[g] + \eta \int (g' p)' dx + O(\eta^2) && \text{product rule} \\
#    &= E[g] + O(\eta^2) && p \text{ is 0 at both ends}
#    \end{aligned}
#
# No mean moves, to first order. With half the noise, or twice, the last lines would not cancel. In numbers:

line = np.linspace(-9, 9, 4001)
p_line, s_line = p(line), score(line)
dp_line = np.imag(p(line + 1e-30j)) / 1e-30                                # p', complex step
tanh = np.tanh(line)
dg, ddg = 1 - tanh**2, -2 * tanh * (1 - tanh**2)                           # g = tanh


def integral(values):
    return np.sum(values) * (line[1] - line[0])


lesson.derivation("Langevin's drift and noise cancel on p, for g = tanh", [
    ("E[g' s] + E[g'']", "first order in eta; quadrature", integral(p_line * (dg * s_line + ddg))),
    ("int g' p' + g'' p", "s p = p'", integral(dg * dp_line + ddg * p_line)),
    ("g' p at the right end - at the left end", "product rule, integral of a derivative",
     (dg * p_line)[-1] - (dg * p_line)[0]),
    ("0", "p is 0 at both ends", 0.0),
], within=1e-12, source="quadrature of smooth functions that vanish at the ends: rounding")


# %%
# The rest, :math:`O(\eta^2)` a step, adds up over the :math:`1/\eta` steps that forgetting takes: a bias of order
# :math:`\eta`. The **Metropolis** correction removes it: accept :math:`x'` with probability
# :math:`\min(1, p(x') T(x|x') / (p(x) T(x'|x)))`, where :math:`T(x'|x) = N(x'; x + \eta s(x), 2 \eta)`, and else stay
# at :math:`x`. Then as many walkers go from :math:`x` to :math:`x'` as back. Any constant in :math:`p` cancels: an
# energy is enough.

def log_T(to, of, score_of, eta):
    """log T(to | of), up to a constant."""
    return -(to - of - eta * score_of)**2 / (4 * eta)


def walk(x, steps, eta, rng, metropolis=True, noise=1.0, E=E, score=score, keep=False):
    """All walkers x (n,) at once; the last positions (n,), or with keep all of them (steps, n)."""
    path, E_x, s_x = [], E(x), score(x)
    for _ in range(steps):
        new = x + eta * s_x + noise * np.sqrt(2 * eta) * rng.standard_normal(len(x))
        E_new, s_new, accept = E(new), score(new), True
        if metropolis:
            log_ratio = E_x - E_new + log_T(x, new, s_new, eta) - log_T(new, x, s_x, eta)
            accept = np.log(rng.random(len(x))) < log_ratio
        x, E_x, s_x = np.where(accept, [new, E_new, s_new], [x, E_x, s_x])
        if keep:
            path.append(x)
    return np.array(path) if keep else x


# %%
# In one dimension we need not guess how well that works: on a grid the walk is a matrix, :math:`K_{ij}` the probability
# to step from :math:`x_i` to :math:`x_j`. Its stationary density, and how fast it forgets its start, are linear
# algebra.

dx = 0.05 if lesson.quick else 0.025
grid = np.arange(-7 + dx / 2, 7, dx)                                       # (g,), no cell crosses an edge of a bin
pi, x_i, x_j = p(grid) / p(grid).sum(), grid[:, None], grid[None, :]


def matrix(eta, metropolis):
    """K (g, g): rows sum to 1."""
    log_forth = log_T(x_j, x_i, score(grid)[:, None], eta)                 # (g, g), log T(x_j | x_i)
    K = np.exp(log_forth)
    K = K / K.sum(axis=1, keepdims=True)
    if metropolis:
        K = K * np.exp(np.minimum(0, E(grid)[:, None] - E(grid) + log_forth.T - log_forth))
        K = K + np.diag(1 - K.sum(axis=1))                                 # refused: stay
    return K


def stationary(K):
    """The density that K leaves as it is: a row of a high power of K."""
    for _ in range(16):
        K = K @ K
        K = K / K.sum(axis=1, keepdims=True)
    return K[len(K) // 2]


lesson.predict("Plain Langevin, without the correction: what does halving the step do to its error, however many "
               "samples one draws?")
etas = np.array([0.01, 0.02, 0.04, 0.08, 0.16])
plain = [stationary(matrix(eta, False)) for eta in etas]                   # the density the walkers really have
bias = np.array([0.5 * np.abs(q - pi).sum() for q in plain])
print("step eta:", *(f"{eta:7.2f}" for eta in etas), "\nbias    :", *(f"{value:7.4f}" for value in bias))
lesson.claim("The bias of a finite step is of first order: log-log slope between the two smallest steps",
             np.log(bias[1] / bias[0]) / np.log(2), 1, within=etas[1] / s.min()**2,
             source="stationary density of the matrix; the next order is eta / min s^2 of it")

# %%
# Samples: many walkers, each walked until it has forgotten its start, one sample from each.

eta, burn_in, n_max = 0.5, 100, sizes[-1]
K = matrix(eta, True)
start = np.exp(-grid**2 / 8) / np.exp(-grid**2 / 8).sum()                  # N(0, 4)
unforgotten = 0.5 * np.abs(start @ np.linalg.matrix_power(K, burn_in) - pi).sum()
lesson.claim(f"After {burn_in} corrected steps the walkers have the density p: distance left", unforgotten,
             at_most=0.1 * A / np.sqrt(n_max), source=f"matrix power; a tenth of the distance of {n_max} samples")
x_0 = 2 * chain_rng.standard_normal(n_all)
x_walked = walk(x_0, burn_in, eta, chain_rng)
lines["indirect: Langevin, corrected, one walker per sample"] = distances(x_walked)
for name, (d, error) in lines.items():
    rate, rate_error = slope(d, error)
    lesson.claim(f"{name}: the distance falls as one over the root of n, log-log slope", rate, -0.5,
                 within=5 * rate_error, source="variance of a share; 5 standard errors")
    lesson.claim(f"{name}: distance at n = {n_max}, times the root of n", d[-1] * n_max**0.5, A,
                 within=5 * error[-1] * n_max**0.5, source="A: mean of |N(0, v)|, summed; 5 standard errors")

# %%
# **One long walk.** Its steps resemble their neighbours. The share of a bin still has a variance that falls as
# :math:`1/n`, so the rate stays; the constant grows. With :math:`\rho_t` the correlation of "in the bin" at two times
# :math:`t` steps apart, :math:`P_k (1 - P_k)` becomes :math:`P_k (1 - P_k) \tau_k`,
# :math:`\tau_k = 1 + 2 \sum_{t \ge 1} \rho_t`. The sum over all powers of the matrix is an inverse:
# :math:`\sum_{t \ge 0} K^t f = (I - K + 1 \pi^T)^{-1} f` for every :math:`f` with :math:`\pi^T f = 0`.

f = (np.searchsorted(edges, grid)[:, None] == np.arange(len(edges) + 1)).astype(float)   # (g, 16), in bin k
f = f - pi @ f
v = pi @ f**2                                                              # (16,), P_k (1 - P_k)
tau = (2 * pi @ (f * np.linalg.solve(np.eye(len(grid)) - K + pi, f)) - v) / v
A_walk = 0.5 * np.sum(np.sqrt(2 / np.pi * v * tau))
walkers = 48
path = walk(2 * chain_rng.standard_normal(walkers), burn_in + n_max, eta, chain_rng, keep=True)[burn_in:]
one = np.array([[distance(shares(path[:n, r])) for r in range(walkers)] for n in sizes])         # (sizes, walkers)
lines["indirect: the same, one walker, every step a sample"] = (one.mean(axis=1),
                                                                one.std(axis=1, ddof=1) / np.sqrt(walkers))
d, error = list(lines.values())[-1]
print(f"one walk: tau from {tau.min():.1f} to {tau.max():.1f} over the bins; {n_max} steps are worth about "
      f"{n_max * (A / A_walk)**2:.0f} independent samples")
lesson.claim(f"One long walk: distance after {n_max} steps, times the root of n", d[-1] * n_max**0.5, A_walk,
             within=5 * error[-1] * n_max**0.5, source="tau from the matrix; 5 standard errors")

# %%
# **Two wrong samplers.** Plain Langevin with a large step stops at its bias. Climbing without noise ends in the peaks:
# with all samples in a few bins, the distance is the probability of all other bins.

x_plain = walk(x_0, 2 * burn_in, etas[-1], chain_rng, metropolis=False)
lines[f"plain Langevin, step {etas[-1]}"] = distances(x_plain)
binned = np.bincount(np.searchsorted(edges, grid), plain[-1] - pi, minlength=len(edges) + 1)
d, error = list(lines.values())[-1]
lesson.claim(f"Plain Langevin stops at its bias: distance at n = {n_max}", d[-1], 0.5 * np.abs(binned).sum(),
             within=A / np.sqrt(n_max) + 5 * error[-1], source="matrix; triangle inequality with A / sqrt(n), 5 errors")
x_climbed = walk(x_0[:n_max], 150, 0.1, chain_rng, metropolis=False, noise=0.0)
hit = shares(x_climbed) > 0
lesson.claim("Climbing to the best places is not sampling: distance to the density", distance(shares(x_climbed)),
             bins_of(0)[~hit].sum(), within=1e-12,
             source=f"the probability of the {np.sum(~hit)} bins of 16 that hold no peak")
lines["theory: A / sqrt(n)"], lines["theory: one walker"] = (A / np.sqrt(sizes), None), (A_walk / np.sqrt(sizes), None)
lesson.figure(densities.lines_with_errors(sizes, lines, "samples n", "distance of the histogram to p (total variation)",
    "Every right sampler nears the truth as one over the root of n; a wrong one stops"), "distance")

# %%
# **Training and sampling are separate pipelines (p5, p6).** So far the density was known. A learner has only data, and
# leaves only parameters; sampling sees the parameters and new noise, never the data. (A classifier is used as it is
# trained: x in, class out.) Direct: learn 33 quantiles, and interpolate between them. Indirect: learn an energy
# :math:`E_\theta = -\sum_j \theta_j \phi_j`, bumps and a parabola. The true score is unknown, and not needed:
#
# .. math::
#    J(\theta) = \frac{1}{2} E_p[(s_\theta - s)^2]
#    = E_p \left[ \frac{1}{2} s_\theta^2 + s_\theta' \right] + \frac{1}{2} E_p[s^2]
#
# With :math:`s_\theta = \theta^T \phi'` this is a parabola in :math:`\theta`; its gradient
# :math:`E[\phi' \phi'^T] \theta + E[\phi'']` is 0 at the solution of a linear system. The means
# are taken over the data, with a small ridge for bumps where data is thin.

centres, width = np.linspace(-4, 4, 17), 0.6


def features(x, derivative):
    """phi, phi' or phi'' of 17 bumps and the parabola -x^2/2: (n,) to (n, 18)."""
    t = (x[:, None] - centres) / width
    bump = np.exp(-t**2 / 2) * (1, -t / width, (t**2 - 1) / width**2)[derivative]
    return np.column_stack([bump, (-x**2 / 2, -x, -np.ones(len(x)))[derivative]])


data = G(data_rng.random(2000))
quantiles = np.quantile(data, np.linspace(0, 1, 33))                                  # parameters of the generator
dphi, ddphi = features(data, 1), features(data, 2)
theta = -np.linalg.solve(dphi.T @ dphi / len(data) + 1e-3 * np.eye(18), ddphi.mean(axis=0))   # minimum of J + ridge

s_theta, ds_theta = features(line, 1) @ theta, features(line, 2) @ theta
lesson.derivation("Score matching: the true score drops out of its own training loss", [
    ("1/2 E[(s_theta - s)^2]", "definition; quadrature", integral(p_line * (s_theta - s_line)**2) / 2),
    ("1/2 E[s_theta^2] - E[s_theta s] + 1/2 E[s^2]", "square of a difference; linearity",
     integral(p_line * (s_theta**2 / 2 - s_theta * s_line + s_line**2 / 2))),
    ("1/2 E[s_theta^2] - int s_theta p' + 1/2 E[s^2]", "s p = p', definition of the score",
     integral(p_line * s_theta**2 / 2 - s_theta * dp_line + p_line * s_line**2 / 2)),
    ("E[1/2 s_theta^2 + s_theta'] + 1/2 E[s^2]", "by parts; p is 0 at both ends",
     integral(p_line * (s_theta**2 / 2 + ds_theta + s_line**2 / 2))),
], within=1e-10, source="quadrature of smooth functions that vanish at the ends: rounding")
made = {"learned quantiles": np.interp(learned_rng.random(n_max), np.linspace(0, 1, 33), quantiles),
        "learned energy": walk(2 * learned_rng.standard_normal(n_max), 2 * burn_in, 0.3, learned_rng,
                               E=lambda x: -features(x, 0) @ theta, score=lambda x: features(x, 1) @ theta)}
one_gaussian = np.diff(np.concatenate([[0], Phi((edges - data.mean()) / data.std()), [1]]))
print(f"distance of the 2000 data points themselves: {distance(shares(data)):.3f}")
for name, x in made.items():
    lesson.claim(f"Samples of the {name}, new noise, no data: distance to p", distance(shares(x)),
                 at_most=distance(one_gaussian), source="distance of the best single Gaussian, exact")
fine = np.arange(-5, 5.01, 0.25)
panels = {"direct: inverse of F, c = 0": (x_direct, 0), "direct: two dice, c = 1":
          (G_two_dice(*dice_rng.standard_normal((2, n_max)), 1), 1), "direct: learned quantiles":
          (made["learned quantiles"], 0), "indirect: corrected Langevin": (x_walked, 0),
          "indirect: learned energy": (made["learned energy"], 0), "wrong: climbing, no noise": (x_climbed, 0)}
curve = np.linspace(-5, 5, 401)
lesson.figure(densities.histogram_panels(fine, {name: (np.histogram(x, fine)[0], p(curve, c))
                                                for name, (x, c) in panels.items()}, curve,
              "Noise through a function, or a shaken walk along the score: both reach the density"), "histograms")

# %%
# **From lesson to library.** The score of one Gaussian is the ``dz`` of ``log_density_backward`` in
# ``tinyvae/gaussian.py``, the :math:`r_k` are a ``softmax`` (``tinyvae/softmax.py``), and ``quantile_grid`` in
# ``tinyvae/gaussian.py`` is the inverse distribution function of N(0, 1), which spreads latents evenly (p32).

B = np.ones((len(line), 1))
log_N = np.column_stack([gaussian.log_density(line[:, None], m_k * B, 2 * np.log(s_k) * B) for m_k, s_k in zip(m, s)])
dz = np.column_stack([gaussian.log_density_backward(B[:, 0], line[:, None], m_k * B, 2 * np.log(s_k) * B)[0]
                      for m_k, s_k in zip(m, s)])                          # (n, K), scores of the components
lesson.claim("score is softmax and gaussian.log_density_backward",
             np.abs(np.sum(softmax.softmax(log_N + np.log(w[0])) * dz, axis=1) - s_line).max(), 0, within=1e-11,
             source="the lines above, rounding")
w, m, s = np.ones((1, 1)), np.zeros(1), np.ones(1)                         # one component: N(0, 1)
lesson.claim("gaussian.quantile_grid is G for N(0, 1)",
             np.abs(G((np.arange(9) + 0.5) / 9) - gaussian.quantile_grid(9)[:9, 0]).max(), 0, within=1e-12,
             source="20 / 2^45 and rounding")
lesson.end()
