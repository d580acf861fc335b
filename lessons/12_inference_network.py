"""The inference network: one network in place of one q for every x (slides p20-p22).

Before: lesson 11 (the ELBO and its gap), backpropagation. The KL and z = mu + sigma eps are used here as formulas;
lessons 14 and 15 derive them.
After: you can say what the network of p20 replaces and what that costs (the amortisation gap), find the best q of a
single x by hand, and follow real numbers through the pipeline of p21.
"""

# %%
# p19's bound holds for *any* density :math:`q(z)`, and :math:`x` was fixed all along. So every :math:`x` may have a
# :math:`q` of its own, and should: the gap is :math:`KL(q, p(z|x))`, and each :math:`x` has another posterior. With
# Gaussian :math:`q_n = N(\mu_n, diag(\sigma_n^2))` that is an optimisation over :math:`2 L` numbers for every example.
# p20 puts one network in their place, :math:`[\mu, \log \sigma^2] = encoder_\phi(x)`, and trains only :math:`\phi`.

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import evaluation, gaussian, linear_gaussian
from tinyvae.gradcheck import numeric_gradients, relative_error
from tinyvae.layers import mlp
from tinyvae.parameters import Model
from tinyvae.plots import bounds

lesson = Lesson("12_inference_network", "The inference network", "p20-p22")
n_train, n_test, epochs, steps, draws, sizes = 4000, 100, 15, 150, 100, (0, 16, 128)
if lesson.quick:
    n_train, n_test, epochs, steps, draws, sizes = 1500, 100, 6, 60, 40, (0, 128)
model_seed, data_seed, init_seed, noise_seed, eval_seed = np.random.SeedSequence(lesson.seed).spawn(5)
rng = np.random.default_rng(model_seed)

# %%
# **The best q of one x, by gradient steps.** Write the negative ELBO of one :math:`x` as a function of its
# :math:`\mu` and :math:`\ell = \log \sigma^2`, with :math:`S` frozen draws of the noise:
#
# .. math::
#    \mathcal{L}(\mu, \ell) = -\frac{1}{S} \sum_s \log p(x|z_s) + \frac{1}{2} \sum_j \mu_j^2 + \sigma_j^2 - 1 - \ell_j,
#    \quad z_s = \mu + \sigma \varepsilon_s, \quad \sigma = e^{\ell / 2}
#
# :math:`\mu` and :math:`\ell` act twice, through :math:`z` and in the KL, so each gradient is a sum of two:
#
# .. math::
#    \frac{\partial \mathcal{L}}{\partial \mu} = \sum_s dz_s + \mu, \quad
#    \frac{\partial \mathcal{L}}{\partial \ell} = \sum_s dz_s \frac{1}{2} \sigma \varepsilon_s
#    + \frac{1}{2} (\sigma^2 - 1), \quad dz_s = -\frac{1}{S} \frac{\partial \log p(x|z_s)}{\partial z_s}

def elbo(model, x, mu, logvar, eps):
    """The ELBO of each x (B,), and the decoder's output. x (B, D); mu, logvar (B, L); eps (S, B, L)."""
    S, B, L = eps.shape
    sigma = np.exp(logvar / 2)                                                    # (B, L)
    z = mu + sigma * eps                                                          # (S, B, L)
    output = model.decoder.forward(z.reshape(S * B, L))                           # (S B, D)
    nll = model.likelihood.nll(np.tile(x, (S, 1)), output).reshape(S, B)
    return -nll.mean(axis=0) - 0.5 * np.sum(mu**2 + sigma**2 - 1 - logvar, axis=1), output


def gradients(model, x, mu, logvar, eps):
    """dmu, dlogvar of the negative ELBO of each x, (B, L) each."""
    S, B, L = eps.shape
    sigma = np.exp(logvar / 2)
    _, output = elbo(model, x, mu, logvar, eps)
    doutput = model.likelihood.nll_backward(np.full(S * B, 1 / S, x.dtype), np.tile(x, (S, 1)), output)
    dz = model.decoder.backward(doutput).reshape(S, B, L)
    dmu = dz.sum(axis=0) + mu
    dlogvar = (dz * eps).sum(axis=0) * sigma / 2 + (sigma**2 - 1) / 2
    return dmu, dlogvar


def best_q(model, x, mu, logvar, eps, optimizer, steps):
    """mu and logvar of every x after so many gradient steps on their own ELBO; the decoder stays as it is."""
    theta, lr, shape = np.concatenate([mu.ravel(), logvar.ravel()]), optimizer.lr, mu.shape
    for t in range(steps):
        optimizer.lr = lr * 0.5 * (1 + np.cos(np.pi * t / steps))                 # long steps first, short ones last
        mu, logvar = theta.reshape(2, *shape)
        dmu, dlogvar = gradients(model, x, mu, logvar, eps)
        optimizer.step(theta, np.concatenate([dmu.ravel(), dlogvar.ravel()]))
    return theta.reshape(2, *shape)


tiny = tinyvae.VAE(11, (5,), 3, activation="tanh", seed=np.random.default_rng(init_seed), dtype=np.float64)
tiny.parameters.vector[...] += 0.3 * rng.standard_normal(tiny.parameters.vector.size)
x, eps = rng.random((7, 11)), rng.standard_normal((1, 7, 3))
mu, logvar = tiny.encode(x)
dmu, dlogvar = gradients(tiny, x, mu, logvar, eps)
numeric = numeric_gradients(lambda mu, logvar: -np.sum(elbo(tiny, x, mu, logvar, eps)[0]), mu, logvar)
lesson.claim("dmu and dlogvar are the numerical gradients",
             max(relative_error(dmu, numeric[0]).max(), relative_error(dlogvar, numeric[1]).max()), 0, within=1e-10,
             source="complex step, relative error")

# %%
# **From lesson to library.** A network passes these two gradients on: :math:`[d\mu, d\ell]` of each example is the
# upstream gradient of the encoder's output, and ``encoder.backward`` in ``tinyvae/vae.py`` (``VAE.backward``) carries
# it to :math:`\phi`. So one update by hand, divided by the batch size, must be the library's, weight by weight.

tiny.loss(x, eps[0])
tiny.backward()
by_library = [tiny.gradients[name].copy() for name in tiny.gradients if name.startswith("encoder")]
tiny.encoder.forward(x)
tiny.encoder.backward(np.concatenate([dmu, dlogvar], axis=1) / len(x))
lesson.claim("The network's gradient in VAE.backward is dmu, dlogvar carried through the encoder",
             max(relative_error(tiny.gradients[f"encoder.{name}"], kept).max()
                 for name, kept in zip(("0.W", "0.b", "2.W", "2.b"), by_library)), 0, within=1e-12,
             source="the lines above, rounding")

# %%
# **Does best_q find the truth?** On the linear-Gaussian model of lesson 11 we know it. When the rows of :math:`W` are
# orthogonal the posterior is diagonal, and the best :math:`q` is the posterior. When they are not, the posterior has
# correlations that a diagonal :math:`q` cannot have. With precision :math:`\Lambda` of the posterior, and :math:`m` its
# mean, the KL that is left is least at :math:`\mu = m`, :math:`\sigma_j^2 = 1 / \Lambda_{jj}`:
#
# .. math::
#    KL = \frac{1}{2} \left( \sum_j \Lambda_{jj} \sigma_j^2 + (\mu - m)^T \Lambda (\mu - m) - L - \sum_j \log \sigma_j^2
#    - \log \det \Lambda \right) \geq \frac{1}{2} \left( \sum_j \log \Lambda_{jj} - \log \det \Lambda \right)
#
# Here :math:`\log p(x|z)` is quadratic in :math:`z`, so any frozen noise of mean 0 and covariance :math:`I` gives its
# mean exactly; the 2 L points :math:`\pm \sqrt{L} e_j` will do.

D, L, sigma = 5, 2, 0.7
shape = np.linalg.qr(rng.standard_normal((D, L)))[0].T * np.array([[2.0], [0.9]])     # orthogonal rows
points = np.sqrt(L) * np.concatenate([np.eye(L), -np.eye(L)])[:, None, :]             # (2 L, 1, L)
found = {}
for name, W in {"orthogonal": shape, "correlated": np.array([[1.0, 0.0], [0.8, 0.6]]) @ shape}.items():
    linear = tinyvae.VAE(D, (), L, "gaussian", sigma0=sigma, seed=0, dtype=np.float64)
    b = rng.standard_normal(D)
    linear.parameters["decoder.0.W"][...], linear.parameters["decoder.0.b"][...] = W, b
    x = rng.standard_normal((20, L)) @ W + b + sigma * rng.standard_normal((20, D))
    m, covariance = linear_gaussian.posterior(x, W, b, sigma)
    zeros, noise = np.zeros((20, L)), np.tile(points, (1, 20, 1))
    mu, logvar = best_q(linear, x, zeros, zeros, noise, tinyvae.SGD(0.08), 1500)      # starts at the prior
    precision = np.linalg.inv(covariance)
    gap = linear_gaussian.log_marginal(x, W, b, sigma) - elbo(linear, x, mu, logvar, noise)[0]
    left = 0.5 * (np.sum(np.log(np.diag(precision))) - np.linalg.slogdet(precision)[1])
    found[name] = np.max(np.abs(mu - m)), np.max(np.abs(logvar + np.log(np.diag(precision)))), gap, left
    print(f"{name:<11}: log p(x) - ELBO of best_q = {abs(gap.mean()):.6f}; theory {abs(left):.6f}")
lesson.claim("best_q is the exact posterior when that is diagonal: largest error of mu and logvar",
             max(found["orthogonal"][:2]), 0, within=1e-6, source="linear_gaussian.posterior; gradient steps converged")
lesson.claim("With correlations it ends at the posterior's mean and at variances 1 / Lambda_jj: largest error",
             max(found["correlated"][:2]), 0, within=1e-6, source="the minimum of the KL above")
lesson.claim("and the gap that no diagonal q can close is left", found["correlated"][2].mean(), found["correlated"][3],
             within=1e-9, source="(sum log Lambda_jj - log det Lambda) / 2, against the exact log p(x)")

# %%
# **One q for all x, or one network?** Suppose :math:`q(z)` may not look at :math:`x` at all. On the orthogonal model,
# with :math:`\Lambda_{jj} = 1 / s_j^2`, average the KL above over :math:`x`: the means :math:`m` spread around 0 with
# variance :math:`1 - s_j^2`, so :math:`E(\mu_j - m_j)^2 = \mu_j^2 + 1 - s_j^2`. The best shared :math:`q` is therefore
# :math:`N(0, diag(s^2))`, with a mean gap of :math:`\frac{1}{2} \sum_j (1 - s_j^2) / s_j^2`. A network needs no more
# than one linear layer here, since the posterior's mean is linear in :math:`x`: its gap is 0 on every new :math:`x`.

lesson.predict("One q shared by all x costs several nats here. What does one linear network cost, on x never seen?")
W = shape
linear.parameters["decoder.0.W"][...] = W
n = 2000
x = rng.standard_normal((n, L)) @ W + b + sigma * rng.standard_normal((n, D))
m, covariance = linear_gaussian.posterior(x, W, b, sigma)
s2 = np.diag(covariance)
log_p = linear_gaussian.log_marginal(x, W, b, sigma)
to_mean = W.T / sigma**2 @ covariance                                                 # (D, L): m = (x - b) to_mean
linear.parameters["encoder.0.W"][...] = np.concatenate([to_mean, np.zeros((D, L))], axis=1)
linear.parameters["encoder.0.b"][...] = np.concatenate([-b @ to_mean, np.log(s2)])
noise = np.tile(points, (1, n, 1))
shared_gap = log_p - elbo(linear, x, np.zeros((n, L)), np.tile(np.log(s2), (n, 1)), noise)[0]
network_gap = log_p - elbo(linear, x, *linear.encode(x), noise)[0]
print(f"gap in nats: one shared q {shared_gap.mean():.3f}, one linear network {np.abs(network_gap).max():.1e}")
lesson.claim("The gap of the best q that does not look at x", shared_gap.mean(), 0.5 * np.sum((1 - s2) / s2),
             within=5 * shared_gap.std() / np.sqrt(n), source="sum (1 - s^2) / (2 s^2); 5 standard errors")
lesson.claim("The gap of one linear network, largest over 2000 new x", np.max(np.abs(network_gap)), 0, within=1e-10,
             source="the posterior's mean is linear in x; rounding")

# %%
# **Digits: the amortisation gap.** A real decoder has no such luck. We train a VAE, then freeze its decoder, so that
# :math:`\log p(x)` and each :math:`x`'s best :math:`q` stand still, and train fresh encoders on it: the loop below
# repeats dmu, dlogvar, encoder.backward, Adam. The pixels are drawn as 0 or 1, so that the Bernoulli is a likelihood.
#
# .. math::
#    \log p(x) = \underbrace{\mathrm{ELBO}(network)}_{computed} + \underbrace{\mathrm{ELBO}(best\ q) -
#    \mathrm{ELBO}(network)}_{amortisation\ gap \geq 0} + \underbrace{KL(best\ q, p(z|x))}_{approximation\ gap \geq 0}

images = lesson.images(n_train, n_test)
data_rng, noise_rng, eval_rng = (np.random.default_rng(seed) for seed in (data_seed, noise_seed, eval_seed))
L = 5
vae = tinyvae.VAE(784, (100,), L, seed=lesson.seed)
tinyvae.fit(vae, images.train, epochs=epochs, batch_size=40, optimizer=tinyvae.Adam(2e-3), binarize=True,
            seed=lesson.seed, progress=False)
x_test = (eval_rng.random(images.test.shape) < images.test).astype(np.float32)
fresh = eval_rng.standard_normal((draws, n_test, L)).astype(np.float32)               # for judging, never for fitting


class Encoder(Model):
    """x (B, 784) to mu, logvar (B, L each): one hidden layer of this width, or none for width 0."""

    def __init__(self, width, rng):
        self.layers = mlp((784, width, 2 * L) if width else (784, 2 * L), "elu", rng)
        self.pack(np.float32)

    def leaves(self):
        return self.layers.leaves()

    def encode(self, x):
        return np.split(self.layers.forward(x), 2, axis=1)


def judge(mu, logvar, draws=draws):
    """The ELBO of each test digit with this q, by noise that no q was fitted to: (n_test,)."""
    return np.mean([elbo(vae, x_test, mu, logvar, eps)[0] for eps in np.split(fresh[:draws], draws // 10)], axis=0)


# %%
# p20 says that :math:`q(z)` cannot be handled directly and so becomes a network. It can: best_q does so for each test
# digit, starting from the network's answer, with 20 frozen points: twice the 2 L points of above, turned at random,
# so that their mean is 0 and their covariance :math:`I`. The network is a question of price. (That the steps climb on
# the frozen points is no surprise; whether their end is better is judged by fresh draws.)

turns = np.concatenate([np.linalg.qr(noise_rng.standard_normal((L, L)))[0] for _ in range(2)])      # orthogonal rows
noise = np.sqrt(L) * np.concatenate([turns, -turns])[:, None, :].repeat(n_test, axis=1).astype(np.float32)
mu_best, logvar_best = best_q(vae, x_test, *vae.encode(x_test), noise, tinyvae.Adam(0.15), steps)
best, network = judge(mu_best, logvar_best), judge(*vae.encode(x_test))               # (n_test,) each
print(f"\n{steps * len(noise)} decoder runs, forward and back, for the best q of one digit; one encoder run for the "
      "network's.")

lesson.predict("Fresh encoders, linear or with a hidden layer: which has the smallest gap? Will any reach 0?")
gaps = {}                                                                             # name to (epochs + 1, n_test)
for width in sizes:
    name = f"{width} hidden" if width else "linear"
    encoder, adam = Encoder(width, np.random.default_rng(init_seed)), tinyvae.Adam(2e-3)
    gaps[name] = [best - judge(*encoder.encode(x_test), draws=20)]
    for epoch in range(epochs):
        for rows in np.array_split(data_rng.permutation(n_train), n_train // 100):
            x = (data_rng.random((len(rows), 784), np.float32) < images.train[rows]).astype(np.float32)
            mu, logvar = encoder.encode(x)
            eps = data_rng.standard_normal((1, len(rows), L), np.float32)
            dmu, dlogvar = gradients(vae, x, mu, logvar, eps)
            encoder.layers.backward(np.concatenate([dmu, dlogvar], axis=1) / np.float32(len(rows)))
            adam.step(encoder.parameters.vector, encoder.gradients.vector)
        gaps[name].append(best - judge(*encoder.encode(x_test), draws=draws if epoch == epochs - 1 else 20))


ladder = {name: gap[-1] for name, gap in gaps.items()} | {"the VAE's own": best - network}
for name, gap in ladder.items():
    print(f"{name:<14}: amortisation gap {gap.mean():6.2f} nats, standard error {gap.std() / np.sqrt(n_test):.2f}")
coin = 0.5 + 5 * 0.5 / np.sqrt(n_test)         # if nothing differed, each digit would be a coin toss: 5 standard errors
lesson.claim("One q per digit beats every network: share of digits with a gap above 0, least over the networks",
             min(np.mean(gap > 0) for gap in ladder.values()), at_least=coin,
             source="a fair coin and 5 standard errors")
lesson.claim("The gap shrinks with training: share of digits, first epoch against last, least over the encoders",
             min(np.mean(gap[1] > gap[-1]) for gap in gaps.values()), at_least=coin,
             source="a fair coin and 5 standard errors")
lesson.claim("The gap shrinks with a larger encoder: share of digits, linear against 128 hidden",
             np.mean(gaps["linear"][-1] > gaps["128 hidden"][-1]), at_least=coin,
             source="a fair coin and 5 standard errors")
lesson.figure(bounds.gap_curves({name: [gap.mean() for gap in values] for name, values in gaps.items()},
                                "The amortisation gap shrinks with training, and further for a larger encoder"),
              "gap_training")

# %%
# What is left when every :math:`x` has its own :math:`q` is the approximation gap: a Gaussian with independent axes is
# not the posterior. For :math:`\log p(x)` itself we draw from the best :math:`q` and average
# :math:`w = p(x|z) p(z) / q(z)`, whose mean is :math:`p(x)` (lesson 20).

log_w = np.array([evaluation.log_weights(vae, x_test, mu_best, logvar_best, eps) for eps in fresh])   # (draws, n_test)
log_p = log_w.max(axis=0) + np.log(np.mean(np.exp(log_w - log_w.max(axis=0)), axis=0))
print(f"log p(x) is about {log_p.mean():.2f} nats; the best Gaussian q lies {np.mean(log_p - best):.2f} below it")
lesson.figure(bounds.gap_ladder([*ladder, "one q per digit"], np.mean(log_p - best),
                                [*(gap.mean() for gap in ladder.values()), 0],
                                "What one network costs comes on top of what a Gaussian q costs"), "gap_ladder")

# %%
# **p22: should the KL go to 0?** The lecturer says: as :math:`KL(q(z|x), p(z))` comes near 0, :math:`z` drawn from the
# prior works in the generator. Loose: if it were 0 for every :math:`x`, all :math:`q(z|x)` would be the prior, and
# :math:`z` would know nothing about :math:`x`. What must match the prior is the *average* of :math:`q(z|x)` over
# :math:`x` (lesson 18); each single one keeps its distance. How much is that worth? With KL = 0 every :math:`z` meets
# every :math:`x`, so the ELBO, averaged over the digits, is an average over :math:`z` of
#
# .. math::
#    \frac{1}{N} \sum_n \log p(x_n|z) = \sum_d \bar x_d \log p_d(z) + (1 - \bar x_d) \log (1 - p_d(z))
#    \leq \sum_d \bar x_d \log \bar x_d + (1 - \bar x_d) \log (1 - \bar x_d)
#
# with :math:`p(z)` the decoder's pixels and :math:`\bar x` the mean digit: no decoder at all can do better than that.

lesson.predict("Set every q to the prior, so that the KL is 0. Is the ELBO better or worse, and by how many nats?")
mean_x = x_test.mean(axis=0, dtype=np.float64)
inside = mean_x[(mean_x > 0) & (mean_x < 1)]                                          # where it is 0 or 1 the sum is 0
bound = np.sum(inside * np.log(inside) + (1 - inside) * np.log(1 - inside))
mu, logvar = vae.encode(x_test)
kl = gaussian.kl_standard_normal(mu, logvar)
no_message = judge(*np.zeros((2, n_test, L), np.float32))                            # mu = 0, logvar = 0
print(f"mean KL {kl.mean():.1f} nats: the variance of one q is {np.mean(np.exp(logvar)):.2f}, of z over all digits "
      f"{np.mean(mu.var(axis=0) + np.exp(logvar).mean(axis=0)):.2f}, of the prior 1.\n"
      f"mean ELBO with KL = 0: {no_message.mean():.1f}, with any other decoder at most {bound:.1f}; with the network: "
      f"{network.mean():.1f}")
lesson.claim("With KL = 0 the ELBO of this decoder", no_message.mean(), at_most=bound, source="the bound above")
lesson.claim("The KL is worth paying: the network's mean ELBO is out of reach with KL = 0", network.mean(),
             at_least=bound, source="the bound above, for these very digits")

# %%
# **The pipeline of p21, with real activations.** :math:`x` to :math:`(\mu, \sigma)`, noise to :math:`z`, :math:`z` to
# :math:`x'`. A bar is :math:`\mu_j`, its whisker :math:`\sigma_j`, the diamond the :math:`z_j` that was drawn.

rows = [int(np.argmax(images.test_labels == label)) for label in np.unique(images.test_labels[:n_test])[:5]]
x, eps = x_test[rows], fresh[0, rows]
mu, logvar = vae.encode(x)                                                            # encoder:  (5, L) each
sigma = np.exp(logvar / 2)
z = mu + sigma * eps                                                                  # sampling: (5, L)
x_prime = vae.decode(z)                                                               # decoder:  (5, 784)
lesson.claim("VAE.reconstruct is this pipeline: largest difference of a pixel",
             np.max(np.abs(vae.reconstruct(x, eps) - x_prime)), 0, within=1e-5, source="the five lines above, float32")
lesson.figure(bounds.pipeline(x, mu, sigma, z, x_prime, "Each digit becomes a Gaussian over z, and one draw from it "
                              "a picture like the digit"), "pipeline")
lesson.end()
