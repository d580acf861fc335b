"""Generative and discriminative models (notes on generative models, sections 1-3; notes on autoencoders, opening; p5).

Before: conditional probability, the density of a Gaussian, the derivative of a logarithm.
After: you can train a softmax classifier with a gradient you derived yourself, build a classifier out of densities with
Bayes' rule, and say what the second one can do that the first cannot: sample, and answer "none of these".
"""

# %%
# A **discriminative** model learns :math:`p(y|x)`: picture in, class out. A **generative** model learns how the data
# came about: first a class, :math:`p(y)`, then a picture of that class, :math:`p(x|y)`. Here a "picture" is a point
# with two coordinates, so that both models can be drawn, and we make the data ourselves, so that the truth is known:
# three classes, each a Gaussian with its own mean and its own spread along each axis. A classifier is used the way it
# was trained, x in and class out; a generative model is trained on x and used to make x (p5, and lesson 02).
#
# .. math::
#    y \sim p(y) = \pi_y, \quad p(x|y) = \prod_{j=1}^{2} N(x_j; \mu_{yj}, \sigma_{yj}^2), \quad
#    p(x) = \sum_y p(x|y) p(y)

import math

import numpy as np

from lessons.course import Lesson
from tinyvae import gaussian, softmax
from tinyvae.gradcheck import numeric_gradients, relative_error
from tinyvae.optimizer import Momentum
from tinyvae.plots import densities

lesson = Lesson("01_generative_and_discriminative", "Generative and discriminative models",
                "p5, notes on generative models 1-3")
N, N_test, repeats = (1000, 20_000, 12) if lesson.quick else (3000, 100_000, 60)
data_rng, check_rng, sample_rng, repeat_rng = map(np.random.default_rng,
                                                  np.random.SeedSequence(lesson.seed).spawn(4))
C, D = 3, 2
true_pi = np.array([0.5, 0.3, 0.2])                                        # (C,)
true_mu = np.array([[-1.0, 0.0], [1.0, -0.25], [0.15, 1.1]])                # (C, D)
true_sigma = np.array([[1.0, 0.7], [0.7, 1.2], [0.9, 0.6]])                # (C, D)


def draw(n, rng, pi=true_pi, mu=true_mu, sigma=true_sigma):
    """First the class, then the point: x (n, D), y (n,)."""
    y = rng.choice(C, size=n, p=pi)
    return mu[y] + sigma[y] * rng.standard_normal((n, D)), y


x, y = draw(N, data_rng)
x_test, y_test = draw(N_test, data_rng)


# %%
# **Bayes' rule.** The densities lead to the class. Write :math:`a_k = \log p(x|k) + \log p(k)`; then :math:`p(y|x)` is
# the **softmax** of these numbers, the very function that a classifier ends with.
#
# .. math::
#    p(y|x) = \frac{p(x, y)}{p(x)} = \frac{p(x|y) p(y)}{\sum_k p(x|k) p(k)} = \frac{e^{a_y}}{\sum_k e^{a_k}}
#
# And what are the :math:`a_k` for our Gaussians? Multiply out the square: a linear function of the four features
# :math:`\phi(x) = (x_1, x_2, x_1^2, x_2^2)`.
#
# .. math::
#    a_k = \log \pi_k - \frac{1}{2} \sum_j \left( \log 2 \pi \sigma_{kj}^2 + \frac{(x_j - \mu_{kj})^2}{\sigma_{kj}^2}
#    \right) = b_k + \sum_j x_j \frac{\mu_{kj}}{\sigma_{kj}^2} - \sum_j x_j^2 \frac{1}{2 \sigma_{kj}^2}

def log_normal(x, mu, sigma):
    """log N(x; mu, diag sigma^2), summed over the axes: (n, D) and (D,) to (n,)."""
    return -0.5 * np.sum(np.log(2 * np.pi * sigma**2) + (x - mu)**2 / sigma**2, axis=1)


def log_joint(x, pi, mu, sigma):
    """a_k = log p(x|k) + log p(k) for every class: (n, C)."""
    return np.stack([log_normal(x, mu[k], sigma[k]) + np.log(pi[k]) for k in range(C)], axis=1)


def log_sum_exp(a):
    """log sum_k exp a_k: (n, C) to (n,). With a from log_joint: log p(x)."""
    top = a.max(axis=1)
    return top + np.log(np.sum(np.exp(a - top[:, None]), axis=1))


def log_posterior(x, pi, mu, sigma):
    """log p(y|x) by Bayes' rule: (n, C)."""
    a = log_joint(x, pi, mu, sigma)
    return a - log_sum_exp(a)[:, None]


def phi(x):
    return np.concatenate([x, x**2], axis=1)                               # (n, 4)


def weights_of(pi, mu, sigma):
    """W (4, C) and b (C,): the same a_k, as a linear function of phi."""
    W = np.concatenate([mu / sigma**2, -0.5 / sigma**2], axis=1).T
    b = np.log(pi) - 0.5 * np.sum(np.log(2 * np.pi * sigma**2) + mu**2 / sigma**2, axis=1)
    return W, b


point, c = np.array([[0.2, 0.5]]), 2                                       # between all three classes
product = [true_pi[k] * math.prod(math.exp(-(point[0, j] - true_mu[k, j])**2 / (2 * true_sigma[k, j]**2))
                                  / math.sqrt(2 * math.pi * true_sigma[k, j]**2) for j in range(D)) for k in range(C)]
a = log_joint(point, true_pi, true_mu, true_sigma)
W, b = weights_of(true_pi, true_mu, true_sigma)
linear = phi(point) @ W + b
lesson.derivation("Bayes' rule: each line of log p(y|x) has the same value", [
    ("log p(y|x)", "what we want; x = (0.2, 0.5), y = 2", None),
    ("log [p(x,y) / p(x)]", "definition of a conditional probability", math.log(product[c] / sum(product))),
    ("log [p(x|y) p(y)] - log p(x)", "log of a quotient; product rule", math.log(product[c]) - math.log(sum(product))),
    ("log p(x|y) + log p(y) - log sum_k p(x|k) p(k)", "log of a product; sum rule for p(x)",
     log_normal(point, true_mu[c], true_sigma[c])[0] + math.log(true_pi[c])
     - math.log(sum(np.exp(log_normal(point, true_mu[k], true_sigma[k])[0]) * true_pi[k] for k in range(C)))),
    ("a_y - log sum_k exp(a_k)", "name a_k; p(x|k) p(k) = exp(a_k)", a[0, c] - math.log(np.sum(np.exp(a[0])))),
    ("w_y phi(x) + b_y - log sum_k exp(w_k phi(x) + b_k)", "multiply out the square, collect powers of x",
     linear[0, c] - math.log(np.sum(np.exp(linear[0])))),
], within=1e-12, source="rounding of six terms of size 1 to 10")

# %%
# What does the number mean? Of all points that fall near :math:`x`, it is the share that carries the label :math:`y`.

near = np.sum((x_test - point)**2, axis=1) < 0.5**2                        # (N_test,) in a disc of radius 0.5
expected = np.exp(log_posterior(x_test[near], true_pi, true_mu, true_sigma))[:, c]
share = np.mean(y_test[near] == c)
lesson.claim("Near x = (0.2, 0.5) the share of points of class 2 is the mean of p(y=2|x) there", share, expected.mean(),
             within=5 * np.sqrt(np.sum(expected * (1 - expected))) / near.sum(),
             source=f"labels of the {near.sum()} test points in a disc; 5 standard errors")


# %%
# **Discriminative.** Logits :math:`a = \phi(x) W + b`, and the loss is :math:`-\log p(y|x)`. The derivation, one rule a
# line, with :math:`p = \operatorname{softmax}(a)` and :math:`[j = y]` equal to 1 or 0:
#
# .. math::
#    \begin{aligned}
#    \ell &= -\log \frac{e^{a_y}}{\sum_k e^{a_k}} && \text{definition} \\
#    &= -a_y + \log \sum_k e^{a_k} && \text{log of a quotient, log of exp} \\
#    \frac{\partial \ell}{\partial a_j} &= -[j = y] + \frac{1}{\sum_k e^{a_k}}
#    \frac{\partial}{\partial a_j} \sum_k e^{a_k} && \text{derivative of log, chain rule} \\
#    &= -[j = y] + \frac{e^{a_j}}{\sum_k e^{a_k}} && \text{only the term } k = j \text{ contains } a_j \\
#    &= p_j - [j = y] && \text{definition of } p
#    \end{aligned}
#
# Read it: push the right logit up, the others down, each by the probability that was wrongly placed. Then through the
# linear layer: :math:`dW = \phi^T da`, :math:`db = \sum_n da_n`.

def loss(W, b, features, y):
    """Mean of -log p(y|x) over the examples. Complex numbers pass through: np.log and np.exp are analytic."""
    a = features @ W + b                                                   # (n, C)
    a = a - a.real.max(axis=1, keepdims=True)                              # p does not change, exp cannot overflow
    return np.mean(-a[np.arange(len(y)), y] + np.log(np.sum(np.exp(a), axis=1)))


def gradient(W, b, features, y):
    """dW (4, C) and db (C,)."""
    a = features @ W + b                                                   # (n, C)
    p = np.exp(a - a.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)                                   # (n, C), softmax
    onehot = y[:, None] == np.arange(C)                                    # (n, C), [j = y]
    da = (p - onehot) / len(y)                                             # the loss is a mean: 1/n
    return features.T @ da, da.sum(axis=0)


W, b, rows = check_rng.standard_normal((4, C)), check_rng.standard_normal(C), slice(0, 7)
numeric = numeric_gradients(lambda W, b: loss(W, b, phi(x[rows]), y[rows]), W, b)
worst = max(relative_error(hand, number).max() for hand, number in zip(gradient(W, b, phi(x[rows]), y[rows]), numeric))
lesson.claim("The gradient by hand, p - onehot, is the numerical gradient", worst, 0, within=1e-10,
             source="complex step through the loss, relative error of dW and db")


# %%
# Training is gradient descent with momentum. The features are brought to mean 0 and standard deviation 1 first, which
# changes the speed, not the family of functions. The loss is convex in W and b: there is one lowest value.

def train(x, y, steps=300):
    """The classifier's parameters after gradient descent: W (4, C), b (C,), for features phi(x)."""
    centre, scale = phi(x).mean(axis=0), phi(x).std(axis=0)
    features = (phi(x) - centre) / scale
    theta = np.zeros(5 * C)
    W, b = theta[:4 * C].reshape(4, C), theta[4 * C:]                      # views into theta
    optimizer = Momentum(lr=3.0, momentum=0.95)
    for _ in range(steps):
        dW, db = gradient(W, b, features, y)
        optimizer.step(theta, np.concatenate([dW.ravel(), db]))
    return W / scale[:, None], b - (centre / scale) @ W                    # for phi itself

W, b = train(x, y)


# %%
# At the minimum the gradient is 0, and the sum over all points of :math:`p - [j = y]` is 0 for every class: what the
# classifier expects of a class is what it saw. The same for each feature, since :math:`dW = 0`.

p_train = softmax.softmax(phi(x) @ W + b)                                  # (N, C)
lesson.claim("The trained classifier expects each class as often as it occurs: largest difference of shares",
             np.abs(p_train.mean(axis=0) - np.bincount(y, minlength=C) / N).max(), 0, within=1e-3,
             source="db = 0 at the minimum; 300 steps come within 1e-3 of it, a tenth of the standard error")

# %%
# **Generative.** Learn :math:`p(x|y)` and :math:`p(y)` by maximum likelihood. Here that needs no descent: set the
# gradient of the log-likelihood to 0, with :math:`\ell_j = \log \sigma_j^2` and :math:`n` points of the class.
#
# .. math::
#    \begin{aligned}
#    \frac{\partial}{\partial \mu_j} \sum_i \log N(x_{ij}; \mu_j, \sigma_j^2)
#    &= \sum_i \frac{x_{ij} - \mu_j}{\sigma_j^2} = 0 && \Rightarrow \mu_j = \frac{1}{n} \sum_i x_{ij} \\
#    \frac{\partial}{\partial \ell_j} \sum_i \log N(x_{ij}; \mu_j, \sigma_j^2) &= -\frac{1}{2} \sum_i \left( 1 -
#    \frac{(x_{ij} - \mu_j)^2}{\sigma_j^2} \right) = 0
#    && \Rightarrow \sigma_j^2 = \frac{1}{n} \sum_i (x_{ij} - \mu_j)^2
#    \end{aligned}
#
# And :math:`p(y)` is the share of each class: the same argument as for the classifier's :math:`db`.

def fit(x, y):
    """pi (C,), mu (C, D), sigma (C, D) of highest likelihood."""
    of_class = [x[y == k] for k in range(C)]
    return (np.array([len(part) for part in of_class]) / len(x), np.array([part.mean(axis=0) for part in of_class]),
            np.array([part.std(axis=0) for part in of_class]))


pi, mu, sigma = fit(x, y)
_, dmu, dlogvar = gaussian.log_density_backward(np.full(N, 1 / N), x, mu[y], 2 * np.log(sigma[y]))
lesson.claim("Class means and variances make the gradient of the likelihood 0", max(
    np.abs(np.array([d[y == k].sum(axis=0) for k in range(C)])).max() for d in (dmu, dlogvar)), 0, within=1e-12,
    source="gaussian.log_density_backward, rounding")

# %%
# **Both against the truth.** Both describe the same family of :math:`p(y|x)`, the softmax of linear functions of
# :math:`\phi`; they differ in how they choose one of it. The error is :math:`KL(p_{true}(y|x), p_{model}(y|x))` in
# nats, averaged over :math:`p(x)` by quadrature on a grid. Theory (Wilks 1938): a maximum-likelihood fit of :math:`d`
# free numbers to :math:`N` points is wrong by :math:`d / (2N)` nats on average. For the classifier
# :math:`d = 2 \cdot 5`: only differences of logits count, so two of the three rows are free.
#
# We do it twice. The second time a camera misses 19 of 20 points with :math:`|x_1| < 1`. That changes :math:`p(x)`,
# and no class is a Gaussian any more; :math:`p(y|x)` stays as it was, since the camera does not look at the class.

lesson.predict("Which comes closer to the true p(y|x): the model trained for exactly that, or the one that models x? "
               "And with the bad camera?")
ticks = np.linspace(-7.95, 7.95, 160)
grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, D)         # (G, D), row by row
log_true = log_posterior(grid, true_pi, true_mu, true_sigma)               # (G, C)
mass = np.exp(log_sum_exp(log_joint(grid, true_pi, true_mu, true_sigma)))  # (G,), p(x) up to the area of a cell


def seen(x, camera):
    """The probability that the camera sees each point."""
    return np.where((np.abs(x[:, 0]) < 1) & camera, 0.05, 1.0)


def error(log_q, camera):
    """Mean over p(x) of KL(p_true(y|x), q(y|x)), nats."""
    weight = mass * seen(grid, camera)
    return weight @ np.sum(np.exp(log_true) * (log_true - log_q), axis=1) / weight.sum()


n = 1000
errors = np.zeros((2, repeats, 2))                                         # camera, repeat, model
for camera, r in np.ndindex(2, repeats):
    x_r, y_r = draw(4 * n, repeat_rng)
    kept = np.flatnonzero(repeat_rng.random(4 * n) < seen(x_r, camera))[:n]
    W_r, b_r = train(x_r[kept], y_r[kept])
    errors[camera, r] = (error(softmax.log_softmax(phi(grid) @ W_r + b_r), camera),
                         error(log_posterior(grid, *fit(x_r[kept], y_r[kept])), camera))
(soft, bayes), (soft_bad, bayes_bad) = errors.mean(axis=1)
print(f"{n} points, mean error in nats: all points seen, softmax {soft:.5f}, Gaussians and Bayes {bayes:.5f}; "
      f"bad camera, softmax {soft_bad:.5f}, Gaussians and Bayes {bayes_bad:.5f}")
for name, value in (("all points seen", soft), ("bad camera", soft_bad)):
    lesson.claim(f"The softmax classifier learns p(y|x), {name}: its error times 2N", 2 * n * value, 10,
                 within=5 * np.sqrt(2 * 10 / repeats),
                 source=f"Wilks: chi-squared, 10 degrees of freedom; 5 standard errors of {repeats} fits")
lesson.claim("All points seen: the error of Bayes' rule over the classifier's", bayes / soft, at_most=1,
             source="Efron 1975: with the right family, what p(x) says about the parameters can only help")

# %%
# With the bad camera the Gaussians cannot be right. What remains with endless data is a number: fit the Gaussians to
# the moments of the true density, by quadrature.

weight = (mass * seen(grid, True))[:, None] * np.exp(log_true)             # (G, C)
mean = weight.T @ grid / weight.sum(axis=0)[:, None]                       # (C, D)
deviation = np.sqrt(weight.T @ grid**2 / weight.sum(axis=0)[:, None] - mean**2)
rest = error(log_posterior(grid, weight.sum(axis=0) / weight.sum(), mean, deviation), True)
lesson.claim("Bad camera: the error of Bayes' rule stays where endless data would leave it", bayes_bad, rest,
             within=5 * errors[1, :, 1].std(ddof=1) / np.sqrt(repeats) + 14 / (2 * n),
             source="quadrature; 5 standard errors, and 14 fitted numbers / 2N")
lesson.claim("Bad camera: the error of Bayes' rule over the classifier's", bayes_bad / soft_bad, at_least=1,
             source="the classifier needs nothing to be true of p(x)")

# %%
# **Far from all data.** Both models have an answer for every point. The notes say that a discriminative model must name
# a class, while a generative one may answer "none of these" when it stays below a threshold. A threshold on what?

lesson.predict("A point ten standard deviations from all data. How sure is the classifier, how sure is Bayes' rule?")
angle = 2 * np.pi * (np.arange(360) + 0.5) / 360
ring = 12 * np.stack([np.cos(angle), np.sin(angle)], axis=1)               # at least 9 sigma from every mean
sure_discriminative = np.median(softmax.softmax(phi(ring) @ W + b).max(axis=1))
sure_generative = np.median(np.exp(log_posterior(ring, pi, mu, sigma)).max(axis=1))
lesson.claim("The classifier names a class far from all data: its median certainty on a ring of radius 12",
             sure_discriminative, at_least=0.99, source="differences of logits grow as the radius squared")
lesson.claim("So does Bayes' rule, p(y|x) of the generative model: its median certainty there",
             sure_generative, at_least=0.99, source="p(y|x) only compares the classes, however small all p(x|y) are")

# %%
# So :math:`p(y|x)` does not help, in either model. What helps is the number that Bayes' rule divides by and the
# classifier never had: :math:`p(x)`. Threshold: the value that only 1% of the training points fall below.

log_p_train = log_sum_exp(log_joint(x, pi, mu, sigma))                     # (N,)
threshold = np.quantile(log_p_train, 0.01)
refused = np.mean(log_sum_exp(log_joint(x_test, pi, mu, sigma)) < threshold)
lesson.claim("Under the threshold the model answers 'none of these': share of new points of the three classes", refused,
             0.01, within=5 * np.sqrt(0.01 * 0.99 * (1 / N + 1 / N_test)),
             source="1% by choice; 5 standard errors of the quantile and of the share")
lesson.claim("Share of the points of the ring that it refuses", np.mean(log_sum_exp(log_joint(ring, pi, mu, sigma))
                                                                        < threshold), at_least=1,
             source="9 sigma away log p(x|y) lies 40 nats below its peak, the threshold about 5")
per_metre = fit(x / 1000, y)                                               # the same points in another unit
log_p_metre = log_sum_exp(log_joint(x / 1000, *per_metre))
lesson.claim("A density is no probability: in a unit 1000 times larger log p(x) of every point grows by 2 log 1000",
             np.abs(log_p_metre - log_p_train - 2 * math.log(1000)).max(), 0, within=1e-10,
             source="change of variables in D = 2; so a threshold must come from data, as a quantile does")

as_map = (len(ticks), len(ticks))
p_of = {"softmax": softmax.softmax(phi(grid) @ W + b), "Bayes": np.exp(log_posterior(grid, pi, mu, sigma))}
joint = log_joint(grid, pi, mu, sigma)
unknown, shown = np.array([3.0, -6.0]), slice(0, 250)
lesson.figure(densities.plane_maps(ticks, ticks, [
    densities.Panel("discriminative: p(y|x), a class for every point", p_of["softmax"].reshape(*as_map, C)),
    densities.Panel("generative: p(x|y), Bayes' rule where p(x) > threshold",
                    p_of["Bayes"].reshape(*as_map, C), np.exp(joint - np.log(pi)).reshape(*as_map, C),
                    log_sum_exp(joint).reshape(as_map), threshold)], x[shown], y[shown],
    "Similar boundaries near the data; only the model with densities knows where its data ends", unknown), "two_models")
s = np.linspace(0, 14, 141)
ray = s[:, None] * unknown / np.linalg.norm(unknown)                       # from the origin through the "?"
inside = s[log_sum_exp(log_joint(ray, pi, mu, sigma)) > threshold]
lesson.figure(densities.stacked_curves(s, {
    "largest p(y|x)": {"softmax classifier": softmax.softmax(phi(ray) @ W + b).max(axis=1),
                       "generative, Bayes' rule": np.exp(log_posterior(ray, pi, mu, sigma)).max(axis=1)},
    "log p(x) (nats)": {"generative model": log_sum_exp(log_joint(ray, pi, mu, sigma)), "threshold": threshold}},
    "distance from the origin, towards the '?' (no unit)",
    "Far from the data both models are sure of a class; only p(x) tells that it is far", (inside.min(), inside.max())),
    "out_of_the_data")

# %%
# **Sampling.** The generative model runs forwards: a class from :math:`p(y)`, then :math:`x = \mu_y + \sigma_y
# \varepsilon` (slide p26 will call it the reparameterisation). The classifier cannot: every :math:`p(x)` agrees with
# its :math:`p(y|x)`, as the two cameras showed. The notes say that one takes the data of highest probability. That
# would be :math:`\mu_y`, the same picture every time, and not a typical one: for a sample of a Gaussian in :math:`D`
# dimensions :math:`\log p(\mu_y|y) - \log p(x|y) = \frac{1}{2} \sum_j \varepsilon_j^2`, which has mean :math:`D / 2`.

made_y = sample_rng.choice(C, size=N_test, p=pi)
made_x = gaussian.reparameterise(mu[made_y], 2 * np.log(sigma[made_y]), sample_rng.standard_normal((N_test, D)))
again_pi, again_mu, again_sigma = fit(made_x, made_y)
deviations = np.concatenate([                                              # in standard errors, N(0, 1) each
    (again_mu - mu) / sigma * np.sqrt(N_test * pi)[:, None],
    np.log(again_sigma / sigma) * np.sqrt(2 * N_test * pi)[:, None]]).ravel()
lesson.claim("Samples have the means and spreads of the model: largest of 12 deviations in standard errors",
             np.abs(deviations).max(), at_most=5, source="sigma / sqrt(n) for a mean, 1 / sqrt(2n) for log sigma")
D_digit = 784
eps = sample_rng.standard_normal((1000, D_digit))
below = (gaussian.log_density(0 * eps, 0 * eps, 0 * eps) - gaussian.log_density(eps, 0 * eps, 0 * eps)).mean()
lesson.claim("Samples in 784 dimensions are e^392 times less likely than the likeliest picture: mean gap", below,
             D_digit / 2, within=5 * np.sqrt(D_digit / 2 / 1000), source="D/2; variance D/2 of a half chi-squared; "
                                                                        "5 standard errors")

# %%
# Without labels drop :math:`y`: what is left to learn is :math:`p(x)` alone, and that is the rest of the course. Two
# warnings for later. In many dimensions a foreign picture can lie above the threshold of p(x) (lesson 19 looks for
# better scores). And the plain autoencoder of the notes compresses, but has no :math:`p(x)`: it is no generative model.

# %%
# **From lesson to library.** ``log_normal`` is ``log_density`` in ``tinyvae/gaussian.py``; ``loss`` and ``gradient``
# end in ``softmax_nll`` and ``softmax_nll_backward`` in ``tinyvae/softmax.py``.

logits, some = phi(x_test[:500]) @ W + b, x_test[:500]
mu_0, logvar_0 = np.tile(mu[0], (500, 1)), np.tile(2 * np.log(sigma[0]), (500, 1))
lesson.claim("gaussian.log_density is log_normal", np.abs(gaussian.log_density(some, mu_0, logvar_0)
                                                          - log_normal(some, mu[0], sigma[0])).max(), 0, within=1e-11,
             source="the lines above, rounding")
library = phi(some).T @ softmax.softmax_nll_backward(np.full(500, 1 / 500), logits, y_test[:500])
lesson.claim("softmax_nll and its backward are loss and gradient", max(
    abs(softmax.softmax_nll(logits, y_test[:500]).mean() - loss(W, b, phi(some), y_test[:500])),
    np.abs(library - gradient(W, b, phi(some), y_test[:500])[0]).max()), 0, within=1e-12,
    source="the lines above, rounding")
lesson.end()
