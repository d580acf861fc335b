"""Deep, tied and stacked autoencoders (notes on autoencoders and VAE: deep, symmetric, layer by layer).

Before: lesson 04 (backpropagation through a dense layer), lesson 05 (the autoencoder, and PCA as its linear case).
After: you can say which half of a deep autoencoder beats PCA, derive the gradient of a weight that is used twice,
count what tying saves, and test with seeds and error bars what is said of tied and of stacked training.
"""

# %%
# The notes say that the basic autoencoder extracts linear patterns only, and that more layers are stacked for the
# others. Three of their remedies are measured here: **deep** networks; **tied** weights, where decoder and encoder
# share their matrices; and training **layer by layer**. The letters: :math:`B` pictures of :math:`D` pixels,
# :math:`L` numbers in the code :math:`z`.
#
# .. math::
#    z = \mathrm{encoder}(x), \quad \hat{x} = \mathrm{decoder}(z), \quad
#    \mathcal{L} = \frac{1}{B} \sum_b \sum_d (\hat{x}_{bd} - x_{bd})^2

import copy

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import evaluation
from tinyvae.autoencoder import EncoderDecoder, squared_error
from tinyvae.gradcheck import numeric_gradients, relative_error
from tinyvae.layers import Dense, Sequential, mlp
from tinyvae.pca import PCA
from tinyvae.plots import depth

lesson = Lesson("06_deep_tied_and_stacked", "Deep, tied and stacked",
                "notes on autoencoders and VAE: deep, symmetric, layer by layer")
images = lesson.images(*((1000, 300) if lesson.quick else (3000, 1000)))
side = 14 if lesson.quick else 28                         # a quick run halves the pictures: means of 2 x 2 pixels
train, test = (x.reshape(-1, side, 28 // side, side, 28 // side).mean(axis=(2, 4)).reshape(len(x), side**2)
               for x in (images.train, images.test))      # (N, D)
D = side**2
seeds = [int(word) for word in np.random.SeedSequence(lesson.seed).generate_state(6)]
rng = np.random.default_rng(seeds.pop())


def error(model, x):
    """The mean squared error per picture."""
    return evaluation.reconstruction_error(model, x).mean()


def trained(model, x, epochs, seed, lr=1e-3, batch_size=50, marks=(), optimizer=None):
    """Train model on x. Returns its training and test error, (2, marks + 1): before each epoch of marks, and after."""
    rows = []

    def look(epoch):
        if epoch in (*marks, epochs):
            rows.append((error(model, x), error(model, test)))

    tinyvae.fit(model, x, epochs=epochs, batch_size=batch_size, optimizer=optimizer or tinyvae.Adam(lr), seed=seed,
                progress=False, before_epoch=look)
    look(epochs)
    return np.array(rows).T


def mean_and_error(values):
    """Mean over the seeds (first axis), and its standard error."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def claim_above_zero(sentence, differences):
    """Claim that the mean of differences (seeds,), one for each seed, lies above 0 by 5 standard errors."""
    mean, standard_error = mean_and_error(differences)
    lesson.claim(sentence, mean, at_least=5 * standard_error,
                 source=f"the difference for each of {len(differences)} seeds; 5 standard errors of its mean")


# %%
# **Where depth must sit.** Give the decoder no hidden layer, :math:`\hat{x} = z U^T + c`, with :math:`U` of shape
# :math:`(D, L)`. Whatever the encoder does, :math:`\hat{x}` lies in one flat set: the point :math:`c` plus all
# combinations of the :math:`L` columns of :math:`U`. PCA finds the flat set of :math:`L` dimensions that is nearest to
# the training data (lesson 05). So on the training data
#
# .. math::
#    \frac{1}{N} \sum_n |\hat{x}_n - x_n|^2 \; \ge \; \min_{flat} \frac{1}{N} \sum_n \mathrm{dist}(x_n, flat)^2
#    \; = \; \frac{1}{N} \sum_n |\hat{x}^{PCA}_n - x_n|^2 .
#
# So the notes' advice to stack layers needs a word more. A deep *encoder* cannot help by itself: the decoder must bend.

lesson.predict("Three networks with the same code: hidden layers in the encoder only, one hidden layer on both sides, "
               "two on both\nsides. Which of them beat PCA?")
sizes, n_seeds, epochs = ((2, 4), 4, 20) if lesson.quick else ((2, 4, 8), 4, 25)
one, two, lr = (64,), (64, 32), 1e-2 if lesson.quick else 5e-3
fits = [PCA(train, L) for L in sizes]
baseline = np.array([[error(fit, x) for fit in fits] for x in (train, test)])                  # (2, sizes)


def flat_decoder(L, seed):
    """Two hidden layers in the encoder, none in the decoder."""
    weights = np.random.default_rng(seed)
    return EncoderDecoder(mlp((D, *two, L), "elu", weights), Dense(L, D, weights), D)


kinds = {"hidden layers in the encoder only": (2, flat_decoder),          # an inequality needs no more seeds
         "one hidden layer on both sides": (n_seeds, lambda L, seed: tinyvae.Autoencoder(D, one, L, seed=seed)),
         "two hidden layers on both sides": (n_seeds, lambda L, seed: tinyvae.Autoencoder(D, two, L, seed=seed))}
reached = {kind: np.array([[trained(make(L, seed), train, epochs, seed, lr)[:, -1] for L in sizes]
                           for seed in seeds[:n]]) for kind, (n, make) in kinds.items()}       # (seeds, sizes, 2)
print(f"test error after {epochs * len(train) // 50} updates, mean of {n_seeds} seeds (first row of networks: 2) "
      "+- standard error")
print(f"{'L':<36}" + "".join(f"{L:>9}       " for L in sizes))
print(f"{'PCA':<36}" + "".join(f"{e:>9.2f}       " for e in baseline[1]))
for kind, errors in reached.items():
    print(f"{kind:<36}" + "".join(f"{m:>9.2f} +-{e:5.2f}" for m, e in zip(*mean_and_error(errors[:, :, 1]))))
flat, shallow, deep = reached.values()
print("Answer: the first cannot, by the inequality; the last does; one hidden layer lies between, and may need more\n"
      "updates than a quick run has.")
lesson.claim("A flat decoder never beats PCA on the training data, however deep its encoder: smallest difference",
             np.min(flat[:, :, 0] - baseline[0]), at_least=0, source="the inequality above, no tolerance")
claim_above_zero("Two hidden layers on both sides beat PCA on test pictures: share of its error removed, mean over L",
                 np.mean(1 - deep[:, :, 1] / baseline[1], axis=1))
claim_above_zero("Two hidden layers beat one: share of the test error removed, mean over L",
                 np.mean(1 - deep[:, :, 1] / shallow[:, :, 1], axis=1))
lesson.figure(depth.error_by_latent_size(
    sizes, baseline[1], {kind: mean_and_error(errors[:, :, 1]) for kind, errors in reached.items()},
    "Hidden layers beat PCA, but only when the decoder has them"), "latent_size")

# %%
# **Tied weights.** The notes mirror the encoder: the decoder uses the transposes of its matrices. With widths
# :math:`n_0 = D, n_1, \dots, n_K = L` each pair of neighbours has one matrix instead of two. The biases stay apart.
#
# .. math::
#    P_{untied} = 2 \sum_k n_k n_{k+1} + \sum_k n_{k+1} + \sum_k n_k, \qquad
#    P_{tied} = \sum_k n_k n_{k+1} + \sum_k n_{k+1} + \sum_k n_k

widths = (784, 300, 300, 10)
weights = sum(n * m for n, m in zip(widths[:-1], widths[1:]))
biases = sum(widths[1:]) + sum(widths[:-1])
counts = {tied: tinyvae.Autoencoder(784, (300, 300), 10, tied=tied).parameters.vector.size for tied in (False, True)}
print(f"\n784-300-300-10 and back: {weights} weights one way, {biases} biases; untied {counts[False]}, tied "
      f"{counts[True]}, {counts[True] / counts[False]:.2%} of it")
lesson.claim("Untied parameters, counted", counts[False], 2 * weights + biases, within=0, source="the sum above, exact")
lesson.claim("Tied parameters, counted: half, and half of the biases", counts[True], (counts[False] + biases) // 2,
             within=0, source="P_tied = (P_untied + biases) / 2, exact")

# %%
# **One W, two paths.** The smallest tied autoencoder: :math:`a = x W + b`, :math:`z = \tanh a`,
# :math:`\hat{x} = z W^T + c`. To see the paths, write the decoder's :math:`W` with a letter of its own, :math:`U`. The
# loss is then a function :math:`\mathcal{L}(W, U)` of two matrices, and ours is its value where both are the same.

B, d, L = 7, 11, 3
x, W = rng.random((B, d)), 0.5 * rng.standard_normal((d, L))
b, c = 0.3 * rng.standard_normal(L), 0.3 * rng.standard_normal(d)


def loss(W, U):
    """L(W, U) of the little autoencoder; W (d, L) encodes, U (d, L) decodes."""
    z = np.tanh(x @ W + b)                                # (B, L)
    x_hat = z @ U.T + c                                   # (B, d)
    return np.sum((x_hat - x)**2) / B


z = np.tanh(x @ W + b)
x_hat = z @ W.T + c
dx_hat = 2 * (x_hat - x) / B                              # L = 1/B sum (x_hat - x)^2             (B, d)
dW_decoder = dx_hat.T @ z                                 # x_hat_bi = sum_j z_bj U_ij + c_i      (d, L)
dz = dx_hat @ W                                           # the same line, its other factor       (B, L)
da = dz * (1 - z**2)                                      # z = tanh a                            (B, L)
dW_encoder = x.T @ da                                     # a_bj = sum_i x_bi W_ij + b_j          (d, L)
dW = dW_encoder + dW_decoder                              # both arguments of L are this W        (d, L)

# %%
# Every line of the derivation, for one entry :math:`W_{ij}`. The derivatives that a line leaves open are taken by the
# machine (complex step: the imaginary part of f at :math:`t = 10^{-30} i`, divided by :math:`10^{-30}`).

i, j, E = 4, 1, np.zeros((d, L))
E[i, j] = 1.0


def derivative(f):
    """df/dt at t = 0."""
    return np.imag(f(1e-30j)) / 1e-30


lesson.derivation("The gradient of a tied weight, line by line: every line is the same number", [
    ("d/dt L(W + tE, W + tE)", "what we want: E is 1 at (i, j), and W stands in two places",
     derivative(lambda t: loss(W + t * E, W + t * E))),
    ("dL/dW_ij + dL/dU_ij at U = W", "chain rule for two arguments, each moves at rate 1",
     derivative(lambda t: loss(W + t * E, W)) + derivative(lambda t: loss(W, W + t * E))),
    ("dL/dW_ij + sum_bd dL/dx_hat_bd dx_hat_bd/dU_ij", "chain rule through x_hat; dL/dx_hat = 2 (x_hat - x) / B",
     derivative(lambda t: loss(W + t * E, W))
     + np.sum(dx_hat * derivative(lambda t: z @ (W + t * E).T + c))),
    ("dL/dW_ij + sum_b dx_hat_bi z_bj", "x_hat_bi = sum_j z_bj U_ij + c_i: only d = i has U_ij",
     derivative(lambda t: loss(W + t * E, W)) + np.sum(dx_hat[:, i] * z[:, j])),
    ("sum_bd dL/dx_hat_bd dx_hat_bd/dW_ij + sum_b dx_hat_bi z_bj", "chain rule through x_hat, which sees W through z",
     np.sum(dx_hat * derivative(lambda t: np.tanh(x @ (W + t * E) + b) @ W.T + c)) + np.sum(dx_hat[:, i] * z[:, j])),
    ("sum_b (sum_d dx_hat_bd U_dj) dz_bj/dW_ij + ...", "x_hat_bd = sum_j z_bj U_dj + c_d: dx_hat_bd/dz_bj = U_dj",
     np.sum((dx_hat @ W)[:, j] * derivative(lambda t: np.tanh(x @ (W + t * E) + b))[:, j])
     + np.sum(dx_hat[:, i] * z[:, j])),
    ("sum_b dz_bj (1 - z_bj^2) x_bi + sum_b dx_hat_bi z_bj", "z = tanh a, a_bj = sum_i x_bi W_ij + b_j",
     np.sum(dz[:, j] * (1 - z[:, j]**2) * x[:, i]) + np.sum(dx_hat[:, i] * z[:, j])),
    ("(x^T da)_ij + (dx_hat^T z)_ij", "definition of the matrix product", dW_encoder[i, j] + dW_decoder[i, j]),
], within=1e-12, source="complex step, rounding only")

# %%
# Each path alone, all entries: the derivative in which only that path's matrix moves. Then the library.

moving_encoder, moving_decoder = numeric_gradients(loss, W, W.copy())
lesson.claim("Encoder path: x^T da is the derivative when only the encoder's W moves",
             relative_error(dW_encoder, moving_encoder).max(), 0, within=1e-10, source="complex step, relative error")
lesson.claim("Decoder path: dx_hat^T z is the derivative when only the decoder's W moves",
             relative_error(dW_decoder, moving_decoder).max(), 0, within=1e-10, source="complex step, relative error")
tied = tinyvae.Autoencoder(d, (), L, code="tanh", tied=True, dtype=np.float64)
for name, array in {"encoder.0.W": W, "encoder.0.b": b, "decoder.0.b": c}.items():
    tied.parameters[name][...] = array
tied.loss(x)
tied.backward()
lesson.claim("Their sum is what EncoderDecoder.backward gives the tied W",
             relative_error(dW, tied.gradients["encoder.0.W"]).max(), 0, within=1e-12,
             source="tinyvae/autoencoder.py, and layers.py TransposedDense; rounding only")


def copies_of(tied):
    """The untied autoencoder that starts as this tied one: its decoder holds copies of the transposes."""
    untied = tinyvae.Autoencoder(tied.data_dim, tied.hidden, tied.latent_dim, activation=tied.activation,
                                 code=tied.code, dtype=tied.dtype)
    for name, array in tied.parameters.items():
        untied.parameters[name][...] = array
    last = 2 * len(tied.hidden)                           # layer k of the encoder mirrors layer last - k
    for k in range(0, last + 1, 2):
        untied.parameters[f"decoder.{last - k}.W"][...] = tied.parameters[f"encoder.{k}.W"].T
    return untied


tied = tinyvae.Autoencoder(d, (6, 5), L, activation="tanh", tied=True, seed=rng, dtype=np.float64)
untied = copies_of(tied)
for model in (tied, untied):
    model.loss(x)
    model.backward()
sums = [untied.gradients[f"encoder.{k}.W"] + untied.gradients[f"decoder.{4 - k}.W"].T for k in (0, 2, 4)]
lesson.claim("In a deep one, each tied gradient is the sum of its two untied ones, the decoder's transposed",
             max(relative_error(total, tied.gradients[f"encoder.{k}.W"]).max() for total, k in zip(sums, (0, 2, 4))), 0,
             within=1e-12, source="an untied autoencoder with the same numbers; rounding only")

# %%
# What the two paths want need not be alike. With pictures as data a column of :math:`W` is a picture, and so are its
# two gradients. Shown is the column, of 8, in which the encoder path has the largest share.

tied = tinyvae.Autoencoder(D, (), 8, code="tanh", tied=True, seed=seeds[0], dtype=np.float64)
trained(tied, train, 10, seeds[0])
untied = copies_of(tied)
untied.loss(np.float64(train))
untied.backward()
column = np.argmax(np.linalg.norm(untied.gradients["encoder.0.W"], axis=0)
                   / np.linalg.norm(untied.gradients["decoder.0.W"], axis=1))
paths = [untied.gradients["encoder.0.W"][:, column], untied.gradients["decoder.0.W"][column]]
print(f"lengths of the two gradients of one column: encoder path {np.linalg.norm(paths[0]):.2f}, "
      f"decoder path {np.linalg.norm(paths[1]):.2f}, sum {np.linalg.norm(sum(paths)):.2f}")
lesson.figure(depth.heat_maps(
    {"encoder path": paths[0], "decoder path": paths[1], "their sum: the gradient of W": sum(paths)}, side,
    "One column of a tied W: two paths bring two gradients, and W gets their sum"), "two_paths")

# %%
# **The linear tied autoencoder has no freedom left.** Without activations, and with the means taken off,
# :math:`\hat{x} = x W W^T`. Let :math:`C` be the covariance of the data, :math:`S = W^T C W`, :math:`M = W^T W`.
#
# .. math::
#    \begin{aligned}
#    \mathcal{L} &= \operatorname{tr}[(I - W W^T) C (I - W W^T)]
#      && |v|^2 = \operatorname{tr}(v^T v), \text{ mean of } x^T x \text{ is } C \\
#    &= \operatorname{tr} C - 2 \operatorname{tr} S + \operatorname{tr}(S M)
#      && \operatorname{tr}(AB) = \operatorname{tr}(BA) \\
#    \frac{1}{2} \frac{\partial \mathcal{L}}{\partial W} &= -2 C W + C W M + W S
#      && \text{product rule} \\
#    \frac{1}{2} W^T \frac{\partial \mathcal{L}}{\partial W} &= -2 S + S M + M S = S (M - I) + (M - I) S
#      && \text{times } W^T
#    \end{aligned}
#
# At an optimum the left side is 0. In the basis where :math:`S` is diagonal with entries :math:`s_i > 0` the right side
# has the entries :math:`(s_i + s_j)(M - I)_{ij}`. So :math:`M = I`: the columns of :math:`W` have length 1 and are
# orthogonal. Nobody asked for that. Away from the optimum the same line bounds the distance from it:
#
# .. math::
#    \| W^T W - I \| \; \le \; \frac{1}{4 s_{min}} \left\| W^T \frac{\partial \mathcal{L}}{\partial W} \right\|

lesson.predict("An untied linear autoencoder is trained beside it. Are its columns orthonormal too?")
few, L = np.float64(train[:200] - train[:200].mean(axis=0)), 3
C = few.T @ few / len(few)                                # (D, D)
spectrum = np.linalg.eigvalsh(C)[::-1]
tied = tinyvae.Autoencoder(D, (), L, tied=True, seed=seeds[0], dtype=np.float64)
untied = copies_of(tied)
untied.parameters["encoder.0.W"][...] *= 2                # the same reconstructions to begin with
untied.parameters["decoder.0.W"][...] /= 2
for name, linear, rate in (("tied", tied, 0.1), ("untied", untied, 0.02)):
    trained(linear, few, 400, 0, batch_size=len(few), optimizer=tinyvae.Momentum(rate / spectrum[0], 0.9))
    W, end = linear.parameters["encoder.0.W"], linear.loss(few).total
    print(f"{name:<7} loss {end:.6f} (PCA {spectrum[L:].sum():.6f})   W^T W = "
          + np.array2string(W.T @ W, precision=3, suppress_small=True).replace("\n", ""))
tied.backward()
W, dW = tied.parameters["encoder.0.W"], tied.gradients["encoder.0.W"]
slack = np.linalg.norm(W.T @ dW) / (4 * np.linalg.eigvalsh(W.T @ C @ W)[0])
print("Answer: no. Any invertible Q in the encoder and its inverse in the decoder cancel; a tied pair cannot do that.")
lesson.claim("The columns of the tied linear W are orthonormal: |W^T W - I|", np.linalg.norm(W.T @ W - np.eye(L)), 0,
             within=slack + 1e-12, source="the bound above, from the gradient that is left; and rounding")
lesson.claim("and the gradient that is left allows no visible distance: the bound itself", slack, at_most=1e-6,
             source="the training has come to rest")

# %%
# **"Converges faster, overfits less."** So the notes say of tied weights, and give a reason: half the parameters. Three
# networks decide: tied; untied, drawn at random as always; and untied, but *started* as the tied one, its decoder from
# copies of the transposes. The third has the parameters of the second and the first values of the first. All train on
# few pictures, so that there is something to overfit, and for the same number of updates. What is measured:
#
# - *speed*: the test error after a fixed, early number of updates;
# - *overfitting*: the gap, test error minus training error, after a fixed, late number of updates;
# - *overfitting at equal training error*: the test error at the moment when the training error has fallen to a level
#   that all three reach (read off between two measurements on a straight line).
#
# What comes out depends on the settings too. With steps ten times as large on pictures of 28 x 28 the errors jump
# about, and of the four claims below the last two can drown in that noise.

lesson.predict("Who is ahead early on, who at the end? If tied learns faster, is it the missing parameters?")
n_few, n_seeds, epochs, lr = (60, 5, 150, 1e-2) if lesson.quick else (200, 5, 600, 1e-3)
batch = n_few // 3                                        # three updates per epoch
marks = sorted({round(epochs ** (k / 9)) for k in range(9)})
updates = 3 * np.array([*marks, epochs])
early = np.searchsorted(updates, updates[-1] / 20)
kinds = {"tied": lambda tied, seed: tied,
         "untied": lambda tied, seed: tinyvae.Autoencoder(D, tied.hidden, tied.latent_dim, seed=seed),
         "untied, started as tied": lambda tied, seed: copies_of(tied)}
runs = {kind: [] for kind in kinds}
for n, seed in enumerate(seeds[:n_seeds]):
    few = train[n * n_few:(n + 1) * n_few]                # every seed has pictures of its own
    for kind, make in kinds.items():
        model = make(tinyvae.Autoencoder(D, (32,), 8, tied=True, seed=seed), seed)
        runs[kind].append(trained(model, few, epochs, seed, lr, batch, marks))
runs = {kind: np.array(values) for kind, values in runs.items()}         # (seeds, train and test, marks)
print(f"{n_few} training pictures, mean of {n_seeds} seeds +- standard error")
print(f"{'':<25}{f'test, update {updates[early]}':>20}{f'train, update {updates[-1]}':>20}{'test':>17}{'gap':>17}")
for kind, r in runs.items():
    columns = (r[:, 1, early], r[:, 0, -1], r[:, 1, -1], r[:, 1, -1] - r[:, 0, -1])
    print(f"{kind:<25}" + "".join(f"{m:>{width}.2f} +-{e:5.2f}" for (m, e), width in
                                  zip(map(mean_and_error, columns), (12, 12, 9, 9))))
tied, untied, copied = runs.values()
claim_above_zero(f"Tied is ahead of untied after {updates[early]} updates: test error", (untied - tied)[:, 1, early])
claim_above_zero("So are copies of its start, with all the parameters of the untied one: test error",
                 (untied - copied)[:, 1, early])
claim_above_zero(f"Fewer parameters do not make it faster: after {updates[-1]} updates the copies fit the training "
                 "pictures better", (tied - copied)[:, 0, -1])
claim_above_zero("Of two with the same start the tied one overfits less: difference of the gaps",
                 (copied - tied)[:, 1, -1] - (copied - tied)[:, 0, -1])
level = np.max([r[:, 0, -1] for r in runs.values()], axis=0)               # the training error that all three reach
at_level = [np.array([np.interp(-goal, -np.minimum.accumulate(path[0]), path[1]) for goal, path in zip(level, r)])
            for r in (tied, untied)]                       # interp wants rising numbers: minus the lowest so far
ahead, ahead_error = mean_and_error(at_level[1] - at_level[0])
gaps = [mean_and_error((r[:, 1] - r[:, 0])[:, -1])[0] for r in (tied, untied)]
print(f"""Answer: tied is ahead early, mostly because of its start. The columns of a random W are nearly orthonormal, so
W W^T is nearly a projection; two random matrices have no such relation. The copies have that start too, and are ahead
with it. (With large steps tied can lead the copies at first: one update moves its W in both places.) At the end the
copies, with twice the parameters, have the lower training error. So "faster" is confirmed, its reason is not.
"Overfits less" is confirmed for two with the same start. Against the usual start it depends on what is compared, and
nothing is claimed. After {updates[-1]} updates the gaps are {gaps[0]:.2f} (tied) and {gaps[1]:.2f} (untied), but the
untied one is still on its way. At the same training error the test error of tied is lower by
{ahead:.2f} +- {ahead_error:.2f}.""")
lesson.figure(depth.learning_curves(
    {kind: (updates, *mean_and_error(r[:, 1])) for kind, r in runs.items()},
    "Tied learns faster than untied, but so do free copies of its start, before they overfit"), "tied_speed")
lesson.figure(depth.train_and_test(
    {kind: r.mean(axis=0) for kind, r in runs.items()}, 2 * level.mean(),
    "What a training error costs in test error: tied, untied, and untied with the start of tied"), "tied_gap")

# %%
# **Layer by layer.** Stage 1 trains the outermost pair of layers as an autoencoder of its own, on the pictures. Stage 2
# trains the next pair on the codes of stage 1, and so on inwards. Then everything is put together and *fine-tuned* as
# one network. In code, with the pairs from the outside in (each a Dense layer and the activation behind it):

S = len(two) + 1                                          # stages


def stack(model, epochs, seed, lr):
    """Train model layer by layer. Returns the test error of what is built so far, before each epoch, in pixels."""
    pairs, h, errors = [], train, []

    def look(epoch):
        h_hat = test
        for encoder, _ in pairs:
            h_hat = encoder.forward(h_hat)
        for _, decoder in pairs[::-1]:
            h_hat = decoder.forward(h_hat)
        errors.append(np.mean(squared_error(test, h_hat)))

    for k in range(S):
        ends = model.encoder.layers[2 * k:2 * k + 2], model.decoder.layers[2 * (S - 1 - k):2 * (S - k)]
        pairs.append([Sequential(*layers) for layers in copy.deepcopy(ends)])
        stage = EncoderDecoder(*pairs[-1], h.shape[1])
        tinyvae.fit(stage, h, epochs=epochs, batch_size=50, optimizer=tinyvae.Adam(lr), seed=seed, progress=False,
                    before_epoch=look)
        h = stage.encode(h)                               # the data of the next stage
        for own, learnt in zip((Sequential(*ends[0]), Sequential(*ends[1])), pairs[-1]):
            for name, array in learnt.parameters.items():
                own.parameters[name][...] = array
    return errors


library, ours = (tinyvae.Autoencoder(D, two, 8, seed=seeds[0]) for _ in range(2))
tinyvae.fit_layer_by_layer(library, train, epochs=2, batch_size=50, seed=1, progress=False)
stack(ours, 2, 1, 1e-3)
lesson.claim("The loop above and fit_layer_by_layer leave the same parameters",
             np.abs(library.parameters.vector - ours.parameters.vector).max(), 0, within=1e-6,
             source="tinyvae/layer_by_layer.py; float32 rounding")

# %%
# **Against all at once.** The notes describe the method and leave open what it gains. What is a fair count? An update
# of stage :math:`k` moves one pair of matrices and costs that pair's share of the arithmetic, so one update of each of
# the :math:`S` stages costs about as much as one update of the whole network. With :math:`e` epochs for each stage and
# :math:`f` of fine-tuning there are three ways to count for "all at once":
#
# - :math:`f` epochs, *the same fine-tuning*: the stages are a gift;
# - :math:`e + f` epochs, *the same arithmetic*: the same number of multiplications;
# - :math:`S e + f` epochs, *the same updates*: as often a batch of 50 pictures and one step of Adam.
#
# The last is what "trained equally long" mostly means, and it is unfair to the stages: their updates are cheaper, and
# all other layers stand still meanwhile.

lesson.predict("At the same number of updates, which one reconstructs test pictures better?")
e, f, n_seeds = (5, 5, 5) if lesson.quick else (8, 12, 4)
settings = {"elu": 1e-3} if lesson.quick else {"elu": 1e-3, "sigmoid": 3e-3}
per_epoch, panels = len(train) // 50, {}
for activation, lr in settings.items():
    curves = {"layer by layer, then fine-tuned": [], "all at once": []}
    for seed in seeds[:n_seeds]:
        stacked, whole = (tinyvae.Autoencoder(D, two, 8, activation=activation, seed=seed) for _ in range(2))
        staged = stack(stacked, e, seed, lr)
        tuned = trained(stacked, train, f, seed, lr, marks=range(f))[1]
        curves["layer by layer, then fine-tuned"].append([*staged, *tuned])
        curves["all at once"].append(trained(whole, train, S * e + f, seed, lr, marks=range(S * e + f))[1])
    by_stages, at_once = (np.array(values) for values in curves.values())                    # (seeds, S e + f + 1)
    panels[activation] = {label: (per_epoch * np.arange(S * e + f + 1), *mean_and_error(np.array(values)))
                          for label, values in curves.items()}
    print(f"{activation}: test error at the end, layer by layer {{:.2f}} +-{{:.2f}}; all at once with".format(
        *mean_and_error(by_stages[:, -1])))
    for words, epochs in (("fine-tuning", f), ("arithmetic", e + f), ("updates", S * e + f)):
        print("    the same {:<12} {:6.2f} +-{:.2f}".format(words, *mean_and_error(at_once[:, epochs])))
    if activation == "elu":
        claim_above_zero("Stages help if they are free: fine-tuning from them beats as much from a random start",
                         at_once[:, f] - by_stages[:, -1])
        claim_above_zero("Counted, they do not: at the same number of updates all at once is ahead",
                         by_stages[:, -1] - at_once[:, -1])
print("""Answer: all at once. Stages give a better start than random numbers, but each adds an error of its own, and at
the same number of updates the detour is not made good. They come from a time of deep sigmoid networks. A run without
--quick measures one with two hidden layers: there too the stages help only while their updates are not counted.
python -m tests.benchmarks.autoencoders depth measures one with three, on MNIST, where they win by any count.""")
lesson.figure(depth.staged_curves(
    panels, {per_epoch * e * (k + 1): f"stage {k + 1}" for k in range(S)} | {per_epoch * (S * e + f): "fine-tuning"},
    "Each stage adds a layer and an error that fine-tuning must take back; all at once has no such detour"), "stages")
lesson.end()
