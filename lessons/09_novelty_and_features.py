"""Novelty and features: two uses of an autoencoder (notes on autoencoders and VAE, overview; notes on manifold, uses).

Before: lesson 05 (the autoencoder and PCA), lesson 01 (softmax regression).
After: you can turn a reconstruction error into a decision, choose its threshold without a single novel example, derive
what the area under a ROC curve is and how far to trust it, say where a large error is no novelty and a small one no
comfort, and judge a code by what a simple classifier makes of it with few labels.
"""

# %%
# The notes on autoencoders and VAE say: the reconstruction error is "the difference of the data distributions of input
# and output picture"; if it is large, the input is unlike what was learned. That is *novelty detection*. The notes on
# manifolds add: an autoencoder that restores "only normal data well" finds outliers; and where labels are few, train
# it on all data and use its encoder for a classifier. Each of these sentences is measured here.
#
# **The score.** :math:`x` has :math:`D` pixels, :math:`\hat{x}` is its reconstruction:
#
# .. math::
#    e(x) = \sum_{d=1}^{D} (\hat{x}_d - x_d)^2
#
# Train on nine of the ten digits; the tenth is novel. Pictures are halved, each pixel the mean of :math:`2 \times 2`,
# so that the trainings of this lesson stay short. A *score* says more or less novel; it is no decision yet.

import itertools
import math

import numpy as np

from lessons.course import Lesson
from tinyvae import Adam, Autoencoder, evaluation, fit, plots
from tinyvae.pca import PCA
from tinyvae.plots import scores as figures
from tinyvae.probes import nearest_neighbour, softmax_regression

lesson = Lesson("09_novelty_and_features", "Novelty and features", "notes on autoencoders, uses")
n_train, n_test, hidden, L, epochs, batch, lr = ((800, 1000, (64,), 8, 12, 80, 7e-3) if lesson.quick else
                                                 (4000, 2000, (128, 64), 10, 15, 50, 3e-3))
images = lesson.images(n_train, n_test)
train, test = (x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196) for x in (images.train, images.test))
labels, test_labels = images.train_labels, images.test_labels
fit_seeds = [int(word) for word in np.random.SeedSequence(lesson.seed).generate_state(15)]
split_rng, pair_rng, label_rng = (np.random.default_rng(s) for s in np.random.SeedSequence(lesson.seed).spawn(3))


def trained(x, seed):
    """An autoencoder of x."""
    model = Autoencoder(x.shape[1], hidden, L, seed=seed)
    fit(model, x, epochs=epochs, batch_size=batch, optimizer=Adam(lr), seed=seed, progress=False)
    return model


def claim_above_zero(sentence, difference, standard_error, source):
    """Claim that a difference lies above 0 by 5 of its standard errors (a difference of exactly 0 does not)."""
    lesson.claim(sentence, difference, at_least=max(5 * standard_error, 1e-9), source=source)


held_out = 2
novel = test_labels == held_out                                              # (n_test,)
model = trained(train[labels != held_out], fit_seeds[held_out])
x_hat = np.float64(model.reconstruct(test))                                  # (n_test, D)
e = np.sum((x_hat - test)**2, axis=1)                                        # (n_test,)
print(f"held out: {held_out}. Mean error of the other digits {e[~novel].mean():.2f}, of the {held_out} "
      f"{e[novel].mean():.2f}")
lesson.claim("The score above is evaluation.reconstruction_error: largest relative difference",
             np.max(np.abs(evaluation.reconstruction_error(model, test) / e - 1)), 0, within=1e-5,
             source="tinyvae/evaluation.py; float32 rounding of the reconstruction")

# %%
# **No difference of distributions.** Exchange the reconstructions among the pictures at random. The set of inputs is
# the same, the set of outputs is the same, so every difference of their distributions is the same. The error is not:
# it is a number for one picture and its own reconstruction. Over all permutations :math:`\pi` each :math:`\hat{x}_j`
# meets each :math:`x_i` equally often, so
#
# .. math::
#    \begin{aligned}
#    \mathbb{E}_\pi \left[ \frac{1}{N} \sum_i |\hat{x}_{\pi(i)} - x_i|^2 \right]
#      &= \frac{1}{N^2} \sum_{i,j} |\hat{x}_j - x_i|^2 \\
#      &= |m_{\hat{x}} - m_x|^2 + \operatorname{tr} \operatorname{Cov} \hat{x} + \operatorname{tr} \operatorname{Cov} x
#    \end{aligned}
#
# since the mean square of the difference of two independent draws is its squared mean plus both variances.

x = np.float64(test[~novel])
own = x_hat[~novel]
exchanged = np.array([np.mean(np.sum((pair_rng.permutation(own) - x)**2, axis=1)) for _ in range(40)])
expected = np.sum((own.mean(axis=0) - x.mean(axis=0))**2) + np.sum(own.var(axis=0)) + np.sum(x.var(axis=0))
print(f"mean error with its own reconstruction {e[~novel].mean():.2f}, with another one's {exchanged.mean():.2f}: "
      f"{exchanged.mean() / e[~novel].mean():.1f} times")
lesson.claim("Same inputs, same outputs, other pairs: the mean error of exchanged reconstructions", exchanged.mean(),
             expected, within=5 * exchanged.std(ddof=1) / math.sqrt(len(exchanged)),
             source="the last line above; 5 standard errors of 40 permutations")

# %%
# **A threshold from normal data alone.** Nobody has the novel pictures in advance. Take :math:`n` normal ones that
# were not trained on, sort their scores, and let the threshold :math:`t` be the :math:`k`-th smallest. "Novel" means
# :math:`e(x) > t`. How often will a further normal picture be called novel, a *false alarm*?
#
# .. math::
#    \begin{aligned}
#    P(e_{new} > t) &= P(\text{rank of } e_{new} \text{ among all } n + 1 \text{ is at least } k + 1)
#      && t \text{ is the } k\text{-th smallest of the others} \\
#    &= \frac{n + 1 - k}{n + 1} = p
#      && \text{all } n + 1 \text{ ranks are equally likely}
#    \end{aligned}
#
# whatever the distribution of the scores (without ties). Test it on :math:`m` new ones: let :math:`f` be the share of
# false alarms, and :math:`U = P(e_{new} > t \mid t)` what the drawn threshold really gives. :math:`U` is the place of
# one of :math:`n` sorted uniform numbers, counted from above; it has the Beta distribution with mean :math:`p` and
# variance :math:`p (1 - p)/(n + 2)`.
#
# .. math::
#    \begin{aligned}
#    \operatorname{Var} f &= \mathbb{E}[\operatorname{Var}(f \mid t)] + \operatorname{Var}(\mathbb{E}[f \mid t])
#      && \text{law of total variance} \\
#    &= \mathbb{E}[U (1 - U)]/m + \operatorname{Var} U
#      && f m \text{ is binomial when } t \text{ is given} \\
#    &= \left( p (1 - p) - \operatorname{Var} U \right)/m + \operatorname{Var} U
#      && \mathbb{E}[U^2] = p^2 + \operatorname{Var} U \\
#    &= \frac{p (1 - p)}{m} \cdot \frac{n + 1 + m}{n + 2}
#      && \operatorname{Var} U = p (1 - p)/(n + 2)
#    \end{aligned}
#
# The first factor is the binomial variance for a *known* threshold; the second is what drawing the threshold adds. To
# check both, split the normal test pictures at random into :math:`n` and :math:`m`, many times over: a random split
# makes all ranks equally likely, whatever these pictures are.

lesson.predict("The threshold is to give 5 % false alarms, and is drawn from as many pictures as it is tested on. How\n"
               "much more does the share of false alarms scatter than the binomial error says?")
normal_scores = e[~novel]
n = len(normal_scores) // 2
m = len(normal_scores) - n
k = math.ceil(0.95 * (n + 1))
p = (n + 1 - k) / (n + 1)


def threshold_and_alarms(order):
    """t from the first n scores of this order, and the share of the others above it."""
    t = np.sort(normal_scores[order[:n]])[k - 1]
    return t, np.mean(normal_scores[order[n:]] > t)


shares = np.array([threshold_and_alarms(split_rng.permutation(n + m))[1] for _ in range(300)])
spread, spread_error = shares.std(ddof=1), np.std((shares - shares.mean())**2) / math.sqrt(300) / (2 * shares.std())
binomial = math.sqrt(p * (1 - p) / m)
theory = binomial * math.sqrt((n + 1 + m) / (n + 2))
t, alarms = threshold_and_alarms(split_rng.permutation(n + m))
print(f"one split: threshold {t:.2f} from {n} normal pictures, {alarms:.2%} false alarms among {m} others "
      f"(aim {p:.2%};\nstandard error {binomial:.2%} binomial, {theory:.2%} with that of the threshold); "
      f"{np.mean(e[novel] > t):.1%} of the novel ones found")
on_training = np.quantile(evaluation.reconstruction_error(model, train[labels != held_out]), 1 - p)
print(f"threshold from the pictures it was trained on: {np.mean(normal_scores > on_training):.2%} false alarms. Their "
      "errors are too small")
print("Answer: by the root of 2. Both halves are equally large, and both are drawn.")
lesson.claim("False alarms, mean over 300 random splits", shares.mean(), p, within=5 * spread / math.sqrt(300),
             source="(n + 1 - k)/(n + 1); 5 standard errors")
lesson.claim("Scatter of the share of false alarms", spread, theory, within=5 * spread_error,
             source="root of the last line above; 5 standard errors of a standard deviation")
lesson.figure(figures.score_histograms(
    normal_scores, e[novel], t, "other digits (normal)", f"digit {held_out} (novel)",
    "Novel digits have larger errors, but no threshold parts them from all normal ones"), "score_histogram")

# %%
# **All thresholds at once.** Let :math:`s_i` be the :math:`n_+` novel scores, :math:`s_j` the :math:`n_-` normal ones.
# For a threshold :math:`t` the detection rate is :math:`H(t) = \#(s_i \ge t)/n_+`, the false alarm rate :math:`F(t) =
# \#(s_j \ge t)/n_-`. The **ROC curve** joins the points :math:`(F, H)` for all :math:`t` by straight lines, from (0,
# 0) to (1, 1). Its area, the **AUC**, needs no threshold. What is it? Let :math:`t_1 > t_2 > \dots` be the different
# scores, :math:`m_k` the number of normal ones equal to :math:`t_k`, and a *midrank* the mean of the ranks that equal
# scores share. The scores are rounded to whole numbers here, so that ties occur.

lesson.predict("Take one novel and one normal picture at random. How often has the novel one the larger error,\n"
               "compared with the area under the curve?")


def rebuilt_roc(s, novel):
    """F (K + 1,), H (K + 1,) from (0, 0) on, one point for each different score, largest first."""
    levels = np.unique(s)[::-1]
    F = [0, *(np.mean(s[~novel] >= t) for t in levels)]
    H = [0, *(np.mean(s[novel] >= t) for t in levels)]
    return np.array(F), np.array(H), levels


def midranks(s):
    """1/2 + #(smaller) + #(equal, oneself included)/2, for each of s."""
    return np.array([0.5 + np.sum(s < one) + 0.5 * np.sum(s == one) for one in s])


s = np.round(e)
s_i, s_j = s[novel], s[~novel]
F, H, levels = rebuilt_roc(s, novel)
m_k = np.array([np.sum(s_j == t) for t in levels])
wins = (s_i[:, None] > s_j) + 0.5 * (s_i[:, None] == s_j)                    # (n+, n-)
n_plus, n_minus = wins.shape
lesson.derivation("The area under the ROC curve is P(novel > normal) + P(equal)/2, line by line", [
    ("sum_k (F_k - F_k-1)(H_k-1 + H_k)/2", "area of trapezoids", np.sum(np.diff(F) * (H[:-1] + H[1:]) / 2)),
    ("sum_k m_k/n- (H_k-1 + H_k)/2", "at t_k F rises by the share of normals that have this score",
     np.sum(m_k / n_minus * (H[:-1] + H[1:]) / 2)),
    ("sum_k m_k/n- [#(s_i > t_k) + #(s_i = t_k)/2]/n+", "n+ H_k-1 = #(s_i > t_k), n+ H_k = #(s_i > t_k) + #(s_i = t_k)",
     sum(m / n_minus * (np.sum(s_i > t) + np.sum(s_i == t) / 2) / n_plus for m, t in zip(m_k, levels))),
    ("1/(n+ n-) sum_j [#(s_i > s_j) + #(s_i = s_j)/2]", "m_k equal terms: one for each normal j with s_j = t_k",
     sum(np.sum(s_i > one) + np.sum(s_i == one) / 2 for one in s_j) / (n_plus * n_minus)),
    ("1/(n+ n-) sum_ij [1(s_i > s_j) + 1(s_i = s_j)/2]", "a count is a sum of ones: P over all pairs", wins.mean()),
    ("1/(n+ n-) sum_i [R_i - r_i]", "midrank among all minus midrank among the novel: the normal ones below",
     np.sum(midranks(s)[novel] - midranks(s_i)) / (n_plus * n_minus)),
    ("[sum_i R_i - n+ (n+ + 1)/2]/(n+ n-)", "ranks 1 .. n+ add up to n+ (n+ + 1)/2, and midranks keep the sum",
     (np.sum(midranks(s)[novel]) - n_plus * (n_plus + 1) / 2) / (n_plus * n_minus)),
    ("evaluation.auc(s, novel)", "the library counts pairs in whole numbers", evaluation.auc(s, novel)),
], within=1e-12, source="area, pairs and ranks, rounding only")
curve = evaluation.roc_curve(s, novel)
lesson.claim("evaluation.roc_curve gives the points above",
             max(np.abs(curve[0] - F).max(), np.abs(curve[1] - H).max()), 0, within=1e-12,
             source="tinyvae/evaluation.py; rounding only")
i, j = pair_rng.integers(n_plus, size=20_000), pair_rng.integers(n_minus, size=20_000)
won = (e[novel][i] > e[~novel][j]) + 0.5 * (e[novel][i] == e[~novel][j])
print("Answer: equally often.")
lesson.claim("20,000 random pairs: share in which the novel picture has the larger error", won.mean(),
             evaluation.auc(e, novel), within=5 * won.std() / math.sqrt(len(won)), source="AUC; 5 standard errors")

# %%
# **How far to trust it.** The :math:`n_+ n_-` pairs are not independent, since each picture is in many. Let
# :math:`h_{ij}` be 1, 1/2 or 0, with mean :math:`A`. Then (Hanley and McNeil 1982)
#
# .. math::
#    \begin{aligned}
#    \operatorname{Var} \mathrm{AUC} &= \frac{1}{n_+^2 n_-^2} \sum_{ij} \sum_{i'j'} \operatorname{Cov}(h_{ij}, h_{i'j'})
#      && \text{variance of a sum} \\
#    &= \frac{1}{n_+ n_-} \left[ (P - A^2) + (n_- - 1)(Q_1 - A^2) + (n_+ - 1)(Q_2 - A^2) \right]
#      && \text{four kinds of pairs of pairs}
#    \end{aligned}
#
# The same pair: :math:`P = \mathbb{E}[h_{ij}^2]`. The same novel picture with two normal ones, :math:`n_- - 1` for
# each pair: :math:`Q_1 = \mathbb{E}[h_{ij} h_{ij'}]`. The same normal one: :math:`Q_2 = \mathbb{E}[h_{ij} h_{i'j}]`.
# No picture in common: independent, covariance 0. On four novel and three normal scores it can be checked by listing
# every sample that could have been drawn from them: :math:`4^4 \cdot 3^3 = 6912`.

few_i, few_j = np.array([2.0, 5.0, 5.0, 9.0]), np.array([1.0, 5.0, 6.0])


def hanley_mcneil(h, n_plus, n_minus):
    """Var(AUC) for n+ and n- draws, when every entry of h is equally likely."""
    A, P = h.mean(), np.mean(h**2)
    Q_1, Q_2 = np.mean(h.mean(axis=1)**2), np.mean(h.mean(axis=0)**2)
    return (P - A**2 + (n_minus - 1) * (Q_1 - A**2) + (n_plus - 1) * (Q_2 - A**2)) / (n_plus * n_minus)


h = (few_i[:, None] > few_j) + 0.5 * (few_i[:, None] == few_j)               # (4, 3)
samples = [h[np.ix_(i, j)].mean() for i in itertools.product(range(4), repeat=4)
           for j in itertools.product(range(3), repeat=3)]
lesson.claim("Hanley and McNeil's variance is that of all 6912 samples", hanley_mcneil(h, 4, 3), np.var(samples),
             within=1e-12, source="every sample listed, each equally likely; rounding only")

# %%
# Novel picture :math:`i` beats a share :math:`v_i` of the normal ones, normal picture :math:`j` is beaten by a share
# :math:`w_j` of the novel ones; both have the mean :math:`A`. Two different normal pictures are drawn independently, so
# :math:`Q_1 = \mathbb{E}[v_i^2]` and :math:`Q_1 - A^2 = \operatorname{Var} v`, likewise
# :math:`Q_2 - A^2 = \operatorname{Var} w`. For many pictures :math:`n_- - 1` is as good as :math:`n_-`, and
# :math:`P - A^2` too small to matter:
#
# .. math::
#    \operatorname{Var} \mathrm{AUC} \approx \frac{\operatorname{Var} v}{n_+} + \frac{\operatorname{Var} w}{n_-}
#
# (DeLong 1988). It is a sum over pictures: each has an *influence*, :math:`(v_i - A)/n_+` or :math:`(w_j - A)/n_-`, and
# the variance is the sum of their squares. (With :math:`\sqrt{n (n - 1)}` for :math:`n`, since :math:`A` is the mean of
# the same numbers.) That also gives the error of a mean of AUCs, or of a difference, on the same pictures: add or
# subtract their influences first.


def influence(s, novel):
    """(N,): what each picture adds to AUC - A; the root of the sum of squares is the standard error."""
    wins = (s[novel][:, None] > s[~novel]) + 0.5 * (s[novel][:, None] == s[~novel])
    v, w = wins.mean(axis=1), wins.mean(axis=0)
    psi = np.zeros(len(s))
    psi[novel] = (v - v.mean()) / math.sqrt(len(v) * (len(v) - 1))
    psi[~novel] = (w - w.mean()) / math.sqrt(len(w) * (len(w) - 1))
    return psi


area, library_error = evaluation.auc(e, novel, return_error=True)
own_error = math.sqrt(np.sum(influence(e, novel)**2))
print(f"\nAUC of the held-out {held_out}: {area:.3f}, standard error {own_error:.4f} "
      f"(Hanley and McNeil {math.sqrt(hanley_mcneil((e[novel][:, None] > e[~novel]) * 1.0, n_plus, n_minus)):.4f})")
lesson.claim("The standard error from the influences is that of evaluation.auc", own_error, library_error, within=1e-12,
             source="tinyvae/evaluation.py, return_error; rounding only")

# %%
# **Every class in turn**, beside PCA with as many numbers in its code. Nothing in the loss says "restore *only* normal
# data well": training never sees the others. A novel picture can be easier than all normal ones.

lesson.predict("Which held-out digit will be found best, which worst? Is a stroke nobody has seen always hard to draw?")
ink, ink_test = train.sum(axis=1, dtype=np.float64), test.sum(axis=1, dtype=np.float64)
names = ("autoencoder", "PCA", "autoencoder, for its ink")
areas, psi, shown, curves = np.zeros((10, 3)), np.zeros((10, 3, n_test)), (1, 2, 9), {}
print("\nAUC +- standard error")
print("held out   mean ink   " + "".join(f"{name:<26}" for name in names) + "slope   ink alone")


def row(areas, influences):
    """AUCs (3,) with the standard errors that their influences (3, n_test) give, as text."""
    return "".join(f"{a:.3f} +- {b:.3f}{'':11}" for a, b in zip(areas, np.sqrt(np.sum(influences**2, axis=1))))


for digit in range(10):
    normal, novel = train[labels != digit], test_labels == digit
    net = model if digit == held_out else trained(normal, fit_seeds[digit])
    e, e_pca = (evaluation.reconstruction_error(either, test) for either in (net, PCA(normal, L)))
    # log e = c + slope log ink by least squares over the normal training pictures
    log_ink, log_e = np.log(ink[labels != digit]), np.log(evaluation.reconstruction_error(net, normal))
    slope = np.cov(log_ink, log_e)[0, 1] / log_ink.var(ddof=1)
    for i, s in enumerate((e, e_pca, np.log(e) - slope * np.log(ink_test))):
        areas[digit, i], psi[digit, i] = evaluation.auc(s, novel), influence(s, novel)
    if digit == 1:
        of_one = e, novel, slope, np.mean(log_e) - slope * np.mean(log_ink)
    print(f"{digit:<11}{ink_test[novel].mean():<11.1f}{row(areas[digit], psi[digit])}{slope:<8.2f}"
          f"{evaluation.auc(ink_test, novel):.3f}")
    if digit in shown:
        curves[digit] = [(*evaluation.roc_curve(s, novel)[:2], a) for s, a in zip((e, e_pca), areas[digit])]
average, average_psi = areas.mean(axis=0), psi.mean(axis=0)                  # (3,), (3, n_test)
average_error = np.sqrt(np.sum(average_psi**2, axis=1))
print(f"{'average':<22}{row(average, average_psi)}")
easy, novel = np.argmin(areas[:, 0]), test_labels == held_out
print(f"Answer: found best {np.argmax(areas[:, 0])}, worst {easy}. The 1 is one short stroke, of "
      f"{ink_test[test_labels == 1].mean():.1f} units of ink where all\ndigits have {ink_test.mean():.1f} on average: "
      f"little to get wrong, although its network never saw a 1. Its AUC is {areas[1, 0]:.3f};\n"
      "chance is 1/2, and below it the novel ones would look more normal than the normal.")
others = [evaluation.auc(evaluation.reconstruction_error(trained(train[labels != held_out], seed), test), novel)
          for seed in fit_seeds[3:6]]
print(f"These standard errors are for other test pictures and the same network. Held-out {held_out}, four networks of "
      "different\nseeds: " + ", ".join(f"{a:.3f}" for a in (areas[held_out, 0], *others)))

# %%
# **Why the 1 passes.** More ink has more outline to miss: among normal pictures :math:`\log e` grows with the
# logarithm of the ink, the sum of the pixels. The third score in the table takes this off, :math:`\log e - slope \cdot
# \log ink`: is the error large *for a picture with so much ink*? The slope is fitted to the normal training pictures
# alone. (Without the 1 it is smaller than elsewhere: among the other digits the ink hardly varies, and the line must
# be prolonged to reach the 1.) The remedy has its price: a held-out digit with much ink, the 8, is found less often.
# What a score has to be compared with must be thought about; the autoencoder does not do it.

e, novel, slope, intercept = of_one
log_ink, log_e = np.log(ink_test[~novel]), np.log(e[~novel])
r = np.corrcoef(log_ink, log_e)[0, 1]
lesson.claim("Among normal test pictures (1 held out) the error grows with the ink: correlation of the logarithms",
             math.atanh(r), at_least=5 / math.sqrt(len(log_e) - 3), source="Fisher's z, 5 standard errors above none")
for sentence, difference, influences in (
        ("For its ink, the error shows the held-out 1 better: difference of the AUCs", areas[1, 2] - areas[1, 0],
         psi[1, 2] - psi[1, 0]),
        ("The average over the classes gains too", average[2] - average[0], average_psi[2] - average_psi[0])):
    claim_above_zero(sentence, difference, math.sqrt(np.sum(influences**2)),
                     "the same test pictures; 5 standard errors of the difference")
lesson.claim("A reconstruction error is worth something: average AUC of the autoencoder", average[0],
             at_least=0.5 + 5 * average_error[0], source="chance is 1/2; 5 standard errors")
difference_error = math.sqrt(np.sum((average_psi[0] - average_psi[1])**2))
print(f"autoencoder - PCA, average AUC: {average[0] - average[1]:+.3f} +- {difference_error:.3f}")
if not lesson.quick:                                     # a quick run trains too little for a difference
    claim_above_zero("The autoencoder finds more than PCA with as many numbers: difference of the average AUCs",
                     average[0] - average[1], difference_error, "5 standard errors of the difference")
lesson.figure(figures.error_against_ink(ink_test[~novel], e[~novel], ink_test[novel], e[novel], slope, intercept,
                                        "A 1 never seen has a small error, but a large one for its ink"), "ink")
lesson.figure(figures.auc_bars(
    areas, np.sqrt(np.sum(psi**2, axis=2)), names,
    "The digit 1 hides behind its simplicity; compared with the ink, its error shows more"), "auc_per_class")
lesson.figure(figures.roc_curves(curves, "The 2 is found, most of the 1s pass: the diagonal is chance"), "roc_curves")

# %%
# Look at the mistakes: the most novel of the normal pictures, and the least novel of the novel ones.

novel, e = test_labels == held_out, np.sum((x_hat - test)**2, axis=1)
order = np.argsort(e)
worst, best = order[~novel[order]][:-11:-1], order[novel[order]][:10]
lesson.figure(plots.picture_rows(
    {"normal, largest errors": {"picture": test[worst], "reconstruction": x_hat[worst]},
     f"novel ({held_out}), smallest errors": {"picture": test[best], "reconstruction": x_hat[best]}},
    f"Unusual pictures of known digits look novel; some {held_out}s, never seen, have small errors"), "mistakes")

# %%
# **Features.** All training pictures without their labels give an encoder. Then a few pictures get labels, as many of
# each class: 1, 10, ... (stratified; drawn anew for each of five seeds). A classifier sees them as raw pixels, as PCA
# codes, or as codes of the encoder, both with :math:`L` numbers. Two simple classifiers: the nearest neighbour, and
# softmax regression with its penalty (lesson 01, ``tinyvae/probes.py``). A fourth column is the encoder before
# training: the same architecture, random weights.
#
# What to expect of *linear* features is no matter of taste. PCA with all :math:`D` components is a rotation :math:`V`
# and a shift, and
#
# .. math::
#    |z - z'|^2 = (x - x') V^T V (x - x')^T = |x - x'|^2 ,
#
# so the nearest neighbour stays the same. In softmax regression :math:`W` can be rotated along, with the same penalty
# :math:`|V W|^2 = |W|^2`. A rotation neither helps nor harms. Only what a code *leaves out*, or bends, can.

lesson.predict("The notes promise that the encoder helps where labels are few. Order raw pixels, PCA and encoder for\n"
               "the fewest and for the most labels.")
counts = (10, 50, 200) if lesson.quick else (10, 100, 1000)
whole = PCA(train, 196)
rows = label_rng.choice(n_train, counts[1], replace=False)
kept = [np.array([nearest_neighbour(f, labels[rows], g), softmax_regression(f, labels[rows], 10).predict(g)])
        for f, g in ((train[rows], test), (whole.encode(train[rows]), whole.encode(test)))]
lesson.claim("PCA with all components changes no prediction of either classifier: how many differ",
             np.sum(kept[0] != kept[1]), 0, within=0, source="the rotation above: distances and optimum are the same")
difference = test[:20, None] - train[rows]
lesson.claim("The nearest neighbour by the definition is that of probes.nearest_neighbour: how many of 20 differ",
             np.sum(labels[rows][np.argmin(np.sum(difference**2, axis=2), axis=1)] != kept[0][0][:20]), 0, within=0,
             source="tinyvae/probes.py; distances of all pairs, one by one")

kinds, probes = ("raw pixels", "PCA", "encoder", "encoder, untrained"), ("nearest neighbour", "softmax regression")
plane = PCA(train, L)
missed = np.zeros((5, len(counts), 2, 4))                                    # seed, labels, classifier, features
for n, seed in enumerate(fit_seeds[10:]):
    raw = Autoencoder(196, hidden, L, seed=seed)
    encoders = [lambda x: x, plane.encode, trained(train, seed).encode, raw.encode]
    pairs = [(np.float64(encode(train)), np.float64(encode(test))) for encode in encoders]
    orders = [label_rng.permutation(np.flatnonzero(labels == c)) for c in range(10)]
    for i, count in enumerate(counts):
        rows = np.concatenate([order[:count // 10] for order in orders])
        for j, (f, g) in enumerate(pairs):
            missed[n, i, 0, j] = np.mean(nearest_neighbour(f[rows], labels[rows], g) != test_labels)
            missed[n, i, 1, j] = np.mean(softmax_regression(f[rows], labels[rows], 10).predict(g) != test_labels)

STUDENT = 2.776                                           # Student's t, 4 degrees of freedom: 95 % lie within


def mean_and_error(values):
    """Mean over the seeds and its standard error."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(len(values))


mean, error = mean_and_error(missed)
print("\nwrong test pictures, mean of 5 seeds +- half of the 95 % interval (Student's t, 4 degrees of freedom)")
for i, probe in enumerate(probes):
    print(f"{probe:<20}" + "".join(f"{kind:<20}" for kind in kinds))
    for j, count in enumerate(counts):
        print(f"{count:6d} labels       " + "".join(f"{100 * a:5.1f} % +- {100 * STUDENT * b:4.1f}    "
                                                    for a, b in zip(mean[j, i], error[j, i])))
print("encoder against the others with the same labels, difference in percent points (negative: the encoder is better)")
for i, probe in enumerate(probes):
    for j, count in enumerate(counts):
        against = [(kinds[k], *mean_and_error(100 * (missed[:, j, i, 2] - missed[:, j, i, k]))) for k in (0, 1)]
        print(f"{probe:<20}{count:5d} labels   "
              + "   ".join(f"{name}: {a:+5.1f} +- {STUDENT * b:4.1f}" for name, a, b in against))
for sentence, difference in (
        (f"Training made the features: untrained minus trained encoder, nearest neighbour, {counts[-1]} labels",
         missed[:, -1, 0, 3] - missed[:, -1, 0, 2]),
        (f"With {counts[-1]} labels softmax regression does better on raw pixels than on the encoder's code",
         missed[:, -1, 1, 2] - missed[:, -1, 1, 0])):
    claim_above_zero(sentence, difference.mean(), mean_and_error(difference)[1],
                     "5 pairs with the same labelled pictures; 5 standard errors of the mean difference")
print(f"""Answer: an interval that holds 0 decides nothing; with {counts[0]} labels the draw of the labels matters more
than the features. With {counts[-1]} labels the pixels win here: what the squared error finds unimportant and leaves
out can be important for the class. What decides is how much the encoder was trained. After a quick run it is no better
than PCA, after the full run (4000 pictures) it is, from 100 labels on. Trained on all of MNIST, its error lies below
that of the pixels by 6 +- 3 percent points with 10 labels and 3 +- 2 with 100, and not with 1000 (nearest neighbour;
"features" of tests/benchmarks/autoencoders.py). So the promise holds where labels are few and pictures are many.""")
lesson.figure(figures.label_curves(
    counts, {probe: {kind: (mean[:, i, j], STUDENT * error[:, i, j]) for j, kind in enumerate(kinds)}
             for i, probe in enumerate(probes)},
    "With many labels the raw pixels win; with few, no feature is clearly ahead"), "labels")
lesson.end()
