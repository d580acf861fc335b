"""Balance and collapse: what a weight on the KL does (slides p22, p27).

Before: lesson 05 (PCA and its eigenvalues), 11 (the bound), 13 (sigma0), 14 (the KL), 16 (training), 18 (q(z)).
After: you can say what beta trades for what, compute which latent dimensions a linear VAE keeps, see a posterior
collapse in three numbers, and know when warming beta up helps and when it cannot.
"""

# %%
# The loss of p22 and p27 is a sum of two terms, and the notes to both slides speak of their balance. Give it a knob:
#
# .. math::
#    \mathcal{L}_\beta = D + \beta R, \quad D = \mathbb{E}_x \mathbb{E}_{q(z|x)} [-\log p(x|z)], \quad
#    R = \mathbb{E}_x D_{KL}(q(z|x) \Vert p(z))
#
# :math:`R` is the **rate**, what the code costs in nats (what it says about :math:`x` is at most that, lesson 18);
# :math:`D` is the **distortion**. (Here R is the KL, not the reconstruction loss as in lesson 16.) Their sum is -ELBO,
# which :math:`\beta = 1` minimises. (Higgins et al. 2017; Alemi et al. 2018.)
#
# The data: digits of 784 pixels as 48 numbers, their coordinates along the first 48 principal components (lesson 05).
# A rotation of :math:`x` changes no distance; the directions left out vary too little for a linear VAE here to keep.

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import gaussian, latent, linear_gaussian, plots
from tinyvae.gradcheck import relative_error
from tinyvae.pca import PCA
from tinyvae.plots import collapse

lesson = Lesson("22_balance_and_collapse", "Balance and collapse", "p22, p27")
n = 2000 if lesson.quick else 10_000
images = lesson.images(n, 100)
pca = PCA(images.train, 48)
x = pca.encode(images.train)                                                     # (N, 48): mean 0, uncorrelated
eigenvalues = pca.variances                                                      # (48,), the variance along each
rng = np.random.default_rng(np.random.SeedSequence(lesson.seed).spawn(1)[0])
log = np.log

# %%
# **One knob, two names.** p27 shows no :math:`\beta`, yet its balance is not fixed by nature: for a Gaussian likelihood
# :math:`\sigma_0^2` of p23 sets it. :math:`E` is the squared distance of :math:`x` and :math:`x'`, :math:`R` the KL, of
# the same noise and parameters. First and last line are computed by ``VAE.loss``.

beta, sigma0_squared = 3.0, 0.7
one, other = (tinyvae.VAE(48, (5,), 3, "gaussian", sigma0=np.sqrt(s2), beta=b, seed=lesson.seed, dtype=np.float64)
              for b, s2 in ((beta, sigma0_squared), (1.0, beta * sigma0_squared)))
eps = rng.standard_normal((50, 3))
loss_one, loss_other = one.loss(x[:50], eps), other.loss(x[:50], eps)
one.backward()
other.backward()
E = np.mean(np.sum((x[:50] - one.reconstruct(x[:50], eps))**2, axis=1))
R = gaussian.kl_standard_normal(*one.encode(x[:50])).mean()
constant, other_constant = (24 * log(2 * np.pi * s2) for s2 in (sigma0_squared, beta * sigma0_squared))   # 48/2
lesson.derivation("beta and sigma0^2 are one knob: every line has the same value", [
    ("loss(beta, sigma0^2)", "VAE.loss", loss_one.total),
    ("E/(2 sigma0^2) + 24 log(2 pi sigma0^2) + beta R", "the Gaussian likelihood of p23",
     E / (2 * sigma0_squared) + constant + beta * R),
    ("beta [E/(2 beta sigma0^2) + R] + 24 log(2 pi sigma0^2)", "take beta out",
     beta * (E / (2 * beta * sigma0_squared) + R) + constant),
    ("beta [loss(1, beta sigma0^2) - 24 log(2 pi beta sigma0^2)] + 24 log(2 pi sigma0^2)",
     "the bracket is the loss with beta = 1 and variance beta sigma0^2, less its constant",
     beta * (loss_other.total - other_constant) + constant)], within=1e-10, source="first and last line: VAE.loss")
lesson.claim("So the gradient for (beta, sigma0^2) is beta times that for (1, beta sigma0^2)",
             relative_error(one.gradients.vector, beta * other.gradients.vector).max(), 0, within=1e-12,
             source="the constants do not depend on the parameters; rounding only")
print("The same minima: what counts is v = beta sigma0^2. But for beta < 1, -loss is no bound on log p(x) any more.")

# %%
# **One direction of a linear VAE.** With no hidden layers everything can be computed. Take one direction along which
# the data vary with variance :math:`\lambda`; encoder :math:`\mu = m x`, :math:`\sigma^2 = s`, decoder
# :math:`x' = w z`. The loss over :math:`\beta`, less what depends on no parameter, is
#
# .. math::
#    f(w, m, s) = \frac{\lambda (1 - w m)^2 + w^2 s}{2 v} + \frac{1}{2} [m^2 \lambda + s - 1 - \log s], \quad
#    v = \beta \sigma_0^2
#
# Set the derivatives with respect to :math:`s` and :math:`m` to 0 and write :math:`c = w^2 + v`:
#
# .. math::
#    \begin{aligned}
#    \frac{w^2}{2v} + \frac{1}{2} - \frac{1}{2s} = 0 \quad &\Rightarrow \quad s = \frac{v}{c} \\
#    -\frac{\lambda w (1 - w m)}{v} + \lambda m = 0 \quad &\Rightarrow \quad m = \frac{w}{c}, \quad
#    1 - w m = \frac{v}{c}
#    \end{aligned}
#
# Put them in. For the numbers below, :math:`w` is not yet the best one. The first line is ``VAE.loss`` on the two data
# points :math:`\pm\sqrt\lambda`. Its mean over :math:`\varepsilon` is exact: the loss of a linear decoder is quadratic
# in :math:`\varepsilon`, and the :math:`2L` points :math:`\pm\sqrt L` along the axes have mean 0 and covariance
# :math:`I`, like :math:`N(0, I)`.


def expected(model, x):
    """VAE.loss of a linear model, the mean over eps exact: distortion, rate, gradient of distortion + beta rate."""
    L = model.latent_dim
    points = np.sqrt(L) * np.concatenate([np.eye(L), -np.eye(L)])                # (2 L, L)
    distortion, gradient = 0.0, 0.0
    for point in points:
        loss = model.loss(x, np.tile(point, (len(x), 1)))
        model.backward()
        distortion += loss.reconstruction / len(points)
        gradient = gradient + model.gradients.vector / len(points)
    return distortion, loss.kl, gradient


def linear_vae(w, m, s, sigma0_squared, beta=1.0, width=48):
    """The VAE whose latent j stands for direction j alone: decoder weight w_j, encoder weight m_j, variance s_j."""
    L = len(w)
    model = tinyvae.VAE(width, (), L, "gaussian", sigma0=np.sqrt(sigma0_squared), beta=beta, dtype=np.float64)
    model.parameters.vector[...] = 0
    model.parameters["decoder.0.W"][:, :L] = np.diag(w)                          # (L, width)
    model.parameters["encoder.0.W"][:L, :L] = np.diag(m)                         # (width, 2 L): [mu, logvar]
    model.parameters["encoder.0.b"][L:] = log(s)
    return model


lam, w, v = 3.0, 0.9, 2.0
c = w**2 + v
distortion, rate, _ = expected(linear_vae([w], [w / c], [v / c], v, width=1), np.sqrt(lam) * np.array([[1.0], [-1.0]]))
lesson.derivation("One direction: every line has the same value", [
    ("f(w, w/c, v/c)", "VAE.loss, less its constant 1/2 log(2 pi v)", distortion + rate - 0.5 * log(2 * np.pi * v)),
    ("[lam v^2/c^2 + w^2 v/c]/(2 v) + 1/2 [lam w^2/c^2 + v/c - 1 - log(v/c)]", "1 - w m = v/c, m = w/c, s = v/c",
     (lam * v**2 / c**2 + w**2 * v / c) / (2 * v) + 0.5 * (lam * w**2 / c**2 + v / c - 1 - log(v / c))),
    ("1/2 [lam (v + w^2)/c^2 + (w^2 + v)/c - 1 + log(c/v)]", "collect lam, collect 1/c",
     0.5 * (lam * (v + w**2) / c**2 + (w**2 + v) / c - 1 + log(c / v))),
    ("1/2 [lam/c + log(c/v)]", "v + w^2 = c", 0.5 * (lam / c + log(c / v)))],
    within=1e-12, source="first line: VAE.loss; rounding only")

# %%
# The best :math:`c`: :math:`\frac{1}{2} (1/c - \lambda/c^2) = 0` gives :math:`c = \lambda`, hence
# :math:`w^2 = \lambda - v`. That needs :math:`\lambda > v`. Otherwise the slope is positive for every
# :math:`c \ge v`, and the best is :math:`c = v`, which is :math:`w = m = 0`, :math:`s = 1`: the latent is the prior,
# whatever :math:`x` is. **The posterior has collapsed, and rightly so.** For a direction that is kept:
#
# .. math::
#    \begin{aligned}
#    \operatorname{Var}(\mu) &= m^2 \lambda = \frac{(\lambda - v) \lambda}{\lambda^2} = 1 - \frac{v}{\lambda} \\
#    R &= \frac{1}{2} \left[ 1 - \frac{v}{\lambda} + \frac{v}{\lambda} - 1 - \log \frac{v}{\lambda} \right]
#    = \frac{1}{2} \log \frac{\lambda}{v} \\
#    E &= \lambda \frac{v^2}{\lambda^2} + (\lambda - v) \frac{v}{\lambda} = v
#    \end{aligned}
#
# A level :math:`v` of water: what rises above it is kept, with its squared error cut down to :math:`v`; what lies below
# is given up, with squared error :math:`\lambda`. (That no mixture of directions does better: Tipping and Bishop 1999,
# for this bound Lucas et al. 2019.)

sigma0_squared, latents = 2.0, 12                                                # turn these


def optimum(beta, sigma0_squared=sigma0_squared, latents=latents):
    """The closed-form linear VAE for the data."""
    v, lam = beta * sigma0_squared, eigenvalues[:latents]
    w = np.sqrt(np.maximum(lam - v, 0))
    return linear_vae(w, w / (w**2 + v), v / (w**2 + v), sigma0_squared, beta)


lesson.predict(f"{latents} latents, sigma0^2 = {sigma0_squared:g}, and these eigenvalues: how many latents will a "
               f"trained linear VAE use?\n{' '.join(f'{value:.2f}' for value in eigenvalues[:latents])}")
kept = int(np.sum(eigenvalues > sigma0_squared))
best_distortion, best_rate, gradient = expected(optimum(1.0), x)
lesson.claim("At the closed form the gradient of VAE.loss is 0: its largest entry", np.abs(gradient).max(), 0,
             within=1e-10, source="the derivation; rounding only")
lesson.claim("Its KL is the sum of 1/2 log(lambda/v) over the directions kept", best_rate,
             0.5 * np.sum(log(eigenvalues[:kept] / sigma0_squared)), within=1e-10, source="the line for R above")
W, b = (optimum(1.0).parameters[f"decoder.0.{name}"] for name in "Wb")
exact = linear_gaussian.log_marginal(x, W, b, np.sqrt(sigma0_squared)).mean()
lesson.claim("There the bound is tight: -ELBO is -log p(x)", best_distortion + best_rate, -exact, within=1e-9,
             source="exact marginal of a linear-Gaussian model; the true posterior is diagonal here")

# %%
# **Collapse is a saddle, or a minimum.** A network often starts near :math:`w = m = 0`, or is driven there first. With
# :math:`s = 1`, to second order,
#
# .. math::
#    f(w, m, 1) - f(0, 0, 1) = \frac{1}{2} \left[ \frac{w^2}{v} - \frac{2 \lambda w m}{v} + \lambda m^2 \right], \quad
#    H = \begin{pmatrix} 1/v & -\lambda/v \\ -\lambda/v & \lambda \end{pmatrix}, \quad
#    \det H = \frac{\lambda}{v} \left( 1 - \frac{\lambda}{v} \right)
#
# Alone, :math:`w` costs (noise from :math:`z` in the picture) and :math:`m` costs (KL); only together do they gain. The
# gradient at 0 is 0. For :math:`\lambda > v` one curvature is negative and the model can leave; else it is a minimum.

def curvature(lam, v, data, step=1e-3):
    """Of VAE.loss at the collapsed model along (w, m), the eigenvector of H's smaller eigenvalue; that eigenvalue."""
    values, vectors = np.linalg.eigh([[1 / v, -lam / v], [-lam / v, lam]])       # rising
    w, m = vectors[:, 0]
    there, here = (sum(expected(linear_vae([t * w], [t * m], [1.0], v, width=1), data)[:2]) for t in (step, 0.0))
    return 2 * (there - here) / step**2, values[0]                               # f(t) = f(-t): a second difference


measured, theory = np.transpose([curvature(eigenvalues[j], sigma0_squared, x[:, [j]]) for j in range(latents)])
lesson.claim("The curvature of VAE.loss at the collapsed model is that of H: largest difference",
             np.abs(measured - theory).max(), 0, within=1e-4, source="the expansion; steps of 0.001, so about 1e-6")
lesson.claim("Directions along which the collapsed model is no minimum", np.sum(measured < 0), kept, within=0,
             source="eigenvalues of the covariance above sigma0^2")

# %%
# **Trained.** ``tinyvae.fit`` knows nothing of this. Three ways to see a collapse: the KL of each latent;
# ``latent.activity``, the variance of :math:`\mu_j` over the data (:math:`\lambda` below is that of the data);
# ``latent.active_units``, which of these exceed 0.01 (Burda et al. 2016). The best linear VAE may order its latents as
# it likes, but not rotate them (the next cell says why). While training is still under way they are rotated, so count
# directions, which no rotation changes: eigenvalues of the covariance of :math:`\mu`.


def train_linear(warm=0, epochs=200 if lesson.quick else 100, lr=0.05):
    """A linear VAE trained by fit, beta from 0 to 1 over the first warm epochs; the learning rate falls to 0."""
    model = tinyvae.VAE(48, (), latents, "gaussian", sigma0=np.sqrt(sigma0_squared), seed=lesson.seed)
    optimizer = tinyvae.Adam(lr)

    def before_epoch(epoch):
        optimizer.lr = lr * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        model.beta = min(1.0, epoch / warm) if warm else 1.0
    tinyvae.fit(model, np.float32(x), epochs=epochs, batch_size=500, optimizer=optimizer, seed=lesson.seed,
                progress=False, before_epoch=before_epoch)
    return model.astype(np.float64)


def directions(model, x):
    """Variances of mu along the principal directions of the code, falling: (L,)."""
    return np.linalg.eigvalsh(np.cov(latent.posteriors(model, x)[0].T, bias=True))[::-1]


trained = train_linear()
distortion, rate, _ = expected(trained, x)
excess = distortion + rate - best_distortion - best_rate
moves, activity = directions(trained, x), np.sort(latent.activity(trained, x))[::-1]
expected_moves = np.maximum(1 - sigma0_squared / eigenvalues[:latents], 0)
counted = np.sum(expected_moves > 0.01)                                          # the directions that count as active
# By how much an excess can move Var(mu), to second order. Kept: c = lambda e^u costs u^2/4 and moves it by (1 - 2 a) u,
# a = 1 - v/lambda; m off by d costs lambda^2 d^2/(2 v), moves it by 2 (a lambda)^(1/2) d. Below: H, least over w.
room = max(excess, 1e-12)
near = np.where(expected_moves > 0, 2 * np.sqrt(room), 2 * room / np.abs(1 - eigenvalues[:latents] / sigma0_squared))
print(f"-ELBO {distortion + rate:.4f} nats, {excess:.4f} above the optimum; rate {rate:.4f}, best {best_rate:.4f}")
print("KL per latent (nats):          ",
      *(f"{value:.2f}" for value in np.sort(gaussian.kl_per_dimension(*latent.posteriors(trained, x)).mean(0))[::-1]))
print("closed form, 1/2 log(lambda/v):", *(f"{0.5 * log(value / sigma0_squared):.2f}" for value in eigenvalues[:kept]))
print(f"Answer: {np.sum(moves > 0.01)} of {latents}. The others send nothing but noise, and the decoder ignores it.")
lesson.claim("The trained linear VAE keeps as many directions as eigenvalues exceed sigma0^2", np.sum(moves > 0.01),
             counted, within=0, source="closed form; active: variance of mu above 0.01, so lambda > v / 0.99")
lesson.claim("The variance of its mu along each is max(0, 1 - v/lambda): largest share of what the excess allows",
             (np.abs(moves - expected_moves) / near).max(), at_most=1, source="expansion to second order, as above")
lesson.claim("No training beats the closed form: excess of -ELBO (nats)", excess, at_least=0,
             source="Tipping and Bishop 1999")
lesson.figure(collapse.water_level(
    eigenvalues[:latents], sigma0_squared, expected_moves, moves, activity,
    "Only directions whose eigenvalue rises above $\\beta \\sigma_0^2$ stay active in the trained linear VAE"),
    "water_level")

# %%
# **Rotated latents.** :math:`p(x)` is the same for :math:`W` and for :math:`Q W` with a rotation :math:`Q` of the
# latents. The posterior of the rotated model has precision :math:`P = Q \operatorname{diag}(\lambda/v) Q^T`; the best
# diagonal :math:`q` has :math:`\sigma_j^2 = 1 / P_{jj}`, and
# :math:`D_{KL}(q \Vert p(z|x)) = \frac{1}{2} [\sum_j \log P_{jj} - \log \det P] \ge 0` (Hadamard's inequality). So the
# diagonal :math:`q` of p24 charges for a rotation, and the latents of a linear VAE end on the principal axes.

Q = np.linalg.qr(rng.standard_normal((kept, kept)))[0]
w = np.sqrt(eigenvalues[:kept] - sigma0_squared)
P = Q @ np.diag(eigenvalues[:kept] / sigma0_squared) @ Q.T
rotated = linear_vae(w, w, 1 / np.diag(P), sigma0_squared)                       # sigma_j^2 = 1 / P_jj
rotated.parameters["decoder.0.W"][:, :kept] = Q @ np.diag(w)
rotated.parameters["encoder.0.W"][:kept, :kept] = np.diag(w / eigenvalues[:kept]) @ Q.T
lesson.claim("A rotation of the latents costs 1/2 [sum log P_jj - log det P] nats",
             sum(expected(rotated, x)[:2]) - best_distortion - best_rate,
             0.5 * (np.sum(log(np.diag(P))) - np.sum(log(eigenvalues[:kept] / sigma0_squared))), within=1e-9,
             source="KL between Gaussians in closed form")

# %%
# **The curve.** Let :math:`D_a, R_a` and :math:`D_b, R_b` be what the best models for :math:`\beta_a < \beta_b` reach,
# linear or not. Each is best at its own price:
#
# .. math::
#    D_a + \beta_a R_a \le D_b + \beta_a R_b, \quad D_b + \beta_b R_b \le D_a + \beta_b R_a
#
# Bring each to one side, and read them together:
#
# .. math::
#    \beta_a (R_a - R_b) \le D_b - D_a \le \beta_b (R_a - R_b)
#
# The outer terms give :math:`(\beta_b - \beta_a)(R_a - R_b) \ge 0`, so :math:`R_a \ge R_b`: **the rate falls**. Then
# the first says :math:`D_b \ge D_a`: **the distortion rises**. And minus the slope of each chord lies between its two
# betas, so where they meet it is :math:`dD/dR = -\beta`. At price 1: :math:`D_1 + R_1 \le D_\beta + R_\beta`. First on
# the linear VAE, where the best model is known: chords from :math:`\beta (1 - h)` to :math:`\beta (1 + h)`.

# 96 points with the mean and the covariance of x: the loss of a linear VAE depends on nothing else of x
spread = np.sqrt(48 * eigenvalues) * np.concatenate([np.eye(48), -np.eye(48)])
betas, h, points, slopes = 2.0**np.arange(-3, 1.5, 0.5), 0.01, [], []            # from 1/8 to 2, with 1 among them
for beta in betas:
    (D_a, R_a, _), (D_b, R_b, _) = (expected(optimum(beta * (1 + sign * h)), spread) for sign in (-1, 1))
    slopes.append((D_b - D_a) / (R_a - R_b))
    points.append(expected(optimum(beta), spread)[1::-1])                        # rate, distortion
lesson.claim("For the best linear VAEs the slope of the curve is -beta: largest relative error",
             np.abs(slopes / betas - 1).max(), at_most=h, source="each chord lies between its two betas")
lesson.figure(collapse.rate_distortion(
    betas, *np.transpose(points), "The linear VAE's best trades: the slope is $-\\beta$, and rate + distortion is "
    "least at $\\beta = 1$"), "linear_curve")

# %%
# **Trained, with hidden layers.** A Bernoulli VAE on pixels that are 0 or 1, one for each :math:`\beta`. Where training
# ends near enough to the best, the inequalities hold for it too. They are about the data trained on.

betas = (0.1, 1, 4, 20) if lesson.quick else (0.1, 0.3, 1, 2, 4, 10, 20)         # 0.1, 1 and 20 are shown below
epochs = 6 if lesson.quick else 15
lesson.predict("From beta = 1 to 0.1: does -ELBO fall, stay, or rise?")
binary = np.float32(rng.random((2000, 784)) < images.train[:2000])               # one draw of the pixels, for all
vaes, points = [], []
print("\n                                                       distance of q(z) from p(z) (Wasserstein, next cell)\n"
      "  beta     rate   distortion     -ELBO   units active       measured   at most (2 rate / L)^(1/2)")
for beta in betas:
    vae = tinyvae.VAE(784, (100,), 10, "bernoulli", beta=beta, seed=lesson.seed)
    lesson.fit(vae, images.train, epochs=epochs, optimizer=tinyvae.Adam(3e-3), binarize=True, seed=lesson.seed)
    R, D = latent.rate_distortion(vae, binary, samples=5, rng=lesson.seed)
    mu, logvar = latent.posteriors(vae, binary)
    far = latent.sliced_wasserstein(gaussian.reparameterise(mu, logvar, vae.noise(np.random.default_rng(0), len(mu))))
    vaes.append(vae)
    points.append((R, D, far))
    print(f"{beta:6.2f} {R:8.2f} {D:12.2f} {R + D:9.2f} {latent.active_units(vae, binary).sum():14d} {far:14.3f} "
          f"{np.sqrt(2 * R / 10):20.3f}")
R, D, far = np.transpose(points)
print(f"'Active', a variance of mu above 0.01, is little: {latent.active_units(vaes[-1], binary).sum()} of 10 meet it "
      f"with {R[-1]:.2f} nats in all. Look at the KL too.")
chords = -np.diff(D) / np.diff(R)
lesson.claim("The rate falls as beta rises: largest step (nats)", np.diff(R).max(), at_most=0,
             source="the inequalities above")
lesson.claim("The distortion rises with beta: smallest step (nats)", np.diff(D).min(), at_least=0,
             source="the inequalities above")
lesson.claim("The slope of each chord lies between its two betas: smallest ratio to a bound, on either side",
             min((chords / betas[:-1]).min(), (betas[1:] / chords).min()), at_least=1, source="the inequalities above")
lesson.claim("The beta with the least -ELBO", betas[np.argmin(R + D)], 1, within=0,
             source="D_1 + R_1 <= D_beta + R_beta for every beta")
print("Answer: it rises. A small beta buys detail, and pays more for it in rate than the detail is worth.")
lesson.figure(collapse.rate_distortion(
    betas, R, D, "Trained VAEs: a larger $\\beta$ gives less rate and more distortion; $-$ELBO is least at 1"),
    "rate_distortion")

# %%
# **In pictures.** p22 says: when the KL comes near 0, :math:`q(z|x)` is nearly the prior, so a Gaussian sample makes
# the generator work well. The first half is true, and can be made exact: the distance that
# ``latent.sliced_wasserstein`` measures obeys :math:`d^2 \le 2 D_{KL}(q(z) \Vert p(z)) / L \le 2 R / L` (Talagrand
# 1996, averaged over directions). The second half is wrong: at :math:`R = 0` the code says nothing, and for a decoder
# like ours, whose pixels are independent given z, every sample is at best the same mean picture. A small
# :math:`\beta` fails the other way: pictures are rebuilt in detail, but :math:`q(z)` leaves the prior, and a sample of
# :math:`p(z)` falls where the decoder was never trained. (See the full run: the quick one is too short.)

floor = latent.sliced_wasserstein(rng.standard_normal((len(binary), 10)))
lesson.claim("The distance from q(z) to N(0, I) is within what the rate allows: smallest slack",
             (np.sqrt(2 * R / 10) - far).min(), at_least=-floor,
             source="Talagrand's inequality, and the triangle's: the distance of as many draws of N(0, I)")
shown = [betas.index(beta) for beta in (0.1, 1, 20)]
lesson.figure(plots.picture_rows(
    {f"$\\beta$ = {betas[i]:g}: rate {R[i]:.1f} nats, $-$ELBO {R[i] + D[i]:.1f} nats":
     {"original": binary[:12], "rebuilt": vaes[i].reconstruct(binary[:12]),
      "sample": vaes[i].sample(12, np.random.default_rng(lesson.seed))} for i in shown},
    "A small $\\beta$ rebuilds best, but samples miss the digits; a large one makes nearly every picture the mean"),
    "pictures")

# %%
# **Collapse that is a failure.** A deep ReLU VAE on the 48 coordinates, :math:`\sigma_0^2 = 1`. Some eleven eigenvalues
# are above 1, and a decoder that bends can do better than the linear one. Yet with :math:`\beta = 1` from the start it
# ends with every latent off. At the start encoder and decoder do not agree: :math:`w m` is as often wrong as right, and
# both costs in :math:`H` push :math:`w` and :math:`m` to 0, the saddle. The linear VAE left it. What keeps this one?
# Count the **dead** units of the decoder's last hidden layer, 0 for every :math:`z`: they pass nothing on and get no
# gradient. And train the same network with tanh, whose units cannot die so.
#
# **Warm-up** (Bowman et al. 2016, Sonderby et al. 2016): let :math:`\beta` rise from 0 to 1 over the first epochs. At
# first the level :math:`v = \beta \sigma_0^2` is low, a large :math:`m` costs nothing, encoder and decoder find each
# other; then the water rises to its place. ``before_epoch`` of ``tinyvae.fit`` sets it.

lesson.predict("Same depth, same final loss. What helps -ELBO more: beta rising from 0, or tanh instead of ReLU?")
hidden, lr = (64, 64, 64), 3e-3                                                  # turn these: (64,) keeps its code
epochs, warm = (40, 30) if lesson.quick else (20, 10)                            # full: five times the steps per epoch
constant, rising = np.ones(epochs), np.minimum(1, np.arange(epochs) / warm)      # schedules of beta
seeds = np.random.SeedSequence(lesson.seed).generate_state(1 if lesson.quick else 4)
ignorant = np.sum(eigenvalues) / 2 + 24 * log(2 * np.pi)                         # -ELBO of the best model without z


def train_deep(seed, activation, schedule):
    """A deep VAE with 20 latents whose beta is schedule[epoch], and its history."""
    model = tinyvae.VAE(48, hidden, 20, "gaussian", sigma0=1.0, activation=activation, seed=seed)

    def before_epoch(epoch):
        model.beta = float(schedule[epoch])
    return model, tinyvae.fit(model, np.float32(x), epochs=epochs, optimizer=tinyvae.Adam(lr), seed=seed,
                              progress=False, before_epoch=before_epoch)


def dead_share(model):
    """Share of the units in the decoder's last hidden layer that are 0 for each of 1000 z ~ N(0, I)."""
    h = np.random.default_rng(lesson.seed).standard_normal((1000, model.latent_dim))
    for layer in model.decoder.layers[:-1]:
        h = layer.forward(h)
    return np.mean((h == 0).all(axis=0))


ways = {"ReLU, beta = 1": ("relu", constant), "ReLU, warm-up": ("relu", rising), "tanh, beta = 1": ("tanh", constant)}
gain, units, dead, rates, bounds = ({name: [] for name in ways} for _ in range(5))
for seed in map(int, seeds):
    for name, way in ways.items():
        model, history = train_deep(seed, *way)
        R, D = latent.rate_distortion(model, x, samples=2, rng=lesson.seed)
        gain[name].append(ignorant - R - D)
        units[name].append(latent.active_units(model, x).sum())
        dead[name].append(dead_share(model))
        rates[name].append(history["kl"])
        bounds[name].append(history["reconstruction"] + history["kl"] - ignorant)
        print(f"{name}: active latents {units[name][-1]:2d} of 20, rate {R:.3f}, dead units {dead[name][-1]:4.0%}, "
              f"-ELBO {R + D:.2f} nats")
best_linear = 0.5 * np.sum(np.maximum(eigenvalues, 1) - 1 - log(np.maximum(eigenvalues, 1)))
collapsed, warmed, smooth = ways
print(f"Answer: it is lower by {np.mean(gain[warmed]) - np.mean(gain[collapsed]):.1f} nats with the warm-up, by "
      f"{np.mean(gain[smooth]) - np.mean(gain[collapsed]):.1f} with tanh. (The best linear VAE gains {best_linear:.1f} "
      "over\na model without z.) So it is not the saddle alone: tanh leaves it. With z ignored ReLU units die, and\n"
      "the few left find no way out; a warm-up keeps more alive. (Which is first is not shown.)")
lesson.claim("With beta = 1 from the start no latent of the ReLU network is active: most active of a run",
             max(units[collapsed]), 0, within=0, source="a collapsed model; active: variance of mu above 0.01")
lesson.claim("There more units are dead than after a warm-up: least difference of the shares",
             np.subtract(dead[collapsed], dead[warmed]).min(), at_least=1 / hidden[0], source="one unit")
for name in (warmed, smooth):
    lesson.claim(f"{name}: every run is worth more than the best linear VAE, smallest gain (nats)", min(gain[name]),
                 at_least=best_linear, source="sum of 1/2 (lambda - 1 - log lambda) over lambda > 1")
lesson.figure(collapse.warm_up(rising, rates, bounds, -best_linear, "A deep ReLU VAE with $\\beta = 1$ from "
                               "the start loses its code; with a warm-up, or with tanh, it is kept"), "warm_up")

# %%
# **What warm-up cannot do.** It changes the way, not the goal. In the linear VAE collapse is the minimum for directions
# below :math:`\sigma_0^2`: they come alive while :math:`\beta` is small and die when it is 1.

linear = train_linear(warm=66 if lesson.quick else 33)
early = np.sum(eigenvalues[:latents] > sigma0_squared / 10)
print(f"At beta = 0.1 the level is {sigma0_squared / 10:g}: {early} of {latents} directions are above; at 1, {kept}.")
lesson.claim("After a warm-up the linear VAE keeps the same number of directions",
             np.sum(directions(linear, x) > 0.01), counted, within=0, source="closed form, as for claim 9")
lesson.end()
