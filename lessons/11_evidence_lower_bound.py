"""The evidence lower bound: log p(x) cut into three terms, two of which can be computed (slides p16-p19).

Before: lesson 10 (p(x) is an integral over z), Bayes' rule, the KL divergence (lesson 3).
After: you can derive the three terms of p17 line by line, say which can be computed and how, why ELBO <= log p(x) and
what dropping the last term costs, and why p(z given x) is out of reach when p(x given z) is not.
"""

# %%
# p16 wants to maximise :math:`\log p_\theta(x)` with :math:`p_\theta(x) = \int p_\theta(x|z) p(z) dz`, and lesson 10
# could not compute the integral. p17 brings in a density :math:`q(z)` that we choose, and cuts :math:`\log p_\theta(x)`
# into three terms. To check every line we need a model in which all of them are known. There is one:
#
# .. math::
#    z \sim N(0, I), \quad x = z W + b + \sigma \varepsilon, \quad p(x|z) = N(x; z W + b, \sigma^2 I)
#
# It is a VAE's decoder with a single linear layer. :math:`D` numbers in :math:`x`, :math:`L` in :math:`z`.

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import evaluation, gaussian, linear_gaussian
from tinyvae.plots import bounds

lesson = Lesson("11_evidence_lower_bound", "The evidence lower bound", "p16-p19")
model_seed, data_seed, noise_seed, cost_seed = np.random.SeedSequence(lesson.seed).spawn(4)
rng = np.random.default_rng(model_seed)
W, b, sigma = np.array([[1.2, -0.8, 0.5]]), np.array([0.3, -0.2, 0.1]), 0.6          # (L, D) = (1, 3), (D,)
x = rng.standard_normal((1, 1)) @ W + b + sigma * rng.standard_normal((1, 3))         # (1, D), one observation


def log_normal(v, mean, sd):
    """log N(v; mean, sd^2), number by number."""
    return -0.5 * np.log(2 * np.pi * sd**2) - (v - mean)**2 / (2 * sd**2)


# %%
# **The exact answers.** :math:`x` is a sum of Gaussian variables, so it is Gaussian: mean :math:`b`, covariance
# :math:`C = W^T W + \sigma^2 I`. And in :math:`\log p(x|z) + \log p(z)` collect what multiplies :math:`z^2` and
# :math:`z`: a quadratic, so :math:`p(z|x)` is Gaussian too. With one latent and :math:`w` the row of :math:`W`:
#
# .. math::
#    -\frac{|x - b - z w|^2}{2 \sigma^2} - \frac{z^2}{2}
#    = -\frac{1}{2} \left(1 + \frac{|w|^2}{\sigma^2}\right) z^2 + \frac{(x - b) \cdot w}{\sigma^2} z + const
#
# .. math::
#    s^2 = \left(1 + \frac{|w|^2}{\sigma^2}\right)^{-1}, \quad m = s^2 \frac{(x - b) \cdot w}{\sigma^2}, \quad
#    p(z|x) = N(z; m, s^2)

s = (1 + np.sum(W**2) / sigma**2)**-0.5
m = s**2 * np.sum((x - b) * W) / sigma**2
print(f"\nx = {np.round(x[0], 3)}: the posterior p(z given x) is N({m:.3f}, {s:.3f}^2)")

# %%
# **The three terms in closed form.** For :math:`q = N(\mu, diag(s_q^2))` both KL divergences are the library's (lesson
# 14 derives them). The first term: write :math:`z = \mu + e` with :math:`E[e] = 0` and :math:`E[e_j^2] = s_{q,j}^2`.
# The squared distance is :math:`|x - b - \mu W|^2 - 2 (x - b - \mu W) \cdot e W + |e W|^2`; on average the middle part
# is 0 and the last is :math:`\sum_j s_{q,j}^2 |W_j|^2`, with :math:`W_j` the rows of :math:`W`:
#
# .. math::
#    E_q[\log p(x|z)] = \log N(x; \mu W + b, \sigma^2 I) - \frac{1}{2 \sigma^2} \sum_j s_{q,j}^2 |W_j|^2

def expected_log_likelihood(x, mu, logvar, W, b, sigma):
    """E_q[log p(x given z)] for q = N(mu, diag exp(logvar)): (B,)."""
    at_mean = gaussian.log_density(x, mu @ W + b, np.full(x.shape, np.log(sigma**2)))
    return at_mean - np.exp(logvar) @ np.sum(W**2, axis=1) / (2 * sigma**2)


def three_terms(x, mu, logvar, W, b, sigma):
    """E_q[log p(x given z)], KL(q, p(z)) and KL(q, p(z given x)), each (B,), when the posterior is diagonal."""
    mean, covariance = linear_gaussian.posterior(x, W, b, sigma)
    post_logvar = np.broadcast_to(np.log(np.diag(covariance)), mean.shape)
    return (expected_log_likelihood(x, mu, logvar, W, b, sigma), gaussian.kl_standard_normal(mu, logvar),
            gaussian.kl_gaussians(mu, logvar, mean, post_logvar))


# %%
# **The derivation of p17.** Take a :math:`q` that is *not* the posterior. Each line below is one step with its rule,
# and its value by quadrature: a sum over a fine grid of :math:`z`. Only :math:`\log p(x)` itself, the posterior and
# the three names at the end bring in something new, and each is computed in its own way.

lesson.predict("q is a guess, 0.8 too far right and twice too wide. Which of the next ten lines change with it?")
mu_q, sd_q = m + 0.8, 2 * s
z, dz = np.linspace(-15, 15, 30001, retstep=True)                                     # (n,)


def integral(f):
    return np.sum(f) * dz


log_p_x_z = log_normal(x, z[:, None] @ W + b, sigma).sum(axis=1)                      # log p(x given z), (n,)
log_p_z, log_q, log_post = log_normal(z, 0, 1), log_normal(z, mu_q, sd_q), log_normal(z, m, s)
q = np.exp(log_q)
log_p = np.log(integral(np.exp(log_p_x_z + log_p_z)))                                 # p16: the integral itself
first, second, third = (integral(q * f) for f in (log_p_x_z, log_p_z - log_q, log_q - log_post))

E, KL_prior, KL_post = (term[0] for term in three_terms(x, np.array([[mu_q]]), np.array([[2 * np.log(sd_q)]]),
                                                       W, b, sigma))
lesson.derivation("The ten lines of p17 have one value", [
    ("log p(x)", "by its definition on p16", log_p),
    ("log p(x) ∫ q(z) dz", "the integral of a density is 1", log_p * integral(q)),
    ("∫ q(z) log p(x) dz", "log p(x) does not depend on z: inside", integral(q * log_p)),
    ("∫ q log [p(x|z) p(z) / p(z|x)] dz", "Bayes: p(x) = p(x|z) p(z) / p(z|x)",
     integral(q * (log_p_x_z + log_p_z - log_post))),
    ("∫ q log [p(x|z) p(z) / p(z|x) · q / q] dz", "times q / q = 1",
     integral(q * (log_p_x_z + log_p_z - log_post + log_q - log_q))),
    ("∫ q log [p(x|z) · p(z) / q · q / p(z|x)] dz", "order of the factors",
     integral(q * (log_p_x_z + (log_p_z - log_q) + (log_q - log_post)))),
    ("∫ q [log p(x|z) + log p(z)/q + log q/p(z|x)] dz", "log of a product",
     integral(q * log_p_x_z + q * (log_p_z - log_q) + q * (log_q - log_post))),
    ("∫ q log p(x|z) dz + ∫ q log p(z)/q dz + ∫ q log q/p(z|x) dz", "linearity of the integral",
     first + second + third),
    ("∫ q log p(x|z) dz - ∫ q log q/p(z) dz + ∫ q log q/p(z|x) dz", "log a/b = -log b/a",
     first - integral(q * (log_q - log_p_z)) + third),
    ("E_q[log p(x|z)] - KL(q, p(z)) + KL(q, p(z|x))", "names: expectation, KL; closed forms", E - KL_prior + KL_post),
], within=1e-9, source="quadrature on 30001 points, against closed forms of the three terms")
print("q appears in every line but the first, and changes none of them.")

# %%
# Two of the library's formulas are what was derived above, for any :math:`L`: the covariance and the completed square.

exact = linear_gaussian.log_marginal(x, W, b, sigma)[0]
lesson.claim("log p(x) from the covariance W^T W + sigma^2 I is the integral of p16", exact, log_p, within=1e-9,
             source="quadrature; tinyvae/linear_gaussian.py, log_marginal")
mean, covariance = linear_gaussian.posterior(x, W, b, sigma)
lesson.claim("linear_gaussian.posterior is the completed square", abs(mean - m).max() + abs(covariance - s**2).max(),
             0, within=1e-13, source="the lines for m and s above, rounding")

# %%
# **The terms move, the sum does not.** The same three terms, in closed form, for every :math:`q` we like. (The notes to
# p16 let :math:`q(z)` stand in for the prior, "which we cannot control". In a VAE the prior is ours, :math:`N(0, I)`;
# what :math:`q` stands in for is the posterior. Compare the first and the last row of the table.)

lesson.predict("Slide q over z and change its width. E_q[log p(x given z)] moves by many nats. What does the sum do?")
cases = {"the prior": (0, 1), "far left": (m - 1.5, s), "too wide": (m, 3 * s), "too sure": (m, s / 8),
         "a little right": (m + s, s), "as in the\nderivation": (mu_q, sd_q), "the\nposterior": (m, s)}
chosen = np.array([(mu, 2 * np.log(sd)) for mu, sd in cases.values()])                # (7, 2): mu, logvar
terms = np.array(three_terms(np.tile(x, (7, 1)), chosen[:, :1], chosen[:, 1:], W, b, sigma))    # (3, 7)
print(f"{'q':<20} {'E_q[log p(x|z)]':>16} {'- KL(q, p(z))':>15} {'+ KL(q, p(z|x))':>16} {'= sum':>10}")
for name, (t1, t2, t3) in zip(cases, terms.T):
    print(f"{' '.join(name.split()):<20} {t1:16.4f} {-t2:15.4f} {t3:16.4f} {t1 - t2 + t3:10.6f}")
lesson.figure(bounds.stacked_terms(list(cases), terms, exact,
                                   "Whatever q is, the three terms add up to the same log p(x)"), "three_terms")

n = 2000
rng = np.random.default_rng(data_seed)
many_x = rng.standard_normal((n, 1)) @ W + b + sigma * rng.standard_normal((n, 3))
mu, logvar = 2 * rng.standard_normal((n, 1)), 2 * rng.standard_normal((n, 1))         # an arbitrary q for each x
E, KL_prior, KL_post = three_terms(many_x, mu, logvar, W, b, sigma)
log_p_many = linear_gaussian.log_marginal(many_x, W, b, sigma)
lesson.claim("Over 2000 pairs of x and q the three terms add up to log p(x)",
             np.max(np.abs(E - KL_prior + KL_post - log_p_many) / (np.abs(E) + KL_prior + KL_post)), 0, within=1e-13,
             source="exact marginal, relative to the size of the terms, rounding")

# %%
# p19 says: "for any distribution q(z)". Any: it need not be Gaussian. Where :math:`q = 0` the integrand is 0, since
# :math:`q \log q \to 0`; only :math:`p(z|x) > 0` wherever :math:`q > 0` is needed.

odd = {"uniform": np.where(np.abs(z - m) < 1.5, 1.0, 0.0),
       "two peaks": np.exp(log_normal(z, m - 1, s)) + np.exp(log_normal(z, 2, 0.3)), "Laplace": np.exp(-np.abs(z - 1))}
sums, elbos = [], []
for values in odd.values():
    q = values / integral(values)
    log_q = np.log(np.where(q > 0, q, 1))
    parts = [integral(q * f) for f in (log_p_x_z, log_q - log_p_z, log_q - log_post)]
    sums.append(parts[0] - parts[1] + parts[2])
    elbos.append(parts[0] - parts[1])
print("ELBO for q", ", ".join(f"{name}: {value:.3f}" for name, value in zip(odd, elbos)), f"; log p(x) = {exact:.3f}")
lesson.claim("A uniform, a two-peaked and a Laplace q give the same sum", np.max(np.abs(np.array(sums) - exact)), 0,
             within=1e-9, source="quadrature against the exact marginal")

# %%
# **The bound (p19).** A KL divergence is never negative, so dropping the last term can only lower the sum:
#
# .. math::
#    \log p(x) = \mathrm{ELBO} + KL(q, p(z|x)) \geq \mathrm{ELBO} = E_q[\log p(x|z)] - KL(q, p(z))
#
# Evidence is the old name of :math:`p(x)`, hence "evidence lower bound". (The lecture explains the word otherwise, by
# our being able to judge the model with it.) Below, both sides are computed apart: the gap never uses the third term.

gap = log_p_many - (E - KL_prior)
lesson.claim("No ELBO exceeds log p(x): the smallest of 2000 gaps", gap.min(), at_least=0, source="p19, KL >= 0")
lesson.claim("The gap is KL(q, posterior): largest relative difference",
             np.max(np.abs(gap - KL_post) / (np.abs(E) + KL_prior)), 0, within=1e-13, source="p17, rounding")
means, covariance = linear_gaussian.posterior(many_x, W, b, sigma)
E, KL_prior, _ = three_terms(many_x, means, np.full((n, 1), np.log(covariance[0, 0])), W, b, sigma)
lesson.claim("With q = p(z given x) the bound is met: largest gap", np.max(np.abs(log_p_many - (E - KL_prior))), 0,
             within=1e-12 * np.max(np.abs(E) + KL_prior), source="KL(q, q) = 0, rounding")

line = np.linspace(m - 4 * s, m + 4 * s, 161)[:, None]                                # means of q, (161, 1)
curves = {}
for label, factor in (("half the posterior's", 0.5), ("the posterior's", 1.0), ("twice the posterior's", 2.0)):
    E, KL_prior, _ = three_terms(np.tile(x, (161, 1)), line, np.full((161, 1), 2 * np.log(factor * s)), W, b, sigma)
    curves[label] = E - KL_prior
lesson.figure(bounds.touching_bound(line[:, 0], curves, exact, m,
                                    "The ELBO touches log p(x) at one q only, the posterior"), "bound")

# %%
# **Which term can be computed, and how (p18).** The first is a mean over :math:`q`: draw :math:`z` from :math:`q` and
# average (Monte Carlo; an estimate, with a standard error). The second has a closed form when both are Gaussian. The
# third contains :math:`p(z|x)`, so :math:`p(x)`: never. That we know it here is the privilege of this model.

S = 20_000
eps = np.random.default_rng(noise_seed).standard_normal((S, 1))
MU, LOGVAR = np.full((S, 1), mu_q), np.full((S, 1), 2 * np.log(sd_q))
drawn = gaussian.reparameterise(MU, LOGVAR, eps)                                      # (S, L)
sample1 = log_normal(x, drawn @ W + b, sigma).sum(axis=1)                             # log p(x given z_s), (S,)
sample2 = (log_normal(drawn, mu_q, sd_q) - log_normal(drawn, 0, 1)).sum(axis=1)       # log q(z_s) - log p(z_s), (S,)
error1, error2 = sample1.std() / np.sqrt(S), sample2.std() / np.sqrt(S)
print(f"first term : {sample1.mean():.4f} by {S} samples, standard error {error1:.4f}; exact {first:.4f}\n"
      f"second term: {-sample2.mean():.4f} by the same samples, standard error {error2:.4f}; closed form {second:.4f}")
lesson.claim("The first term, from samples of q", sample1.mean(), first, within=5 * error1,
             source="quadrature; 5 standard errors")
lesson.claim("The second term, closed form", gaussian.kl_standard_normal(MU[:1], LOGVAR[:1])[0], -second, within=1e-9,
             source="quadrature of its definition")

# %%
# **Is the last term "just ignored"?** The lecturer says that computer scientists boldly ignore it. It is *dropped*,
# because it is at least 0, and that has a price: whoever maximises the ELBO over :math:`\theta` maximises
# :math:`\log p_\theta(x) - KL(q, p_\theta(z|x))`, likelihood minus gap. If the gap depends on :math:`\theta`, the
# best :math:`\theta` is another one. Take one number :math:`x = w z + \sigma \varepsilon`, let each :math:`x` have
# the best mean for its :math:`q`, but fix all variances at :math:`v`, smaller than the posterior's. With
# :math:`u = w^2 + \sigma^2` and :math:`c` the mean of :math:`x^2`. The posterior's variance is :math:`\sigma^2 / u`,
# and the gap is the KL of two Gaussians with equal means, which sees only their variances' ratio :math:`r`:
# :math:`\frac{1}{2} (r - 1 - \log r)` (derived in lesson 14), here with :math:`r = v u / \sigma^2`:
#
# .. math::
#    \log p = -\frac{1}{2} \left(\log (2 \pi u) + \frac{c}{u}\right), \quad
#    gap = \frac{1}{2} \left(\frac{v u}{\sigma^2} - 1 - \log \frac{v u}{\sigma^2}\right)
#
# .. math::
#    \mathrm{ELBO} = \log p - gap = -\frac{1}{2} \left(\frac{c}{u} + \frac{v u}{\sigma^2}\right) + const, \quad
#    \frac{c}{u^2} = \frac{v}{\sigma^2} \text{ at its best } u
#
# So the likelihood is largest at :math:`u = c`, the ELBO at :math:`u = \sigma \sqrt{c / v}`.

lesson.predict("q is too sure (v too small). Will the decoder's best w be the right one, too small or too large?")
v, true_w = 0.1, 1.0
data = true_w * rng.standard_normal((n, 1)) + sigma * rng.standard_normal((n, 1))     # (n, 1)
grid, step = np.linspace(0.6, 2.2, 401, retstep=True)
log_p_w, elbo_w = np.empty(401), np.empty(401)
for i, w in enumerate(grid):
    theta = np.array([[w]]), np.zeros(1), sigma
    log_p_w[i] = linear_gaussian.log_marginal(data, *theta).mean()
    E, KL_prior, _ = three_terms(data, linear_gaussian.posterior(data, *theta)[0], np.full((n, 1), np.log(v)), *theta)
    elbo_w[i] = np.mean(E - KL_prior)
c, best, best_elbo = np.mean(data**2), log_p_w.argmax(), elbo_w.argmax()
u = sigma * np.sqrt(c / v)
price = 0.5 * (np.log(u / c) + c / u - 1)                                             # log p at u = c minus at this u
print(f"posterior variance at the true w: {sigma**2 / (true_w**2 + sigma**2):.3f}; q's: {v}\n"
      f"best w for log p(x): {grid[best]:.3f}; for the ELBO: {grid[best_elbo]:.3f}")
lesson.claim("The ELBO is best at another w than the likelihood", grid[best_elbo], np.sqrt(u - sigma**2), within=step,
             source="u = sigma sqrt(c / v), to one step of the grid")
print(f"Answer: too {'large' if best_elbo > best else 'small'}. A larger w makes the posterior narrower, and so the "
      "gap to a q that is too narrow smaller.")
lesson.claim("Nats of log p(x) per example lost at that w", log_p_w[best] - log_p_w[best_elbo], price,
             within=step * np.max(np.abs(np.gradient(log_p_w, grid))), source="closed form, to one step of the grid")
lesson.figure(bounds.price_of_the_gap(grid, log_p_w, elbo_w, "A q that is too sure pulls the best decoder weight away "
                                      "from the most likely one"), "price")
print("The price falls to 0 when q can be the posterior. So the last term is not ignored: q is made good (lesson 12).")

# %%
# **A student asks (p19): why is p(z given x) intractable, and p(x given z) not?** The lecturer answers that :math:`x`
# holds much information and :math:`z` little, so that guessing :math:`z` is hard. That is not the reason.
# :math:`p(x|z)` is a density that *we wrote down*, normalising constant included: one run of the decoder, and a
# Gaussian. For the other direction Bayes' rule gives
#
# .. math::
#    p(z|x) = \frac{p(x|z) p(z)}{p(x)}, \quad p(x) = \int p(x|z') p(z') dz'
#
# The numerator costs one run of the decoder too. What is missing is one number, the normalising constant, and it is
# an integral over *all* :math:`z'`. (The student's own guess, "because p(x) is intractable", was right. Nor is it, as
# said at p17, that :math:`x` has many dimensions: the integral is over :math:`z`.) First, an :math:`x` with much
# information and a :math:`z` with little: 784 numbers and 1.

lesson.predict("x has 784 numbers, z has 1. How many decoder runs give p(z given x)? And if x has 8 and z has 20?")
rng = np.random.default_rng(cost_seed)
W1, b1 = 0.3 * rng.standard_normal((1, 784)), rng.standard_normal(784)
x1 = rng.standard_normal((1, 1)) @ W1 + b1 + 0.3 * rng.standard_normal((1, 784))
nodes, spacing = np.linspace(-6, 6, 1001, retstep=True)                               # 1001 decoder runs
nodes = nodes[:, None]                                                                # (1001, 1)
log_joint = log_normal(x1, nodes @ W1 + b1, 0.3).sum(axis=1) + log_normal(nodes, 0, 1)[:, 0]
top = log_joint.max()
log_constant = top + np.log(np.sum(np.exp(log_joint - top)) * spacing)
mean, covariance = linear_gaussian.posterior(x1, W1, b1, 0.3)
log_post = gaussian.log_density(nodes, np.tile(mean, (1001, 1)), np.full((1001, 1), np.log(covariance[0, 0])))
lesson.claim("x of 784 numbers, z of 1: log p(z given x) from 1001 decoder runs, largest relative error",
             np.max(np.abs(log_joint - log_constant - log_post)) / np.max(np.abs(log_joint)), 0, within=1e-12,
             source="exact posterior at all 1001 z, rounding")

# %%
# Now let :math:`z` grow. On a grid of spacing :math:`h` the sum over a Gaussian of standard deviation :math:`s` has
# the relative error :math:`r = 2 e^{-2 \pi^2 s^2 / h^2}` at worst (by Poisson's summation formula), once for each of
# the :math:`L` axes, so :math:`-L \log(1 - r)` nats. For :math:`n` nodes on each axis from -5 to 5 that is at most
# 0.01 nats when
#
# .. math::
#    \frac{10}{n} = h = s \pi \sqrt{\frac{2}{\log(2 / r)}}, \quad r = 1 - e^{-0.01 / L}
#
# and the whole grid is :math:`n^L` runs of the decoder. We choose :math:`s = 0.25` (``s8`` in the code): the posterior
# given the 8 numbers of :math:`x` is four times narrower than the prior, on each axis. By the formula for :math:`s^2`
# above that takes orthogonal rows of :math:`W`, each with :math:`|w|^2 = \sigma^2 (s^{-2} - 1)`. Not every :math:`x`
# meets the worst case; :math:`n` is searched until 30 of them are right.

tolerance, width, D, s8 = 0.01, 10, 8, 0.25                                           # s8: the posterior's s, each axis


def nodes_per_axis(L, share=1.0):
    """Theory's n, when the x at hand meet this share of the worst error."""
    return width / (s8 * np.pi * np.sqrt(2 / np.log(-2 * share / np.expm1(-tolerance / L))))


dimensions = np.arange(1, 4 if lesson.quick else 5)
needed = []
for L in dimensions:
    W8 = np.linalg.qr(rng.standard_normal((D, L)))[0].T * sigma * np.sqrt(s8**-2 - 1)   # orthogonal rows: posterior s8
    x8 = rng.standard_normal((30, L)) @ W8 + sigma * rng.standard_normal((30, D))       # 30 examples
    truth = linear_gaussian.log_marginal(x8, W8, np.zeros(D), sigma)
    for n in range(4, 2 * int(nodes_per_axis(L))):                                    # the smallest n that will do
        axis = (np.arange(n) + 0.5) * width / n - width / 2
        Z = np.stack(np.meshgrid(*[axis] * L), axis=-1).reshape(-1, L)                # (n^L, L)
        mean8 = Z @ W8                                                                # one decoder run per row
        square = np.sum(x8**2, axis=1) - 2 * mean8 @ x8.T + np.sum(mean8**2, axis=1)[:, None]     # (n^L, 30)
        log_p_x_Z = -square / (2 * sigma**2) - D / 2 * np.log(2 * np.pi * sigma**2)
        log_joint = log_normal(Z, 0, 1).sum(axis=1)[:, None] + log_p_x_Z
        error = np.max(np.abs(np.log(np.sum(np.exp(log_joint), axis=0) * (width / n)**L) - truth))
        if error <= tolerance:
            break
    needed.append(n)
    print(f"z of {L}: {n:3d} nodes per axis ({np.ceil(nodes_per_axis(L)):.0f} suffice by theory), {n**L:8d} decoder "
          "runs for one p(x)")
lesson.claim("In every L theory's nodes per axis suffice: theory's number minus the number needed, smallest over L",
             min(np.ceil(nodes_per_axis(L)) - n for L, n in zip(dimensions, needed)), at_least=0,
             source="the formula above, rounded up, against exact log p(x)")
lesson.claim("A few nodes per axis do not suffice in any L: the number needed minus a lower bound, smallest over L",
             min(n - nodes_per_axis(L, share=0.1) for L, n in zip(dimensions, needed)), at_least=0,
             source="bound: the same formula if the worst of 30 examples met but a tenth of the worst error")
print(f"z of 20, as in a VAE of digits: {nodes_per_axis(20)**20:.0e} decoder runs for p(x), and so for one value of "
      "p(z given x). For p(x given z): 1.")
lesson.figure(bounds.cost_of_normalising(dimensions, np.array(needed)**dimensions.astype(float), np.arange(1, 21),
                                         np.array([nodes_per_axis(L)**L for L in range(1, 21)]),
                                         "p(x given z) costs one decoder run; p(z given x) needs p(x), an integral "
                                         "over z"), "cost")

# %%
# The linear-Gaussian model escapes, at any :math:`L`, because the integral of a Gaussian is known. With a neural
# network between :math:`z` and the mean of :math:`x`, it is not. Drawing :math:`z` from the prior instead of a grid
# fails too (lesson 10); drawing it from a good :math:`q` helps (lesson 20).
#
# **From lesson to library.** The library keeps the two terms that can be computed: ``VAE.elbo`` in ``tinyvae/vae.py``
# is the sample of the first term minus the closed form of the second, and ``evaluation.elbo`` its mean over many
# samples. A VAE without hidden layers is our model; its encoder is set to our :math:`q`.

vae = tinyvae.VAE(3, (), 1, "gaussian", sigma0=sigma, seed=0, dtype=np.float64)
for name, value in (("encoder.0.W", 0), ("encoder.0.b", [mu_q, 2 * np.log(sd_q)]), ("decoder.0.W", W),
                    ("decoder.0.b", b)):
    vae.parameters[name][...] = value
closed = 0.5 * (mu_q**2 + sd_q**2 - 1 - 2 * np.log(sd_q))
lesson.claim("VAE.elbo is log p(x given z) - KL(q, p(z)), sample by sample",
             np.max(np.abs(vae.elbo(np.tile(x, (S, 1)), eps) - (sample1 - closed)) / np.abs(sample1)), 0, within=1e-12,
             source="the lines of this lesson with the same noise, rounding")
lesson.claim("evaluation.elbo lies on the exact ELBO", evaluation.elbo(vae, x, samples=S, rng=lesson.seed)[0],
             first + second, within=5 * error1, source="quadrature; 5 standard errors")
lesson.end()
