"""Maximum likelihood is minimum KL (slides p7-p11, p15).

Before: probability, expectation, logarithm, gradient. Lesson 02 helps.
After: you can derive maximum likelihood from the KL divergence line by line, say what one gradient step does to a
model distribution, and tell a model that generalises from one that has memorised its training set.
"""

# %%
# **A density sums to 1 (p8, p9).** For a discrete x the probabilities sum to 1. For a continuous x it is the *area*
# that is 1, not the sum of the heights: the slide's "sum of the values on the y axis" holds for discrete bars only.
#
# .. math::
#    \sum_k p(x_k) = 1 \quad \text{(discrete)}, \qquad \int p(x) \, dx \approx \sum_k p(x_k) \, \Delta = 1
#    \quad \text{(a density)}
#
# Our data come from a mixture of two Gaussians, one narrow, one wide.

import math

import numpy as np

from lessons.course import Lesson
from tinyvae import softmax
from tinyvae.gradcheck import numeric_gradients, relative_error
from tinyvae.plots import likelihoods

lesson = Lesson("03_likelihood_is_kl", "Maximum likelihood is minimum KL", "p7-p11, p15")
sample_seed, point_seed, train_seed, test_seed = np.random.SeedSequence(lesson.seed).spawn(4)
WEIGHT, CENTRE, WIDTH = np.array([0.35, 0.65]), np.array([-1.6, 1.2]), np.array([0.15, 0.6])


def normal(x, centre, width):
    """N(x; centre, width^2), a density."""
    return np.exp(-0.5 * ((x - centre) / width)**2) / (math.sqrt(2 * math.pi) * width)


def true_density(x):
    """p_data(x), (G,) to (G,)."""
    return sum(w * normal(x, c, s) for w, c, s in zip(WEIGHT, CENTRE, WIDTH))


def draw(n, rng):
    """n points of p_data, (n,)."""
    part = rng.choice(2, size=n, p=WEIGHT)
    return CENTRE[part] + WIDTH[part] * rng.standard_normal(n)


line = np.linspace(-6, 6, 4801)                           # (G,)
delta = 12 / 4800
heights = true_density(line)
print(f"heights alone sum to {heights.sum():.1f}; a finer grid would give more. 5 times narrower, the left peak alone "
      f"would be {WEIGHT[0] * normal(0, 0, WIDTH[0] / 5):.1f} high:\na density may exceed 1, a probability may not.")
lesson.claim("The heights of a density times the cell width sum to 1", np.sum(heights * delta), 1, within=1e-12,
             source="integral of a density; this sum is exact to rounding for Gaussians wider than the grid")

# %%
# **The stage.** To see every line of the derivation as a number we cut the axis into 48 cells: now x is one of 48 cell
# centres, and expectations are sums. :math:`p_{data}` is known here, as it never is in practice. The model
# :math:`p_\theta` is one bump of fixed width, and :math:`\theta` is its place. It cannot have two bumps.

edges = np.linspace(-4.8, 4.8, 49)
x = (edges[:-1] + edges[1:]) / 2                          # (K,), K = 48
cdf = sum(w * np.array([0.5 * math.erfc((c - e) / (s * math.sqrt(2))) for e in edges])
          for w, c, s in zip(WEIGHT, CENTRE, WIDTH))
p_data = np.diff(cdf) / (cdf[-1] - cdf[0])                # (K,), sums to 1


def model(theta):
    """p_theta, (K,)."""
    bump = np.exp(-0.5 * (x - theta)**2)
    return bump / bump.sum()


def E(f):
    """E[f(x)] for x from p_data: every cell's value, weighted with its probability."""
    return p_data @ f


# %%
# **The goal: the model with the least KL divergence from the data (p11, p15).** It is never negative, and 0 only for
# equal distributions, since :math:`\log t \le t - 1` with equality only at :math:`t = 1`. (Our logarithms are natural;
# the unit of what they give is called a *nat*, 1.44 bits.)
#
# .. math::
#    \text{KL}(p_{data}, p_\theta) = \sum_x p_{data}(x) \log \frac{p_{data}(x)}{p_\theta(x)}, \qquad
#    -\text{KL} = \sum_x p_{data} \log \frac{p_\theta}{p_{data}}
#    \le \sum_x p_{data} \Big( \frac{p_\theta}{p_{data}} - 1 \Big) = \sum_x p_\theta - \sum_x p_{data} = 0
#
# **The chain of p11, as values.** Before looking for minima: what is each expression worth, at some
# :math:`\theta`, say 0.3? The minus signs matter: the last line is cross-entropy minus entropy.

log, p_theta = np.log, model(0.3)
lesson.derivation("KL(p_data, p_theta) keeps its value through every line of p11", [
    ("sum_x p_data log(p_data / p_theta)", "definition of the KL divergence",
     sum(p * math.log(p / q) for p, q in zip(p_data, p_theta))),
    ("E[log(p_data / p_theta)]", "a sum weighted with p_data is an expectation", E(log(p_data / p_theta))),
    ("E[-log(p_theta / p_data)]", "log of a reciprocal: log(a/b) = -log(b/a)", E(-log(p_theta / p_data))),
    ("E[-(log p_theta - log p_data)]", "log of a quotient", E(-(log(p_theta) - log(p_data)))),
    ("-(E[log p_theta] - E[log p_data])", "linearity of the expectation", -(E(log(p_theta)) - E(log(p_data)))),
    ("-E[log p_theta] - H(p_data)", "H(p) = -E[log p], the entropy, by definition",
     -E(log(p_theta)) - np.sum(p_data * log(1 / p_data))),
], within=1e-12, source="every line is the same number; rounding")

# %%
# **The chain of p11, as minima.** The slide says more, and less: not that the lines are equal, but that the same
# model is best in each. So a constant may be dropped (the entropy of the data) and the sign turned over. We minimise
# each line by search and compare *where* the minimum is: the numbers below are places :math:`\theta`, not values.


def argmin(f):
    """The theta in [-4, 4] with the least f(theta): a scan, then golden-section search."""
    scan = np.linspace(-4, 4, 81)
    best = scan[np.argmin([f(t) for t in scan])]
    low, high, ratio = best - 0.1, best + 0.1, (math.sqrt(5) - 1) / 2
    while high - low > 1e-9:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if f(a) < f(b) else (a, high)
    return (low + high) / 2


def argmax(f):
    """The theta with the largest f(theta)."""
    return argmin(lambda theta: -f(theta))


lesson.predict("The model is one bump, the data are two. Where will maximum likelihood put the bump: on the larger "
               "one, or between the two?")


def log_model(theta):
    """log p_theta of every cell, (K,)."""
    return log(model(theta))


best = argmin(lambda t: sum(p * math.log(p / q) for p, q in zip(p_data, model(t))))
lesson.derivation("Every line of p11 has its optimum at the same theta", [
    ("argmin KL(p_data, p_theta)", "the goal", best),
    ("argmin E[log(p_data / p_theta)]", "definition of the KL divergence", argmin(lambda t: E(log(p_data / model(t))))),
    ("argmin E[-log(p_theta / p_data)]", "log of a reciprocal", argmin(lambda t: E(-log(model(t) / p_data)))),
    ("argmin E[-log p_theta + log p_data]", "log of a quotient", argmin(lambda t: E(-log_model(t) + log(p_data)))),
    ("argmin -(E[log p_theta] - E[log p_data])", "linearity of the expectation",
     argmin(lambda t: -(E(log_model(t)) - E(log(p_data))))),
    ("argmax (E[log p_theta] - E[log p_data])", "the least -f is the largest f",
     argmax(lambda t: E(log_model(t)) - E(log(p_data)))),
    ("argmax E[log p_theta]", "the second term does not contain theta", argmax(lambda t: E(log_model(t)))),
], within=1e-6, source="search; near a minimum f is flat, so rounding moves theta by about 1e-8")
lesson.derivation("Every line of p15 has its optimum at the same theta", [
    ("argmin D_KL(p_data || p_theta)", "the goal, in another notation", best),
    ("argmin sum p_data log(p_data / p_theta)", "definition of the KL divergence",
     argmin(lambda t: np.sum(p_data * log(p_data / model(t))))),
    ("argmin sum p_data (log p_data - log p_theta)", "log of a quotient",
     argmin(lambda t: np.sum(p_data * (log(p_data) - log_model(t))))),
    ("argmin [sum p_data log p_data - sum p_data log p_theta]", "a sum of differences is a difference of sums",
     argmin(lambda t: np.sum(p_data * log(p_data)) - np.sum(p_data * log_model(t)))),
    ("argmin [-sum p_data log p_theta + const]", "the first sum has no theta: a constant, and any will do (here 1)",
     argmin(lambda t: -np.sum(p_data * log_model(t)) + 1.0)),
    ("argmin -sum p_data log p_theta", "a constant does not move a minimum",
     argmin(lambda t: -np.sum(p_data * log_model(t)))),
    ("argmax sum p_data log p_theta", "the least -f is the largest f", argmax(lambda t: np.sum(p_data * log_model(t)))),
    ("argmax E[log p_theta]", "a sum weighted with p_data is an expectation", argmax(lambda t: E(log_model(t)))),
], within=1e-6, source="search, as above")

# %%
# A number that needs no search: at the optimum the derivative is 0. With the logarithm of our bump,
#
# .. math::
#    \log p_\theta(x) = -\frac{(x - \theta)^2}{2} - \log \sum_{x'} e^{-(x' - \theta)^2 / 2}, \qquad
#    \frac{d \log p_\theta(x)}{d\theta} = (x - \theta) - \sum_{x'} p_\theta(x') (x' - \theta)
#    = x - \mathbb{E}_{p_\theta}[x]
#
# (the two :math:`\theta` cancel because :math:`p_\theta` sums to 1). Its mean over the data is 0 when both means are
# equal. So the bump goes *between*: a model that gave one of the two groups almost no probability would pay a huge
# :math:`-\log p_\theta` there.

lesson.claim("At the optimum the model has the mean of the data", x @ model(best), x @ p_data, within=1e-6,
             source="derivative 0: E_data[x] = E_model[x]; tolerance of the search")
print(f"Answer: between the two. The bump's place is {best:+.2f}; the groups have their centres at {CENTRE[0]:+.1f} "
      f"and {CENTRE[1]:+.1f}.")
smallest = E(log(p_data / model(best)))
print(f"The least KL is {smallest:.3f} nats, not 0: no theta makes two bumps of one (p15: capacity is limited).\n"
      "p15 adds local minima; that is another reason: here the search scans everything, and the least is still not 0.")

# %%
# **The last line of p11 is an** :math:`\approx` **, not an** :math:`=`. We have no :math:`p_{data}`, only N samples of
# it. By the law of large numbers the mean over them tends to the expectation. How far off is the optimum? At the true
# optimum the derivative :math:`x - \mathbb{E}_{p_\theta}[x]` has the mean 0, and its mean over N samples misses that by
# about the numerator below. It changes with :math:`\theta` at the rate :math:`-\operatorname{Var}_{p_\theta}(x)`, the
# second derivative: the denominator. The quotient is how far :math:`\theta` must move.
#
# .. math::
#    \operatorname{argmax} \mathbb{E}[\log p_\theta(x)] \approx \operatorname{argmax} \frac{1}{N} \sum_{i=1}^{N}
#    \log p_\theta(x^{(i)}), \qquad
#    \text{standard error of } \theta = \frac{\sqrt{\operatorname{Var}_{data}(x) / N}}{\operatorname{Var}_{p_\theta}(x)}


def variance(p):
    """Var(x) for probabilities p (K,)."""
    return x**2 @ p - (x @ p)**2


rng, worst = np.random.default_rng(sample_seed), 0.0
print("\n          N   argmax over N samples   distance to the optimum   standard error in theory")
for N in (100, 10_000, 1_000_000):
    share = rng.multinomial(N, p_data) / N                # (K,): samples in each cell / N
    theta = argmax(lambda t, share=share: share @ log_model(t))
    standard_error = math.sqrt(variance(p_data) / N) / variance(model(best))
    worst = max(worst, abs(theta - best) / standard_error)
    print(f"{N:11d} {theta:23.5f} {theta - best:+25.5f} {standard_error:26.5f}")
lesson.claim("From samples the optimum is as far off as the law of large numbers says, in standard errors", worst,
             at_most=5, source="standard error of a maximum-likelihood estimate, for N = 100, 10,000, 1,000,000")

# %%
# **"What other criteria could one use?" (p15 asks.)** Two others on the same stage. They choose other models.
#
# .. math::
#    \text{KL}(p_\theta, p_{data}), \qquad \text{total variation} = \frac{1}{2} \sum_x |p_{data}(x) - p_\theta(x)|
#
# Why KL(p_data, p_theta), then? It is the one whose :math:`\theta`-part, :math:`-\mathbb{E}[\log p_\theta(x)]`, needs
# samples of :math:`p_{data}` and never its value. The others contain :math:`p_{data}(x)` itself, which nobody knows.

theta = np.linspace(-3, 3, 601)
measures = {"KL(data, model): maximum likelihood": lambda p: np.sum(p_data * log(p_data / p)),
            "KL(model, data)": lambda p: np.sum(p * log(p / p_data)),
            "total variation": lambda p: np.sum(np.abs(p - p_data)) / 2}
curves = {name: np.array([f(model(t)) for t in theta]) for name, f in measures.items()}
chosen = {name: theta[values.argmin()] for name, values in curves.items()}
print("\n" + "\n".join(f"{name:<36} chooses theta = {value:+.2f}" for name, value in chosen.items()))
lesson.figure(likelihoods.criteria(theta, curves, x, p_data, {name: model(t) for name, t in chosen.items()},
                                   "KL(data, model) puts the bump between the groups, the others on one of them"),
              "criteria")

# %%
# **What one gradient step does: the picture of p10 and p11.** Now a model that can be anything: one logit
# :math:`a_k` for each cell (a logit is any real number, from which the softmax makes a probability), and the softmax
# :math:`p_k = e^{a_k} / \sum_j e^{a_j}`, so that the probabilities are positive and sum to 1. Of the :math:`N` points
# :math:`n_k` lie in cell k, and :math:`\hat p_k = n_k / N`. The negative log-likelihood (NLL), line by line:
#
# .. math::
#    \begin{aligned}
#    \text{NLL} &= -\frac{1}{N} \sum_{i=1}^{N} \log p(x^{(i)}) \\
#    &= -\sum_k \hat p_k \log p_k && \text{points of one cell collected} \\
#    &= -\sum_k \hat p_k \Big( a_k - \log \sum_j e^{a_j} \Big) && \text{softmax, log of a quotient} \\
#    &= -\sum_k \hat p_k a_k + \log \sum_j e^{a_j} && \hat p \text{ sums to 1} \\
#    \frac{\partial\, \text{NLL}}{\partial a_i} &= -\hat p_i + \frac{e^{a_i}}{\sum_j e^{a_j}}
#    && \text{derivative of a log, chain rule} \\
#    &= p_i - \hat p_i && \text{softmax again}
#    \end{aligned}
#
# So minus the gradient is :math:`\hat p_{data} - p_\theta`: up where the data have more than the model says (green),
# down where they have less (orange).

points = draw(200, np.random.default_rng(point_seed))
cell = np.clip(np.digitize(points, edges) - 1, 0, len(x) - 1)     # (N,), the cell of each point
p_hat = np.bincount(cell, minlength=len(x)) / len(points)         # (K,)


def softmax_of(a):
    """p_k = e^a_k / sum_j e^a_j. (K,) to (K,)"""
    e = np.exp(a)
    return e / e.sum()


def nll(a):
    """-sum_k p_hat_k a_k + log sum_j e^a_j, nats."""
    return -p_hat @ a + np.log(np.sum(np.exp(a)))


def nll_gradient(a):
    """dNLL/da, (K,)."""
    return softmax_of(a) - p_hat


a = -0.5 * ((x - 0.5) / 1.8)**2                           # (K,): we start from one broad bump
lesson.claim("The gradient of the NLL with respect to the logits is p_theta - p_data",
             relative_error(nll_gradient(a), numeric_gradients(nll, a)[0]).max(), 0, within=1e-12,
             source="complex step through the NLL, relative error")

# %%
# Follow the arrows. The NLL cannot fall below the entropy of :math:`\hat p` (it is that entropy plus a KL), and it must
# come close. The curvature of the NLL along a direction v of length 1 is at most 1/2: it is the variance of the numbers
# :math:`v_k` under p, so at most :math:`(\max v - \min v)^2 / 4 \le |v|^2 / 2`. So for steps of size
# :math:`\eta = 2` (1 over that curvature) a textbook bound of gradient descent holds after t steps for *any* logits u;
# we take u near :math:`\log \hat p`:
#
# .. math::
#    \text{NLL}(a_t) \le \text{NLL}(u) + \frac{|a_0 - u|^2}{2 \eta t}

lesson.predict("The arrows are followed for a long time. Where does p_theta end, and is that what we want?")
eta, shown, steps = 2.0, 20, 20_000
trained = a.copy()
for t in range(steps):
    if t == shown:
        after = softmax_of(trained)
    trained = trained - eta * nll_gradient(trained)
entropy = -np.sum(p_hat[p_hat > 0] * log(p_hat[p_hat > 0]))
u = log(p_hat + 1e-4)                                     # a cell without data has no finite best logit
u = u - u.mean() + a.mean()                               # moving all logits together changes nothing
bound = nll(u) - entropy + np.sum((a - u)**2) / (2 * eta * steps)
lesson.claim("Gradient descent takes the NLL down to the entropy of the training shares", nll(trained), entropy,
             within=bound, source="convergence bound of gradient descent on a convex function")
end, empty = softmax_of(trained), p_hat == 0
print(f"Answer: at the training shares (no cell is more than {np.abs(end - p_hat).max():.0e} away), so not quite where "
      f"we want it: it learns\nits sample by heart. The {empty.sum()} cells without a training point end with "
      f"probability {end[empty].sum():.4f} together; in truth they have {p_data[empty].sum():.4f}.")
against = np.sum((p_hat > softmax_of(a)) != (after > softmax_of(a)))
print(f"The arrows push logits. Probabilities must share a sum of 1, so a short arrow up may still lose: after {shown} "
      f"steps\n{against} of {len(x)} cells have moved against their arrow.")
lesson.figure(likelihoods.likelihood_arrows(x, softmax_of(a), p_hat, after, points, "Probability rises where the data "
                                            "are (green) and falls where they are not (orange)", shown), "arrows")

# %%
# **The student's questions on p11.** "Is the grey line :math:`p_\theta`, are the dots :math:`p_{data}`, and the green
# arrows too?" Left panel: grey is :math:`p_\theta` *now*. The data lie on the x axis. The arrows are not a
# distribution: they say where the next steps take :math:`p_\theta`. "And on the right, are the green and red areas
# :math:`p_{data}`?" No: they (here green and orange) are what :math:`p_\theta` gained and lost; the black line is the
# new :math:`p_\theta`. The data still lie on the x axis.
#
# **From lesson to library.** ``tinyvae/softmax.py``: ``softmax_nll`` with ``softmax_nll_backward``, one row per point,
# and with the largest logit taken out first, so that ``exp`` cannot overflow.

rows, share = np.tile(a, (len(points), 1)), np.full(len(points), 1 / len(points))       # (N, K), (N,)
lesson.claim("softmax_nll, averaged over the points, is the NLL of the lesson",
             softmax.softmax_nll(rows, cell).mean(), nll(a), within=1e-13, source="the lines above, rounding")
lesson.claim("softmax_nll_backward, summed over the points, is p_theta - p_data",
             np.abs(softmax.softmax_nll_backward(share, rows, cell).sum(axis=0) - nll_gradient(a)).max(), 0,
             within=1e-14, source="the lines above, rounding")

# %%
# **The model that memorises (p7).** Followed to the end, the arrows reach :math:`\hat p`: the training set itself. For
# continuous x the same model is the kernel density: a Gaussian of bandwidth h on every training point.
#
# .. math::
#    p_h(x) = \frac{1}{n} \sum_{i=1}^{n} N(x; x^{(i)}, h^2), \qquad
#    \text{as } h \to 0: \quad \log p_h(x^{(i)}) \to -\log (n h \sqrt{2\pi}) \to \infty
#
# As h shrinks, only a training point's own kernel reaches it: the formula on the right, without limit.


def log_kde(at, train, h):
    """log p_h at the points `at` (M,), by log-sum-exp. returns : (M,), nats"""
    exponent = -0.5 * ((at[:, None] - train) / h)**2                               # (M, n)
    top = exponent.max(axis=1)
    return top + np.log(np.exp(exponent - top[:, None]).sum(axis=1)) - np.log(len(train) * h * math.sqrt(2 * math.pi))


lesson.predict("100 training points, bandwidth h. Which h is best for the training points, which for new ones?")
train = draw(100, np.random.default_rng(train_seed))
test = draw(20_000, np.random.default_rng(test_seed))
h = np.geomspace(1e-4, 3, 19 if lesson.quick else 37)
train_score = np.array([log_kde(train, train, width).mean() for width in h])
log_ratio = np.array([log(true_density(test)) - log_kde(test, train, width) for width in h])    # (H, M)
test_score = log(true_density(test)).mean() - log_ratio.mean(axis=1)
tiny = 1e-9
lesson.claim("The training score of the memorising model is -log(n h sqrt(2 pi))", log_kde(train, train, tiny).mean(),
             -math.log(len(train) * tiny * math.sqrt(2 * math.pi)), within=1e-12,
             source="only its own kernel reaches a training point when h = 1e-9; rounding")
liked, top = train_score.argmax(), test_score.argmax()
loss = log_ratio[liked] - log_ratio[top]
for name, i in (("training", liked), ("test", top)):
    print(f"best on {name} points: h = {h[i]:.4f}, scores {train_score[i]:+.2f} on training points and "
          f"{test_score[i]:+.2f} on test points (nats per point)")
lesson.claim("Of all bandwidths the training points like the smallest best", h[liked], h[0], within=0,
             source="the limit above: without bound as h goes to 0")
lesson.claim("That bandwidth loses on test points, against the best one", loss.mean(),
             at_least=max(5 * loss.std() / math.sqrt(len(test)), 1e-9),
             source="p7: overfitting; by more than 5 standard errors, and than rounding")

# %%
# **The test score is minus the KL, up to a constant**: the chain of p11 read once more, now as a way to measure.
#
# .. math::
#    \frac{1}{M} \sum_i \log p_\theta(x_{test}^{(i)}) \approx \mathbb{E}_{data}[\log p_\theta(x)]
#    = \mathbb{E}_{data}[\log p_{data}(x)] - \text{KL}(p_{data}, p_\theta)
#
# The KL is at least 0, so the first term is the ceiling of every model. We compute the KL by quadrature, which sees no
# test point at all.

ceiling = np.sum(heights * log(heights)) * delta
wide = h >= 0.03                        # below, the mean hangs on a few far points, and its standard error on fewer
kl = np.array([np.sum(heights * (log(heights) - log_kde(line, train, width))) * delta for width in h[wide]])
z = (log_ratio[wide].mean(axis=1) - kl) / (log_ratio[wide].std(axis=1) / math.sqrt(len(test)))
lesson.claim("The test score of the true density minus that of p_h is KL(p_data, p_h), for every h >= 0.03:"
             " largest distance in standard errors", np.abs(z).max(), at_most=5,
             source="the chain of p11; the KL by quadrature")
lesson.figure(likelihoods.bandwidths(
    h, train_score, test_score, ceiling, line, heights,
    {f"h = {width:.2f}": np.exp(log_kde(line, train, width)) for width in (0.01, h[top], 0.8)},
    "The smaller the bandwidth, the better for training points; for test points too small is worst of all"),
    "bandwidths")

# %%
# **Loose on p7: "generalization error".** The slide gives this name to :math:`\sum_i \log p_\theta(x_{test}^{(i)})`.
# An error should be small; this is a *score*: **larger is better** (the KL is least where it is highest). So the
# lecturer's "a large one is not always bad" is too weak: as the slide defines it, a large one is good. For an error,
# take its negative, or the KL.
#
# **Wrong on p7: "an error of 0 means that the test data are the training data".** A log-likelihood of densities has no
# zero with a meaning. (1) Test the memorising model on its own training data: its score is not 0 but as large as you
# like. (2) Measure x in another unit, x' = c x. Then :math:`\log p'(x') = \log p(x) - \log c`: the same model of the
# same data scores anything you like, 0 for example, and its KL stays what it was. (For a discrete x the score is at
# most 0; but 0 would need a model that gives every test point probability 1. The best one reaches minus the entropy.)

c = math.exp(test_score[top])
kl_here = np.sum(heights * (log(heights) - log_kde(line, train, h[top]))) * delta
score_in_c = log_kde(c * test, c * train, c * h[top]).mean()
kl_in_c = np.sum(heights / c * (log(heights / c) - log_kde(c * line, c * train, c * h[top]))) * c * delta
print(f"\ntest = train, h = 1e-9: score {log_kde(train, train, tiny).mean():+.2f}\n"
      f"x in a unit {1 / c:.2f} times as large: score {abs(score_in_c):.6f}, before {test_score[top]:.6f}; "
      f"KL {kl_in_c:.6f}, before {kl_here:.6f}")
lesson.claim("A change of the unit of x makes the test score of the best model 0", score_in_c, 0, within=1e-12,
             source="density of c x: log p - log c")
lesson.claim("The same change of unit leaves the KL as it was", kl_in_c, kl_here, within=1e-12,
             source="the log c of both densities cancel")
lesson.end()
