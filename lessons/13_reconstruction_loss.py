"""The reconstruction loss: minus the log-likelihood of a picture given its code (slides p21, p23).

Before: lesson 11 (the negative ELBO is a reconstruction term plus a KL) and the density of a Gaussian.
After: you can derive the squared distance of p23 with its constant, say what sigma0 does and which one is best, write
the Bernoulli loss from logits, and say why one Monte Carlo sample of z is enough.
"""

# %%
# On p21 the encoder turns :math:`x` into :math:`q(z|x)`, a sample :math:`z` goes through the decoder, and out comes
# :math:`x'` (``x_hat`` in the code). The first term of the loss asks how probable the picture is, given the code:
#
# .. math::
#    R(x) = \mathbb{E}_{z \sim q(z|x)} [-\log p(x|z)], \quad p(x|z) = N(x; x', \sigma_0^2 I), \quad x' = g(z)
#
# :math:`\sigma_0` is a standard deviation in the units of a pixel. :math:`B` examples, :math:`D` pixels,
# :math:`L` latents, :math:`S` samples of :math:`z`.

from statistics import NormalDist

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import gaussian, likelihood, plots
from tinyvae.gradcheck import numeric_gradients, relative_error
from tinyvae.plots import losses

lesson = Lesson("13_reconstruction_loss", "The reconstruction loss", "p21, p23")
small_seed, noise_seed, sample_seed = np.random.SeedSequence(lesson.seed).spawn(3)
rng = np.random.default_rng(small_seed)


# %%
# **The squared distance, line by line.** With independent pixels of one standard deviation the covariance is
# :math:`\Sigma = \sigma_0^2 I`. Write :math:`r = x - x'` for the residual. Each line is evaluated for one small
# example; the first uses the normal density of Python's standard library, pixel by pixel.
#
# .. math::
#    \begin{aligned}
#    -\log p(x|z) &= -\log \prod_d N(x_d; x'_d, \sigma_0^2) \\
#    &= -\log \left[ (2\pi)^{-D/2} (\det \Sigma)^{-1/2} e^{-\frac{1}{2} r^T \Sigma^{-1} r} \right] \\
#    &= \frac{D}{2} \log 2\pi + \frac{1}{2} \log \det \Sigma + \frac{1}{2} r^T \Sigma^{-1} r \\
#    &= \frac{D}{2} \log 2\pi + \frac{D}{2} \log \sigma_0^2 + \frac{1}{2} r^T \Sigma^{-1} r \\
#    &= \frac{1}{2 \sigma_0^2} |x - x'|^2 + \frac{D}{2} \log (2\pi \sigma_0^2)
#    \end{aligned}

D, sigma0 = 5, 0.6
x, x_hat = rng.standard_normal((2, D))                                           # (D,) each
r, Sigma, log = x - x_hat, sigma0**2 * np.eye(D), np.log
product = np.prod([NormalDist(x_hat[d], sigma0).pdf(x[d]) for d in range(D)])
one_formula = (2 * np.pi)**(-D / 2) * np.linalg.det(Sigma)**-0.5 * np.exp(-0.5 * r @ np.linalg.inv(Sigma) @ r)
half_form = 0.5 * r @ np.linalg.inv(Sigma) @ r
lesson.derivation("Every line of the Gaussian derivation has the same value", [
    ("-log prod_d N(x_d; x'_d, sigma0^2)", "independent pixels: a product of D densities", -log(product)),
    ("-log [(2 pi)^(-D/2) det(Sigma)^(-1/2) e^(-r'Sigma^-1 r/2)]", "the product as one density, Sigma = sigma0^2 I",
     -log(one_formula)),
    ("D/2 log 2 pi + 1/2 log det Sigma + 1/2 r'Sigma^-1 r", "log of a product, of a power, of an exponential",
     D / 2 * log(2 * np.pi) + 0.5 * log(np.linalg.det(Sigma)) + half_form),
    ("D/2 log 2 pi + D/2 log sigma0^2 + 1/2 r'Sigma^-1 r", "det(c I) = c^D, log of a power",
     D / 2 * log(2 * np.pi) + D / 2 * log(sigma0**2) + half_form),
    ("|r|^2/(2 sigma0^2) + D/2 log(2 pi sigma0^2)", "inverse of c I is I/c; sum of logs is log of the product",
     r @ r / (2 * sigma0**2) + D / 2 * log(2 * np.pi * sigma0**2))],
    within=1e-12, source="first line: normal density of the standard library; rounding only")

# %%
# **Where the constant comes from.** p23 writes "+ const"; its notes give :math:`\frac{d}{2} \log (2\pi\sigma_0^2)`. It
# makes the density integrate to 1: without it, the integral over all pictures would be
# :math:`\int e^{-|x-x'|^2 / (2 \sigma_0^2)} dx = (2\pi\sigma_0^2)^{D/2}`.

t = np.linspace(x_hat[0] - 12 * sigma0, x_hat[0] + 12 * sigma0, 4001)
integral = np.sum(np.exp(-(t - x_hat[0])**2 / (2 * sigma0**2))) * (t[1] - t[0])    # one pixel; D pixels: its D-th power
lesson.claim("The constant is the log of the integral of exp(-distance/(2 sigma0^2))",
             D / 2 * log(2 * np.pi * sigma0**2), D * log(integral), within=1e-10, source="quadrature")
print(f"For 784 pixels and sigma0 = 0.1 the constant is {392 * log(2 * np.pi * 0.01):.1f} nats. It is the loss of a "
      "perfect\nreconstruction: not 0, and negative where sigma0 is small, since a density may be larger than 1.")

# %%
# **The gradient.** Only the distance depends on :math:`x'`. Per pixel, by the chain rule (outer derivative of a square,
# inner derivative :math:`-1`):
#
# .. math::
#    \frac{\partial}{\partial x'_d} \frac{(x_d - x'_d)^2}{2 \sigma_0^2} =
#    \frac{2 (x_d - x'_d)}{2 \sigma_0^2} \cdot (-1) = \frac{x'_d - x_d}{\sigma_0^2}
#
# p23 speaks of a Gaussian neighbourhood of the data point :math:`x`. The density is one of :math:`x` around :math:`x'`;
# it depends on their difference only, so as a function of :math:`x'` it is the same bell around :math:`x`.


def neg_log_gaussian(x, x_hat, sigma0):
    """-log N(x; x_hat, sigma0^2 I): x, x_hat (B, D) to (B,)."""
    return np.sum((x - x_hat)**2, axis=1) / (2 * sigma0**2) + x.shape[1] / 2 * np.log(2 * np.pi * sigma0**2)


def neg_log_gaussian_gradient(x, x_hat, sigma0):
    """Its gradient with respect to x_hat, (B, D)."""
    return (x_hat - x) / sigma0**2


X, X_hat = rng.standard_normal((2, 7, D))                                        # (B, D) each
by_hand = neg_log_gaussian_gradient(X, X_hat, sigma0)
numeric, = numeric_gradients(lambda value: neg_log_gaussian(X, value, sigma0).sum(), X_hat)
lesson.claim("The gradient with respect to x' is (x' - x)/sigma0^2", relative_error(by_hand, numeric).max(), 0,
             within=1e-12, source="complex step, relative error")
fixed = tinyvae.Gaussian(sigma0)
difference = max(np.abs(fixed.nll(X, X_hat) - neg_log_gaussian(X, X_hat, sigma0)).max(),
                 np.abs(fixed.nll_backward(np.ones(7), X, X_hat) - by_hand).max())
lesson.claim("tinyvae/likelihood.py: Gaussian(sigma0) gives these values and gradients", difference, 0, within=1e-12,
             source="the lines above; there as gaussian_nll and gaussian_nll_backward")

# %%
# **"const" is only constant while sigma0 is fixed.** Give the residuals of a picture and choose :math:`\sigma_0`.
# Without the constant, a larger one is always better. With it there is a best one. With :math:`\ell = \log \sigma_0^2`:
#
# .. math::
#    \frac{\partial}{\partial \ell} \left[ \frac{1}{2} |r|^2 e^{-\ell} + \frac{D}{2} (\log 2\pi + \ell) \right]
#    = \frac{D}{2} - \frac{|r|^2}{2 \sigma_0^2} = 0
#    \quad \Rightarrow \quad \sigma_0^2 = \frac{|r|^2}{D} = \text{mean squared residual}

lesson.predict("A decoder misses pixels by some 0.16 (root mean square). Is the best sigma0 smaller, equal or larger?")
n_train, epochs, width, batch = (1000, 12, 64, 50) if lesson.quick else (4000, 15, 100, 100)
images = lesson.images(n_train, 10)
x = images.train
Dx, variance = x.shape[1], np.sum(np.var(np.float64(x), axis=0))                 # 784 pixels; their summed variance


def train(sigma0, **settings):
    """A small Gaussian VAE on the digits; returns it, its mean squared residual over z from q, and its mean KL."""
    vae = tinyvae.VAE(Dx, (width,), 8, "gaussian", sigma0=sigma0, seed=lesson.seed, **settings)
    tinyvae.fit(vae, x, epochs=epochs, batch_size=batch, optimizer=tinyvae.Adam(3e-3), seed=lesson.seed, progress=False)
    mu, logvar = vae.encode(x)
    eps_rng = np.random.default_rng(noise_seed)                                  # the same noise for every VAE
    squared = [np.mean((x - vae.reconstruct(x, vae.noise(eps_rng, n_train)))**2, dtype=np.float64) for _ in range(3)]
    return vae, np.mean(squared), gaussian.kl_standard_normal(mu, logvar).mean(dtype=np.float64)


sigmas = [0.2, 0.4, 0.8, 1.6, np.sqrt(Dx / 2)]                                   # the last one: see "L2 is not MSE"
vaes, error, kl = zip(*[train(sigma0) for sigma0 in sigmas])
eps = vaes[1].noise(np.random.default_rng(noise_seed), 200)
X, X_hat = np.float64(x[:200]), np.float64(vaes[1].reconstruct(x[:200], eps))    # given residuals, (B, 784)
best = np.sqrt(np.mean((X - X_hat)**2))
grid = np.geomspace(0.03, 3, 465)                                                # steps of 1%
with_constant = np.array([tinyvae.Gaussian(s).nll(X, X_hat).mean() for s in grid])
without = with_constant - Dx / 2 * np.log(2 * np.pi * grid**2)
print(f"the root of the mean squared residual of 200 pictures is {best:.4f}")
lesson.claim("The best sigma0 on a grid is the root of the mean squared residual", grid[with_constant.argmin()], best,
             within=0.006 * best, source="closed form; the grid has steps of 1%")

# %%
# The library can learn it: ``Gaussian(learn_sigma=True)`` has :math:`\ell` as its one parameter. Descend its gradient.
# With rate :math:`1/D` a step far above the best :math:`\ell` goes down by almost 1/2. Near the best one the gradient
# is :math:`D/2` times the distance, so each step halves it: some ten steps to come near, seventy halvings after that.

learned = tinyvae.Gaussian(sigma0=1.0, learn_sigma=True)
for _ in range(80):
    learned.nll_backward(np.full(200, 1 / 200), X, X_hat)                        # fills dlogvar (1,)
    learned.logvar -= learned.dlogvar / Dx
lesson.claim("Gradient descent on log sigma^2 ends at the closed form", learned.sigma, best, within=1e-9,
             source="closed form; near the end it halves with each of the 80 steps")
lesson.figure(losses.best_sigma0(
    grid, with_constant / Dx, without / Dx, (best, with_constant.min() / Dx),
    "With its constant the loss has a best $\\sigma_0$; without it, larger is always better"), "best_sigma0")

# %%
# **What sigma0 does to a VAE.** With :math:`\sigma_0` fixed, the loss to minimise is :math:`E / (2 \sigma_0^2) + K`,
# with :math:`E` the expected squared distance and :math:`K` the KL: :math:`\sigma_0` is the exchange rate between the
# two. Let :math:`a < b` be two values of it, and :math:`E_a, K_a` and :math:`E_b, K_b` what the best VAE for each of
# them reaches. Each is best at its own rate:
#
# .. math::
#    \frac{E_a}{2a^2} + K_a \le \frac{E_b}{2a^2} + K_b, \quad \frac{E_b}{2b^2} + K_b \le \frac{E_a}{2b^2} + K_a
#
# Add them: :math:`(E_b - E_a)(\frac{1}{2a^2} - \frac{1}{2b^2}) \ge 0`, so :math:`E_b \ge E_a`. Then the second says
# :math:`K_b \le K_a`. A larger :math:`\sigma_0` means a larger residual and a smaller KL. Training should show it.
#
# The last row of the table is a VAE that learns its sigma, beginning at 0.2. Only at the end of training is the best
# sigma the root mean squared residual; here training stops after a few epochs. Four times as many of the full run (60)
# bring the two to 0.142 and 0.141.

lesson.predict("From sigma0 = 0.2 to 1.6: does the KL fall by a tenth, by half, or by nine tenths?")
free, free_error, free_kl = train(0.2, learn_sigma=True)
print("\nsigma0    root mean squared residual    KL (nats)")
for s, e, k in [*zip(sigmas, error, kl), (free.likelihood.sigma, free_error, free_kl)]:
    print(f"{s:6.3f}    {np.sqrt(e):26.4f}    {k:9.3f}{'   sigma learned' if k is free_kl else ''}")
print(f"The learned sigma, {free.likelihood.sigma:.3f}, is not yet the root mean squared residual, "
      f"{np.sqrt(free_error):.3f}: both are still falling;\nthe learned sigma lags its residual after so few epochs.")
lesson.claim("The squared residual rises with sigma0: smallest step", np.diff(error).min(), at_least=0,
             source="the two inequalities above")
lesson.claim("The KL falls as sigma0 rises: largest step", np.diff(kl).max(), at_most=0,
             source="the two inequalities above")
lesson.figure(losses.sigma0_trade_off(sigmas, np.sqrt(error), kl, (free.likelihood.sigma, np.sqrt(free_error), free_kl),
                                      "A larger $\\sigma_0$ buys a smaller KL with a worse reconstruction"),
              "sigma0_trade_off")
# The claims are about z drawn from q on the training pictures; the rows below decode the mean of q for test pictures.
# Without the noise of z, and on pictures not trained on, 0.2, 0.4 and 0.8 are hard to tell apart.
lesson.figure(plots.picture_rows(
    {"original": images.test} | {f"$\\sigma_0$ = {s:.3g}": v.reconstruct(images.test) for s, v in zip(sigmas, vaes)},
    "From $\\sigma_0$ = 1.6 on the reconstructions blur; 0.2, 0.4 and 0.8 differ in their KL, hardly to the eye"),
              "sigma0_pictures")

# %%
# **L2 is not MSE.** The notes to p23 call the loss "L2 loss (Mean Squared Error)". As a loss on its own, a factor does
# not matter. Beside a KL it does. The squared distance is a *sum* over pixels with the factor
# :math:`1 / (2\sigma_0^2)`; a mean squared error is the sum divided by :math:`D`. They agree only for
#
# .. math::
#    \frac{1}{2 \sigma_0^2} = \frac{1}{D} \quad \Leftrightarrow \quad \sigma_0 = \sqrt{D / 2}
#
# For 784 pixels that is 19.8, where white is 0 and black is 1. A VAE may always ignore :math:`z` and answer with the
# mean of each pixel: then :math:`K = 0` and :math:`E = V`, the summed variance of the pixels. The best one is no worse:
# :math:`E / D + K \le V / D`, hence :math:`K \le V / D`. Its code is worth next to nothing.

lesson.claim("Trained on mean squared error + KL, the KL is next to nothing (nats)", kl[-1], at_most=variance / Dx,
             source="K <= V/D, from the pixels alone")
print(f"        At sigma0 = 0.2 it is {kl[0]:.1f} nats. The last row of pictures shows what is left: the mean digit.")

# %%
# **Binary pixels: the Bernoulli, from logits.** The decoder gives a logit :math:`a_d` for each pixel, and
# :math:`p_d = 1 / (1 + e^{-a_d})`. So :math:`1 - p_d = e^{-a_d} / (1 + e^{-a_d}) = 1 / (1 + e^{a_d})`. (For grey pixels
# the same formula is a cross-entropy, no longer a log-probability of :math:`x`.)
#
# .. math::
#    \begin{aligned}
#    -\log p(x|z) &= -\log \prod_d p_d^{x_d} (1 - p_d)^{1 - x_d} \\
#    &= \sum_d [-x_d \log p_d - (1 - x_d) \log (1 - p_d)] \\
#    &= \sum_d [x_d \log (1 + e^{-a_d}) + (1 - x_d) \log (1 + e^{a_d})] \\
#    &= \sum_d [x_d (\log (1 + e^{a_d}) - a_d) + (1 - x_d) \log (1 + e^{a_d})] \\
#    &= \sum_d [\log (1 + e^{a_d}) - x_d a_d] \\
#    &= \sum_d [\max(a_d, 0) + \log (1 + e^{-|a_d|}) - x_d a_d]
#    \end{aligned}

a = 2 * rng.standard_normal(D)                                                   # (D,), logits
x = np.array([1.0, 0, 1, 1, 0])
p, softplus = 1 / (1 + np.exp(-a)), np.log(1 + np.exp(a))
lesson.derivation("Every line of the Bernoulli derivation has the same value", [
    ("-log prod_d p^x (1 - p)^(1-x)", "independent pixels", -log(np.prod(np.where(x == 1, p, 1 - p)))),
    ("sum_d [-x log p - (1 - x) log(1 - p)]", "log of a product, of a power",
     np.sum(-x * log(p) - (1 - x) * log(1 - p))),
    ("sum_d [x log(1 + e^-a) + (1 - x) log(1 + e^a)]", "p = 1/(1 + e^-a), 1 - p = 1/(1 + e^a), log of 1/y is -log y",
     np.sum(x * log(1 + np.exp(-a)) + (1 - x) * log(1 + np.exp(a)))),
    ("sum_d [x (log(1 + e^a) - a) + (1 - x) log(1 + e^a)]", "1 + e^-a = (1 + e^a) e^-a",
     np.sum(x * (softplus - a) + (1 - x) * softplus)),
    ("sum_d [log(1 + e^a) - x a]", "collect: x + (1 - x) = 1", np.sum(softplus - x * a)),
    ("sum_d [max(a, 0) + log(1 + e^-|a|) - x a]", "for a > 0: 1 + e^a = e^a (1 + e^-a)",
     np.sum(np.maximum(a, 0) + log(1 + np.exp(-np.abs(a))) - x * a))],
    within=1e-12, source="first line: the product of the pixels' probabilities; rounding only")

# %%
# The gradient for one pixel, directly from the logits:
#
# .. math::
#    \frac{\partial}{\partial a} [\log (1 + e^a) - x a] = \frac{e^a}{1 + e^a} - x = \frac{1}{1 + e^{-a}} - x = p - x
#
# Through :math:`p` (chain rule) it is the same on paper:
#
# .. math::
#    \frac{\partial R}{\partial p} = -\frac{x}{p} + \frac{1 - x}{1 - p} = \frac{p - x}{p (1 - p)}, \quad
#    \frac{\partial p}{\partial a} = \frac{e^{-a}}{(1 + e^{-a})^2} = p (1 - p), \quad
#    \frac{\partial R}{\partial p} \frac{\partial p}{\partial a} = p - x


def neg_log_bernoulli(x, a):
    """x, a (B, D) to (B,). |a| is max(a, -a), which also takes complex numbers."""
    return np.sum(np.maximum(a, 0) + np.log1p(np.exp(-np.maximum(a, -a))) - x * a, axis=1)


def neg_log_bernoulli_gradient(x, a):
    """Its gradient with respect to a, (B, D)."""
    return 1 / (1 + np.exp(-a)) - x


A, X = 3 * rng.standard_normal((7, D)), np.float64(rng.random((7, D)) < 0.5)
by_hand = neg_log_bernoulli_gradient(X, A)
numeric, = numeric_gradients(lambda value: neg_log_bernoulli(X, value).sum(), A)
lesson.claim("The gradient with respect to the logits is p - x", relative_error(by_hand, numeric).max(), 0,
             within=1e-12, source="complex step, relative error")
difference = max(np.abs(likelihood.bernoulli_nll(X, A) - neg_log_bernoulli(X, A)).max(),
                 np.abs(likelihood.bernoulli_nll_backward(np.ones(7), X, A) - by_hand).max())
lesson.claim("tinyvae/likelihood.py: bernoulli_nll and bernoulli_nll_backward agree with these lines", difference, 0,
             within=1e-12, source="the lines above")

# %%
# **Why not from probabilities?** In float32, :math:`1 + e^{-a}` rounds to 1 as soon as :math:`e^{-a} \le 2^{-24}`, that
# is from :math:`a = 24 \log 2` on. Then :math:`\log(1 - p) = \log 0`. Clipping :math:`p` hides the infinity, but also
# the pixel: its loss stops growing, and its gradient is 0 exactly where the pixel is most wrong.

lesson.predict("A white pixel (x = 0) whose logit is 20 costs 20 nats. What does -log(1 - p) say in float32?")
a = np.arange(0, 40, 0.001, dtype=np.float32)[:, None]                           # (n, 1): n wrong pixels
x, one = np.zeros_like(a), np.float32(1)
with np.errstate(divide="ignore", invalid="ignore"):
    p = one / (one + np.exp(-a))
    clipped = np.clip(p, np.float32(1e-7), one - np.float32(1e-7))
    lines = {"from logits": likelihood.bernoulli_nll(x, a), "from p": -np.log(one - p)[:, 0],
             "from p clipped at 1e-7": -np.log(one - clipped)[:, 0]}
    slopes = {"from logits": likelihood.bernoulli_nll_backward(np.ones(len(a), np.float32), x, a)[:, 0],
              "through p": ((p - x) / (p * (one - p)) * (p * (one - p)))[:, 0],
              "through p clipped at 1e-7": np.where(clipped == p, p - x, 0)[:, 0]}        # clip has slope 1 or 0
exact = np.logaddexp(0, np.float64(a[:, 0]))
at20 = np.abs(a[:, 0] - 20).argmin()
print("a = 20: " + "; ".join(f"{name}: {lines[name][at20]:.4g}" for name in lines) + "\n        gradients: "
      + "; ".join(f"{name}: {slopes[name][at20]:.4g}" for name in slopes))
lesson.claim("From p, the loss of a wrong pixel is infinite from this logit on", a[np.isinf(lines["from p"])].min(),
             24 * log(2), within=0.002, source="1 + e^-a rounds to 1 in float32 at a = 24 log 2; steps of 0.001")
lesson.claim("From logits, the largest error of the loss up to a = 40", np.abs(lines["from logits"] - exact).max(),
             at_most=np.spacing(np.float32(40)), source="one unit in the last place of 40, against float64")
lesson.figure(losses.bernoulli_float32(a[:, 0], lines, slopes, a[np.isinf(lines["from p"])].min(),
                                       "In float32 only the loss from logits keeps growing and keeps its gradient"),
              "bernoulli_float32")

# %%
# **One sample of z.** p23 replaces the expectation over :math:`q` by a sample. Averaging :math:`S` independent ones
# leaves the mean as it is, and divides the variance by :math:`S`. First the mean, where it is known: for a linear
# decoder :math:`x' = W z + b` with columns :math:`w_j` (in the code, rows) and :math:`z = \mu + \sigma \varepsilon`,
#
# .. math::
#    \mathbb{E}_q |x - x'|^2 = |x - W \mu - b|^2 + \sum_j \sigma_j^2 |w_j|^2
#
# since :math:`x - x' = (x - W \mu - b) - \sum_j w_j \sigma_j \varepsilon_j`, and in its square
# :math:`\mathbb{E} [\varepsilon_j] = 0` removes the cross term, while :math:`\mathbb{E} [\varepsilon_i \varepsilon_j]`
# is 1 for :math:`i = j`, else 0.

sample_rng = np.random.default_rng(sample_seed)
W, b, mu, sigma, x = (sample_rng.standard_normal(shape) for shape in ((3, D), D, 3, 3, D))
sigma, n = np.exp(sigma / 2), 20_000
z = gaussian.reparameterise(mu, 2 * np.log(sigma), sample_rng.standard_normal((n, 3)))          # (n, L)
drawn = np.sum((x - z @ W - b)**2, axis=1)                                       # (n,)
exact = np.sum((x - mu @ W - b)**2) + np.sum(sigma**2 * np.sum(W**2, axis=1))
lesson.claim("The mean over samples of z is the expectation of p23", drawn.mean(), exact,
             within=5 * drawn.std() / np.sqrt(n), source="closed form for a linear decoder; 5 standard errors")

# %%
# Now the variance, with the trained VAE of sigma0 = 0.4 and one test digit.

sizes, repeats = 2 ** np.arange(0, 7 if lesson.quick else 9, 2), 400
vae, x = vaes[1], images.test[:1]
mu, logvar = vae.encode(x)


def estimates(S):
    """repeats estimates of the reconstruction loss of x, each the mean over S samples of z."""
    z = gaussian.reparameterise(mu, logvar, vae.noise(sample_rng, repeats * S))                # (repeats S, L)
    return vae.likelihood.nll(x, vae.decoder.forward(z)).astype(np.float64).reshape(repeats, S).mean(axis=1)


squares = np.array([(values - values.mean())**2 for values in map(estimates, sizes)])          # (sizes, repeats)
spread = squares.sum(axis=1) / (repeats - 1)
log_error = squares.std(axis=1, ddof=1) / np.sqrt(repeats) / spread                            # of log spread
centred = np.log(sizes) - np.log(sizes).mean()
slope = centred @ np.log(spread) / (centred @ centred)
lesson.claim("The variance of the estimate falls as 1/S: log-log slope", slope, -1,
             within=5 * np.sqrt(np.sum((centred * log_error)**2)) / (centred @ centred),
             source="variance of a mean; 5 standard errors")
mu, logvar = vae.encode(images.train)
z = gaussian.reparameterise(mu, logvar, vae.noise(sample_rng, n_train))
between = vae.likelihood.nll(images.train, vae.decoder.forward(z)).var(dtype=np.float64)
print(f"One sample of z scatters by {np.sqrt(spread[0]):.1f} nats (standard deviation), the training pictures by "
      f"{np.sqrt(between):.0f}:\na minibatch is far noisier than the sample of z, so one sample is enough.")
lesson.figure(plots.log_log_line(sizes, {"measured": spread, "theory: slope -1": spread[0] / sizes},
                                 "samples of z for one picture, S", "variance of the estimate (nats squared)",
                                 "Twice the samples of z, half the variance"), "monte_carlo_samples")
lesson.end()
