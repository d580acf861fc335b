"""Conditional generation (notes on generative models, section 2; slides p2).

Before: lesson 01 (Bayes' rule, "none of these"), 11 and 16 (the bound, and how a VAE is trained on it), 20 (log p(x) by
importance sampling).
After: you can tell a VAE which digit to draw and leave to chance how, turn it into a classifier with Bayes' rule, and
say when "p(x) is small" means "none of these", when it does not, and what helps.
"""

# %%
# A generator has two inputs (p2): a **condition**, such as a text or a one-hot vector, and a **random variable**. The
# text "bird" must not give the same picture for ever; the random variable is what makes the birds differ. In a
# conditional VAE the condition is a label :math:`y`, one-hot in :math:`c` (1 in column :math:`y`, 0 elsewhere), and the
# random variable is :math:`z \sim N(0, I)`, drawn without looking at :math:`y`. Both go into the decoder; the encoder
# sees the label beside the picture:
#
# .. math::
#    p(z|y) = p(z) = N(0, I), \quad p(x|z, y) = \text{decoder}(z, c), \quad q(z|x, y) = \text{encoder}(x, c)
#
# The decoder in the letters of exercise 31, where the biases :math:`b, b'` are left out:
#
# .. math::
#    s = z U + c E + b, \quad h = \tanh(s), \quad a = h W + b'

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import evaluation, gaussian, plots, probes
from tinyvae.classifier import GenerativeClassifier, IndependentPixels, NeighbourCode
from tinyvae.conditional import ConditionalVAE
from tinyvae.data import strokes
from tinyvae.plots import conditional
from tinyvae.softmax import log_sum_exp, softmax

lesson = Lesson("21_conditional_generation", "Conditional generation", "p2, notes on generative models 2")
small_seed, count_seed, pixel_seed, z_seed, other_seed = np.random.SeedSequence(lesson.seed).spawn(5)

# %%
# **The class-conditional bound** is lesson 11 with :math:`y` behind every bar. For any :math:`q` over :math:`z`:
#
# .. math::
#    \begin{aligned}
#    \log p(x|y) &= \mathbb{E}_q[\log p(x|y)] \\
#    &= \mathbb{E}_q \left[ \log \frac{p(x|z, y) p(z|y)}{p(z|x, y)} \right] \\
#    &= \mathbb{E}_q \left[ \log \frac{p(x|z, y) p(z)}{p(z|x, y)} \right] \\
#    &= \mathbb{E}_q[\log p(x|z, y)] - \mathbb{E}_q \left[ \log \frac{q}{p(z)} \right]
#       + \mathbb{E}_q \left[ \log \frac{q}{p(z|x, y)} \right] \\
#    &= \mathbb{E}_q[\log p(x|z, y)] - KL(q, p(z)) + KL(q, p(z|x, y)) \\
#    &\geq \mathbb{E}_q[\log p(x|z, y)] - KL(q, p(z))
#    \end{aligned}
#
# We follow it with numbers where nothing need be estimated: six binary pixels, three labels, and one latent number,
# over which a grid integrates to rounding.

small = ConditionalVAE(6, 3, (4,), 1, activation="tanh", seed=np.random.default_rng(small_seed), dtype=np.float64)
small_rng = np.random.default_rng(count_seed)
small.parameters.vector[...] += 0.6 * small_rng.standard_normal(small.parameters.vector.size)
every_x = (np.arange(64)[:, None] >> np.arange(6) & 1).astype(float)             # (64, 6), every picture there is
grid, step = np.linspace(-30, 30, 1501, retstep=True)
log_prior = gaussian.log_density(grid[:, None], np.zeros((1, 1)), np.zeros((1, 1)))          # log p(z), (G,)
U, E = small.parameters["decoder.0.W"][:1], small.parameters["decoder.0.W"][1:]  # (1, H); a row for each label (C, H)
b, W, b_out = (small.parameters["decoder." + name] for name in ("0.b", "2.W", "2.b"))


def log_p_x_given_z(y):
    """log p(x|z, y) for every picture and every z of the grid, by the equations above: (64, G)."""
    a = np.tanh(grid[:, None] @ U + E[y] + b) @ W + b_out                        # (G, 6), logits
    return -every_x @ np.log1p(np.exp(-a)).T - (1 - every_x) @ np.log1p(np.exp(a)).T


log_joint_z = np.array([log_p_x_given_z(y) + log_prior for y in range(3)])       # log p(x, z|y), (3, 64, G)
exact = np.log(np.sum(np.exp(log_joint_z), axis=2) * step).T                     # log p(x|y), (64, 3)

x, y = 37, 2                                                                     # one picture, one label
mu, logvar = small.encode(every_x[x:x + 1], [y])
log_q = gaussian.log_density(grid[:, None], mu, logvar)
q = np.exp(log_q) * step                                                         # weights of the integral under q
log_x, log_posterior = log_p_x_given_z(y)[x], log_joint_z[y, x] - exact[x, y]
weights = np.exp(log_prior) * step                                               # eps ~ N(0, 1), on the same grid
bound = weights @ small.elbo(np.tile(every_x[x], (len(grid), 1)), np.full(len(grid), y), grid[:, None])
gap = q @ (log_q - log_posterior)
lesson.derivation("Every line of the class-conditional bound has the same value", [
    ("log p(x|y)", "the integral of p(x|z, y) p(z), on a grid", exact[x, y]),
    ("E_q[log p(x|y)]", "it does not depend on z", q @ np.full(len(grid), exact[x, y])),
    ("E_q[log p(x|z,y) p(z|y) / p(z|x,y)]", "Bayes' rule for z, given y",
     q @ (log_x + log_prior - log_posterior)),
    ("E_q[log p(x|z,y) p(z) / p(z|x,y)]", "z is drawn without looking at y",
     q @ (log_x + log_prior) - q @ log_posterior),
    ("E_q[log p(x|z,y)] - E_q[log q/p(z)] + E_q[log q/p(z|x,y)]", "times q / q, the logarithm of a product",
     q @ log_x - q @ (log_q - log_prior) + gap),
    ("E_q[log p(x|z,y)] - KL(q, p(z)) + gap", "the KL in closed form (lesson 14)",
     q @ log_x - gaussian.kl_standard_normal(mu, logvar)[0] + gap),
    ("E_eps[ConditionalVAE.elbo] + gap", "tinyvae/conditional.py", bound + gap)],
    within=1e-9, source="quadrature, a step of 0.04; independent are the first line, the last two, and the gap")
library = np.array([weights @ small.elbo(np.repeat(every_x, len(grid), axis=0), np.full(64 * len(grid), y), np.tile(
    grid, 64)[:, None]).reshape(64, -1).T for y in range(3)]).T                  # the bound, (64, 3)
lesson.claim("The bound is never above log p(x|y): largest difference over every picture and label",
             (library - exact).max(), at_most=1e-9, source="KL(q, p(z|x, y)) >= 0; quadrature")
lesson.claim("For each label p(x|y) sums to 1 over the 64 pictures: largest |sum_x p(x|y) - 1|",
             np.abs(np.exp(exact).sum(axis=0) - 1).max(), 0, within=1e-9, source="definition; all 64 pictures")

# %%
# **A label is a bias.** The library puts the columns of the label beside :math:`x` and beside :math:`z`. What does the
# first layer of the decoder make of that? For one example with label :math:`y` and hidden unit :math:`j`:
#
# .. math::
#    \begin{aligned}
#    s_j &= \sum_i [z, c]_i W^0_{ij} + b_j, \quad W^0 = \begin{pmatrix} U \\ E \end{pmatrix} \\
#    &= \sum_i z_i U_{ij} + \sum_k c_k E_{kj} + b_j \\
#    &= \sum_i z_i U_{ij} + E_{yj} + b_j \\
#    &= \sum_i z_i U_{ij} + (E_{yj} + b_j)
#    \end{aligned}
#
# The product with a one-hot vector picks one row of :math:`E`, and that row stands where a bias stands. So for a fixed
# label the conditional VAE **is** an ordinary VAE with the bias :math:`E_y + b`, and all we know of VAEs holds for it.

lesson.predict("By how many numbers do the VAE of label 1 and the VAE of label 2 differ?")
z, c = 0.7, np.eye(3)[1]
lesson.derivation("Every line of 'a label is a bias' has the same value", [
    ("sum_i [z, c]_i W0_ij + b_j", "the layer as the library has it, j = 1",
     small.decoder.layers[0].forward(np.concatenate([[z], c])[None])[0, 0]),
    ("sum_i z_i U_ij + sum_k c_k E_kj + b_j", "the product block by block", z * U[0, 0] + c @ E[:, 0] + b[0]),
    ("sum_i z_i U_ij + E_yj + b_j", "c is one-hot", z * U[0, 0] + E[1, 0] + b[0]),
    ("sum_i z_i U_ij + (E_yj + b_j)", "brackets", z * U[0, 0] + (E[1, 0] + b[0]))], within=1e-12, source="rounding")
noise = small_rng.standard_normal((64, 1))
folded = [small.given(y).elbo(every_x, noise) - small.elbo(every_x, np.full(64, y), noise) for y in range(3)]
print(f"Answer: by their two first biases, {2 * small.hidden[0]} numbers here; 400 in the model of digits.")
lesson.claim("ConditionalVAE.given folds the row into the bias, a tinyvae.VAE with the same bound: largest difference",
             np.abs(folded).max(), 0, within=1e-12, source="tinyvae/conditional.py, given; rounding")
difference = small.given(1).decode(grid[:, None]) - 1 / (1 + np.exp(
    -np.tanh(grid[:, None] @ U + (E[1] + b)) @ W - b_out))
lesson.claim("Its decoder is s, h, a above: largest difference of a pixel", np.abs(difference).max(), 0, within=1e-12,
             source="rounding")

# %%
# **The gradient** is that of two dense layers; finding it is exercise 31. :math:`c` is data and gets none. One
# consequence you can predict: each example has exactly one label.

lesson.predict("Add up the rows of dE, one for each label. Which gradient do you get?")
labels = small_rng.integers(3, size=20)
x = every_x[small_rng.integers(64, size=20)]
report = tinyvae.check_gradients(small, x, np.eye(3)[labels], small_rng.standard_normal((20, 1)), raises=False)
lesson.claim("ConditionalVAE.backward is the numerical gradient, for every parameter: largest relative error",
             report.worst, 0, within=1e-10, source="complex step")
small.loss(x, labels, small_rng.standard_normal((20, 1)))
small.backward()
print("Answer: that of the bias b. What all labels share can stand in b or in every row of E: no picture tells.")
lesson.claim("The rows of dE add up to db: largest difference", np.abs(small.gradients["decoder.0.W"][1:].sum(axis=0) -
             small.gradients["decoder.0.b"]).max(), 0, within=1e-12, source="sum_k c_k = 1; rounding")

# %%
# **Training.** Nothing new: ``fit(model, (x, labels))``. Beside it a VAE of the same size that is told nothing.

images, latent_dim = lesson.standard_images(), 5
epochs, batch_size, lr = (16, 50, 5e-3) if lesson.quick else (10 if lesson.data == "mnist" else 30, 100, 3e-3)
settings = {"hidden": (200,), "latent_dim": latent_dim, "activation": "tanh", "seed": lesson.seed}
cvae, vae = ConditionalVAE(784, 10, **settings), tinyvae.VAE(784, **settings)
told, untold = (lesson.fit(model, data, epochs=epochs, batch_size=batch_size, optimizer=tinyvae.Adam(lr),
                           binarize=True, seed=lesson.seed)
                for model, data in ((cvae, (images.train, images.train_labels)), (vae, images.train)))
print("On the training pictures, mean of the last epoch:")
for name, history in (("told the label", told), ("told nothing", untold)):
    print(f"{name:<15} negative bound {history['total'][-1]:6.2f} = reconstruction "
          f"{history['reconstruction'][-1]:6.2f} + KL {history['kl'][-1]:5.2f} nats")
images = images._replace(train=images.train[:10_000], train_labels=images.train_labels[:10_000],
                         test=images.test[:2000], test_labels=images.test_labels[:2000])         # enough from here on
z = np.random.default_rng(z_seed).standard_normal((500, latent_dim))
drawn = np.array([cvae.decode(z, np.full(500, y)) for y in range(10)])           # each z with each y, (10, 500, 784)
lesson.figure(plots.picture_rows({f"label {y}": drawn[y, :12] for y in range(10)}, "Each row one label, each column "
                                 "one z: one digit in many styles, one style in many digits"), "labels_and_z")

# %%
# Does the label decide which digit it is? A reader who has never seen the VAE says so: softmax regression (lesson 01),
# trained on the training pictures, each pixel drawn as 0 or 1 as the VAE saw them.

pixel_rng = np.random.default_rng(pixel_seed)
reader = probes.softmax_regression(pixel_rng.random(images.train.shape) < images.train, images.train_labels, 10,
                                   tolerance=1e-2)
read = np.array([np.bincount(reader.predict(drawn[y]), minlength=10) for y in range(10)])        # label by answer
holes = np.mean(drawn.sum(axis=2) > images.train.sum(axis=1).max())
if holes > 0:
    print(f"Blacker than any digit: {holes:.1%} of those drawn, from z where no code lies (lesson 18).")
print(f"The reader agrees with the label of {np.trace(read) / read.sum():.1%} of 5,000 drawn digits, and of "
      f"{np.mean(reader.predict(images.test) == images.test_labels):.1%} of the real ones.")
lesson.claim("Labels whose pictures are most often read as that label", np.sum(read.argmax(axis=1) == np.arange(10)),
             at_least=10, source="p2: the condition decides what is drawn")

# %%
# Does :math:`z` decide how it looks, whatever the label? Take the ink of each picture and correlate it between labels
# that got the same :math:`z`. And what does :math:`z` still know about the label? It was told; to code it again would
# cost KL and gain nothing. Read the label from the codes of test digits by their nearest neighbour (lesson 18).

lesson.predict("The digit can be read from the z of an ordinary VAE. From that of the conditional: better or worse?")
ink = drawn.sum(axis=2)                                                          # (10, 500)
between = np.corrcoef(ink)[np.triu_indices(10, 1)].min()
lesson.claim("The same z gives heavy or light ink under every label: least correlation of two labels", between,
             at_least=5 / np.sqrt(500), source="0 if z meant another thing for each label; 5 standard errors")
codes = {"told nothing": (vae.encode(images.train)[0], vae.encode(images.test)[0]),
         "told the label": (cvae.encode(images.train, images.train_labels)[0],
                            cvae.encode(images.test, images.test_labels)[0])}
right = {name: probes.nearest_neighbour(train, images.train_labels, test) == images.test_labels
         for name, (train, test) in codes.items()}
print("Answer: worse. Label read from z: " + ", ".join(f"{name} {hits.mean():.1%}" for name, hits in right.items()) +
      f". Not the 10 % of\nchance: z comes from an encoder that was told the label, and q(z|y) is only near p(z).\n"
      f"The label saves {untold['kl'][-1] - told['kl'][-1]:.2f} nats of KL and "
      f"{untold['total'][-1] - told['total'][-1]:.2f} of the bound; "
      f"naming a digit costs log 10 = {np.log(10):.2f}.\nWhat is gained above that: few latents must serve "
      "digit and style; told the digit, they are free for style.")
less = right["told nothing"].astype(float) - right["told the label"]
lesson.claim("z says less about the label when the label is told: accuracy lost", less.mean(),
             at_least=5 * less.std() / np.sqrt(len(less)), source="z is drawn without looking at y; 5 standard errors")
mu = cvae.encode(images.test[:12], images.test_labels[:12])[0]
lesson.figure(plots.picture_rows({"test digit": images.test[:12], **{
    f"as a {y}": cvae.decode(mu, np.full(12, y)) for y in (0, 3, 4, 7, 8)}},
    "The z of a test digit under other labels: the same hand, where it is common, writes another"), "same_hand")

# %%
# **Bayes' rule.** The notes (section 2): estimate :math:`p(x|y)` to find :math:`p(y|x)`. With
# :math:`a_k = \log p(x|k) + \log p(k)`:
#
# .. math::
#    \begin{aligned}
#    \log p(y|x) &= \log \frac{p(x, y)}{p(x)} \\
#    &= \log p(x|y) + \log p(y) - \log p(x) \\
#    &= \log p(x|y) + \log p(y) - \log \sum_k p(x|k) p(k) \\
#    &= a_y - \log \sum_k e^{a_k} = \log \text{softmax}(a)_y
#    \end{aligned}
#
# On the small model every term is known, and there is a second way to :math:`p(y|x)`, without the rule: draw labels and
# pictures, keep those with the picture in question, and count their labels.

prior = np.array([0.5, 0.3, 0.2])
n, label = 400_000, 2
y = small_rng.choice(3, n, p=prior)
joint = np.exp(exact) * prior                                                    # p(x, y), (64, 3)
picture = joint.sum(axis=1).argmax()                                             # the picture met most often
x = small.sample(y, small_rng, mean=False)
seen = y[(x == every_x[picture]).all(axis=1)]
posterior = joint[picture, label] / joint[picture].sum()
a = exact[picture] + np.log(prior)
lesson.derivation("Every line of Bayes' rule has the same value", [
    ("log p(y|x)", "definition: p(x, y) / p(x)", np.log(posterior)),
    ("log p(x|y) + log p(y) - log p(x)", "the logarithm of a product", a[label] - np.log(joint[picture].sum())),
    ("log p(x|y) + log p(y) - log sum_k p(x|k) p(k)", "p(x) is the sum over the labels",
     exact[picture, label] + np.log(prior[label]) - np.log(np.exp(exact[picture]) @ prior)),
    ("log softmax(a)_y", "a_k = log p(x|k) + log p(k)", np.log(softmax(a[None])[0, label]))],
    within=1e-12, source="rounding")
lesson.claim(f"Bayes' rule is what counting finds among {len(seen)} draws with this picture: share of label 2",
             np.mean(seen == label), posterior, within=5 * np.sqrt(posterior * (1 - posterior) / len(seen)),
             source="5 standard errors of a share")
one, given = every_x[picture:picture + 1], [small.given(y) for y in range(3)]
error = max(evaluation.log_likelihood(model, one, 20_000, 0, return_error=True)[1][0] for model in given)
lesson.claim("GenerativeClassifier finds the same probability by importance sampling",
             GenerativeClassifier(given, prior, k=20_000, rng=small_rng).probabilities(one)[0, label], posterior,
             within=5 * np.sqrt(2) * error * posterior * (1 - posterior),
             source="tinyvae/classifier.py; 5 standard errors of a difference of two log p, times dp/da = p (1 - p)")

# %%
# **A classifier out of ten generators.** :math:`\log p(x|y)` from k samples each (lesson 20), equal :math:`p(y)`.
# Beside it Bayes' rule with a poorer :math:`p(x|y)`, independent pixels for each digit; and softmax regression, which
# learns :math:`p(y|x)` and nothing else.

k, keep = 3 if lesson.quick else 10, 0.99                # samples; share of digits to keep
test = (pixel_rng.random(images.test.shape) < images.test).astype(np.float32)
first, second = test[::2], test[1::2]
classifier = GenerativeClassifier([cvae.given(y) for y in range(10)], k=k, rng=lesson.seed)
naive = GenerativeClassifier([IndependentPixels(images.train[images.train_labels == y]) for y in range(10)])
log_joint = classifier.log_joint(test)                                           # (N, 10)
answered = {"ten VAEs and Bayes' rule": log_joint.argmax(axis=1), "pixels and Bayes' rule": naive.predict(test),
           "softmax regression": reader.predict(test)}
right = {name: (answer == images.test_labels).astype(float) for name, answer in answered.items()}
for name, hits in right.items():
    print(f"{name:<25} {hits.mean():6.1%} right on {len(test)} binary test digits, standard error "
          f"{hits.std() / np.sqrt(len(test)):.1%}")
gained = right["ten VAEs and Bayes' rule"] - right["pixels and Bayes' rule"]
errors = 5 * gained.std() / np.sqrt(len(test))                                   # the quick run is too small to see it
lesson.claim("Bayes' rule with ten VAEs against independent pixels: accuracy gained", gained.mean(), at_least=-errors
             if lesson.quick else errors, source="paired, 5 standard errors (quick: no worse by 5); a better p(x|y)")
own = (log_joint - naive.log_joint(test))[np.arange(len(test)), images.test_labels]
lesson.claim("And its p(x|y) is better: nats per digit above independent pixels", own.mean(),
             at_least=5 * own.std() / np.sqrt(len(test)), source="paired, 5 standard errors")

# %%
# **None of these.** The notes: a discriminative model must name one of the classes; a generative one need not, where
# :math:`p(x)` is below a threshold. We set it on half of the test digits (``anomaly.threshold``, lesson 19), and show
# it the other half and what is no digit: noise of three kinds, inverted digits, shapes of the same pen, empty pictures.

other_rng, M = np.random.default_rng(other_seed), 100 if lesson.quick else 500


def binary(p):
    """Each pixel 1 with its probability, else 0."""
    return (other_rng.random(p.shape) < p).astype(np.float32)


def pen(*lines):
    """M pictures (M, 784) of straight lines (x, y, to x, to y), in units of about 8 pixels from somewhere near the
    middle, by the pen of the generated digits."""
    centre, size = other_rng.uniform(12, 16, (M, 1, 2)), other_rng.uniform(7, 9, (M, 1, 1))
    along, ends = (np.arange(40)[:, None] + 0.5) / 40, np.reshape(lines, (-1, 2, 2))
    points = centre + size * np.concatenate([start + (end - start) * along for start, end in ends])      # (M, P, 2)
    length = size[:, 0] * np.repeat(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) / 40, 40)
    return binary(strokes.draw(points[:, :, 0], points[:, :, 1], length, other_rng.uniform(2, 3, M)).reshape(M, 784))


others = {"coins": binary(np.full((M, 784), 0.5)),
          "noisy mean digit": binary(np.tile(images.train.mean(axis=0), (M, 1))),
          "shuffled digits": other_rng.permuted(first[:M], axis=1), "inverted digits": 1 - first[:M],
          "crosses": pen((-1, -1, 1, 1), (1, -1, -1, 1)), "bars": pen((-1, 0, 1, 0)),
          "squares": pen((-1, -1, 1, -1), (1, -1, 1, 1), (1, 1, -1, 1), (-1, 1, -1, -1)),
          "dots": pen((-0.05, 0, 0.05, 0)), "empty": np.zeros((M, 784), np.float32)}
classifier.reject_below(first, keep)
log_p = {name: classifier.log_marginal(x) for name, x in {"digits": second, **others}.items()}
lesson.claim("The threshold keeps its promise on digits it was not set on: share kept",
             np.mean(log_p["digits"] >= classifier.threshold), keep,
             within=5 * np.sqrt(keep * (1 - keep) * (1 / len(first) + 1 / len(second))) + 1 / len(first),
             source="99 % by choice; 5 standard errors of the quantile and of the share")
lesson.predict("Of the empty pictures, without a single stroke: how many are 'none of these'?")
by_likelihood = {name: np.mean(value < classifier.threshold) for name, value in log_p.items()}
certain = {name: np.mean(np.exp(reader.log_probabilities(x)).max(axis=1) > 0.9) for name, x in others.items()}
print(f"Answer: {by_likelihood['empty']:.0%}. Softmax regression must name a digit, and is more than 90 % sure of "
      f"it for {certain['empty']:.0%} of the\nempty pictures, {certain['coins']:.0%} of the coins, "
      f"{certain['inverted digits']:.0%} of the inverted digits.")
lesson.claim("Pictures of coins that are 'none of these'", by_likelihood["coins"], at_least=1 - np.exp(
             np.minimum(-classifier.threshold - 784 * np.log(2), 0)), source="Markov's inequality, next cell")
some, better = second[:30 if lesson.quick else 100], GenerativeClassifier(classifier.models, k=100, rng=lesson.seed)
lesson.claim("Likelihood alone is fooled: share of the digits that are less likely than the empty picture, k = 100",
             np.mean(better.log_marginal(some) < better.log_marginal(others["empty"][:1])),
             at_least=0.5 + 2.5 / np.sqrt(len(some)), source="half, and 5 standard errors of a share")

# %%
# **Why.** The notes say (section 3) that what looks more like a dog gets a higher :math:`p(x)`. That is loose:
# :math:`\log p(x)` also counts how much there is to say. Each stroke has a place, a slant, edges, and costs nats; an
# empty picture has nothing to get wrong. (So the most probable picture, which section 1 would generate, is one that
# nobody ever meets.) Hold :math:`p` against what a picture costs *anyone*: a **background** :math:`r(x)` that knows
# nothing of digits. The ratio (Ren et al. 2019; with a code length for :math:`r`, Serra et al. 2020) has a guarantee:
#
# .. math::
#    \begin{aligned}
#    P_r \left[ \log \frac{p(x)}{r(x)} \geq t \right] &= \sum_{x :\, p(x) \geq e^t r(x)} r(x) \\
#    &\leq \sum_{x :\, p(x) \geq e^t r(x)} e^{-t} p(x) \\
#    &\leq e^{-t}
#    \end{aligned}
#
# since :math:`r \leq e^{-t} p` where we sum, and all of :math:`p` sums to 1 (Markov's inequality). It holds for any
# model :math:`p`, good or bad, and for pictures drawn from :math:`r`. With coins, :math:`r = 2^{-784}`, a threshold on
# :math:`\log p` *is* such a ratio: coins are refused. Other pictures need another :math:`r`. On the small model:

p, r = np.exp(exact) @ prior, small_rng.dirichlet(np.ones(64))
ratio = np.log(p / r)
excess = max(r[ratio >= t].sum() - np.exp(-t) for t in ratio)
lesson.claim("The share of r above t is at most e^-t, for every t: largest excess", excess, at_most=1e-12,
             source="Markov's inequality, summed over all 64 pictures")

# %%
# Two backgrounds of a few lines, mixed half and half (``tinyvae/classifier.py``). **Independent pixels**: ink where
# digits have ink, nothing about strokes. **A neighbour code**: a pixel is like the one left of it and the one above it;
# how much so, it learns from the picture itself, pixel by pixel: after :math:`k` of :math:`n` were ink, the next is
# with probability :math:`(k + 1) / (n + 2)` (Laplace's rule). Simple pictures are likely under it, empty ones most.

background = [IndependentPixels(images.train), NeighbourCode()]
judge = GenerativeClassifier(classifier.models, background=background, k=k, rng=lesson.seed)
stricter = 0.95
limits = [(c.reject_below(first, stricter), c.reject_below(first, keep))[::-1] for c in (classifier, judge)]
log_r = {name: log_sum_exp(np.stack([model.log_likelihood(x) for model in background], axis=1)) - np.log(2)
         for name, x in {"digits": second, **others}.items()}
lesson.claim("GenerativeClassifier.evidence is log p - log r: largest difference on digits",
             np.abs(judge.evidence(second) - (log_p["digits"] - log_r["digits"])).max(), 0, within=1e-9,
             source="tinyvae/classifier.py, evidence; rounding")
typical = log_sum_exp(log_joint[::2]).mean()
scores = {"log p": lambda name: log_p[name], "typicality": lambda name: -np.abs(log_p[name] - typical),
          "log p - log r": lambda name: log_p[name] - log_r[name]}


def against_digits(score, name):
    """P(a digit scores higher than a picture of this kind), and its standard error."""
    values = np.concatenate([score("digits"), score(name)])
    return evaluation.auc(values, np.arange(len(values)) < len(second), return_error=True)


lesson.predict("Typicality (Nalisnick et al. 2019) takes for digits what has about their mean log p. What fools it?")
print("                      mean   mean   P(a digit scores higher), AUC      'none of these', log p   log p - log r\n"
      f"                     log p  log r   log p  typicality  log p - log r    keep = {keep:.2f}   {stricter:.2f}    "
      f"{keep:.2f}   {stricter:.2f}")
areas = {name: [against_digits(score, name) for score in scores.values()] for name in others}
refused = {name: np.array([scores[score](name) < t for score, pair in zip(("log p", "log p - log r"), limits)
                           for t in pair]) for name in log_p}                    # (4, M)
for name in log_p:
    print(f"{name:<18} {log_p[name].mean():7.0f} {log_r[name].mean():6.0f} " + " ".join(
        f"{area:{width}.3f}" for (area, _), width in zip(areas.get(name, [(0.5, 0)] * 3), (7, 11, 14)))
        + "".join(f"{share:{width}.0%}" for share, width in zip(refused[name].mean(axis=1), (15, 7, 8, 7))))
worst = min(areas, key=lambda name: areas[name][1][0])
print(f"Answer: what is as simple as a digit without being one; of the kinds here, '{worst}' most. The ratio puts each "
      "kind below\nmost digits, but the share refused is the test, not the AUC. A threshold that keeps 99 % hangs on "
      "the worst 1 % of\nthe digits and swings from seed to seed: dots and empty pictures may pass. To keep 95 % costs "
      "digits, and refuses more.")
lesson.claim("Digits outrank every kind under the ratio: least AUC", min(area for _, _, (area, _) in areas.values()),
             at_least=2 / 3, source="by choice: odds of 2 to 1")
more = np.concatenate([refused[name][3].astype(float) - refused[name][2] for name in others])
lesson.claim(f"Under the ratio keep = {stricter} refuses more of what is no digit than {keep}: share gained",
             more.mean(), at_least=5 * more.std() / np.sqrt(len(more)), source="5 standard errors over these kinds")
lesson.claim(f"And it keeps its promise: share of the other digits kept at {stricter}", 1 - refused["digits"][3].mean(),
             stricter, within=5 * np.sqrt(stricter * (1 - stricter) * (1 / len(first) + 1 / len(second)))
             + 1 / len(first), source="by choice; 5 standard errors of the quantile and of the share")
# The figure draws costs, so that all fit: the empty pictures are one picture, and their spread is that of an estimate
# with k samples of a q that was never trained on such a thing.
lesson.figure(conditional.evidence_plane(
    {f"empty (one picture, {min(M, conditional.SHOWN)} estimates)" if name == "empty" else name:
     (log_r[name], log_p[name]) for name in log_p}, classifier.threshold, judge.threshold,
    "Empty pictures cost the model of digits little, less than digits do; but the background less still"), "evidence")
shown = {"digits": second, **others}
x, names = np.concatenate([pictures[:2] for pictures in shown.values()]), [name for name in shown for _ in range(2)]
answered = {"softmax": reader.predict(x), "log p": classifier.predict(x), "ratio": judge.predict(x)}
lesson.figure(conditional.answers(x, answered, names, "Softmax regression names a digit whatever it sees; a threshold "
                                  "on p(x), or on a ratio, need not"), "answers")
lesson.end()
