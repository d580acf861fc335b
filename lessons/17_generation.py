"""Generation: draw z, decode it, draw x (slides p5, p28, p29).

Before: lesson 10 (a simple z through a decoder makes a complicated x), lesson 16 (how the VAE is trained).
After: you can draw from p(x) with nothing but the decoder, tell the mean of p(x given z) from a draw, split the
variance of the pixels into two parts, and test a generator for copying and for holes between the prior and the codes.
"""

# %%
# Training and sampling are two pipelines (p5). Training takes a picture :math:`x` to :math:`q(z|x)`, to :math:`z`, to
# :math:`p(x|z)`, and compares. Sampling starts without a picture. p28 draws :math:`z` and maps it through the decoder:
#
# .. math::
#    z \sim N(0, I), \qquad p = g_\theta(z), \qquad x_d \sim \text{Bernoulli}(p_d) \text{ for every pixel } d
#
# Each variable is drawn once those it depends on are there: **ancestral sampling**. p28 stops at :math:`g_\theta(z)`,
# the mean of :math:`p(x|z)`. The last step is part of the model too; we shall see how large a part. (p5 contrasts this
# with a classifier, which takes :math:`x` to a label in training and in use.)

import contextlib
import time

import numpy as np

import tinyvae
from lessons import trained
from lessons.course import Lesson
from tinyvae import evaluation, gaussian, latent, plots, probes
from tinyvae.layers import Dense
from tinyvae.plots import generation, losses

lesson = Lesson("17_generation", "Generation", "p5, p28, p29")
z_seed, x_seed, code_seed, copy_seed, small_seed = np.random.SeedSequence(lesson.seed).spawn(5)
images = lesson.standard_images()
vae, history = lesson.standard_vae(images)
L, D = vae.latent_dim, vae.data_dim
print(f"\nVAE with {L} latents, {len(images.train)} training digits: {history['total'][-1]:.1f} nats in its last epoch")

# %%
# **The sampler by hand.** This decoder is a dense layer :math:`W_3, b_3`, ELU, a dense layer :math:`W_4, b_4` and the
# sigmoid (lesson 16). From the same random numbers ``VAE.sample`` in ``tinyvae/vae.py`` gives the same pictures.

exact = vae.astype(np.float64)
W3, b3, W4, b4 = (exact.parameters["decoder." + name] for name in ("0.W", "0.b", "2.W", "2.b"))


def ancestral(n, rng):
    """n draws: z (n, L), the means p (n, D), the pictures x (n, D)."""
    z = rng.standard_normal((n, L))                                              # z ~ N(0, I)
    s = z @ W3 + b3
    p = 1 / (1 + np.exp(-(np.where(s > 0, s, np.expm1(np.minimum(s, 0))) @ W4 + b4)))      # p = g(z)
    return z, p, (rng.random((n, D)) < p).astype(float)                          # x_d ~ Bernoulli(p_d)


few_z, few_p, few_x = ancestral(100, np.random.default_rng(small_seed))
by_library = [exact.sample(100, np.random.default_rng(small_seed), mean=mean) for mean in (True, False)]
lesson.claim("Means and draws by hand are those of VAE.sample: largest difference of a pixel",
             max(np.abs(by_library[0] - few_p).max(), np.abs(by_library[1] - few_x).max()), 0, within=1e-12,
             source="tinyvae/vae.py, VAE.sample; rounding")

# %%
# **Only the decoder (p28, p29).** p29 says: two networks, twice the cost; and for sampling the encoder is thrown away.
# To see whether it is needed, put NaN into each of its parameters. To see the cost, count: a dense layer multiplies
# each weight once per picture going forward, and once more for each of its two gradients (of :math:`W`, of its input).
# Seconds differ from run to run; they stand in the figure alone.

lesson.predict("Of the products of two numbers in a training step, how many does one sample need: 1 in 2, 3, 5?")
parts = {name: sum(array.size for key, array in vae.parameters.items() if key.startswith(name))
         for name in ("encoder", "decoder")}
bare = vae.astype(np.float32)
for name in bare.parameters:
    if name.startswith("encoder"):
        bare.parameters[name][...] = np.nan
without, whole = bare.sample(100, 0), vae.sample(100, 0)
lesson.claim("Without an encoder the samples are the same: pixels that differ", np.sum(~(without == whole)), 0,
             within=0, source="p28; the encoder's parameters were NaN")


@contextlib.contextmanager
def counted(model):
    """Fills a dict with the products that the Dense layers of each network make while the block runs."""
    counts, forward, backward = {"encoder": 0, "decoder": 0}, Dense.forward, Dense.backward
    network = {id(layer): name for name in counts for layer in getattr(model, name).layers}

    def count_forward(layer, x):
        counts[network[id(layer)]] += len(x) * layer.W.size                      # y = x W + b
        return forward(layer, x)

    def count_backward(layer, dy, input_gradient=True):
        counts[network[id(layer)]] += len(dy) * layer.W.size * (2 if input_gradient else 1)     # dW, and dx = dy W^T
        return backward(layer, dy, input_gradient)
    Dense.forward, Dense.backward = count_forward, count_backward
    try:
        yield counts
    finally:
        Dense.forward, Dense.backward = forward, backward


n, rng = 500, np.random.default_rng(x_seed)
x, eps = images.train[:n], vae.noise(rng, n)
jobs = {"one sample": lambda: vae.sample(n, rng), "encode, decode": lambda: vae.reconstruct(x),
        "one training step": lambda: (vae.loss(x, eps), vae.backward())}
counts, times = {}, {}
for job, run in jobs.items():
    with counted(vae) as count:
        run()
    counts[job] = (count["encoder"] / n, count["decoder"] / n)
    start = time.perf_counter()
    run()
    times[job] = (time.perf_counter() - start) / n * 1e6                         # microseconds
    print(f"{job:<18} products per picture: encoder {counts[job][0]:7,.0f}, decoder {counts[job][1]:7,.0f}")
step, sample, H = sum(counts["one training step"]), sum(counts["one sample"]), vae.hidden[0]
print(f"Answer: 1 in {step / sample:.2f}. The decoder has {parts['decoder']:,} of {sum(parts.values()):,} parameters, "
      f"{100 * parts['decoder'] / sum(parts.values()):.1f} %.\nTraining with an encoder costs "
      f"{step / counts['one training step'][1]:.2f} times what the decoder alone would, not p29's 2: the encoder's\n"
      "first layer needs no gradient of its input. Sampling costs nothing more.")
lesson.claim("One sample: products per picture", sample, L * H + H * D, within=0,
             source="each weight of the decoder once, none of the encoder")
lesson.claim("One training step: products per picture", step, 3 * (D * H + H * 2 * L + L * H + H * D) - D * H,
             within=0, source="each weight three times; the first layer's input needs no gradient")
lesson.figure(generation.costs(counts, times, "Sampling runs the decoder once; a training step runs both networks, "
                               "forward and back"), "costs")

# %%
# p29 asks: why two networks, then? Because training must find a :math:`z` for each :math:`x`, which sampling the prior
# cannot (lesson 10), and the encoder names it in one pass (lesson 12). What it approximates is :math:`p(z|x)`; the talk
# says :math:`p(z)`. Nor is it waste after training: the anomaly detection of p29 needs it, so does :math:`\log p(x)`.

x = (rng.random((1, D)) < images.train[:1]).astype(np.float32)
(mu, logvar), eps = vae.encode(x), vae.noise(rng, 1)
sigma = np.exp(logvar / 2)
lesson.figure(generation.pipelines(
    (x[0], mu[0], sigma[0], (mu + sigma * eps)[0], vae.decode(mu + sigma * eps)[0]), (few_z[0], few_p[0], few_x[0]),
    [f"{name}\n{size:,}\nparameters" for name, size in parts.items()],
    "Training goes from a picture to a picture; sampling starts from noise and needs the decoder alone"), "pipelines")

# %%
# **Before and after, with the same z.** p28: before training :math:`N(0, I)` is mere noise, after it a meaningful
# space. That is loose: :math:`N(0, I)` does not change, no parameter is in it. The decoder changes. Training started at
# the mean picture (lesson 18 says why): before it, every :math:`z` gives that picture and some noise.

lesson.predict("The untrained decoder gets the same z. What do its pictures look like?")
S = 8000
z = vae.noise(np.random.default_rng(z_seed), S)                                  # (S, L)
p = vae.decode(z)                                                                # (S, D), means of p(x|z)
p_before = trained.start_at_mean(tinyvae.VAE.from_header(vae.header()), images.train).decode(z)  # where training began


def distance(pictures, others):
    """Euclidean distance to the nearest of the others, (n,), pixel units."""
    return np.linalg.norm(np.float64(pictures) - others[probes.nearest(others, pictures)], axis=1)


def mean_and_error(values):
    """The mean of independent values and its standard error."""
    return np.mean(values, dtype=np.float64), np.std(values, dtype=np.float64) / np.sqrt(len(values))


near_before, near_after = (distance(pictures[:1000], images.test) for pictures in (p_before, p))
change, error = mean_and_error(near_before - near_after)
beside = [np.corrcoef(pictures[:, 405], pictures[:, 406])[0, 1] for pictures in (p_before, p, images.train)]
mean_digit = images.train.mean(axis=0, dtype=np.float64)
print(f"Answer: the mean digit under noise. Correlation of two middle pixels side by side: {beside[0]:.2f} before, "
      f"{beside[1]:.2f} after,\n{beside[2]:.2f} in the data. Distance to the nearest test digit: "
      f"{near_before.mean():.2f} before, {near_after.mean():.2f} after (pixels). The mean\ndigit, one for all z, "
      f"has {distance(mean_digit[None], images.test)[0]:.2f}: this distance rewards blur.")
lesson.claim("After training the pictures of the same z lie nearer to digits that training never saw, by", change,
             at_least=5 * error, source="paired difference, 5 standard errors")
lesson.figure(plots.picture_rows({"before": p_before[:12], "after": p[:12], "draw of x": vae.likelihood.sample(
    vae.decoder.forward(z[:12]), rng)}, "The same 12 draws of z before and after training, and pictures drawn from the "
    "means"), "before_and_after")

# The decoder is deterministic (p28): the same z, the same picture; a new z, another.
P = np.float64(p)
lesson.claim("The same z gives the same picture, alone as in a batch: largest difference of a pixel",
             max(np.abs(vae.decode(z[i:i + 1]) - p[i]).max() for i in range(20)), 0, within=1e-5,
             source="p28; rounding of float32")
lesson.claim("A new z gives another picture: least distance between a picture and the next", np.min(
    np.linalg.norm(np.diff(P, axis=0), axis=1)), at_least=28e-5, source="rounding, 1e-5 in each of 784 pixels")

# %%
# **The mean and the draw.** Grey is no value of a binary pixel: :math:`g(z)` is the mean of the samples with this
# :math:`z`, not one of them. How much of the variance of the model is missing in it? For binary :math:`x_d`, with
# :math:`p_d = \mathbb{E}[x_d|z]`, all sums over the pixels:
#
# .. math::
#    \begin{aligned}
#    \operatorname{Var}(x) &= \mathbb{E}[(x - \mathbb{E} x)^2] \\
#    &= \mathbb{E}[x^2] - (\mathbb{E}[x])^2 \\
#    &= \mathbb{E}_z \mathbb{E}[x^2|z] - (\mathbb{E}_z \mathbb{E}[x|z])^2 \\
#    &= \mathbb{E}_z [\operatorname{Var}(x|z) + \mathbb{E}[x|z]^2] - (\mathbb{E}_z \mathbb{E}[x|z])^2 \\
#    &= \mathbb{E}_z \operatorname{Var}(x|z) + \operatorname{Var}_z \mathbb{E}[x|z] \\
#    &= \mathbb{E}_z [p (1 - p)] + \operatorname{Var}_z (p)
#    \end{aligned}
#
# This is the **law of total variance**: noise within the pictures of one :math:`z`, plus variance between the means.
# The values below take the S codes at hand as all there are.

lesson.predict("Which part of the variance of the pixels do the means g(z) have: nearly all, half, nearly none?")
m = P.mean(axis=0)                                                               # E[x], (D,)
lesson.derivation("Every line of the law of total variance has the same value", [
    ("E[(x - E x)^2]", "definition: sum over x = 1 and x = 0, mean over z",
     np.sum(np.mean(P * (1 - m)**2 + (1 - P) * (0 - m)**2, axis=0))),
    ("E[x^2] - (E x)^2", "expand the square; 1^2 with probability E x", np.sum(1**2 * m + 0**2 * (1 - m) - m**2)),
    ("E_z E[x^2|z] - (E_z E[x|z])^2", "tower rule: mean over z of the mean given z",
     np.sum(np.mean(1**2 * P + 0**2 * (1 - P), axis=0) - np.mean(P, axis=0)**2)),
    ("E_z[Var(x|z) + E[x|z]^2] - (E_z E[x|z])^2", "E[x^2|z] = Var(x|z) + E[x|z]^2",
     np.sum(np.mean(P * (1 - P)**2 + (1 - P) * P**2 + P**2, axis=0) - np.mean(P, axis=0)**2)),
    ("E_z Var(x|z) + Var_z E[x|z]", "linearity; the last two terms are a variance over z",
     np.sum(np.mean(P * (1 - P)**2 + (1 - P) * P**2, axis=0) + np.mean((P - m)**2, axis=0))),
    ("E_z[p (1-p)] + Var_z(p)", "variance of a Bernoulli", np.sum(np.mean(P * (1 - P), axis=0) + np.var(P, axis=0)))],
    within=1e-8, source="rounding of a sum of S times 784 numbers")


def split(pictures):
    """Variance between, variance within, each (D,): of binary pictures with these means (n, D)."""
    pictures = np.float64(pictures)
    return pictures.var(axis=0), np.mean(pictures * (1 - pictures), axis=0)


draws = np.float64(vae.sample(S, rng, mean=False))                               # new z, and x drawn given z
drawn, drawn_error = mean_and_error(np.sum((draws - draws.mean(axis=0))**2, axis=1))
error = np.hypot(drawn_error, np.std(np.sum((P - m)**2 + P * (1 - P), axis=1)) / np.sqrt(S))
between, within = split(p)
lesson.claim("Pictures drawn by VAE.sample(mean=False) have the variance of the last line", drawn,
             np.sum(between + within), within=5 * error, source="new z, new x; 5 standard errors of both")
data_between, data_within = split(images.train)
share, data_share = (np.sum(a) / np.sum(a + b) for a, b in ((between, within), (data_between, data_within)))
print(f"Answer: of the model's variance {100 * share:.0f} % lies between the means. Binary digits drawn from the grey "
      f"training digits: {100 * data_share:.0f} %.")
noise, noise_error = mean_and_error(np.sum(P * (1 - P), axis=1))
lesson.claim("The pixels of the model are noisier, given their means, than those of the data: sum of p (1 - p)", noise,
             at_least=np.sum(data_within) + 5 * noise_error, source="training digits, 5 standard errors")
lesson.figure(generation.variance_maps(
    {name: (a + b, a, b) for name, a, b in (("draws", between, within), ("binary digits", data_between, data_within))},
    "Given the mean of a picture, the model's pixels are noisier than those of binary digits"), "variance")

# %%
# Given :math:`z` the pixels are independent coins: where the decoder is unsure of an edge, neighbours do not agree on
# one. Count the black pixels without a black neighbour above, below, left or right.


def isolated(x):
    """Number of isolated black pixels in each binary picture (n, 784)."""
    black = np.pad(x.reshape(-1, 28, 28) > 0.5, ((0, 0), (1, 1), (1, 1)))                # a white frame
    beside = sum(np.roll(black, step, axis) for step in (-1, 1) for axis in (1, 2))
    return np.sum(black & (beside == 0), axis=(1, 2))


binary_test = rng.random(images.test.shape) < images.test
(speckles, error), (test_speckles, test_error) = mean_and_error(isolated(draws)), mean_and_error(isolated(binary_test))
print(f"\nisolated black pixels per picture: draws {speckles:.2f}, binary test digits {test_speckles:.2f}")
lesson.claim("Draws are speckled: more isolated pixels than binary test digits", speckles - test_speckles,
             at_least=5 * np.hypot(error, test_error), source="5 standard errors")
lesson.figure(plots.picture_rows(
    {"The model": {"mean of p(x|z)": p[:10], **{f"draw {i + 1}": vae.likelihood.sample(vae.decoder.forward(z[:10]), rng)
                                              for i in range(3)}},
     "Data": {"grey test digit": images.test[:10], "binary, as trained on": binary_test[:10]}},
    "The mean is grey and smooth, a draw is speckled: the draw is the sample of the model"), "mean_and_draw")

# %%
# **What the mean picture must be.** The output bias :math:`b_4` has the gradient :math:`p - x` (lesson 13), averaged
# over data and noise. At a minimum it is 0; where Adam stopped, nearly. With
# :math:`q(z) = \frac{1}{N} \sum_n q(z|x_n)`, the distribution of all codes (p30), that reads
#
# .. math::
#    \frac{\partial \mathcal{L}}{\partial b_4} = \frac{1}{N} \sum_n \mathbb{E}_{q(z|x_n)} [g(z) - x_n]
#    = \mathbb{E}_{q(z)} [g(z)] - \bar x = 0
#
# So the mean picture is right for :math:`z` from :math:`q(z)`, there. But we draw from :math:`p(z)`. p28 says that this
# is as good, since the KL has made the two alike. They are not the same (in nats: lesson 18). Where :math:`q(z)` is
# thin, it has **holes**: places that we draw, and of which no training picture has taught the decoder anything. From
# here on pictures are the means :math:`g(z)`, and "samples" is short for the means at :math:`z` from :math:`p(z)`.

lesson.predict("Is the mean of the samples, E over p(z) of g(z), the mean digit as well?")
code_rng = np.random.default_rng(code_seed)
rows = code_rng.integers(len(images.train), size=S)
mu, logvar = vae.encode(images.train[rows])
z_q = mu + np.exp(logvar / 2) * vae.noise(code_rng, S)                           # z ~ q(z)
p_q = vae.decode(z_q)
vae.loss(images.train[rows], (z_q - mu) / np.exp(logvar / 2))
vae.backward()
lesson.claim("The gradient of the output bias is the mean of g(z) less the mean picture: largest difference",
             np.abs(vae.gradients["decoder.2.b"] - (p_q - images.train[rows]).mean(axis=0, dtype=float)).max(), 0,
             within=1e-5, source="the equation above, float32; VAE.backward")


def off(pictures, groups=20):
    """Squared distance of E[g] from the mean digit without what chance adds, and its standard error, from 20 groups."""
    parts = np.float64(pictures).reshape(groups, -1, D)
    noise = np.sum(parts.var(axis=1, ddof=1), axis=1) / parts.shape[1]
    return mean_and_error(np.sum((parts.mean(axis=1) - mean_digit)**2, axis=1) - noise)


(prior_off, error), (code_off, code_error) = off(p), off(p_q)
print(f"squared distance of the mean picture from the mean digit: {prior_off:.3f} +- {error:.3f} for z from p(z), "
      f"{code_off:.3f} +- {code_error:.3f} for z from q(z)\nAnswer: no; that of the codes comes closer.")
lesson.claim("The mean picture is further from the mean digit for z from p(z) than for z from q(z), by",
             prior_off - code_off, at_least=5 * np.hypot(error, code_error), source="5 standard errors")

# %%
# **What is in the holes?** Ink is the sum of a picture's pixels. Two samples of S values each from one distribution
# differ little in the share of values up to :math:`c`, whatever the :math:`c`: the largest difference (Kolmogorov and
# Smirnov) exceeds :math:`t \sqrt{2/S}` with a probability of about :math:`2 e^{-2 t^2}`. Compare means with means: even
# a perfect model of *binary* digits need not have means like grey digits. How thin the codes are at a :math:`z` is
# measured by :math:`\log p(z) - \log q(z)`, with :math:`q(z)` from the N training digits. It shrinks as N grows (lesson
# 18): not the nats mean something, but which of two places is the thinner.

lesson.predict("Draws of the prior against pictures of codes: more ink or less, a surer class or a less sure one?")

ink, code_ink, data_ink = (pictures.sum(axis=1, dtype=np.float64) for pictures in (p, p_q, images.train))
mu, logvar = vae.encode(images.test)
z_test = mu + np.exp(logvar / 2) * vae.noise(code_rng, len(mu))                  # codes of digits never trained on


def largest_difference(a, b):
    """Of the shares of a (S,) and of b (S,) that are at most c, over all c."""
    c = np.concatenate([a, b])
    up_to_c = [np.searchsorted(np.sort(values), c, "right") / len(values) for values in (a, b)]
    return np.abs(up_to_c[0] - up_to_c[1]).max()


def thinness(z):
    """log p(z) - log q(z), nats, (n,)."""
    log_p = gaussian.log_density(np.float64(z), np.zeros(z.shape), np.zeros(z.shape))
    return log_p - latent.aggregated_log_density(vae, images.train, z)


thin, thin_test = thinness(z[:1000]), thinness(z_test[:1000])
is_prior = np.repeat([True, False], [len(thin), len(thin_test)])
holes, holes_error = evaluation.auc(np.concatenate([thin, thin_test]), is_prior, return_error=True)
print()
for name, values in {"z from p(z)": ink, "z from q(z)": code_ink, "training digits": data_ink}.items():
    print(f"ink, {name + ':':<16} mean {values.mean():5.1f}, standard deviation {values.std():5.1f}")
print(f"mean of log p(z) - log q(z) in nats: {thin.mean():.1f} for z from p(z), {thin_test.mean():.1f} for test codes")
lesson.claim("The ink of samples is not distributed like that of pictures of codes: largest difference",
             largest_difference(ink, code_ink), at_least=np.sqrt(np.log(2 / 5.7e-7) / 2 * 2 / S),
             source="two samples; the probability of 5 standard deviations, 5.7e-7")
lesson.claim("Prior draws lie where codes are thin: P(a prior draw lies at a thinner place than a test digit's code)",
             holes, at_least=0.5 + 5 * holes_error, source="1/2 if q(z) were p(z); 5 standard errors")
lesson.figure(generation.clouds(
    {"z from p(z)": (thin, ink[:1000]), "codes of test digits": (thin_test, vae.decode(z_test[:1000]).sum(axis=1))},
    "log p(z) - log q(z) (nats); on the right the codes are thin",
    "ink of the decoded picture (pixel units)", "Draws of the prior lie where the codes of digits are thin"), "holes")

# %%
# A classifier, softmax regression on the training digits (``tinyvae/probes.py``), names a class for each picture and
# says how sure it is. It must name one, also for a picture that is no digit.
some = slice(0, 1000 if lesson.quick else 2000)
classifier = probes.softmax_regression(images.train[some], images.train_labels[some], 10, penalty=0.01)


def judged(pictures):
    """Class and confidence, each (n,), by the classifier."""
    log_p = classifier.log_probabilities(np.float64(pictures))
    return log_p.argmax(axis=1), np.exp(log_p.max(axis=1))


named = {"z from p(z)": judged(p), "z from q(z)": judged(p_q), "test digits": judged(images.test)}
count = {name: np.bincount(classes, minlength=10) for name, (classes, _) in named.items()}
shares = {name: n / n.sum() for name, n in count.items()}
from_p, from_q = shares["z from p(z)"], shares["z from q(z)"]
pooled = (count["z from p(z)"] + count["z from q(z)"]) / (2 * S)
chi2 = np.sum((from_p - from_q)**2 / (pooled * 2 / S))
right = np.mean(named["test digits"][0] == images.test_labels)
print(f"the classifier is right on {100 * right:.1f} % of the test digits; class {from_p.argmax()} has "
      f"{100 * from_p.max():.1f} % of the samples, class {from_p.argmin()} {100 * from_p.min():.1f} %.")
lesson.claim("The classes of samples are not shared like those of pictures of codes: chi-squared", chi2,
             at_least=46.2, source="two samples, 9 degrees of freedom: chance exceeds it with a probability of 5.7e-7")
(near, error), (near_q, error_q) = (mean_and_error(distance(pictures[:1000], images.test)) for pictures in (p, p_q))
print("confidence:", ", ".join(f"{name} {sure.mean():.3f}" for name, (_, sure) in named.items()))
sure_p, sure_q = (named[name][1].mean() for name in ("z from p(z)", "z from q(z)"))
print(f"Answer: {'more' if ink.mean() > code_ink.mean() else 'less'} ink ({ink.mean():.1f} against "
      f"{code_ink.mean():.1f}) and a {'surer' if sure_p > sure_q else 'less sure'} class.")
lesson.claim("Pictures of codes lie nearer to test digits than pictures of prior draws, by", near - near_q,
             at_least=5 * np.hypot(error, error_q), source="5 standard errors")
lesson.figure(generation.class_shares(
    {name: 100 * share for name, share in shares.items()},
    {name: 100 * np.sqrt(shares[name] * (1 - shares[name]) / n.sum()) for name, n in count.items()},
    "The classes have not the same share of the samples as of pictures of codes"), "classes")
lesson.figure(generation.histograms({
    "Ink": ({"test digits": images.test.sum(axis=1), "z from q(z)": code_ink, "z from p(z)": ink},
            np.linspace(0, 1.1 * data_ink.max(), 41), "ink (pixel units; last bin: that and more)", {}),
    "Confidence": ({name: sure for name, (_, sure) in reversed(named.items())}, np.linspace(0, 1, 26),
                   "confidence of the classifier", {})},
    "The ink of pictures from the prior is not distributed like that of pictures of codes"), "moments")

# %%
# **Does it copy?** p7: the aim is new data. Two tests. *Distance:* call a picture suspicious when it lies nearer to a
# training digit than 99 % of the test digits do. A good sampler has about 1 % of these; one that stores pictures has
# 100 %. *Vote:* mix as many training digits as test digits; of which kind is the nearest one? A generator that has not
# kept the training digits cannot tell them from the others: 1/2 (Meehan et al. 2020 build a test on this idea).

lesson.predict("A generator that decodes the codes of training digits copies too, but blurred. Which test catches it?")
copy_rng = np.random.default_rng(copy_seed)
chosen = copy_rng.permutation(len(images.train))
half = images.train[chosen[:len(images.test)]]
pool, n = np.concatenate([half, images.test]), 500 if lesson.quick else 1000
generators = {"the VAE": p[:n], "stored digits and noise": half[:n] + 0.02 * copy_rng.standard_normal(half[:n].shape),
              "decoded training codes": vae.reconstruct(half[:n])}
of_test = distance(images.test[:2000], images.train)
limit = np.quantile(of_test, 0.01)
suspicious = 0.01 + 5 * np.sqrt(0.01 * 0.99 * (1 / n + 1 / len(of_test)))
near, votes = {}, {}
for name, pictures in generators.items():
    near[name] = distance(pictures, images.train)
    wins = np.bincount(probes.nearest(pool, pictures), minlength=len(pool))      # of each picture of the pool
    # which half of the pool is called "training" is chance: a draw without replacement from the wins
    votes[name] = wins[:len(half)].sum() / len(pictures), np.sqrt(len(pool) * wins.var(ddof=1) / 4) / len(pictures)
    print(f"{name:<24} suspicious {100 * np.mean(near[name] < limit):5.1f} %, nearest one a training digit "
          f"{100 * votes[name][0]:5.1f} +- {100 * votes[name][1]:.1f} %")
blurred = np.median(distance(vae.reconstruct(images.test[:n]), images.train))
print(f"Answer: the vote. The 1 % limit lies at {limit:.1f}, and blur keeps copies above it. Their median is "
      f"{np.median(near['decoded training codes']):.1f},\nthat of test digits {np.median(of_test):.1f}; but decoded "
      f"*test* digits have {blurred:.1f}: blur alone brings pictures nearer.")
lesson.claim("The VAE: share of suspicious samples", np.mean(near["the VAE"] < limit), at_most=suspicious,
             source="1 % and 5 standard errors")
lesson.claim("Stored digits and noise: share of suspicious samples", np.mean(near["stored digits and noise"] < limit),
             at_least=suspicious, source="the same bound: the test catches a copy")
lesson.claim("The VAE: vote for training digits", votes["the VAE"][0], 0.5, within=5 * votes["the VAE"][1],
             source="no memory of which digits were trained "
             f"on; 5 standard errors, so that up to {0.5 + 5 * votes['the VAE'][1]:.0%} passes")
share, error = votes["decoded training codes"]
lesson.claim("Decoded training codes: vote for training digits", share, at_least=0.5 + 5 * error,
             source="1/2 and 5 standard errors: the vote catches a blurred copy")
order = np.argsort(near["the VAE"])[:10]
lesson.figure(plots.picture_rows(
    {"The ten samples nearest to a training digit": {"sample": p[order], "training digit": images.train[
         probes.nearest(images.train, p[order])]},
     "Ten samples as they come": {"sample": p[:10], "training digit": images.train[probes.nearest(
         images.train, p[:10])]},
     "For comparison": {"test digit": images.test[:10], "training digit": images.train[
         probes.nearest(images.train, images.test[:10])]}},
    "Even the samples nearest to a training digit are no copies of it"), "nearest")
lesson.figure(generation.histograms({"": (
    {"test digits": of_test, **near}, np.linspace(0, 1.2 * of_test.max(), 49),
    "distance to the nearest training digit (pixel units; last bin: that and more)", {"suspicious below": limit})},
    "Samples lie no nearer to training digits than test digits do; stored digits lie near 0"), "distances")

# %%
# **Temperature.** Draw :math:`z \sim N(0, t^2 I)`: a :math:`t` below 1 stays near the middle of the latent space, at
# :math:`t = 0` there is one picture. Only :math:`t = 1` is the model. Variety is the variance between the pictures,
# quality the distance to the nearest of 1000 training digits (less is better); as a second opinion, the classifier's
# confidence (more is better).

temperatures = (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3)
lesson.predict("With t from 1 to 2: does variety rise, does quality fall? Do both measures of quality agree?")
n = 300 if lesson.quick else 1000
hot = {t: vae.decode(np.float32(t) * z[:n]) for t in temperatures}
spread = {t: np.sum((np.float64(x) - np.float64(x).mean(axis=0))**2, axis=1) for t, x in hot.items()}
far = {t: distance(x, half[:1000]) for t, x in hot.items()}
confidence = {t: judged(x)[1] for t, x in hot.items()}
for t in temperatures:
    print(f"t = {t:<5} variety {spread[t].mean():6.1f}   distance to training digits {far[t].mean():5.2f}   "
          f"confidence {confidence[t].mean():.3f}")
rises = [mean_and_error(spread[b] - spread[a]) for a, b in zip(temperatures, temperatures[1:])]
lesson.claim("Variety rises with the temperature: the least rise, in standard errors", min(r / e for r, e in rises),
             at_least=5, source="5 standard errors of the paired difference, same z")
(farther, error), (surer, sure_error) = mean_and_error(far[2] - far[1]), mean_and_error(confidence[2] - confidence[1])
lesson.claim("From t = 1 to 2 the pictures move away from the digits, by", farther, at_least=5 * error,
             source="paired difference, 5 standard errors")
lesson.figure(plots.picture_rows({f"t = {t}": hot[t][:10] for t in (0, 0.5, 1, 1.5, 2, 3)},
                                 "The same ten z, scaled by t: one picture at t = 0, odd shapes at t = 3"),
              "temperature")
lesson.figure(losses.line_panels(
    [{"x": temperatures, "lines": lines, "x_label": "temperature t (no unit)", "y_label": label} for label, lines in (
        ("variance between pictures (pixel units squared)", {"samples": [spread[t].mean() for t in temperatures]}),
        ("distance to nearest training digit (pixel units)", {
            "samples": [far[t].mean() for t in temperatures],
            "test digits": np.full(len(temperatures), distance(images.test[:n], half[:1000]).mean())}),
        ("confidence of the classifier", {"samples": [confidence[t].mean() for t in temperatures]}))],
    "A higher temperature brings more variety; from t = 1 to 2 the pictures move away from the digits"),
    "temperature_curves")
best = min(far, key=lambda t: far[t].mean())
print(f"Answer: variety rises, and the pictures move away; the distance is least at t = {best:g}. The confidence "
      f"changes by {surer:+.3f}\n(standard error {sure_error:.3f}). It is no judge of quality: far from the data a "
      "classifier is sure, too (lesson 01).")
lesson.end()
