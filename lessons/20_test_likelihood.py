"""Test likelihood (notes on VAE and AE compared, on FVBN; slides p7).

Before: lesson 10 (p(x) is an integral over z), lesson 11 (the ELBO), lesson 13 (the Bernoulli loss from logits).
After: you can estimate log p(x) of a VAE by importance sampling, say why the estimate is a lower bound that rises with
the number of samples and how fast, derive the exact likelihood of a fully visible belief network, and read a table of
both.
"""

# %%
# p7 asks how good a generative model is, and answers: by the likelihood of *test* data under it.
#
# .. math::
#    \sum_i \log p_\theta(x_{test}^{(i)}), \quad x_{test}^{(i)} \sim p_{data}
#
# The slide calls this sum the "generalization error". It is not an error: the larger it is, the better the model. We
# report the mean of :math:`-\log p_\theta(x)`, in nats per picture: an error, whatever the number of test pictures. A
# VAE cannot compute its :math:`p_\theta(x)`, but can bound it. A fully visible belief network can compute its own.

import itertools
import time

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import Adam, evaluation, gaussian, linear_gaussian, plots
from tinyvae.autoregressive import FVBN
from tinyvae.gradcheck import numeric_gradients, relative_error
from tinyvae.plots import densities, exact
from tinyvae.softmax import log_sum_exp

lesson = Lesson("20_test_likelihood", "Test likelihood", "notes on VAE and AE compared, on FVBN; p7")
streams = np.random.SeedSequence(lesson.seed).spawn(8)
small_rng, gap_rng, linear_rng, binary_rng, code_rng, net_rng, order_rng, sample_rng = map(
    np.random.default_rng, streams)


# %%
# **Importance sampling, line by line.** p16 wants an integral over :math:`z`. Multiply inside by :math:`q/q = 1`, and
# it is a mean under :math:`q`, of a weight :math:`w`; the mean of :math:`k` such weights has the same expectation:
#
# .. math::
#    \begin{aligned}
#    p(x) &= \int p(x|z) p(z) dz \\
#    &= \int q(z|x) \frac{p(x|z) p(z)}{q(z|x)} dz \\
#    &= \mathbb{E}_{q}[w(z)], \quad w(z) = \frac{p(x|z) p(z)}{q(z|x)} \\
#    &= \mathbb{E}_{q} \left[ \frac{1}{k} \sum_{s=1}^k w(z_s) \right]
#    \end{aligned}
#
# Each line is evaluated on a linear-Gaussian model with one latent (lesson 11), where :math:`p(x)` is known. There
# :math:`p(z|x) = N(m, s^2)`. Our :math:`q` has the right width, but lies ``shift`` widths too far right.

shift = 0.7
W, b, sigma = np.array([[1.2, -0.8, 0.5]]), np.array([0.3, -0.2, 0.1]), 0.6
x = small_rng.standard_normal((1, 1)) @ W + b + sigma * small_rng.standard_normal((1, 3))    # (1, D), one observation
mean, covariance = linear_gaussian.posterior(x, W, b, sigma)
m, s = mean[0, 0], np.sqrt(covariance[0, 0])
z, dz = np.linspace(m - 12 * s, m + 12 * s, 1201, retstep=True)                          # (n,)


def log_normal(v, mean, sd):
    """log N(v; mean, sd^2), number by number."""
    return -0.5 * np.log(2 * np.pi * sd**2) - (v - mean)**2 / (2 * sd**2)


log_p_x_z, log_p_z = log_normal(x, z[:, None] @ W + b, sigma).sum(axis=1), log_normal(z, 0, 1)      # (n,) each
log_q = log_normal(z, m + shift * s, s)
q, w = np.exp(log_q), np.exp(log_p_x_z + log_p_z - log_q)
mean_of_two, mass = (w[:, None] + w) / 2, np.outer(q, q) * dz**2                         # k = 2: all pairs, (n, n)
log_p = linear_gaussian.log_marginal(x, W, b, sigma)[0]
lesson.derivation("The lines of importance sampling have one value, log p(x)", [
    ("log p(x)", "exact: x is Gaussian (lesson 11)", log_p),
    ("log ∫ p(x|z) p(z) dz", "p16: z marginalised", np.log(np.sum(np.exp(log_p_x_z + log_p_z)) * dz)),
    ("log ∫ q(z|x) p(x|z) p(z) / q(z|x) dz", "times q / q = 1, for q > 0 wherever p(x|z) p(z) > 0",
     np.log(np.sum(q * w) * dz)),
    ("log E[(w(z_1) + ... + w(z_k)) / k]", "a mean of k equal means, here k = 2", np.log(np.sum(mass * mean_of_two))),
], within=1e-10, source="closed form, and quadrature on 1201 points, 1201^2 for two samples")

# %%
# **A lower bound.** We need the logarithm of that mean. The logarithm is concave, so by Jensen's inequality its mean
# lies below the logarithm of the mean. By the same inequality one more sample never lowers the bound: the mean of
# :math:`k` weights is the mean of the :math:`k` means :math:`\bar w_{-s}` that leave out one weight each.
#
# .. math::
#    L_k = \mathbb{E} \left[ \log \frac{1}{k} \sum_s w_s \right] \leq
#    \log \mathbb{E} \left[ \frac{1}{k} \sum_s w_s \right] = \log p(x)
#
# .. math::
#    \log \frac{1}{k} \sum_s w_s = \log \frac{1}{k} \sum_s \bar w_{-s} \geq \frac{1}{k} \sum_s \log \bar w_{-s}
#    \quad \Rightarrow \quad L_k \geq L_{k-1}
#
# :math:`L_1 = \mathbb{E}_q[\log w]` is the ELBO: the lowest of these bounds (Burda et al. 2016, theorem 1).

lesson.predict("The ELBO misses log p(x) by KL(q, p(z|x)), a few tenths of a nat. How much does a second sample mend?")
L1, L2 = np.sum(q * np.log(w)) * dz, np.sum(mass * np.log(mean_of_two))
kl = gaussian.kl_gaussians(*(np.array([[v]]) for v in (m + shift * s, 2 * np.log(s), m, 2 * np.log(s))))[0]
print(f"Answer: {(L2 - L1) / kl:.0%}. L_1 = log p(x) - {log_p - L1:.4f}, L_2 = log p(x) - {log_p - L2:.4f}")
lesson.claim("L_1 is the ELBO: log p(x) minus KL(q, p(z given x))", L1, log_p - kl, within=1e-9,
             source="p19; gaussian.kl_gaussians against quadrature")
lesson.claim("L_2 lies above L_1 and below log p(x): the smaller distance", min(L2 - L1, log_p - L2), at_least=1e-9,
             source="Jensen; above the error of the quadrature")

# %%
# **How fast does the gap close?** Write the mean weight as :math:`(1 + \delta) p(x)`. Then
# :math:`\mathbb{E} \delta = 0`, and :math:`\mathbb{E} \delta^2 = V/k`, if the variance :math:`V` of :math:`w / p(x)` is
# finite. With :math:`\log(1 + \delta) = \delta - \delta^2/2 + \dots`, and :math:`w / p(x) = p(z|x) / q(z)`:
#
# .. math::
#    \log p(x) - L_k = -\mathbb{E} \log(1 + \delta) \approx \frac{V}{2k}, \quad
#    V = \int \frac{p(z|x)^2}{q(z)} dz - 1
#
# For two Gaussians of equal width, :math:`t` widths apart, :math:`V = e^{t^2} - 1`. For equal centres and a :math:`q`
# that is :math:`r` times as wide, :math:`V = r^2 / \sqrt{2 r^2 - 1} - 1`, finite only for :math:`r^2 > 1/2`. Below,
# weights far out are rare and huge: :math:`P(w > c)` falls as :math:`c^{-1/(1 - r^2)}`, and the gap only as
# :math:`k^{-r^2 / (1 - r^2)}`, up to logarithms.

lesson.predict("q too far right, too wide, too narrow: where do ten times the samples close less than 90 % of the gap?")
K, repeats = (512, 2000) if lesson.quick else (2048, 4000)
ks = 2 ** np.arange(5, 10 if lesson.quick else 12, 2)                                    # 32, 128, 512 and 2048
cases = {"q 0.7 widths too far right": (0.7, 1.0, np.exp(0.7**2) - 1),
         "q 2 times too wide": (0.0, 2.0, 4 / np.sqrt(7) - 1), "q 2 times too narrow": (0.0, 0.5, np.inf)}
lines = {}
for name, (t, r, V) in cases.items():
    u = t + r * gap_rng.standard_normal((repeats, K))                                    # (z - m) / s under q
    weights = np.exp(log_normal(u, 0, 1) - log_normal(u, t, r))                          # w / p(x), (repeats, K)
    gap, error = np.empty((2, len(ks)))
    for i, k in enumerate(ks):
        mean = weights.reshape(-1, k).mean(axis=1)                                       # 1 + delta, one for each block
        # delta has mean 0: taking it off log(1 + delta) changes no mean, and removes most of the noise
        values = -np.log(mean) + (mean - 1 if np.isfinite(V) else 0)
        gap[i], error[i] = values.mean(), values.std() / np.sqrt(len(values))
    # every k uses the same draws: their errors are added as if they were apart, although part of them cancels
    centred = np.log(ks) - np.log(ks).mean()
    slope = centred @ np.log(gap) / (centred @ centred)
    slope_error = np.sqrt(np.sum((centred * error / gap)**2)) / (centred @ centred)
    print(f"{name:<27} gap {gap[0]:.5f} at k = 32, {gap[-1]:.6f} at k = {K}; slope {slope:.3f} +- {slope_error:.3f}")
    lines[name] = gap, error
    if np.isfinite(V):
        lines[f"theory: {V:.3f} / (2k)"] = V / (2 * ks), None
        lesson.claim(f"{name}: 2k times the gap at k = {K} is the variance of w / p(x)", gap[-1] * 2 * K, V,
                     within=5 * error[-1] * 2 * K, source="V / (2k), the next term is k times smaller; "
                     "5 standard errors")
        lesson.claim(f"{name}: log-log slope of the gap against k", slope, -1, within=5 * slope_error + 1 / ks[0],
                     source="V / (2k); 5 standard errors and the next term, of order 1 / k")
print(f"Answer: for the narrow one, of slope {slope:.2f} (theory: -1/3 up to logarithms), they close "
      f"{1 - 10**slope:.0%}.\nA q that is too wide is safe, one narrower than 1/sqrt 2 of the posterior is not.")
lesson.claim("Weights of infinite variance close the gap more slowly: slope", slope, at_least=-1 + 5 * slope_error,
             source="the derivation needs a finite V; more than 5 standard errors from -1")
lesson.figure(densities.lines_with_errors(ks, lines, "samples k", "log p(x) - L_k (nats)",
                                          "The gap closes as 1/k, unless q is too narrow"), "gap")

# %%
# **The library's estimate, where the truth is known.** ``tinyvae.log_likelihood`` on a linear VAE: 20 numbers, 5
# latents, an encoder set to the exact posterior but for its mean, ``off`` widths away on each axis. So
# :math:`V = e^{5 \cdot off^2} - 1`. With ``return_error`` it states its standard error, the one of :math:`\bar w` over
# :math:`\bar w` (since :math:`d \log \bar w = d \bar w / \bar w`). If that is right, (estimate - truth) / error has
# mean square 1. This noise falls as :math:`k^{-1/2}` and averages out over test pictures; the gap does not.

off, D, L, n = 0.4, 20, 5, 1000 if lesson.quick else 2000
W = np.linalg.qr(linear_rng.standard_normal((D, L)))[0].T * np.linspace(1, 3, L)[:, None]      # orthogonal rows, so the
b = linear_rng.standard_normal(D)                                                        # posterior is diagonal
x = linear_rng.standard_normal((n, L)) @ W + b + sigma * linear_rng.standard_normal((n, D))
truth, covariance = linear_gaussian.log_marginal(x, W, b, sigma), linear_gaussian.posterior(x, W, b, sigma)[1]
sd, to_mean = np.sqrt(np.diag(covariance)), W.T @ covariance / sigma**2                  # mean = (x - b) to_mean
vae = tinyvae.VAE(D, (), L, "gaussian", sigma0=sigma, seed=0, dtype=np.float64)
for name, value in {"decoder.0.W": W, "decoder.0.b": b, "encoder.0.W": np.hstack([to_mean, np.zeros((D, L))]),
                    "encoder.0.b": np.concatenate([-b @ to_mean + off * sd, 2 * np.log(sd)])}.items():
    vae.parameters[name][...] = value
k_linear, bias, bias_error = (1, 10, 100, 1000), np.empty(4), np.empty(4)
for i, k in enumerate(k_linear):
    estimate = tinyvae.log_likelihood(vae, x, k=k, rng=linear_rng, return_error=k > 1)
    estimate, error = estimate if k > 1 else (estimate, None)
    bias[i], bias_error[i] = np.mean(estimate - truth), np.std(estimate - truth) / np.sqrt(n)
    print(f"k = {k:4d}: estimate - log p(x) = {bias[i]:+.4f} +- {bias_error[i]:.4f} on average; above log p(x) for "
          f"{np.mean(estimate > truth):.0%} of the examples")
print("The bound holds for the mean over draws. A single estimate may well lie above log p(x).")
lesson.claim("With k = 1 the estimate misses log p(x) by KL(q, posterior)", bias[0], -L * off**2 / 2,
             within=5 * bias_error[0], source="exact marginal and closed-form KL; 5 standard errors")
lesson.claim("It rises from k = 1 to 10", bias[1] - bias[0], at_least=5 * np.hypot(*bias_error[:2]),
             source="L_k rises; by more than 5 standard errors")
lesson.claim("With k = 1000 it is log p(x)", bias[3], -np.expm1(L * off**2) / 2000, within=5 * bias_error[3],
             source="exact marginal and V / (2k); 5 standard errors")
lesson.claim("The stated standard error is right: mean square of (estimate - truth) / error",
             np.mean(((estimate - truth) / error)**2), 1, within=5 * np.sqrt(2 / n),
             source="mean of n squares of N(0, 1), each of variance 2; 5 standard errors")

# %%
# **The VAE on digits.** The trained VAE of lesson 17, and test digits made binary once. With
# :math:`z = \mu + \sigma \varepsilon`, the constants of the two Gaussian densities cancel:
#
# .. math::
#    \log w = \log p(x|z) - \frac{1}{2} \sum_j z_j^2
#    + \frac{1}{2} \sum_j \left( \varepsilon_j^2 + \log \sigma_j^2 \right)

images = lesson.standard_images()
vae, _ = lesson.standard_vae(images)
n, K = (100, 100) if lesson.quick else (500, 1000)
x_train, x_test = ((binary_rng.random(part.shape) < part).astype(np.float32) for part in (images.train[:2000],
                                                                                          images.test[:n]))


def log_weights(vae, x, eps):
    """log w for eps (S, N, L): (S, N). The line above."""
    mu, logvar = vae.encode(x)                                                           # (N, L)
    z = mu + np.exp(logvar / 2) * eps                                                    # (S, N, L)
    a = vae.decoder.forward(z.reshape(-1, z.shape[-1])).reshape(*z.shape[:2], -1)        # logits, (S, N, D)
    log_p_x_z = -np.sum(np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a))) - x * a, axis=2)
    return log_p_x_z - 0.5 * np.sum(z**2, axis=2) + 0.5 * np.sum(eps**2 + logvar, axis=2)


vae64, few = vae.astype(np.float64), x_test[:100]
by_hand = log_weights(vae64, few, vae64.noise(np.random.default_rng(lesson.seed), 2000).reshape(20, 100, -1))
lesson.claim("tinyvae/evaluation.py, log_likelihood is log 1/k sum w of these weights", np.max(np.abs(
    log_sum_exp(by_hand.T) - np.log(20) - tinyvae.log_likelihood(vae64, few, k=20, rng=lesson.seed))), 0,
    within=1e-10, source="the same noise; rounding of sums of about 100 nats")

lesson.predict("On the linear model ten times the samples close nine tenths of the gap. And on digits?")
log_w = np.concatenate([log_weights(vae, x_test, vae.noise(code_rng, 10 * n).reshape(10, n, -1))
                        for _ in range(K // 10)]).T.astype(np.float64)                   # (n, K)
k_digits = [k for k in (1, 10, 100, 1000) if k <= K]
bounds = np.array([np.mean(log_sum_exp(log_w.reshape(-1, k)).reshape(n, -1) - np.log(k), axis=1)
                   for k in k_digits])                                                   # L_k of each picture, (ks, n)
for k, values in zip(k_digits, bounds):
    print(f"k = {k:4d}: log p(x) >= {values.mean():.2f} nats per digit")
rises, ess = np.diff(bounds, axis=0), np.exp(2 * log_sum_exp(log_w) - log_sum_exp(2 * log_w))
print(f"Answer: the second rise is {rises[1].mean() / rises[0].mean():.2f} of the first, not 0.1. k is not yet large: "
      f"for the median digit {K} weights are\nas good as {np.median(ess):.0f} equal ones, (sum w)^2 / sum w^2. "
      "The true log p(x) is higher still.")
lesson.claim("Each tenfold of k raises the bound: the smallest rise in standard errors",
             np.min(rises.mean(axis=1) / (rises.std(axis=1) / np.sqrt(n))), at_least=5, source="L_k rises with k")
apart = bounds[0] - evaluation.elbo(vae, x_test, samples=K, rng=code_rng)                # other noise, (n,)
lesson.claim("L_1 is the ELBO with the KL in closed form: mean difference", apart.mean(), 0,
             within=5 * apart.std() / np.sqrt(n), source="p19; 5 standard errors")

# %%
# **The chain rule gives p(x) without z.** The notes name the *fully visible belief network* (FVBN; they write "brief").
# Any joint distribution is a product of conditionals, by the definition of the conditional, :math:`D - 1` times:
#
# .. math::
#    \begin{aligned}
#    p(x) &= p(x_1, \dots, x_{D-1}) \, p(x_D | x_1, \dots, x_{D-1}) \\
#    &= p(x_1) \, p(x_2 | x_1) \cdots p(x_D | x_1, \dots, x_{D-1})
#    \end{aligned}
#
# An FVBN writes each factor down, for binary pixels as a logistic regression on the earlier ones. All of them are one
# layer whose matrix is masked, :math:`M_{id} = 1` for :math:`i < d`, else 0:
#
# .. math::
#    a = x (M \odot W) + b, \quad p(x_d = 1 | x_{<d}) = \frac{1}{1 + e^{-a_d}}, \quad
#    \log p(x) = \sum_d \left[ x_d a_d - \log(1 + e^{a_d}) \right]
#
# It sums to 1 whatever :math:`W` is: sum over :math:`x_D` first. Only the last factor holds it, and that sums to 1.
# Then over :math:`x_{D-1}`, and so on. (The notes let the VAE be trained with an FVBN. It is no way of training: it is
# another model, without :math:`z`. Both are trained for the likelihood; only the VAE needs a bound for that.)

D = 10
W, b, M = net_rng.standard_normal((D, D)), net_rng.standard_normal(D), np.triu(np.ones((D, D)), 1)
every = np.array(list(itertools.product((0.0, 1.0), repeat=D)))                          # all 2^D images, (1024, D)


def fvbn_log_p(x, W, b, M):
    """log p(x) of each row, (N,)."""
    a = x @ (M * W) + b
    return np.sum(x * a - np.log1p(np.exp(a)), axis=1)


def fvbn_gradient(x, W, b, M):
    """d(mean of -log p)/dW and /db. As in lesson 13 da = sigmoid(a) - x; a masked entry of W moves nothing."""
    da = (1 / (1 + np.exp(-(x @ (M * W) + b))) - x) / len(x)
    return M * (x.T @ da), da.sum(axis=0)


some = every[::37]                                                                       # a batch of 28
lesson.claim(f"The probabilities of all 2^{D} images sum to 1", np.exp(fvbn_log_p(every, W, b, M)).sum(), 1,
             within=1e-12, source="summed pixel by pixel from the last; rounding")
numeric = numeric_gradients(lambda W, b: -fvbn_log_p(some, W, b, M).mean(), W, b)
lesson.claim("The gradient by hand is the numerical one", max(
    relative_error(hand, number).max() for hand, number in zip(fvbn_gradient(some, W, b, M), numeric)), 0,
    within=1e-10, source="complex step, relative error")
small = FVBN(D, dtype=np.float64)
small.parameters["network.0.W"][...], small.parameters["network.0.b"][...] = W, b
small.loss(some)
small.backward()
dW, db = fvbn_gradient(some, W, b, M)
difference = [small.log_likelihood(every) - fvbn_log_p(every, W, b, M), small.gradients["network.0.W"] - dW,
              small.gradients["network.0.b"] - db]
lesson.claim("tinyvae/autoregressive.py: FVBN.log_likelihood and FVBN.backward are these lines",
             max(np.abs(array).max() for array in difference), 0, within=1e-12, source="the lines above, rounding")

# %%
# Hidden layers keep the promise if no path leads from :math:`x_d` to output :math:`d` or an earlier one: each hidden
# unit gets a degree :math:`m`, sees the inputs up to :math:`m`, and feeds the outputs after :math:`m` (Germain et al.
# 2015). Forget the mask, and the "likelihood" is none.

lesson.predict("No mask, W = 10 I, b = -5: each pixel predicts itself. What is -log p(x), what the sum of all p(x)?")
deep = FVBN(D, (40, 30), seed=lesson.seed, dtype=np.float64)
deep.parameters.vector[...] = net_rng.standard_normal(deep.parameters.vector.size)
lesson.claim(f"With two masked hidden layers the 2^{D} images still sum to 1", np.exp(deep.log_likelihood(every)).sum(),
             1, within=1e-12, source="each output sees earlier pixels only; rounding")
cheat = fvbn_log_p(every, 10 * np.eye(D), np.full(D, -5.0), np.ones((D, D)))
print(f"Answer: {-cheat.max():.3f} nats for every image, and {np.exp(cheat).sum():.0f}: no true model is that good, "
      "and this one is no distribution.")
lesson.claim("Without the mask the sum is far above 1", np.exp(cheat).sum(), (2 / (1 + np.exp(-5.0)))**D, within=1e-9,
             source="each of D pixels brings the factor 2 sigmoid(5) instead of 1")

# %%
# **Digits: exact beside bound.** Four FVBNs, trained on digits that are binarised anew each time they are met:
# logistic, row by row; with a narrow and a wide hidden layer; logistic in a random order of the pixels. They start from
# independent pixels: each bias the logit of its pixel's mean. All are measured on the binary test digits of the VAE.

lesson.predict("Logistic FVBN, FVBN with 300 or 784 hidden units, VAE: who needs the fewest nats?")
narrow, wide, epochs, lr = 300, 784, 6 if lesson.quick else 20, 3e-3
shuffled, rows = order_rng.permutation(784), np.arange(784)
few_units, many_units = f"FVBN, {narrow} hidden units", f"FVBN, {wide} hidden units"
settings = {"FVBN, logistic": ((), rows), few_units: ((narrow,), rows), many_units: ((wide,), rows),
            "FVBN, logistic, random order": ((), shuffled)}
p = np.clip(images.train.mean(axis=0, dtype=np.float64), 1e-4, 1 - 1e-4)
costs, models, train_nll = {"independent pixels": -np.where(x_test > 0, np.log(p), np.log(1 - p))}, {}, {}
for name, (widths, order) in settings.items():
    model = models[name] = FVBN(784, widths, seed=lesson.seed)
    model.network.layers[-1].b[...] = np.log(p / (1 - p))[order]
    lesson.fit(model, images.train[:, order], epochs=epochs, optimizer=Adam(lr), seed=lesson.seed, binarize=True)
    costs[name] = np.empty((n, 784))                                                     # -log p(x_d given earlier)
    costs[name][:, order] = -model.log_conditionals(x_test[:, order])
    train_nll[name] = -model.log_likelihood(x_train[:, order]).mean(dtype=np.float64)
nll = {name: cost.sum(axis=1) for name, cost in costs.items()}                           # -log p(x), (n,)
nll["VAE, ELBO"], nll[best := f"VAE, {k_digits[-1]} samples"] = -bounds[0], -bounds[-1]
errors = {name: values.std() / np.sqrt(n) for name, values in nll.items()}
print(f"\n-log p(x) in nats per digit, {n} test digits of the set '{lesson.data}'; +-: one standard error over digits")
for name, values in nll.items():
    kind = "upper bound" if name.startswith("VAE") else "exact"
    seen = f"; training digits {train_nll[name]:.2f}" if name in train_nll else ""
    print(f"  {name:<29} {values.mean():7.2f} +- {errors[name]:.2f}  ({kind}{seen})")
print(f"Answer: by these figures {(cheapest := min(nll, key=lambda name: nll[name].mean()))}.")

# %%
# A training digit costs less than a test digit when a model overfits (p7), or when the test digits are harder. A hidden
# layer is no superset of the logistic FVBN, whose pixels have a weight for each earlier one: with 300 units the mask
# leaves output :math:`d` about :math:`0.38 \, d` of them, through which it must see all :math:`d - 1` earlier pixels.
# If that is what a narrow layer suffers from, 784 units need fewer nats after as many epochs, training digits included.


def in_errors(first, second):
    """By how many standard errors the mean of first exceeds that of second, on the same digits."""
    return np.mean(first - second) / (np.std(first - second) / np.sqrt(n))


lesson.claim("The logistic FVBN needs fewer nats than independent pixels: difference in standard errors",
             in_errors(nll["independent pixels"], nll["FVBN, logistic"]), at_least=5, source="both exact, same digits")
lesson.claim(f"{wide} hidden units instead of {narrow} need fewer nats: difference in standard errors",
             in_errors(nll[few_units], nll[many_units]), at_least=5, source="same digits, same epochs; both exact")
apart, last = np.mean(nll[best] - nll["FVBN, logistic"]), bounds[-1].mean() - bounds[-2].mean()
print(f"On training digits as well: {train_nll[few_units]:.1f} and {train_nll[many_units]:.1f} nats: the narrow "
      f"layer does not overfit.\nThe VAE's bound is {abs(apart):.2f} nats {'above' if apart > 0 else 'below'} "
      f"the logistic FVBN; the last tenfold of k lowered it by {last:.2f}. " + (
          "Its true value is\nlower still: that the FVBN is better is not proved." if apart > 0 else
          "Its true value is\nlower still: the VAE is better, within the error of the test digits."))
lesson.figure(exact.nats_bars({name: values.mean() for name, values in nll.items()}, errors, list(costs),
                              f"Fewest nats, exact or bound: {cheapest}"), "nats")
lesson.figure(exact.rising_bounds({
    "linear-Gaussian model: the truth is known": (k_linear, bias, bias_error, {"log p(x), exact": 0},
                                                  "estimate - log p(x) (nats)"),
    f"VAE on {n} test digits": (k_digits, bounds.mean(axis=1), None,
                                {"logistic FVBN, exact": -nll["FVBN, logistic"].mean()}, "log p(x) (nats per digit)")},
    "The bound rises with k: quickly where q is nearly the posterior, slowly on digits"), "bound")

# %%
# **Why the order of the pixels matters.** The chain rule holds in every order: with *arbitrary* conditionals each order
# gives the same :math:`p(x)`. A logistic conditional is not arbitrary. Take three coins and a fourth pixel that is
# nearly their OR: :math:`p(x_4 = 1 | x_1, x_2, x_3) = 1 / (1 + e^{4 - 8 (x_1 + x_2 + x_3)})`. With :math:`x_4` last
# this is a logistic FVBN. In another order the last conditional is that of a coin, given two coins and :math:`x_4`: the
# OR tells of it only if the other two are 0, and no weighted sum says so.
#
# Since :math:`p_{data}` is known here, so is the best there is, its entropy (lesson 03):
# :math:`\mathbb{E}[-\log p_\theta(x)] = H(p_{data}) + KL(p_{data}, p_\theta)`. The lecturer says of p7 that a
# generalisation error of 0 means test data equal to training data. The sum on the slide is 0 when each test picture has
# probability 1: three coins forbid that, however well a model generalises.

lesson.predict("x4 first, second, third or last: in which orders can a logistic FVBN be p_data?")
four = np.array(list(itertools.product((0.0, 1.0), repeat=4)))                           # (16, 4)
p_data = 0.5**3 / (1 + np.exp((1 - 2 * four[:, 3]) * (8 * four[:, :3].sum(axis=1) - 4)))   # (16,)


def best_logistic(inputs, target):
    """log p(target given inputs) of the best logistic regression under p_data, by Newton's method: (16,)."""
    F, v = np.column_stack([np.ones(16), inputs]), np.zeros(1 + inputs.shape[1])
    for _ in range(50):
        prob = 1 / (1 + np.exp(-F @ v))
        v -= np.linalg.solve((F * (p_data * prob * (1 - prob))[:, None]).T @ F, F.T @ (p_data * (prob - target)))
    return target * (F @ v) - np.log1p(np.exp(F @ v))


def any_table(inputs, target):
    """log p(target given inputs) with a free number for each value of the inputs: (16,)."""
    same = (inputs[:, None] == inputs).all(axis=2)                                       # (16, 16)
    return np.log((same & (target[:, None] == target)) @ p_data / (same @ p_data))


divergences = {"logistic conditionals": [], "arbitrary conditionals": []}
for place in range(4):
    order = np.insert(np.arange(3), place, 3)
    for name, conditional in zip(divergences, (best_logistic, any_table)):
        log_p = sum(conditional(four[:, order[:d]], four[:, order[d]]) for d in range(4))
        divergences[name].append(np.sum(p_data * (np.log(p_data) - log_p)))
logistic, table = map(np.array, divergences.values())
print(f"Answer: only with x4 last. KL by the place of x4: {' '.join(f'{abs(v):.4f}' for v in logistic)} nats, above an "
      f"entropy of {-np.sum(p_data * np.log(p_data)):.4f}.\nNearly all of it is lost by the last coin, "
      "wherever x4 stands before it.")
lesson.claim("With x4 last the best logistic FVBN is p_data: KL", logistic[3], 0, within=1e-12,
             source="p_data has that form; rounding")
lesson.claim("In the other orders it is not: smallest KL", logistic[:3].min(), at_least=1e-9,
             source="the coin's logit is not additive in the others; above the rounding of the line before")
lesson.claim("With arbitrary conditionals every order gives p_data: largest KL", np.abs(table).max(), 0, within=1e-12,
             source="the chain rule; rounding")
lesson.figure(exact.order_bars([f"x4 {place}" for place in ("first", "second", "third", "last")], divergences,
                               "The chain rule holds in every order, a logistic conditional does not"), "order")
lesson.figure(exact.cost_maps({name: costs[name].mean(axis=0) for name in (
    "independent pixels", "FVBN, logistic", "FVBN, logistic, random order")},
    "What each pixel costs, given those before it: each map sums to -log p(x)"), "cost")

# %%
# On digits (table above) the two orders are two models as well. Row by row, a pixel knows its left and upper
# neighbours, and pays where a stroke begins or ends. In a random order the first pixels know nothing, the last nearly
# everything.
#
# **Sampling takes D steps.** A pixel can be drawn only when the earlier ones are there (*ancestral sampling*). For
# training and for :math:`\log p(x)` one run of the network is enough: there all pixels are known.

def sample_by_hand(W, b, n, rng):
    """n images of the logistic FVBN, pixel by pixel: (n, D)."""
    x = np.zeros((n, len(b)), W.dtype)
    for d in range(len(b)):
        a = x[:, :d] @ W[:d, d] + b[d]                                                   # earlier pixels only
        x[:, d] = rng.random(n) < 1 / (1 + np.exp(-a))
    return x


S, drawn_seed = 20_000, lesson.seed
drawn = small.sample(S, drawn_seed)
other = drawn != sample_by_hand(W, b, S, np.random.default_rng(drawn_seed))
lesson.claim("FVBN.sample draws as these lines do: pixels that differ", other.sum(), 0, within=0.5,
             source="the same random numbers")
probability = np.exp(small.log_likelihood(every))                                        # of all 2^D images
share = np.bincount((drawn @ 2.0**np.arange(D)[::-1]).astype(int), minlength=2**D) / S
off_by = np.abs(share - probability) / np.sqrt(probability * (1 - probability) / S)
lesson.claim("Images come with their probability: largest deviation of a frequency, in standard errors",
             off_by[probability * S >= 25].max(), at_most=5, source="exact probabilities; images expected 25 times or "
             "more, so that counts are nearly Gaussian")

lesson.predict("How many runs of its network does the FVBN need for new digits, and how many the VAE?")
n_drawn, runs, seconds = 10, {}, {}


def counted(name, network, draw):
    """draw(), with the runs of network counted and the seconds taken."""
    right, runs[name] = network.forward, 0

    def forward(x):
        runs[name] += 1
        return right(x)
    network.forward, start = forward, time.perf_counter()
    result = draw()
    seconds[name] = time.perf_counter() - start
    del network.forward
    return result


deep = models[few_units]
samples = {"VAE": counted("VAE", vae.decoder, lambda: vae.sample(n_drawn, sample_rng, mean=False)),
           "FVBN": counted("FVBN", deep.network, lambda: deep.sample(n_drawn, sample_rng))}
print(f"Answer: {runs['FVBN']} and {runs['VAE']}. (The seconds differ from run to run; they stand in the figure.)")
lesson.claim("Runs of the network for new digits, FVBN over VAE", runs["FVBN"] / runs["VAE"], 784, within=0.5,
             source="784 pixels one after the other, against one z; counted")
samples = {f"{name}\nruns: {runs[name]}\n{seconds[name]:.2g} s": x for name, x in samples.items()}
steps = {}
for name, order in (("FVBN, logistic", rows), ("FVBN, logistic, random order", shuffled)):
    x = sample_by_hand(*models[name].parameters.values(), n_drawn, sample_rng)           # columns in this order
    for quarters in (1, 2, 4):
        seen = steps[f"{'random' if order is shuffled else 'by rows'},\n{196 * quarters} pixels"] = np.empty_like(x)
        seen[:, order] = np.where(np.arange(784) < 196 * quarters, x, 0.5)
lesson.figure(plots.picture_rows({f"Samples (FVBN: {narrow} hidden units)": samples,
                                  "Logistic FVBN while it draws; grey: not yet drawn": steps},
                                 "An FVBN draws pixel by pixel, a VAE all pixels at once"), "samples")

# %%
# **What p7's number does not say.** Let a model draw noise 99 times of 100, and else ask the logistic FVBN:
# :math:`p'(x) = 0.01 \, p(x) + 0.99 \cdot 2^{-784}`. Its samples are useless.

lesson.predict("By how many nats per digit is its test likelihood worse?")
mixed = np.logaddexp(np.log(0.01) - nll["FVBN, logistic"], np.log(0.99) - 784 * np.log(2))
print(f"Answer: {np.mean(-mixed - nll['FVBN, logistic']):.2f} = log 100, of {nll['FVBN, logistic'].mean():.0f}. How "
      "samples look is another question (Theis et al. 2016).")

# %%
# **Published figures**, on the original MNIST. "Ours" were measured by ``tests/benchmarks/mnist.py`` and ``fvbn.py``
# there, on all test pictures, binarised once. Burda et al. trained for 3,280 epochs. Nor do the FVBN's 90.26 prove it
# better than VAEs, strictly not even than this one: 95.42 is a bound, its true value may be lower.

print("\n-log p(x) on MNIST, nats per test picture")
for heads, *lines in ((("ELBO", "k = 10", "100", "1000"),
                       ("ours: VAE 784-300-300-10, 20,000 steps", 99.96, 97.05, 95.95, 95.42),
                       ("CS236: the same VAE, 100 test pictures", 101.5, 97.13, 96.1, 95.62),
                       ("CS236's VAE in another framework, all pictures", 99.60, 96.92, 95.94, 95.45)),
                      (("logistic", "1000 hidden units"), ("ours: FVBN, exact", 98.39, 90.26)),
                      (("trained with k = 1", "5", "50"), ("Burda et al.: VAE", 86.76, 86.47, 86.35),
                       ("Burda et al.: IWAE", 86.76, 85.54, 84.78))):
    for name, *cells in (("", *heads), *lines):
        print(f"  {name:<47}" + "".join(f"{cell:>{max(9, len(head) + 3)}{'' if cell == head else '.2f'}}"
                                        for head, cell in zip(heads, cells)))
lesson.end()
