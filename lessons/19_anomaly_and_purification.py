"""Anomaly detection and purification (slides p21, p29, p31, p32).

Before: lesson 16 (the VAE), lesson 09 (reconstruction error, ROC curve, AUC and its standard error), lesson 11 (ELBO).
After: you can turn a VAE of normal data into a detector with a guaranteed rate of false alarms, say what each of three
scores measures and what fools it, and use the same two networks to clean a picture and to show where a defect is.
"""

# %%
# A student asks (p32): a VAE is a *generative* model, how can it detect anomalies? The lecturer: there are two data
# sets. One is clean, an expert called every picture of it normal. Train on it alone, so that :math:`x` and its
# reconstruction :math:`x'` (p21) come close. Then pictures arrive of which nobody knows. Pass each through encoder and
# decoder; where the distance is large, it is an anomaly. Another student: but was the encoder not thrown away after
# training? For sampling it is. Here a picture comes in, and both networks are needed.
#
# There are three scores to choose from. With :math:`z \sim q(z|x)` from the encoder, :math:`K = D_{KL}(q(z|x), p(z))`:
#
# .. math::
#    e(x) = \sum_d (x_d - x'_d)^2, \quad
#    -\mathrm{ELBO}(x) = \mathbb{E}_q[-\log p(x|z)] + K, \quad
#    -\log p(x) \approx -\log \frac{1}{S} \sum_{i=1}^{S} \frac{p(x|z_i) p(z_i)}{q(z_i|x)}
#
# with :math:`x'` decoded from the mean of :math:`q(z|x)`. The second is an upper bound of the third (lesson 11). Lesson
# 09 held one class out of ten, with an autoencoder. Here one class is normal and nine are not.

import math

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import anomaly, evaluation, gaussian, plots
from tinyvae.corruption import make_corruption
from tinyvae.pca import PCA
from tinyvae.plots import anomaly as figures
from tinyvae.plots.scores import score_histograms
from tinyvae.probes import nearest_neighbour

lesson = Lesson("19_anomaly_and_purification", "Anomaly detection and purification", "p21, p29, p31, p32")
NORMAL, KEEP = 8, 0.9                 # the class shown in detail; the share of normal pictures to be called normal
per_class, hidden, L, epochs, batch, DRAWS = ((200, (64,), 10, 16, 20, 5) if lesson.quick else
                                             (1000, (200,), 10, 50, 40, 20))
images = lesson.standard_images()
test, labels = images.test, images.test_labels
noise_rng, defect_rng = map(np.random.default_rng, np.random.SeedSequence(lesson.seed).spawn(2))


def one_class(c):
    """A VAE of class c, the pictures it was trained on, and a fifth of the class kept apart for the threshold."""
    x = images.train[images.train_labels == c][:per_class]
    apart, x = x[:len(x) // 5], x[len(x) // 5:]
    model = tinyvae.VAE(784, hidden, L, "bernoulli", seed=lesson.seed)
    lesson.fit(model, x, epochs=epochs, batch_size=batch, seed=lesson.seed)
    return model, x, apart


model, x_normal, apart = one_class(NORMAL)
anomalous = labels != NORMAL                                                 # (N,)
print(f"\nnormal: the {NORMAL}. {len(x_normal)} to train on, {len(apart)} for the threshold; {len(test)} test pictures")

# %%
# The three scores by hand, from the same noise as ``anomaly.scores`` draws.

exact, x, S = model.astype(np.float64), np.float64(test[:30]), 20
mu, logvar = exact.encode(x)                                                 # (B, L) each
eps = exact.noise(np.random.default_rng(lesson.seed), S * len(x)).reshape(S, len(x), L)
z = mu + np.exp(logvar / 2) * eps                                            # (S, B, L)
a = exact.decoder.forward(z.reshape(-1, L)).reshape(S, len(x), -1)           # logits (S, B, D)
R = np.sum(np.logaddexp(0, a) - x * a, axis=2)                               # -log p(x|z), (S, B)
K = 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)                # (B,)
log_w = -R + np.sum(-z**2 / 2 + eps**2 / 2 + logvar / 2, axis=2)             # log p(x|z) + log p(z) - log q(z|x)
top = log_w.max(axis=0)                                                      # (B,), or exp would underflow
x_hat = 1 / (1 + np.exp(-exact.decoder.forward(mu)))
by_hand = {"reconstruction": np.sum((x - x_hat)**2, axis=1), "elbo": R.mean(axis=0) + K,
           "likelihood": -np.log(np.mean(np.exp(log_w - top), axis=0)) - top}
by_library = {kind: anomaly.scores(exact, x, kind, S, lesson.seed) for kind in by_hand}
lesson.claim("The scores by hand are those of anomaly.scores: largest relative difference",
             max(np.abs(by_library[kind] / own - 1).max() for kind, own in by_hand.items()), 0, within=1e-9,
             source="tinyvae/anomaly.py, scores; rounding")

# %%
# **The threshold.** The lecturer says (p32): for example 100; a distance above it is an anomaly, below it is normal. A
# distance has units: with pixels from 0 to 255 the same pictures have :math:`255^2` times the error. So no number is
# good by itself. It must come from normal pictures, and from ones the model was *not* trained on.
#
# Let :math:`s_1, \dots, s_n` be their scores, :math:`s_{n+1}` that of a fresh normal picture. Before anyone looks they
# are *exchangeable*: each of the :math:`n + 1` is equally likely to be the fresh one. Let :math:`t` be the :math:`k`-th
# smallest of the other :math:`n`. Score by score (here: the error of the pictures kept apart), leave each out in turn:

lesson.predict(f"You want to keep {KEEP:.0%} of normal data. From 20 scores, which one is the threshold: the 18th\n"
               "smallest, or a larger one?")


def kth(scores, rank):
    """The rank-th smallest score."""
    return np.sort(scores)[rank - 1]


s = anomaly.scores(model, apart)[:21]
n = len(s) - 1
k = math.ceil((n + 1) * KEEP)
ranks = np.array([np.sum(s <= one) for one in s])                            # 1 .. n + 1
lesson.derivation(f"{n} scores and a fresh one: the rate of false alarms, whatever the scores are", [
    ("1/(n+1) sum_i 1(s_i > t without s_i)", "each is equally likely to be the fresh one",
     np.mean([one > kth(np.delete(s, i), k) for i, one in enumerate(s)])),
    ("1/(n+1) sum_i 1(at least k others are below s_i)", "s_i > k-th smallest of the others",
     np.mean([np.sum(np.delete(s, i) < one) >= k for i, one in enumerate(s)])),
    ("1/(n+1) #(ranks above k)", "k others below: rank k + 1 or more among all", np.mean(ranks > k)),
    ("(n + 1 - k)/(n + 1)", "each rank from 1 to n + 1 occurs once", (n + 1 - k) / (n + 1)),
    ("1 - k/(n + 1)", "divide", 1 - k / (n + 1))], within=1e-12, source="counting; no ties")
naive = math.ceil(n * KEEP)
print(f"Answer: the {k}th of {n}. 1 - k/(n + 1) <= {1 - KEEP:.1f} needs k >= (n + 1) {KEEP}. The {naive}th gives "
      f"{1 - naive / (n + 1):.3f}, too many.\nTies only lower the rate. Fewer than {KEEP / (1 - KEEP):.0f} scores "
      "allow no such promise; anomaly.threshold then says so.\nThe promise is an average over the draws of the "
      "threshold; one threshold's own rate scatters about it (lesson 09).")
lesson.claim("The k-th smallest is anomaly.threshold", anomaly.threshold(s[:n], KEEP), kth(s[:n], k), within=0,
             source="tinyvae/anomaly.py, threshold")
e, t = anomaly.scores(model, test), anomaly.threshold(anomaly.scores(model, apart), KEEP)
print(f"threshold {t:.2f}: {np.mean(e[~anomalous] > t):.1%} false alarms, {np.mean(e[anomalous] > t):.1%} of the "
      f"anomalies found; with the threshold 100: {np.mean(e[anomalous] > 100):.1%} found")
lesson.figure(score_histograms(e[~anomalous], e[anomalous], t, f"{NORMAL} (normal)", "other digits (anomalies)",
                               "The threshold comes from normal pictures alone; all to its right is called an anomaly",
                               called="anomaly"), "threshold")

# %%
# **Each class in turn is normal**, each with its own model and threshold, beside PCA with as many numbers. The standard
# error of an AUC is DeLong's (lesson 09): each picture has an *influence* on it, and the squares of the influences add
# up to the variance. So differences on the same pictures get their error too. Two more columns are explained below.

lesson.predict("-log p is what a density is for, and the ELBO is closer to it than a squared error. Which score parts\n"
               "normal from anomalous pictures best?")
NAMES = ("PCA error", "error", "-ELBO", "-log p", "-ELBO - H", "K alone")


def influence(s, positive):
    """(N,): what each picture adds to the AUC of s; derived in lesson 09."""
    wins = (s[positive][:, None] > s[~positive]) + 0.5 * (s[positive][:, None] == s[~positive])
    v, w = wins.mean(axis=1), wins.mean(axis=0)
    psi = np.zeros(len(s))
    psi[positive] = (v - v.mean()) / math.sqrt(len(v) * (len(v) - 1))
    psi[~positive] = (w - w.mean()) / math.sqrt(len(w) * (len(w) - 1))
    return psi


def entropy(x):
    """H(x) = -sum_d [x_d log x_d + (1 - x_d) log(1 - x_d)] of grey pixels in [0, 1]: (N, D) to (N,), nats."""
    p = np.clip(np.float64(x), 1e-12, 1 - 1e-12)
    return -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=1)


def mean_and_error(values):
    """The mean of values (N,) and its standard error."""
    return values.mean(), values.std(ddof=1) / math.sqrt(len(values))


def all_scores(model, plane, x):
    """The scores NAMES of pictures x, (6, N)."""
    e, bound, surprise = (anomaly.scores(model, x, kind, DRAWS, lesson.seed) for kind in anomaly.KINDS)
    kl = gaussian.kl_standard_normal(*(np.float64(part) for part in model.encode(x)))
    return np.array([anomaly.scores(plane, x), e, bound, surprise, bound - entropy(x), kl])


areas, psi, blank = np.zeros((10, 6)), np.zeros((10, 6, len(test))), np.zeros((10, 6))
alarms, alarms_trained, calibrated = [], [], 0
print("\nnormal   " + "".join(f"{name:<17}" for name in NAMES))
for c in range(10):
    net, x, kept = (model, x_normal, apart) if c == NORMAL else one_class(c)
    normal, plane = labels == c, PCA(x, L)
    found = all_scores(net, plane, test)                                     # (6, N)
    for i, s in enumerate(found):
        areas[c, i], psi[c, i] = evaluation.auc(s, ~normal), influence(s, ~normal)
    empty = all_scores(net, plane, np.zeros_like(test[:1]))                  # (6, 1)
    blank[c] = np.mean(found[:, normal] < empty, axis=1)
    alarms.append(found[1][normal] > anomaly.threshold(anomaly.scores(net, kept), KEEP))
    alarms_trained.append(found[1][normal] > anomaly.threshold(anomaly.scores(net, x), KEEP))
    calibrated += len(kept)
    if c == NORMAL:
        detail, its_plane = found, plane
    print(f"{c:<9}" + "".join(f"{a:.3f} +- {b:.3f}  " for a, b in zip(areas[c], np.sqrt(np.sum(psi[c]**2, axis=1)))))
mean, mean_psi = areas.mean(axis=0), psi.mean(axis=0)                        # (6,), (6, N)
print("average  " + "".join(f"{a:.3f} +- {b:.3f}  " for a, b in zip(mean, np.sqrt(np.sum(mean_psi**2, axis=1)))))


def claim_better(i, j, sentence):
    """Claim that score i has the larger average AUC than score j, by 5 standard errors of the difference."""
    error = math.sqrt(np.sum((mean_psi[i] - mean_psi[j])**2))
    lesson.claim(sentence, mean[i] - mean[j], at_least=max(5 * error, 1e-9),
                 source="ten classes, the same pictures; 5 standard errors of the difference (DeLong)")


print("Answer: from best to worst " + ", ".join(f"{NAMES[i]} {mean[i]:.3f}" for i in np.argsort(-mean)))
claim_better(1, 2, "The reconstruction error parts normal from anomalous better than -ELBO: difference of the AUCs")
lesson.figure(figures.auc_per_class(areas[:, :5], np.sqrt(np.sum(psi**2, axis=2))[:, :5], NAMES[:5],
                                    "-ELBO and -log p of grey pixels find fewer anomalies than the error does, until "
                                    "H(x) is taken off"), "auc_per_class")
lesson.figure(figures.roc_by_score(
    {name: (*evaluation.roc_curve(s, anomalous)[:2], area) for name, s, area in zip(NAMES[:5], detail, areas[NORMAL])},
    f"Normal: the {NORMAL}. The left end rests on a few of {np.sum(~anomalous)} normal pictures"), "roc")

# %%
# On all of MNIST (16 numbers, ``tests/benchmarks/anomaly.py``) the averages are 0.967 for the error, 0.918 for
# :math:`-\mathrm{ELBO}`, 0.912 for :math:`-\log p`, 0.966 for :math:`-\mathrm{ELBO} - H`; PCA with 32 numbers has
# 0.955. With nine classes normal and the 1 held out, as in lesson 09, :math:`-\mathrm{ELBO}` (32 numbers) has an AUC of
# 0.05, far *below* chance: a 1 is likelier to this model than nearly all it was trained on. The reason comes below.
#
# What came of the guarantee, on all normal test pictures of all ten models? The share of false alarms has a standard
# error of :math:`\sqrt{p (1 - p)(1/n + 1/m)}` with :math:`n` pictures for the thresholds and :math:`m` tested
# (lesson 09: drawing the threshold scatters as much as drawing the test).

n, m = calibrated, len(test)
share, error = np.mean(np.concatenate(alarms)), math.sqrt(KEEP * (1 - KEEP) * (1 / n + 1 / m))
print(f"\nfalse alarms: {share:.3f} with thresholds from pictures kept apart ({1 - KEEP:.1f} was promised: "
      f"{(share - 1 + KEEP) / error:+.1f} standard errors);\n{np.mean(np.concatenate(alarms_trained)):.3f} with "
      "thresholds from the pictures trained on, which promise nothing")
lesson.claim("False alarms among fresh normal pictures of ten classes", share, at_most=1 - KEEP + 5 * error,
             source="the derivation above; 5 standard errors")

# %%
# **What the error leaves out.** In one model all is exact: probabilistic PCA (lesson 22: the best linear VAE) is
# :math:`N(m, C)`. :math:`C` has the variances :math:`\lambda_j` along the :math:`L` components and :math:`\sigma^2` in
# all other directions. With :math:`c_j = (x - m) v_j^T`, and constants :math:`A`:
#
# .. math::
#    \begin{aligned}
#    -\log p(x) &= A + \frac{1}{2} (x - m) C^{-1} (x - m)^T && \text{density of a Gaussian} \\
#    &= A + \frac{1}{2} \left[ \sum_{j \le L} \frac{c_j^2}{\lambda_j} + \sum_{j > L} \frac{c_j^2}{\sigma^2} \right]
#      && C^{-1} \text{ in its own directions} \\
#    &= A + \frac{1}{2} \sum_{j \le L} \frac{c_j^2}{\lambda_j} + \frac{1}{2 \sigma^2} |x - x'|^2
#      && x' \text{ keeps the first } L \text{ coordinates}
#    \end{aligned}
#
# The error is the last term alone. It does not see how far *within* the plane a picture lies; no projection does. (The
# surface that a VAE draws is curved.) p32 (note 4) says that a :math:`z` outside of what was learned gives distorted
# pictures, and that detection rests on this. But such pictures lie *on* the surface that the decoder draws.

plane, x = its_plane, np.float64(test[anomalous][0])
D, lam = len(x), plane.variances
d = x - plane.mean
sigma2 = (np.sum(np.var(x_normal, axis=0, dtype=np.float64)) - lam.sum()) / (D - L)
V = plane.components                                                         # (L, D)
C = V.T @ np.diag(lam - sigma2) @ V + sigma2 * np.eye(D)
A = 0.5 * (D * math.log(2 * math.pi) + np.sum(np.log(lam)) + (D - L) * math.log(sigma2))
c_j = V @ d
lesson.derivation("-log p of probabilistic PCA is the error and a distance within the plane", [
    ("-log N(x; m, C)", "determinant and inverse of all of C",
     0.5 * (D * math.log(2 * math.pi) + np.linalg.slogdet(C)[1] + d @ np.linalg.solve(C, d))),
    ("A + 1/2 (x-m) C^-1 (x-m)^T", "the determinant is the product of the variances",
     A + 0.5 * d @ np.linalg.solve(C, d)),
    ("A + 1/2 [sum_j c_j^2/lambda_j + (|x-m|^2 - sum_j c_j^2)/sigma^2]", "C^-1 in its directions; |x-m|^2 is all c_j^2",
     A + 0.5 * (np.sum(c_j**2 / lam) + (d @ d - c_j @ c_j) / sigma2)),
    ("A + 1/2 sum_j c_j^2/lambda_j + e(x)/(2 sigma^2)", "the other directions are what the reconstruction leaves out",
     A + 0.5 * np.sum(c_j**2 / lam) + anomaly.scores(plane, x[None])[0] / (2 * sigma2))], within=1e-6,
    source="probabilistic PCA (Tipping and Bishop 1999), rounding")

# %%
# **What fools -ELBO.** Pixels are grey, and a Bernoulli likelihood of a grey pixel is a cross-entropy. Its least value
# is not 0. For one picture and its reconstruction :math:`x'`:
#
# .. math::
#    \begin{aligned}
#    R &= -\sum_d \left[ x_d \log x'_d + (1 - x_d) \log(1 - x'_d) \right] \\
#    &= \sum_d \left[ x_d \log \frac{x_d}{x'_d} + (1 - x_d) \log \frac{1 - x_d}{1 - x'_d} \right] + H(x)
#      && \text{add and subtract } H(x) \\
#    &= D_{KL}(x, x') + H(x) \ge H(x)
#      && \text{a KL is never negative}
#    \end{aligned}
#
# :math:`H(x)` knows nothing of the model. A picture with thin or few strokes has few grey pixels, so a low
# :math:`-\mathrm{ELBO}`, whatever it shows. :math:`-\mathrm{ELBO} - H(x)` takes this off.

i = np.argmax(anomalous)
x, p = np.float64(test[i]), 1 / (1 + np.exp(-exact.decoder.forward(exact.encode(np.float64(test[i:i + 1]))[0])[0]))
q = np.clip(x, 1e-300, 1), np.clip(1 - x, 1e-300, 1)                         # 0 log 0 = 0
kl_pixels = np.sum(x * np.log(q[0] / p) + (1 - x) * np.log(q[1] / (1 - p)))
logits = exact.decoder.forward(exact.encode(x[None])[0])
lesson.derivation("The cross-entropy of grey pixels is a KL and a floor that no model changes", [
    ("likelihood.nll", "the library, from logits", exact.likelihood.nll(x[None], logits)[0]),
    ("-sum_d [x log x' + (1-x) log(1-x')]", "definition", -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p))),
    ("sum_d [x log x/x' + (1-x) log (1-x)/(1-x')] + H(x)", "add and subtract H(x)", kl_pixels + entropy(x[None])[0])],
    within=1e-7, source="rounding, and 1e-12 in the clipped logarithms of entropy")
cuts = [anomaly.threshold(s, KEEP) for s in all_scores(model, its_plane, apart)]
claim_better(4, 2, "Without H(x) the same bound finds more: difference of the AUCs")
lesson.figure(figures.scores_above_their_floor(
    entropy(test), detail[2], anomalous, cuts[2], (f"{NORMAL} (normal)", "other digits (anomalies)"),
    "Few grey pixels lower -ELBO: anomalies on the left hide below the threshold"), "floor")

# %%
# **Little ink** fools the error too: it is a sum over pixels, and most of them get nothing to be wrong about. p29 says:
# of a picture unlike the training data nothing *guarantees* that :math:`x'` comes close. True; but nothing guarantees
# that it does not. Fade the anomalies to :math:`c x`. No normal picture looks like that.

lesson.predict("The strokes of the anomalies get half the ink. Are they easier to find, or harder?")
print(f"\nfound among anomalies faded to c x (normal: {NORMAL}), thresholds at {1 - KEEP:.0%} false alarms:\nc      "
      + "".join(f"{name:<13}" for name in NAMES))
hits = {}
for fade in (1, 0.5, 0.25):
    faded = all_scores(model, its_plane, fade * test[anomalous][:100])
    hits[fade] = np.array([s > cut for s, cut in zip(faded, cuts)])              # (6, 100)
    print(f"{fade:<7}" + "".join(f"{share:<13.1%}" for share in hits[fade].mean(axis=1)))
lost, error = mean_and_error(hits[1][1] - 1.0 * hits[0.5][1])
grey = [entropy(fade * test[anomalous][:100]).mean() for fade in (1, 0.5)]
print(f"Answer: by the error harder, {lost:.0%} of them are no longer found; by -ELBO from {hits[1][2].mean():.0%} to "
      f"{hits[0.5][2].mean():.0%} are found:\nfading makes grey pixels, H(x) goes from {grey[0]:.0f} to {grey[1]:.0f} "
      "nats. And the empty picture? Share of normal pictures that\nscore lower than it, least of the ten models: "
      + ", ".join(f"{name} {share:.2f}" for name, share in zip(NAMES, blank.min(axis=0))))
lesson.claim("Half the ink hides anomalies from the reconstruction error: share of those no longer found", lost,
             at_least=max(5 * error, 1e-9), source="the same 100 pictures; 5 standard errors")

# %%
# p31 (note 3) names a third way: normal data lie near the prior, anomalies do not, so "latent probability" would tell.
# That is the column *K alone*. The encoder was never asked where to put what it was not shown.

claim_better(1, 5, "The error finds more than the place in latent space: difference of the AUCs")

# %%
# **Purification (p31, note 4).** A noisy picture goes through the encoder "into the latent space", and comes back
# "fitted to the learned distribution". Now all ten digits are normal: the VAE that lessons 17 to 20 share. What to
# expect? PCA is exact again. Let :math:`P = V^T V` be the projection on the plane, noise :math:`n` with mean 0 and
# variance :math:`\sigma^2` in each pixel:
#
# .. math::
#    \begin{aligned}
#    \mathbb{E} |x' - x|^2 &= \mathbb{E} |m + (x + n - m) P - x|^2 && \text{reconstruction of } x + n \\
#    &= \mathbb{E} |n P - (x - m)(I - P)|^2 && \text{collect} \\
#    &= |(x - m)(I - P)|^2 + \mathbb{E} |n P|^2 && \text{Pythagoras: one in the plane, one orthogonal to it} \\
#    &= e(x) + L \sigma^2 && \text{variance } \sigma^2 \text{ in each of } L \text{ directions}
#    \end{aligned}
#
# The noisy picture itself has the error :math:`D \sigma^2`. So :math:`D - L` parts of the noise are taken away, and the
# price is :math:`e(x)`, the model's own error, which is there without any noise. Purification pays from
# :math:`\sigma^2 = e(x)/(D - L)` on; below, it harms.

lesson.predict("Noise of 0.3 in every pixel (ink is 1). By which factor does purification reduce its error? And what\n"
               "if the noisy picture is stored as a picture, with its pixels clipped to [0, 1]?")
vae, _ = lesson.standard_vae(images)
SIGMA, ROUNDS, x = 0.3, 3, np.float64(test[:500])
plane = PCA(images.train, vae.latent_dim)


def error_of(x_hat):
    """The squared error of each picture, (N,)."""
    return np.sum((x_hat - x)**2, axis=1)


noise = SIGMA * noise_rng.standard_normal(x.shape)
added, its_error = mean_and_error(error_of(anomaly.purify(plane, x + noise)) - error_of(anomaly.purify(plane, x)))
lesson.claim("PCA: what the noise adds to its error", added, vae.latent_dim * SIGMA**2, within=5 * its_error,
             source="L sigma^2, the last line above; 5 standard errors")
NOISES = {"gaussian": ("Gaussian", "standard deviation (1 = full ink)", (0, 0.05, 0.1, 0.15, 0.2, SIGMA, 0.5)),
          "clipped": ("Gaussian, clipped", "standard deviation before clipping", (0, 0.05, 0.1, 0.15, 0.2, SIGMA, 0.5)),
          "salt-and-pepper": ("salt and pepper", "share of pixels hit", (0, 0.02, 0.05, 0.1, 0.2, 0.3)),
          "masking": ("masking", "share of pixels hit", (0, 0.05, 0.1, 0.2, 0.3, 0.5))}


def noisy(kind, level):
    """The clean pictures under one kind of noise."""
    noise = make_corruption("gaussian" if kind == "clipped" else kind, level)
    x_seen = noise.apply(x, noise.draw(noise_rng, x.shape))
    return np.clip(x_seen, 0, 1) if kind == "clipped" else x_seen


def crossing(levels, before, after):
    """The first level from which after lies below before, by linear interpolation; NaN when it never does."""
    gain = np.asarray(before) - after
    for i in range(1, len(levels)):
        if gain[i - 1] < 0 <= gain[i]:
            return levels[i - 1] + (levels[i] - levels[i - 1]) * gain[i - 1] / (gain[i - 1] - gain[i])
    return math.nan


panels, gains = {}, {}
print("\nsquared error per picture: noisy, purified once, purified " + f"{ROUNDS} times, PCA")
for kind, (name, unit, levels) in NOISES.items():
    lines = {"noisy picture": [], "VAE": [], f"VAE, {ROUNDS} rounds": [], "PCA": []}
    for level in levels:
        x_seen = noisy(kind, level)
        each = [error_of(y) for y in (x_seen, anomaly.purify(vae, x_seen), anomaly.purify(vae, x_seen, ROUNDS),
                                      anomaly.purify(plane, x_seen))]
        gains[kind, level] = each[0] - each[1], each[1] - each[2]                # (N,) each
        for line, values in zip(lines.values(), each):
            line.append(values.mean())
        print(f"{name:<26}{level:<6}" + "".join(f"{line[-1]:9.2f}" for line in lines.values()))
    panels[name] = unit, levels, lines, crossing(levels, lines["noisy picture"], lines["VAE"])
before, after = ({kind: panels[NOISES[kind][0]][2][line][5] for kind in ("gaussian", "clipped")}
                 for line in ("noisy picture", "VAE"))                       # at SIGMA
floor, pays = panels["Gaussian"][2]["VAE"][0], panels["Gaussian"][3]
print(f"It pays from a standard deviation of {pays:.3f} on. With the VAE's own error of {floor:.2f} the line above "
      f"says {math.sqrt(floor / (784 - vae.latent_dim)):.3f}.")
print(f"Answer: at {SIGMA} from {before['gaussian']:.1f} to {after['gaussian']:.1f}, a factor of "
      f"{before['gaussian'] / after['gaussian']:.1f}. Clipped: from {before['clipped']:.1f} to {after['clipped']:.1f}.")
for sentence, kind, level, sign in (("Little noise: purification harms; gain in squared error", "gaussian", 0.05, -1),
                                    ("Much noise of mean 0: it helps", "gaussian", SIGMA, 1),
                                    ("Salt and pepper on every tenth pixel: it helps", "salt-and-pepper", 0.1, 1)):
    gain, error = mean_and_error(gains[kind, level][0])
    lesson.claim(f"{sentence} ({kind}, {level})", sign * gain, at_least=max(5 * error, 1e-9),
                 source=f"{'loss' if sign < 0 else 'gain'} per picture above 5 standard errors")
lesson.figure(figures.noise_curves(
    panels, "Purified pictures keep the model's own error: it pays from some noise on, and less after clipping"),
    "noise_levels")

# %%
# **What clipping does.** Noise of mean 0 averages out in the encoder's first layer, which sums 784 pixels. Most pixels
# are background, :math:`x_d = 0`. There clipping cuts off the negative half, and what is left has a mean (:math:`\phi`
# the density of :math:`N(0, 1)`, :math:`Q` its upper tail, :math:`b = 1 / \sigma`):
#
# .. math::
#    \mathbb{E} \min(\max(\sigma u, 0), 1) = \sigma \left[ \phi(0) - \phi(b) + b Q(b) \right] \approx 0.4 \sigma
#
# A grey veil of that height over all pixels is no noise for the encoder, but ink, and no training picture looked like
# it. If that is the reason, then taking its mean off before purification must help. "Noisy input comes out clean" (p31)
# holds for noise that the encoder averages out, not for any distortion. PCA, a projection, suffers less; an autoencoder
# *trained* on such noise learns to take it off (lesson 07).

b = 1 / SIGMA
phi, Q = math.exp(-b**2 / 2) / math.sqrt(2 * math.pi), math.erfc(b / math.sqrt(2)) / 2
veil, veil_error = mean_and_error(noisy("clipped", SIGMA)[x == 0])
height = SIGMA * (1 / math.sqrt(2 * math.pi) - phi + b * Q)
lesson.claim("Mean of the clipped noise on background pixels", veil, height, within=5 * veil_error,
             source="the integral above; 5 standard errors")
x_seen = noisy("clipped", SIGMA)
as_it_is, less_veil = (error_of(anomaly.purify(vae, y)) for y in (x_seen, x_seen - height))
print(f"clipped, purified: error {as_it_is.mean():.1f}; with {height:.2f} taken off before, {less_veil.mean():.1f}")
gain, error = mean_and_error(as_it_is - less_veil)
lesson.claim("Taking the veil's mean off before purification helps: gain in squared error", gain,
             at_least=max(5 * error, 1e-9), source="gain per picture above 5 standard errors")
worse = np.mean(gains["gaussian", SIGMA][1] < 0)
lesson.claim(f"Rounds: purified {ROUNDS} times a picture is further from the clean one than once; share of pictures",
             worse, at_least=0.5 + 5 * 0.5 / math.sqrt(len(x)), source="above one half, 5 standard errors (sign test)")

# %%
# **Cleaner is not truer.** The model draws the digit that it takes the picture for. The nearest training picture tells
# the class, before and after.

lesson.predict("Are more digits recognised after purification, or fewer?")
shown, lost = {}, []
for kind, level in (("gaussian", SIGMA), ("clipped", SIGMA), ("salt-and-pepper", 0.2), ("masking", 0.5)):
    name, x_seen = f"{NOISES[kind][0]}, {level}", noisy(kind, level)
    x_hat = anomaly.purify(vae, x_seen)
    right = [nearest_neighbour(images.train, images.train_labels, y) == labels[:len(x)] for y in (x_seen, x_hat)]
    lost.append(right[0] - 1.0 * right[1])                                   # (N,)
    shown[name] = {"noisy": x_seen[:12], "purified": x_hat[:12], "clean": x[:12]}
    print(f"{name:<26}recognised: noisy {right[0].mean():.1%}, purified {right[1].mean():.1%}")
fewer, error = mean_and_error(np.mean(lost, axis=0))
print(f"Answer: fewer, by {100 * fewer:.1f} points on average.")
lesson.claim("Purified digits are recognised less often than noisy ones: mean share lost", fewer,
             at_least=max(5 * error, 1e-9), source="the same pictures; 5 standard errors")
lesson.figure(plots.picture_rows(shown, "What comes back is what the model draws, not always the digit that was there"),
              "purified")

# %%
# **Where is the anomaly?** Purify a picture with the model of one class: what comes back is a picture that this model
# can draw, near but not nearest, and the difference :math:`x - x'` shows where the two disagree. The lecturer speaks of
# a *defect*. Make one: invert a square of 5 x 5 pixels in normal pictures, at random places. Then take the square in
# which the squared difference is largest, and see whether it touches the defect.

lesson.predict("A defect of 25 of 784 pixels. How often does the largest residual show its place?")
SIDE = 5
good = test[~anomalous]
places = defect_rng.integers(4, 24 - SIDE, (len(good), 2))                   # row, column
bad = good.copy().reshape(-1, 28, 28)
for picture, (row, column) in zip(bad, places):
    square = picture[row:row + SIDE, column:column + SIDE]
    square[...] = 1 - square
bad = bad.reshape(-1, 784)
sums = np.zeros((len(bad), 29, 29))                                          # of all pixels above and to the left
sums[:, 1:, 1:] = ((bad - anomaly.purify(model, bad))**2).reshape(-1, 28, 28).cumsum(axis=1).cumsum(axis=2)
inside = sums[:, SIDE:, SIDE:] - sums[:, :-SIDE, SIDE:] - sums[:, SIDE:, :-SIDE] + sums[:, :-SIDE, :-SIDE]
found = np.stack(np.unravel_index(inside.reshape(len(bad), -1).argmax(axis=1), inside.shape[1:]), axis=1)
touches = np.all(np.abs(found - places) < SIDE, axis=1)
by_chance = (2 * SIDE - 1)**2 / inside[0].size
s = np.concatenate([anomaly.scores(model, good), anomaly.scores(model, bad)])
area, area_error = evaluation.auc(s, np.arange(len(s)) >= len(good), return_error=True)
print(f"Answer: {np.mean(touches):.1%}; a square at random would touch it in {by_chance:.0%} at most. Whether there "
      f"is one at all\nis another question: AUC {area:.3f} +- {area_error:.3f}, for it adds to an error that every "
      "picture has.")
lesson.claim("The largest residual lies on the defect: share of pictures", np.mean(touches),
             at_least=by_chance + 5 * math.sqrt(by_chance * (1 - by_chance) / len(bad)),
             source="above a place at random, 5 standard errors")
others = np.array([test[labels == c][0] for c in range(10) if c != NORMAL])
lesson.figure(figures.residual_maps(
    {f"the {NORMAL} with a defect (its place: black)": (bad[:9], anomaly.purify(model, bad[:9]),
                                                      np.column_stack([places[:9], np.full(len(places[:9]), SIDE)])),
     f"other digits, through the model of the {NORMAL}": (others, anomaly.purify(model, others))},
    f"What the model of the {NORMAL} does not draw stands in the difference"), "residuals")
lesson.end()
