"""The latent variable model: a simple p(z), a decoder, a complicated p(x) (slides p12-p14, p16).

Before: lesson 03 (maximum likelihood); densities, marginal and conditional distributions, the mean of samples.
After: you can write p(x) as an integral over z and compute it three ways, say why sampling z from the prior fails in
many dimensions, and so why a VAE needs a q(z).
"""

# %%
# **The pipeline of p12 to p14.** A latent variable z is drawn from a simple distribution. A decoder with parameters
# :math:`\theta` turns it into the mean of a distribution of x. From that, x is drawn.
#
# .. math::
#    z \sim p(z) = N(0, 1), \qquad \hat x = f_\theta(z) = \tanh(z W_1 + b_1) W_2 + b_2, \qquad
#    x \sim p_\theta(x|z) = N(x; \hat x, \sigma_0^2)
#
# Our decoder is a small network with weights set by hand: three steps, so four landings. One number in, one out.

import math
import statistics

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import gaussian, linear_gaussian
from tinyvae.likelihood import gaussian_nll
from tinyvae.plots import likelihoods

lesson = Lesson("10_latent_variable_model", "The latent variable model", "p12-p14, p16")
sample_seed, prior_seed, dimension_seed, library_seed = np.random.SeedSequence(lesson.seed).spawn(4)
W1, b1 = np.array([[6.0, 6.0, 6.0]]), np.array([4.2, -1.2, -6.0])             # (1, 3), (3,): steps at -0.7, 0.2, 1.0
W2, b2 = np.array([[1.0], [0.7], [1.2]]), np.array([0.0])                      # (3, 1), (1,): half the height of each
sigma0 = 0.25


def decoder(z):
    """f_theta(z), the mean of p(x given z). (n, 1) to (n, 1)"""
    return np.tanh(z @ W1 + b1) @ W2 + b2


def normal(x, mean, sigma):
    """N(x; mean, sigma^2), a density."""
    return np.exp(-0.5 * ((x - mean) / sigma)**2) / (math.sqrt(2 * math.pi) * sigma)


def Phi(x):
    """The distribution function of N(0, 1), elementwise."""
    return 0.5 * np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2))


# %%
# **p(x) as an integral (p16), line by line.** For one x, say 1.7, between two landings. The first line is what a
# density means. Every line is computed in its own way: the last one replaces the integral by a mean over 100,000
# values of z that cut the prior into pieces of equal probability.

lesson.predict("No landing of the decoder is at x = 1.7. Is p(1.7) zero, small, or large?")
z = np.linspace(-8, 8, 4001)                              # (Z,), the grid of the quadrature
dz, x_hat, x0, step = 16 / 4000, decoder(z[:, None])[:, 0], 1.7, 1e-5


def cdf(x):
    """P(X <= x) = integral of P(X <= x given z) p(z) dz."""
    return np.sum(Phi((x - x_hat) / sigma0) * normal(z, 0, 1)) * dz


def density(x):
    """p(x) = integral of p(x given z) p(z) dz, by quadrature. (G,) to (G,)"""
    return normal(np.asarray(x)[:, None], x_hat, sigma0) @ normal(z, 0, 1) * dz


column, zero = z[:, None], np.zeros((len(z), 1))
log_joint = gaussian.log_density(column, zero, zero) - gaussian_nll(
    np.full((len(z), 1), x0), decoder(column), np.array([2 * math.log(sigma0)]))            # (Z,), log p(x, z)
u = (np.arange(100_000) + 0.5) / 100_000
equal = np.array([statistics.NormalDist().inv_cdf(value) for value in u])                  # Phi^-1(u)
p_x = density([x0])[0]
lesson.derivation("p(x) keeps its value through every line of p16", [
    ("d/dx P(X <= x)", "what a density is", (cdf(x0 + step) - cdf(x0 - step)) / (2 * step)),
    ("integral of p(x, z) dz", "marginal: sum over all z", np.sum(np.exp(log_joint)) * dz),
    ("integral of p(x given z) p(z) dz", "product rule: p(x, z) = p(x given z) p(z)", p_x),
    ("E[p(x given z)], z from p(z)", "an integral weighted with p(z) is an expectation",
     normal(x0, decoder(equal[:, None]), sigma0).mean()),
], within=1e-8, source="central difference with step 1e-5 in the first line: h^2 / 6 times p''(x), about 1e-10")
lesson.claim("p(x) integrates to 1", np.sum(density(np.linspace(-6, 6, 1201))) * 0.01, 1, within=1e-12,
             source="p(x) is a density; the sum is exact to rounding for a smooth p")

# %%
# **Sampling the pipeline gives this p(x)** (p13: a simple distribution becomes a complicated one). Nobody computed p(x)
# to draw from it: one z, one pass through the decoder, one noise. Given z, the decoder's output is fixed. (p15 says in
# passing that the same random input may give different pictures: only by this last noise.)

n = 50_000 if lesson.quick else 400_000
rng = np.random.default_rng(sample_seed)
z_drawn = rng.standard_normal((n, 1))                     # z ~ p(z)
x_drawn = decoder(z_drawn) + sigma0 * rng.standard_normal((n, 1))              # x ~ p(x given z)
edges = np.linspace(-3.6, 3.6, 37)
expected = n * np.diff([0, *(cdf(edge) for edge in edges), 1])                 # (38,), two of the cells are open
counts = np.bincount(np.digitize(x_drawn[:, 0], edges), minlength=38)
cells = len(counts) - 1
chi_square = np.sum((counts - expected)**2 / expected)
lesson.claim("The histogram of the samples is p(x): chi-square over 38 cells", chi_square, cells,
             within=5 * math.sqrt(2 * cells), source="chi-square: mean 37, variance 2 x 37; 5 standard deviations")
fine = np.linspace(-4.2, 4.2, 841)
p_fine = density(fine)
bumps = np.sum((p_fine[1:-1] > p_fine[:-2]) & (p_fine[1:-1] > p_fine[2:]))
lesson.claim("p(z) has one bump, p(x) has", bumps, 4, within=0, source="one for each landing of the decoder")
lesson.figure(likelihoods.pipeline(z, normal(z, 0, 1), x_hat, fine, p_fine, x_drawn[:, 0],
                                   "One bump in, four bumps out: the decoder turns a simple p(z) into a complicated "
                                   "p(x)"), "pipeline")

# %%
# **What does p16 mean by an "uncontrollable" p(z)?** It lists two unknowns: :math:`\theta`, which we optimise, and "the
# true prior p(z)", which we cannot control; so a "controllable" q(z) comes in. Read literally this is wrong: p(z) is
# our own choice, known and easy to sample. Nor can data tell a true one: another prior with another decoder gives the
# same p(x). Let :math:`v = T(z)` follow a logistic distribution, and decode :math:`f(T^{-1}(v))`. (A decoder of limited
# power may do better with one prior than with another. That makes p(z) a choice, not an unknown.)

v = np.linspace(-30, 30, 6001)
logistic = np.exp(-np.abs(v)) / (1 + np.exp(-np.abs(v)))**2                    # p(v)
back = np.array([-math.copysign(1, t) * statistics.NormalDist().inv_cdf(1 / (1 + math.exp(abs(t)))) for t in v])
other = normal(fine[:, None], decoder(back[:, None])[:, 0], sigma0) @ logistic * (v[1] - v[0])
lesson.claim("A logistic prior with the decoder f(T^-1(v)) has the same p(x): largest difference",
             np.abs(other - p_fine).max(), 0, within=1e-9, source="change of variable; two quadratures")

# %%
# What we really cannot steer is **where, under the fixed p(z), the z lie that explain this x**. The integrand
# :math:`p(x|z) p(z)`, divided by p(x), is by Bayes' rule the posterior :math:`p(z|x)`. It sits in a narrow place, and
# p(z) knows nothing of x. A q(z) that we may move there: that is the controllable one. It replaces p(z) as the place to
# *sample from*. It does not replace p(z) in the model: :math:`z \sim p(z)` still defines p(x) (lesson 11 has both).

posterior = np.exp(log_joint) / p_x                       # (Z,), p(z given x)
order = np.argsort(-posterior)
carrying = order[:np.searchsorted(np.cumsum(posterior[order]) * dz, 0.99) + 1]            # the best z, up to 99 %
share = np.sum(normal(z[carrying], 0, 1)) * dz
print(f"99 % of p(1.7) comes from z in [{z[carrying].min():.2f}, {z[carrying].max():.2f}], which the prior draws "
      f"{100 * share:.1f} % of the time.")

# %%
# **Monte Carlo from the prior.** Replace the expectation by a mean over n draws of p(z):
#
# .. math::
#    \hat p(x) = \frac{1}{n} \sum_{i=1}^{n} p(x|z_i), \quad z_i \sim p(z), \qquad
#    \mathbb{E}[\hat p] = p(x), \qquad
#    \text{standard error} = \frac{\sqrt{\operatorname{Var}\, p(x|z)}}{\sqrt n}
#
# The mean of :math:`\hat p` is right whatever n is (linearity). Its error, and its log, are another matter:
#
# .. math::
#    \mathbb{E}[\log \hat p] \le \log \mathbb{E}[\hat p] = \log p(x) \quad \text{(Jensen: log is concave)}, \qquad
#    \mathbb{E}[\log \hat p] - \log p(x) = -\frac{c_2}{2n} + \frac{1}{n^2} \Big( \frac{c_3}{3} - \frac{3 c_2^2}{4} \Big)
#    + \ldots
#
# with :math:`c_k` the mean of :math:`(p(x|z)/p(x) - 1)^k`, from quadrature. (Put :math:`\hat p = p(x) (1 + \delta)` and
# expand :math:`\log(1 + \delta) = \delta - \delta^2/2 + \delta^3/3 - \delta^4/4`. The means of the powers of
# :math:`\delta` are 0, :math:`c_2/n`, :math:`c_3/n^2` and :math:`3 c_2^2/n^2` up to terms in :math:`1/n^3`.)

c2, c3 = (np.sum((normal(x0, x_hat, sigma0) / p_x - 1)**k * normal(z, 0, 1)) * dz for k in (2, 3))
sizes, repeats = np.array([100, 400, 1600, 6400]), 400 if lesson.quick else 2000
rng = np.random.default_rng(prior_seed)
draws = rng.standard_normal(150)
lesson.figure(likelihoods.integrand(z, normal(z, 0, 1), posterior, draws,
                                    (draws > z[carrying].min()) & (draws < z[carrying].max()),
                                    "Nearly all draws of the prior miss the narrow place where p(1.7) comes from"),
              "integrand")
lesson.predict("How many more draws does one more correct digit of p(x) take? And will the log be right on average?")
ratio = np.array([[normal(x0, decoder(rng.standard_normal((size, 1))), sigma0).mean() / p_x for _ in range(repeats)]
                  for size in sizes])                     # (sizes, repeats), estimate / truth
error = np.sqrt(np.mean((ratio - 1)**2, axis=1))          # relative to p(x)
print("\n      n   error in theory   measured   bias of the log in theory   measured (all relative to p(x), nats)")
# p_hat / p - 1 has mean 0: subtracting it leaves the mean of the log as it is, and removes most of its noise
biases = np.log(ratio) - (ratio - 1)                      # (sizes, repeats)
theory = -c2 / (2 * sizes) + (c3 / 3 - 3 * c2**2 / 4) / sizes**2
for size, e, bias, t in zip(sizes, error, biases.mean(axis=1), theory):
    print(f"{size:7d} {math.sqrt(c2 / size):17.4f} {e:10.4f} {t:+27.5f} {bias:+10.5f}")
lesson.claim("The estimate is unbiased at n = 100: mean of estimate / p(x)", ratio[0].mean(), 1,
             within=5 * math.sqrt(c2 / sizes[0] / repeats), source="linearity; p(x) by quadrature; 5 standard errors")
squared = (ratio - 1)**2
worst = np.abs(squared.mean(axis=1) - c2 / sizes) / (squared.std(axis=1) / math.sqrt(repeats))
lesson.claim("Its squared error is Var / n for each n: one more digit costs 100 times the draws; in standard errors",
             worst.max(), at_most=5, source="variance of a mean, Var by quadrature")
lesson.claim("The log of the estimate is too small on average, at n = 1600 by", biases[2].mean(), theory[2],
             within=5 * biases[2].std() / math.sqrt(repeats), source="Jensen; expansion of the log to 1/n^2")
lesson.figure(likelihoods.error_and_bias(sizes, error, np.sqrt(c2 / sizes), -biases.mean(axis=1), -theory,
                                         "The error falls as one over root n, the bias of the log as one over n"),
              "monte_carlo")

# %%
# **More dimensions.** A model whose p(x) is known: d latents, d observations, a linear decoder. This also shows that
# "the integral has no closed form" (p16) is a fact about networks, not about integrals: for a linear decoder it has.
#
# .. math::
#    z \sim N(0, I), \quad x|z \sim N(z, \sigma^2 I) \quad \Rightarrow \quad x \sim N(0, (1 + \sigma^2) I), \quad
#    z|x \sim N\Big( \frac{x}{1 + \sigma^2}, \frac{\sigma^2}{1 + \sigma^2} I \Big)
#
# How many of n weighted samples count? The effective sample size (ESS) of weights :math:`w_i = p(x|z_i)` is
# :math:`(\sum w_i)^2 / \sum w_i^2`: n when all are equal, 1 when one has everything. For many samples
#
# .. math::
#    \frac{\text{ESS}}{n} \to \frac{(\mathbb{E}[w])^2}{\mathbb{E}[w^2]} = \prod_{j=1}^{d}
#    \frac{N(x_j; 0, 1 + \sigma^2)^2}{(4 \pi \sigma^2)^{-1/2}\, N(x_j; 0, 1 + \sigma^2/2)} = r^d
#
# since :math:`N(x; z, \sigma^2)^2 = (4\pi\sigma^2)^{-1/2} N(x; z, \sigma^2/2)`, whose mean over the prior is Gaussian
# too. We take an x of typical length, :math:`x_j^2 = 1 + \sigma^2`; then all factors are the same r.
#
# Beside the prior we try a q that looks at x: the posterior's mean, but k = 1.5 times its standard deviation. Its
# weights are :math:`w = p(x|z) p(z) / q(z) = p(x)\, p(z|x) / q(z)`, so :math:`\mathbb{E}_q[w] = p(x)`, and in each
# dimension
#
# .. math::
#    \frac{\mathbb{E}_q[w^2]}{p(x)^2} = \int \frac{p(z|x)^2}{q(z)} \, dz = \frac{k^2}{\sqrt{2 k^2 - 1}}, \qquad
#    r_{wide} = \frac{\sqrt{2 k^2 - 1}}{k^2}

lesson.predict("10,000 draws from the prior. In how many dimensions does fewer than one of them count?")
sigma, n, repeats = 0.5, 10_000, 20 if lesson.quick else 100
dimensions = np.array([1, 2, 4, 8, 16, 24])
typical = math.sqrt(1 + sigma**2)                         # every x_j
r = normal(typical, 0, typical)**2 / ((4 * math.pi * sigma**2)**-0.5 * normal(typical, 0, math.sqrt(1 + sigma**2 / 2)))
mu_q, sigma_q = typical / (1 + sigma**2), sigma / typical                      # the posterior of each z_j
wide = 1.5                                                # k
r_wide = math.sqrt(2 * wide**2 - 1) / wide**2
lesson.claim("The closed form of p(x) is the integral over z, d = 1", normal(typical, 0, typical),
             np.sum(normal(typical, z, sigma) * normal(z, 0, 1)) * dz, within=1e-13, source="quadrature; rounding")


def log_weights(mean, scale, d, rng):
    """log of p(x given z) p(z) / q(z), n draws of z from q = N(mean, scale^2 I). returns : (n,)"""
    z = mean + scale * rng.standard_normal((n, d))                             # (n, d)
    log_p_x = -0.5 * np.sum(((typical - z) / sigma)**2, axis=1) - d * math.log(math.sqrt(2 * math.pi) * sigma)
    log_p_z = -0.5 * np.sum(z**2, axis=1) - d * math.log(math.sqrt(2 * math.pi))
    log_q_z = -0.5 * np.sum(((z - mean) / scale)**2, axis=1) - d * math.log(math.sqrt(2 * math.pi) * scale)
    return log_p_x + log_p_z - log_q_z


def log_mean_exp(log_w):
    """log of the mean of exp(log_w), the largest taken out first so that nothing underflows."""
    return log_w.max() + math.log(np.mean(np.exp(log_w - log_w.max())))


def effective_share(log_w):
    """(E w)^2 / E[w^2] from weights (R, n), and the standard error of its log by the delta method over blocks."""
    w = np.exp(log_w - log_w.max()).reshape(-1, 500)
    first, second = w.mean(axis=1), (w**2).mean(axis=1)                        # one number for each block of 500
    influence = 2 * first / first.mean() - second / second.mean()
    return first.mean()**2 / second.mean(), influence.std(ddof=1) / math.sqrt(len(w))


rng = np.random.default_rng(dimension_seed)
log_p = dimensions * (-0.5 - math.log(math.sqrt(2 * math.pi) * typical))       # log N(x; 0, 1 + sigma^2), exact
shares, deviations, log_error, seen = {"from the prior": [], "from q, 1.5 times too wide": []}, [], [], []
print("\ndimension   ESS in theory   ESS that a run sees   log estimate - log p(x), nats (medians of", repeats, "runs)")
for d, exact in zip(dimensions, log_p):
    from_prior = np.array([log_weights(0.0, 1.0, d, rng) for _ in range(repeats)])         # (R, n)
    from_q = np.array([log_weights(mu_q, wide * sigma_q, d, rng) for _ in range(repeats)])
    log_error.append([log_mean_exp(row) - exact for row in from_prior])
    w = np.exp(from_prior - from_prior.max(axis=1, keepdims=True))
    seen.append(np.median(w.sum(axis=1)**2 / (w**2).sum(axis=1)))
    for name, log_w, rate in zip(shares, (from_prior, from_q), (r, r_wide)):
        value, standard_error = effective_share(log_w)
        enough = n * rate**d > 100                        # with fewer, w^2 itself is hardly ever seen
        shares[name].append(value if enough else np.nan)
        deviations += [abs(math.log(value) - d * math.log(rate)) / standard_error] if enough else []
    print(f"{d:9d} {n * r**d:15.3g} {seen[-1]:21.3g} {np.median(log_error[-1]):+25.3f}")
log_error = np.array(log_error)                           # (M, R)
print("A run cannot see an ESS below 1: in 16 dimensions its own ESS no longer tells how bad it is.")
lesson.claim("The effective share falls as r^d, from the prior and from a wide q: deviation in standard errors",
             max(deviations), at_most=5, source="Gaussian integrals above, wherever ESS in theory exceeds 100")
lesson.claim("In 24 dimensions the log of the estimate is too small, on average by (nats)", log_error[-1].mean(),
             at_most=min(-5 * log_error[-1].std(ddof=1) / math.sqrt(repeats), -1e-9),
             source="Jensen; exact p(x); by more than 5 standard errors, and than rounding")
lesson.figure(likelihoods.against_dimension(
    dimensions, {"from the prior": r**dimensions, "from q, 1.5 times too wide": r_wide**dimensions}, shares,
    np.array(seen) / n, log_error,
    "From the prior, every dimension costs a factor of 2.6; a q that looks at x pays far less"), "dimension")
print(f"For an ESS of 100 the prior needs {100 / r**10:.0e} draws at d = 10, {100 / r**24:.0e} at d = 24; the wide q "
      f"{100 / r_wide**10:.0f} and {100 / r_wide**24:.0f}.")

# %%
# **That is why q(z) is needed.** The best q is the posterior: every weight is then
# :math:`p(x|z) p(z) / p(z|x) = p(x)`, by Bayes' rule, and *one* sample is enough.
#
# **From lesson to library.** ``tinyvae/linear_gaussian.py``: ``log_marginal`` is the closed form.
# ``tinyvae/evaluation.py``: ``log_likelihood`` is the weighted mean, with q from the encoder of a VAE. Give a linear
# VAE an encoder that ignores x (all weights 0: q is the prior), then one that knows the exact posterior.
# ``tinyvae/vae.py``: ``VAE.sample`` is the pipeline of p13.

d, n = 24, 2000
x = np.full((1, d), typical)
vae = tinyvae.VAE(d, hidden=(), latent_dim=d, likelihood="gaussian", sigma0=sigma, dtype=np.float64)
vae.parameters.vector[...] = 0
vae.parameters["decoder.0.W"][...] = np.eye(d)
lesson.claim("linear_gaussian.log_marginal is the closed form of the lesson, d = 24",
             linear_gaussian.log_marginal(x, np.eye(d), np.zeros(d), sigma)[0], log_p[-1], within=1e-11,
             source="the lines above, rounding")
by_hand = log_mean_exp(log_weights(0.0, 1.0, d, np.random.default_rng(library_seed)))
library = tinyvae.log_likelihood(vae, x, k=n, rng=np.random.default_rng(library_seed))[0]
lesson.claim("tinyvae.log_likelihood with q = p(z) is the estimate of the lesson", library, by_hand, within=1e-11,
             source="the lines above, same draws; rounding")
vae.parameters["encoder.0.W"][:, :d] = np.eye(d) / (1 + sigma**2)              # mu = x / (1 + sigma^2)
vae.parameters["encoder.0.b"][d:] = 2 * math.log(sigma_q)                      # logvar
one_sample = tinyvae.log_likelihood(vae, x, k=1, rng=np.random.default_rng(library_seed))[0]
print(f"d = 24: exact log p(x) {log_p[-1]:.4f}; {n} samples from the prior {by_hand:.4f}; one from the posterior "
      f"{one_sample:.4f}")
lesson.claim("With q = p(z given x) one sample gives the exact log p(x), in 24 dimensions", one_sample, log_p[-1],
             within=1e-11, source="Bayes' rule; the exact marginal; rounding")
network = tinyvae.VAE(1, hidden=(3,), latent_dim=1, likelihood="gaussian", sigma0=sigma0, activation="tanh",
                      dtype=np.float64)
for name, value in {"0.W": W1, "0.b": b1, "2.W": W2, "2.b": b2}.items():
    network.parameters["decoder." + name][...] = value
lesson.claim("VAE.sample draws what the pipeline of the lesson drew: largest difference",
             np.abs(network.sample(len(x_drawn), np.random.default_rng(sample_seed), mean=False) - x_drawn).max(), 0,
             within=1e-13, source="the lines above, same draws; rounding")
lesson.end()
