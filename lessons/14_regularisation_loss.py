"""The regularisation loss: the KL from the encoder's Gaussian to the prior (slides p22, p24).

Before: lesson 11 (the negative ELBO is a reconstruction term plus a KL), mean and variance of a random variable.
After: you can derive the KL of p24 from two expectations, give its gradient with respect to mu, to sigma and to
log sigma^2, and say in which sense it is an L2 penalty on mu.
"""

# %%
# The second term of the loss (p22) keeps :math:`q(z|x)`, which the encoder gives, near the prior :math:`p(z)`, from
# which we shall sample. (Near, not equal: p22 wants the KL close to 0, but a KL of exactly 0 for every :math:`x` would
# mean that :math:`z` says nothing about :math:`x`, as in the last row of pictures of lesson 13.)
#
# p24 takes both Gaussian. The second argument of its :math:`N(z | \mu, \sigma)` is a **standard deviation**, that of
# the notes' :math:`N(\mu, \sigma^2)` a **variance**; ``logvar`` in our code is :math:`\ell = \log \sigma^2`. We write
# :math:`N(z; \mu, \sigma^2)`. To take one for another costs nats:

from statistics import NormalDist

import numpy as np

from lessons.course import Lesson
from tinyvae import gaussian
from tinyvae.gradcheck import numeric_gradients, relative_error
from tinyvae.plots import losses

lesson = Lesson("14_regularisation_loss", "The regularisation loss", "p22, p24")
sample_rng = np.random.default_rng(lesson.seed)


def mean_under(q, f):
    """E_q[f(z)] for q a NormalDist, by the trapezoid rule on mean +- 12 standard deviations."""
    z, h = np.linspace(q.mean - 12 * q.stdev, q.mean + 12 * q.stdev, 4001, retstep=True)
    return h * np.sum(np.exp(log_density(q, z)) * f(z))


def log_density(q, z):
    """log of the normal density of q at z."""
    return -np.log(q.stdev * np.sqrt(2 * np.pi)) - (z - q.mean)**2 / (2 * q.variance)


def kl_by_quadrature(q, p):
    """KL(q || p) = E_q[log q - log p], nothing but its definition."""
    return mean_under(q, lambda z: log_density(q, z) - log_density(p, z))


prior = NormalDist(0, 1)
print("the encoder says 0.5 and mu = 0; the KL, if 0.5 is read as")
for meaning, stdev in (("sigma", 0.5), ("sigma^2", 0.5**0.5), ("log sigma^2", np.exp(0.25))):
    print(f"    {meaning:<12} {kl_by_quadrature(NormalDist(0, stdev), prior):.4f} nats")

# %%
# **The first expectation**, one latent dimension: :math:`z` is drawn from :math:`q = N(\mu, \sigma^2)`.
#
# .. math::
#    \begin{aligned}
#    \mathbb{E}_q [\log q(z)] &= \mathbb{E}_q \left[ -\frac{1}{2} \log 2\pi - \frac{1}{2} \log \sigma^2
#        - \frac{(z - \mu)^2}{2 \sigma^2} \right] \\
#    &= -\frac{1}{2} \log 2\pi - \frac{1}{2} \log \sigma^2 - \frac{1}{2 \sigma^2} \mathbb{E}_q [(z - \mu)^2] \\
#    &= -\frac{1}{2} \log 2\pi - \frac{1}{2} \log \sigma^2 - \frac{1}{2}
#    \end{aligned}
#
# **The second** has the same :math:`q` under the expectation, but the log of :math:`p = N(0, 1)` inside it.
#
# .. math::
#    \begin{aligned}
#    \mathbb{E}_q [\log p(z)] &= \mathbb{E}_q \left[ -\frac{1}{2} \log 2\pi - \frac{1}{2} z^2 \right] \\
#    &= -\frac{1}{2} \log 2\pi - \frac{1}{2} \mathbb{E}_q [z^2] \\
#    &= -\frac{1}{2} \log 2\pi - \frac{1}{2} \left( \mathbb{E}_q [(z - \mu)^2]
#       + 2 \mu \mathbb{E}_q [z - \mu] + \mu^2 \right) \\
#    &= -\frac{1}{2} \log 2\pi - \frac{1}{2} (\sigma^2 + \mu^2)
#    \end{aligned}

mu, sigma = 1.3, 0.6
q, half_log = NormalDist(mu, sigma), 0.5 * np.log(2 * np.pi)
second_moment = mean_under(q, lambda z: (z - mu)**2)
lesson.derivation("Every line of E_q[log q] has the same value", [
    ("E_q[log q(z)]", "definition, by quadrature",
     mean_under(q, lambda z: np.log([q.pdf(value) for value in z]))),
    ("E_q[-1/2 log 2pi - 1/2 log s^2 - (z-mu)^2/(2 s^2)]", "log of the normal density",
     mean_under(q, lambda z: -half_log - 0.5 * np.log(sigma**2) - (z - mu)**2 / (2 * sigma**2))),
    ("-1/2 log 2pi - 1/2 log s^2 - E_q[(z-mu)^2]/(2 s^2)", "linearity; the mean of a constant is the constant",
     -half_log - 0.5 * np.log(sigma**2) - second_moment / (2 * sigma**2)),
    ("-1/2 log 2pi - 1/2 log s^2 - 1/2", "E_q[(z-mu)^2] = s^2: the variance of q",
     -half_log - 0.5 * np.log(sigma**2) - 0.5)],
    within=1e-10, source="first line: quadrature with the density of the standard library")
lesson.derivation("Every line of E_q[log p] has the same value", [
    ("E_q[log p(z)]", "definition, by quadrature",
     mean_under(q, lambda z: np.log([prior.pdf(value) for value in z]))),
    ("E_q[-1/2 log 2pi - 1/2 z^2]", "log of the normal density with mean 0, variance 1",
     mean_under(q, lambda z: -half_log - 0.5 * z**2)),
    ("-1/2 log 2pi - 1/2 E_q[z^2]", "linearity", -half_log - 0.5 * mean_under(q, lambda z: z**2)),
    ("-1/2 log 2pi - 1/2 (E_q[(z-mu)^2] + 2mu E_q[z-mu] + mu^2)", "z = (z-mu) + mu, square it, linearity",
     -half_log - 0.5 * (second_moment + 2 * mu * mean_under(q, lambda z: z - mu) + mu**2)),
    ("-1/2 log 2pi - 1/2 (s^2 + mu^2)", "variance of q is s^2, its mean is mu", -half_log - 0.5 * (sigma**2 + mu**2))],
    within=1e-10, source="first line: quadrature with the density of the standard library")

# %%
# **Their difference** is the KL of the notes to p24. The two :math:`\log 2\pi` cancel.
#
# .. math::
#    \begin{aligned}
#    KL(q, p) &= \mathbb{E}_q [\log q(z) - \log p(z)] \\
#    &= \mathbb{E}_q [\log q(z)] - \mathbb{E}_q [\log p(z)] \\
#    &= -\frac{1}{2} \log 2\pi - \frac{1}{2} \log \sigma^2 - \frac{1}{2}
#       + \frac{1}{2} \log 2\pi + \frac{1}{2} (\sigma^2 + \mu^2) \\
#    &= \frac{1}{2} (\mu^2 + \sigma^2 - \log \sigma^2 - 1)
#    \end{aligned}

lesson.derivation("Every line of the KL has the same value", [
    ("E_q[log q - log p]", "definition, by quadrature", kl_by_quadrature(q, prior)),
    ("E_q[log q] - E_q[log p]", "linearity",
     mean_under(q, lambda z: log_density(q, z)) - mean_under(q, lambda z: log_density(prior, z))),
    ("-1/2 log 2pi - 1/2 log s^2 - 1/2 + 1/2 log 2pi + 1/2 (s^2+mu^2)", "the two results above",
     -half_log - 0.5 * np.log(sigma**2) - 0.5 + half_log + 0.5 * (sigma**2 + mu**2)),
    ("1/2 (mu^2 + s^2 - log s^2 - 1)", "cancel and collect", 0.5 * (mu**2 + sigma**2 - np.log(sigma**2) - 1))],
    within=1e-10, source="first line: quadrature")


# %%
# **Many dimensions.** With independent dimensions :math:`\log q(z) = \sum_j \log q_j(z_j)`, and the same for :math:`p`.
# The expectation of a sum is the sum of the expectations: the KLs add up.

def kl(mu, logvar):
    """KL(N(mu, diag sigma^2), N(0, I)): mu, logvar (B, L) to (B,)."""
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - logvar - 1, axis=1)


lesson.predict("The KL as a mean of log q - log p over samples: how many samples until its error is below 1 percent?")
n = 20_000 if lesson.quick else 200_000
mu, logvar = sample_rng.standard_normal((2, 1, 5))                               # (1, L) each
z = mu + np.exp(logvar / 2) * sample_rng.standard_normal((n, 5))                 # (n, L), drawn from q
log_ratio = np.sum(-0.5 * logvar - (z - mu)**2 / (2 * np.exp(logvar)) + z**2 / 2, axis=1)       # log q - log p, (n,)
exact, spread = kl(mu, logvar)[0], log_ratio.std()
lesson.claim("In 5 dimensions the closed form is the mean of log q - log p over samples of q", exact, log_ratio.mean(),
             within=5 * spread / np.sqrt(n), source="Monte Carlo, 5 standard errors")
print(f"one sample scatters by {spread:.2f} nats: {(100 * spread / exact)**2:.0f} samples for an error of 1 percent; "
      "the closed form has none")
sizes = 10 ** np.arange(1, 5 if lesson.quick else 6)
lesson.figure(losses.running_estimate(sizes, [log_ratio[:s].mean() for s in sizes],
                                      [log_ratio[:s].std(ddof=1) / np.sqrt(s) for s in sizes], exact,
                                      "Sampling closes in on the KL slowly; the closed form is there at once",
                                      "KL in 5 dimensions (nats)"), "monte_carlo")
pairs = sample_rng.standard_normal((20, 2)) * [2, 1]                             # 20 pairs (mu, logvar)
by_quadrature = np.array([kl_by_quadrature(NormalDist(m, np.exp(v / 2)), prior) for m, v in pairs])
lesson.claim("The closed form is the integral for 20 other Gaussians, relative error",
             relative_error(kl(pairs[:, :1], pairs[:, 1:]), by_quadrature).max(), 0, within=1e-9, source="quadrature")


# %%
# **The gradients.** With :math:`\sigma^2 = e^{\ell}`, whose derivative is itself, and :math:`\log \sigma^2 = \ell`:
#
# .. math::
#    \frac{\partial KL}{\partial \mu} = \frac{1}{2} \cdot 2 \mu = \mu, \qquad
#    \frac{\partial KL}{\partial \ell} = \frac{1}{2} \left( e^{\ell} - 1 \right) = \frac{1}{2} (\sigma^2 - 1)
#
# With respect to :math:`\sigma` itself, and by the chain rule with :math:`\sigma = e^{\ell/2}` back to :math:`\ell`:
#
# .. math::
#    \frac{\partial KL}{\partial \sigma} = \frac{1}{2} \left( 2 \sigma - \frac{2}{\sigma} \right)
#    = \sigma - \frac{1}{\sigma}, \qquad
#    \frac{\partial KL}{\partial \ell} = \frac{\partial KL}{\partial \sigma} \frac{\partial \sigma}{\partial \ell}
#    = \left( \sigma - \frac{1}{\sigma} \right) \frac{\sigma}{2} = \frac{1}{2} (\sigma^2 - 1)

def kl_gradient(mu, logvar):
    """The gradient of kl with respect to mu and to logvar, (B, L) each."""
    return mu, 0.5 * (np.exp(logvar) - 1)


def slope(f, t, h=1e-4):
    """df/dt by a central difference."""
    return (f(t + h) - f(t - h)) / (2 * h)


mu, logvar = pairs[:, :1], pairs[:, 1:]                                          # (20, 1) each
sigma = np.exp(logvar / 2)
dmu, dlogvar = kl_gradient(mu, logvar)
dsigma = sigma - 1 / sigma
by_mu = [slope(lambda t, v=v: kl_by_quadrature(NormalDist(t, np.exp(v / 2)), prior), m) for m, v in pairs]
by_logvar = [slope(lambda t, m=m: kl_by_quadrature(NormalDist(m, np.exp(t / 2)), prior), v) for m, v in pairs]
by_sigma = [slope(lambda t, m=m: kl_by_quadrature(NormalDist(m, t), prior), np.exp(v / 2)) for m, v in pairs]
print("\nwith respect to                  largest relative error of the gradient, 20 Gaussians")
errors = {}
for name, hand, number in (("mu", dmu, by_mu), ("log sigma^2", dlogvar, by_logvar), ("sigma", dsigma, by_sigma),
                           ("log sigma^2, by the chain rule", dsigma * sigma / 2, by_logvar)):
    errors[name] = relative_error(hand[:, 0], np.array(number), method="central").max()
    print(f"{name:<32} {errors[name]:.1e}")
lesson.claim("The gradients by hand are the slopes of the integral", max(errors.values()), 0, within=1e-6,
             source="central differences of the quadrature, relative error")

# %%
# **Why the encoder gives log sigma^2.** Any real number is allowed, while sigma must stay positive. And near
# :math:`\sigma = 0` the gradient in :math:`\sigma` explodes like :math:`-1/\sigma`; the one in :math:`\ell` tends to
# :math:`-1/2`.

lesson.predict("At sigma = 0.001, how large are the gradients with respect to sigma and to log sigma^2?")
tiny = np.log(0.001**2)
in_logvar = slope(lambda t: kl_by_quadrature(NormalDist(0, np.exp(t / 2)), prior), tiny)
in_sigma = slope(lambda t: kl_by_quadrature(NormalDist(0, t), prior), 0.001, h=1e-6)
print(f"measured: {in_sigma:.1f} and {in_logvar:.6f}")
lesson.claim("At sigma = 0.001 the gradient with respect to log sigma^2 is -1/2", in_logvar, -0.5, within=1e-6,
             source="(sigma^2 - 1)/2 and the central difference of the quadrature")

# %%
# **The surface.** One minimum, KL = 0 at :math:`\mu = 0, \sigma = 1`: there q is the prior. Two descents start at
# :math:`\sigma = 0.15` with the same learning rate. The one in :math:`(\mu, \ell)`, driven by the library's gradient,
# goes in small even steps and arrives. The one in :math:`(\mu, \sigma)` leaps on its first step, by
# :math:`0.1 (1 / 0.15 - 0.15) = 0.65`, and here luckily: it lands near the minimum and arrives sooner. Started at
# :math:`\sigma = 0.05`, it leaps by almost 2, far past the minimum. An encoder cannot count on luck at every :math:`x`.

axis_mu, axis_sigma = np.linspace(-3, 3, 121), np.linspace(0.05, 2.5, 99)        # both contain the minimum
surface = np.array([kl(axis_mu[:, None], np.full((121, 1), 2 * np.log(s))) for s in axis_sigma])     # (99, 121)
row, column = np.unravel_index(surface.argmin(), surface.shape)
lesson.claim("The lowest place of the surface: distance from mu = 0, sigma = 1",
             np.hypot(axis_mu[column], axis_sigma[row] - 1), 0, within=1e-9, source="there both gradients are 0")
rate, steps = 0.1, 150
theta = np.array([2.5, 2 * np.log(0.15)])                                        # (mu, logvar)
tau = np.array([[2.5, 0.15], [2.5, 0.05]])                                       # (mu, sigma), from two places
path_logvar, path_sigma = [(2.5, 0.15)], [tau]
for _ in range(steps):
    one_mu, one_logvar = theta[None, :1], theta[None, 1:]                        # (1, 1) each
    theta = theta - rate * np.concatenate(gaussian.kl_standard_normal_backward(np.ones(1), one_mu, one_logvar))[:, 0]
    tau = tau - rate * np.stack([tau[:, 0], tau[:, 1] - 1 / tau[:, 1]], axis=1)
    path_logvar.append((theta[0], np.exp(theta[1] / 2)))
    path_sigma.append(tau)
lucky, leaping = np.stack(path_sigma, axis=1)                                    # (steps + 1, 2) each
print(f"sigma after 1 step and after {steps}: in log sigma^2 {path_logvar[1][1]:.3f} and {path_logvar[-1][1]:.3f}; in "
      f"sigma {lucky[1, 1]:.3f} and {lucky[-1, 1]:.3f}, from 0.05 {leaping[1, 1]:.3f} and {leaping[-1, 1]:.3f}")
lesson.figure(losses.kl_surface(
    axis_mu, axis_sigma, surface, {"in $\\log \\sigma^2$, from $\\sigma$ = 0.15": np.array(path_logvar),
                                   "in $\\sigma$, from 0.15": lucky,
                                   "in $\\sigma$, from 0.05": leaping},
    "Near $\\sigma = 0$ descent in $\\sigma$ leaps, luckily or too far; in $\\log \\sigma^2$ it goes in small steps"),
              "surface")

# %%
# **An L2 penalty on mu?** p24: "fixed covariance: L2 loss on mu". The notes add "KL is proportional to
# :math:`|\mu|^2`". With :math:`\sigma` fixed,
#
# .. math::
#    KL = \frac{1}{2} |\mu|^2 + C(\sigma), \qquad C(\sigma) = \frac{1}{2} \sum_j (\sigma_j^2 - 1 - \log \sigma_j^2)
#
# a straight line in :math:`|\mu|^2`, but through the origin only for :math:`\sigma = 1`: not proportional. The gradient
# does not see the constant. So in training the KL acts as an L2 penalty on :math:`\mu`, namely
# :math:`\frac{1}{2} |\mu|^2`: each step of descent shrinks :math:`\mu` by the factor 1 - rate, as weight decay does.

lesson.predict("sigma is fixed at 0.2. From mu = 0.1 to mu = 1, mu^2 grows a hundredfold. And the KL?")
means, fixed = np.array([0.1, 0.5, 1.0, 1.5, 2.0, 2.5]), (0.2, 0.5, 1.0)
values = {s: np.array([kl_by_quadrature(NormalDist(m, s), prior) for m in means]) for s in fixed}
lines = {s: np.polyfit(means**2, values[s], 1) for s in fixed}                   # slope, constant
first, third = values[0.2][[0, 2]]
print(f"it grows from {first:.3f} to {third:.3f} nats, by a factor of {third / first:.2f}")
lesson.claim("Against mu^2 the KL is a line of slope 1/2 for each sigma: largest deviation",
             max(abs(lines[s][0] - 0.5) for s in fixed), 0, within=1e-9, source="line fitted to the quadrature")
lesson.claim("Its constant is C(sigma), not 0: largest deviation from C",
             max(abs(lines[s][1] - (s**2 - 1 - np.log(s**2)) / 2) for s in fixed), 0, within=1e-9,
             source="line fitted to the quadrature")
lesson.claim(f"{steps} steps of descent on the KL shrink mu as weight decay does", theta[0], 2.5 * (1 - rate)**steps,
             within=1e-12, source="mu (1 - rate)^steps, whatever sigma does meanwhile")
lesson.figure(losses.line_panels([{
    "x": means**2, "lines": {f"$\\sigma$ = {s}: starts at C = {lines[s][1]:.3f}": values[s] for s in fixed},
    "x_label": "$\\mu^2$ (no unit)", "y_label": "KL (nats)"}],
    "With $\\sigma$ fixed the KL is $\\mu^2/2$ plus a constant: parallel lines, one of them through 0"), "l2_penalty")

# %%
# **Any two diagonal Gaussians.** The first expectation is unchanged. The second has :math:`\log q_2` inside, and
# :math:`z - \mu_2 = (z - \mu_1) + (\mu_1 - \mu_2)`, so :math:`\mathbb{E}_{q_1} [(z - \mu_2)^2] = \sigma_1^2 +
# (\mu_1 - \mu_2)^2`. p24 is the case :math:`\mu_2 = 0, \sigma_2 = 1`.
#
# .. math::
#    \begin{aligned}
#    KL(q_1, q_2) &= \mathbb{E}_{q_1} [\log q_1(z)] - \mathbb{E}_{q_1} [\log q_2(z)] \\
#    &= -\frac{1}{2} \log \sigma_1^2 - \frac{1}{2} + \frac{1}{2} \log \sigma_2^2
#       + \frac{1}{2 \sigma_2^2} \mathbb{E}_{q_1} [(z - \mu_2)^2] \\
#    &= \frac{1}{2} \left( \frac{(\mu_1 - \mu_2)^2 + \sigma_1^2}{\sigma_2^2} - 1
#       - \log \frac{\sigma_1^2}{\sigma_2^2} \right)
#    \end{aligned}


def kl_two(mu1, logvar1, mu2, logvar2):
    """KL(N(mu1, diag sigma1^2), N(mu2, diag sigma2^2)): (B, L) each, to (B,)."""
    return 0.5 * np.sum(((mu1 - mu2)**2 + np.exp(logvar1)) / np.exp(logvar2) - 1 - (logvar1 - logvar2), axis=1)


m1, s1, m2, s2 = 0.8, 0.5, -0.4, 1.4
q1, q2 = NormalDist(m1, s1), NormalDist(m2, s2)
ratio = np.log(s1**2 / s2**2)
lesson.derivation("Every line of the general KL has the same value", [
    ("E_q1[log q1] - E_q1[log q2]", "definition and linearity, by quadrature", kl_by_quadrature(q1, q2)),
    ("-1/2 log s1^2 - 1/2 + 1/2 log s2^2 + E_q1[(z-mu2)^2]/(2 s2^2)", "the first result; log q2; 1/2 log 2pi cancels",
     -0.5 * ratio - 0.5 + mean_under(q1, lambda z: (z - m2)**2) / (2 * s2**2)),
    ("1/2 (((mu1-mu2)^2 + s1^2)/s2^2 - 1 - log(s1^2/s2^2))", "E_q1[(z-mu2)^2] = s1^2 + (mu1-mu2)^2",
     0.5 * (((m1 - m2)**2 + s1**2) / s2**2 - 1 - ratio))], within=1e-10, source="first line: quadrature")

# %%
# **Not symmetric.** The loss has :math:`KL(q, p)`: the expectation is under q. For a narrow q it costs
# :math:`-\log \sigma`. The other way round costs :math:`1 / (2 \sigma^2)`, since p puts mass where q has almost none.

lesson.predict("q = N(0, 0.3^2), p = N(0, 1). Which is larger, KL(q, p) or KL(p, q)?")
narrow = NormalDist(0, 0.3)
forward, reverse = kl_by_quadrature(narrow, prior), kl_by_quadrature(prior, narrow)
library = [gaussian.kl_gaussians(*np.array([[[0]], [[a]], [[0]], [[b]]]))[0]
           for a, b in ((np.log(0.3**2), 0), (0, np.log(0.3**2)))]               # mu1, logvar1, mu2, logvar2
print(f"KL(q, p) = {forward:.4f}, KL(p, q) = {reverse:.4f} nats")
lesson.claim("KL(p, q) - KL(q, p) for sigma = 0.3 (nats)", library[1] - library[0], reverse - forward, within=1e-9,
             source="quadrature of both directions")
s = np.geomspace(0.25, 4, 17)                                                    # its middle is 1
nil, logvar_q = np.zeros((17, 1)), 2 * np.log(s)[:, None]
lesson.figure(losses.line_panels([{
    "x": s, "lines": {"KL(q, p), as in the loss": kl_two(nil, logvar_q, nil, nil),
                      "KL(p, q)": kl_two(nil, nil, nil, logvar_q)},
    "log_x": True, "x_ticks": (0.25, 0.5, 1, 2, 4), "x_label": "$\\sigma$ of q = N(0, $\\sigma^2$), with p = N(0, 1)",
    "y_label": "KL (nats)"}],
    "The two directions of the KL differ: for a narrow q, KL(p, q) is far larger"), "two_directions")

# %%
# **From lesson to library.** ``tinyvae/gaussian.py``: ``kl_standard_normal``, ``kl_standard_normal_backward``,
# ``kl_gaussians`` and ``kl_gaussians_backward``.

mu1, logvar1, mu2, logvar2 = sample_rng.standard_normal((4, 7, 3))               # (B, L) each
up = sample_rng.standard_normal(7)                                               # upstream gradient, (B,)
hand = [up[:, None] * gradient for gradient in kl_gradient(mu1, logvar1)]
pieces = [gaussian.kl_standard_normal(mu1, logvar1) - kl(mu1, logvar1),
          gaussian.kl_gaussians(mu1, logvar1, mu2, logvar2) - kl_two(mu1, logvar1, mu2, logvar2),
          *(a - b for a, b in zip(gaussian.kl_standard_normal_backward(up, mu1, logvar1), hand))]
lesson.claim("The library's two KLs and its gradient are these lines", max(np.abs(piece).max() for piece in pieces), 0,
             within=1e-12, source="the lines above")
numeric = numeric_gradients(lambda *inputs: up @ kl_two(*inputs), mu1, logvar1, mu2, logvar2)
library = gaussian.kl_gaussians_backward(up, mu1, logvar1, mu2, logvar2)
lesson.claim("The library's gradient of the general KL, all four inputs",
             max(relative_error(a, b).max() for a, b in zip(library, numeric)), 0, within=1e-10,
             source="complex step through the lesson's formula, relative error")

# %%
# One difference: the library computes :math:`\sigma^2 - 1` as ``expm1(logvar)``. Near the prior ``exp(logvar) - 1``
# loses its digits in float32, and the KL, about :math:`\ell^2 / 4`, is lost with them. ``expm1`` errs by at most 4
# rounding units :math:`u = 2^{-24}` of its value :math:`\ell`; half of that enters the KL, a share of at most
# :math:`8 u / \ell`.

near = np.linspace(5e-4, 1e-3, 200, dtype=np.float32)[:, None]                   # (200, 1) values of logvar
true = np.expm1(np.float64(near[:, 0])) / 2 - np.float64(near[:, 0]) / 2
lost = np.max(np.abs(kl(0 * near, near) - true) / true)
kept = np.max(np.abs(gaussian.kl_standard_normal(0 * near, near) - true) / true)
print(f"largest relative error in float32: {lost:.2g} with exp - 1, {kept:.2g} with expm1")
lesson.claim("In float32 the library's KL keeps its digits near the prior: relative error", kept,
             at_most=8 * 2**-24 / 5e-4, source="8 u / logvar, against float64")
lesson.end()
