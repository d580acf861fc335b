"""The autoencoder and PCA (notes on autoencoder and manifold, all of it; on autoencoders and VAE, the first part).

Before: lesson 04 (backpropagation through a dense layer), eigenvalues and eigenvectors of a symmetric matrix.
After: you can write down the gradient of an autoencoder, prove that PCA is the best linear one, say what of its code is
determined and what is not, and show on a curve and in many dimensions why the nonlinear one exists.
"""

# %%
# An **encoder** turns a picture :math:`x` of :math:`D` numbers into a **latent vector** :math:`z` of :math:`L` numbers
# (also: code, feature, representation). A **decoder** turns :math:`z` into :math:`\hat{x}`, a picture again. No label
# says what the right :math:`z` is. So the notes judge :math:`z` by what can be rebuilt from it: the target is the input
# itself ("self-supervised"), and the loss is the **reconstruction error**. The simplest case is linear:
#
# .. math::
#    z = x W + b, \quad \hat{x} = z U + c, \quad e_n = \sum_d (\hat{x}_{nd} - x_{nd})^2, \quad
#    \mathcal{L} = \frac{1}{B} \sum_n e_n
#
# for a batch of :math:`B` pictures. Shapes: :math:`x, \hat{x}` are (B, D), :math:`W` (D, L), :math:`b` (L,), :math:`z`
# (B, L), :math:`U` (L, D), :math:`c` (D,).

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import evaluation, pca, plots
from tinyvae.autoencoder import EncoderDecoder
from tinyvae.data import spiral
from tinyvae.gradcheck import numeric_gradients, relative_error
from tinyvae.layers import mlp
from tinyvae.plots import manifolds
from tinyvae.probes import nearest_neighbour

lesson = Lesson("05_autoencoder_and_pca", "The autoencoder and PCA", "notes on autoencoders and manifolds")
images = lesson.images(*((1000, 500) if lesson.quick else (4000, 1000)))
side = 14 if lesson.quick else 28                          # a quick run halves the pictures: means of 2 x 2 pixels
train, test = (x.reshape(-1, side, 28 // side, side, 28 // side).mean(axis=(2, 4)).reshape(len(x), side**2)
               for x in (images.train, images.test))       # (N, D)
D = side**2
rng, curve_rng, cell_rng, distance_rng = map(np.random.default_rng, np.random.SeedSequence(lesson.seed).spawn(4))


def fitted(model, x, epochs, batch_size, lr, watch=lambda: None):
    """Train model on x by Adam, its learning rate falling from lr to 0 along a cosine. watch() before each epoch."""
    optimizer = tinyvae.Adam(lr)

    def before_epoch(epoch):
        optimizer.lr = lr * (1 + np.cos(np.pi * epoch / epochs)) / 2
        watch()
    tinyvae.fit(model, x, epochs=epochs, batch_size=batch_size, optimizer=optimizer, seed=lesson.seed, progress=False,
                before_epoch=before_epoch)
    return model


def error(model, x):
    """The mean reconstruction error per picture."""
    return evaluation.reconstruction_error(model, x).mean()


# %%
# The other notes call this error a difference "of the data distributions" of input and output. It is not: it compares
# each picture with *its own* reconstruction. Hand every picture the reconstruction of another one, :math:`y`. The
# distribution stays what it is. The error of perfect pictures, dealt out at random, with :math:`m` the mean picture and
# :math:`S` the covariance:
#
# .. math::
#    \begin{aligned}
#    \mathbb{E} |x - y|^2 &= \mathbb{E} |(x - m) - (y - m)|^2 && \text{subtract and add } m \\
#    &= \mathbb{E} |x - m|^2 - 2 \, \mathbb{E} (x - m) (y - m)^T + \mathbb{E} |y - m|^2 && \text{square, linearity} \\
#    &= \mathrm{tr}\, S - 0 + \mathrm{tr}\, S = 2 \, \mathrm{tr}\, S && \text{x, y independent, with mean m}
#    \end{aligned}

lesson.predict("Which is worse in reconstruction error: the same grey mean picture for all, or perfect pictures in the "
               "wrong order?")
total_variance = np.sum(np.var(train, axis=0, dtype=np.float64))                 # tr S
shuffled = np.sum((train - train[rng.permutation(len(train))])**2, axis=1)
print(f"mean picture {total_variance:.2f}, shuffled pictures {shuffled.mean():.2f}: twice as bad, with the right "
      "distribution")
lesson.claim("Perfect pictures in a random order have twice the error of the mean picture", shuffled.mean(),
             2 * total_variance, within=5 * shuffled.std() / np.sqrt(len(train)), source="2 tr S; 5 standard errors")

# %%
# **The gradient.** Forward and backward are lesson 04's, for two matrices. Each line of the backward is the derivative
# of one line of the forward, times what came from above.
#
# .. math::
#    \frac{\partial \mathcal{L}}{\partial e_n} = \frac{1}{B}, \quad
#    \frac{\partial e_n}{\partial \hat{x}_{nd}} = 2 (\hat{x}_{nd} - x_{nd}), \quad
#    \frac{\partial \hat{x}_{nd}}{\partial U_{ld}} = z_{nl}, \quad
#    \frac{\partial \hat{x}_{nd}}{\partial z_{nl}} = U_{ld}, \quad
#    \frac{\partial z_{nl}}{\partial W_{dl}} = x_{nd}

def forward(x, W, b, U, c):
    """The loss, and what backward needs."""
    z = x @ W + b                                          # (B, L)
    x_hat = z @ U + c                                      # (B, D)
    e = np.sum((x_hat - x)**2, axis=1)                     # (B,)
    return np.mean(e), z, x_hat


def backward(x, z, x_hat, U):
    """dW, db, dU, dc."""
    de = np.full(len(x), 1 / len(x))                       # loss = mean(e)
    dx_hat = de[:, None] * 2 * (x_hat - x)                 # e = sum_d (x_hat - x)^2
    dU = z.T @ dx_hat                                      # x_hat = z U + c
    dc = dx_hat.sum(axis=0)
    dz = dx_hat @ U.T
    dW = x.T @ dz                                          # z = x W + b
    db = dz.sum(axis=0)
    return dW, db, dU, dc


small = tinyvae.Autoencoder(11, (), 3, seed=rng, dtype=np.float64)
small.parameters.vector[...] += 0.3 * rng.standard_normal(small.parameters.vector.size)
weights = [array.copy() for array in small.parameters.values()]                  # W, b, U, c
x = rng.random((7, 11))
loss, z, x_hat = forward(x, *weights)
by_hand = backward(x, z, x_hat, weights[2])
numeric = numeric_gradients(lambda *w: forward(x, *w)[0], *weights)
lesson.claim("The four gradients by hand are the numerical ones",
             max(relative_error(hand, number).max() for hand, number in zip(by_hand, numeric)), 0, within=1e-10,
             source="complex step through forward, relative error")

# %%
# **From lesson to library.** ``tinyvae/autoencoder.py`` has these lines: ``squared_error``, its pair
# ``squared_error_backward``, and ``Autoencoder.backward``, where two layers ``Dense`` do the rest.

library_loss = small.loss(x).total
small.backward()
lesson.claim("Autoencoder.backward fills in the gradients by hand",
             max(relative_error(small.gradients[name], hand).max() for name, hand in zip(small.gradients, by_hand)), 0,
             within=1e-12, source="the lines above, relative error")
lesson.claim("Autoencoder.loss is the loss by hand", library_loss, loss, within=1e-12 * loss, source="rounding")

# %%
# **Which linear autoencoder is best?** Three steps. Fix the decoder's :math:`U`, with independent rows. *First*, the
# encoder. Measure :math:`x` and :math:`\hat{x}` from :math:`c`, so that :math:`\hat{x} = z U` (the encoder can do the
# same, by :math:`b = -c W`). For one :math:`x` the error is a parabola in :math:`z`. It is least where its gradient is
# zero:
#
# .. math::
#    \nabla_z |z U - x|^2 = 2 (z U - x) U^T = 0 \quad \Rightarrow \quad z = x U^T (U U^T)^{-1}, \quad
#    \hat{x} = x P, \quad P = U^T (U U^T)^{-1} U
#
# This :math:`z` is linear in :math:`x`: a deep encoder could not do better. :math:`P` is the **projection** onto the
# rows of :math:`U`: :math:`P^T = P`, and :math:`P P = P`, since the :math:`U U^T` in the middle cancels its inverse.

mean = train.mean(axis=0, dtype=np.float64)
X = train - mean                                           # (N, D), float64
U = rng.standard_normal((2, D))
P = U.T @ np.linalg.solve(U @ U.T, U)                      # (D, D)
z = X @ U.T @ np.linalg.inv(U @ U.T)                       # (N, 2)
by_lstsq = np.mean(np.linalg.lstsq(U.T, X.T, rcond=None)[1])
size = np.mean(np.sum(X**2, axis=1))                       # mean |x|^2; values below are about this large
lesson.derivation("The best encoder of a fixed decoder projects: every line has the same value", [
    ("mean min_z |x - z U|^2", "definition; a least-squares solver finds z", by_lstsq),
    ("mean |x - z U|^2,  z = x U^T (U U^T)^-1", "zero gradient of a parabola", np.mean(np.sum((X - z @ U)**2, axis=1))),
    ("mean |x - x P|^2", "z U = x P", np.mean(np.sum((X - X @ P)**2, axis=1))),
    ("mean (|x|^2 - 2 x P x^T + x P P^T x^T)", "square of a difference",
     np.mean(np.sum(X**2 - 2 * X * (X @ P) + X * (X @ P @ P.T), axis=1))),
    ("mean (|x|^2 - x P x^T)", "P P^T = P P = P", size - np.mean(np.sum(X * (X @ P), axis=1)))],
    within=1e-11 * size, source="first line: LAPACK's solver, which knows no P; rounding")

# %%
# *Second*, the offset :math:`c`. Let it be the data's mean :math:`m` plus any :math:`s`. With
# :math:`M = I - P` and :math:`y = x - m`, whose mean is 0, the middle term vanishes. The rest is least at
# :math:`s = 0`: the best plane goes through the mean. So :math:`x` means :math:`x - m` from here on.

s, M = rng.standard_normal(D), np.eye(D) - P
lesson.derivation("The best plane goes through the mean: every line has the same value", [
    ("mean |(y - s) M|^2", "the error of the plane through m + s", np.mean(np.sum(((X - s) @ M)**2, axis=1))),
    ("mean |y M|^2 - 2 (mean y) M M^T s^T + |s M|^2", "square of a difference; linearity of the mean",
     np.mean(np.sum((X @ M)**2, axis=1)) - 2 * X.mean(axis=0) @ M @ M.T @ s + np.sum((s @ M)**2)),
    ("mean |y M|^2 + |s M|^2", "mean y = 0", np.mean(np.sum((X @ M)**2, axis=1)) + np.sum((s @ M)**2))],
    within=1e-11 * (size + s @ s), source="rounding")

# %%
# *Third*, which plane? Write the projection with orthonormal rows :math:`Q` (L, D) that span the same plane:
# :math:`P = Q^T Q`. The covariance of the data is :math:`S = \frac{1}{N} \sum_n x_n^T x_n = \sum_j \lambda_j v_j^T v_j`
# with eigenvalues :math:`\lambda_1 \ge \lambda_2 \ge \ldots \ge 0` and orthonormal rows :math:`v_j`. Call
# :math:`w_j = |Q v_j^T|^2` the share of direction :math:`j` that the plane keeps.

S = X.T @ X / len(X)                                       # (D, D)
lam, V = np.linalg.eigh(S)
lam, V = lam[::-1], V[:, ::-1].T                           # largest first; v_j is row j of V
Q = np.linalg.qr(U.T)[0].T                                 # (2, D)
w = np.sum((Q @ V.T)**2, axis=0)                           # (D,)
lesson.derivation("The error of a plane is the sum of lambda_j (1 - w_j): every line has the same value", [
    ("mean (|x|^2 - x P x^T)", "from above", size - np.mean(np.sum(X * (X @ P), axis=1))),
    ("mean (tr x^T x - tr P x^T x)", "tr(a b) = tr(b a), the trace of a number is the number",
     np.mean(np.einsum("nd,nd->n", X, X) - np.einsum("nd,de,ne->n", X, P, X, optimize=True))),
    ("tr S - tr(P S)", "the trace is linear", np.trace(S) - np.trace(P @ S)),
    ("tr S - tr(Q S Q^T)", "P = Q^T Q, tr(a b) = tr(b a)", np.trace(S) - np.trace(Q @ S @ Q.T)),
    ("sum_j lambda_j - sum_j lambda_j |Q v_j^T|^2", "S = sum_j lambda_j v_j^T v_j, |v_j| = 1",
     lam.sum() - sum(value * np.sum((Q @ v)**2) for value, v in zip(lam, V))),
    ("sum_j lambda_j (1 - w_j)", "name w_j, collect", lam @ (1 - w))],
    within=1e-11 * size, source="the data, S and its eigenvalues; rounding")

# %%
# Each :math:`w_j` lies between 0 and 1 (a projection shortens), and, since :math:`\sum_j v_j^T v_j = I`, they add up to
# :math:`\sum_j w_j = \mathrm{tr}\, Q Q^T = L`. So a plane has :math:`L` to share out, at most 1 for each direction, and
# the error is least when the :math:`L` largest eigenvalues get it: :math:`w_j = 1` for :math:`j \le L`. To see it
# without a doubt, subtract (:math:`i \le L < j`):
#
# .. math::
#    \begin{aligned}
#    \sum_j \lambda_j (1 - w_j) - \sum_{j > L} \lambda_j
#    &= \sum_{i \le L} \lambda_i (1 - w_i) - \sum_{j > L} \lambda_j w_j \\
#    &\ge \lambda_L \sum_{i \le L} (1 - w_i) - \lambda_{L+1} \sum_{j > L} w_j \\
#    &= (\lambda_L - \lambda_{L+1}) \sum_{i \le L} (1 - w_i) \; \ge \; 0
#    \end{aligned}
#
# Line 1: the terms :math:`j > L` of both sums cancel but for :math:`- \lambda_j w_j`. Line 2:
# :math:`\lambda_i \ge \lambda_L` and :math:`\lambda_j \le \lambda_{L+1}`. Line 3: both sums are equal, since all
# :math:`w` add up to :math:`L`. So the least error is the sum of the dropped eigenvalues (Eckart and Young 1936), and
# the plane that has it, :math:`v_1` to :math:`v_L`, is that of **principal component analysis** (PCA). In the library:
# ``tinyvae/pca.py``, ``PCA``. It never forms :math:`S`: the singular value decomposition of :math:`x - m` gives the
# same :math:`v_j`, and :math:`\lambda_j = s_j^2 / N`.

kept, left = w[:2], w[2:]
print("\nThe three lines for this random plane: "
      f"{lam[:2] @ (1 - kept) - lam[2:] @ left:.6f} >= {lam[1] * np.sum(1 - kept) - lam[2] * np.sum(left):.6f} = "
      f"{(lam[1] - lam[2]) * np.sum(1 - kept):.6f} >= 0")
sizes = (2, 16) if lesson.quick else (2, 10, 30)
planes = {k: pca.PCA(train, k) for k in sizes}
dropped = {k: lam[k:].sum() for k in sizes}
lesson.claim("PCA's training error is the sum of the dropped eigenvalues, relative error",
             max(abs(error(planes[k], train) / dropped[k] - 1) for k in sizes), 0, within=1e-10,
             source="eigenvalues of the covariance; PCA takes a singular value decomposition")
by_hand = mean + X @ V[:2].T @ V[:2]
lesson.claim("PCA.reconstruct is m + (x - m) P with P from the first two v_j: largest difference of a pixel",
             np.abs(planes[2].reconstruct(train) - by_hand).max(), 0, within=1e-10 * lam[0] / (lam[1] - lam[2]),
             source="rounding over the relative gap of the eigenvalues")
print("Share of the variance that the code keeps: "
      + ", ".join(f"{100 * (1 - dropped[k] / lam.sum()):.0f} percent for L = {k}" for k in sizes))

# %%
# The sum :math:`\sum_{i \le L} (1 - w_i)` has a meaning. The **principal angles** :math:`\theta_i` between two planes
# are the smallest angle between a direction of one and a direction of the other, then the same among the directions
# orthogonal to those, and so on. All 0: the same plane. Their cosines are the singular values of
# :math:`Q V_L^T` (L, L), with :math:`v_1` to :math:`v_L` in the rows of :math:`V_L`. The sum of the squares of its
# entries is :math:`\sum_{i \le L} w_i`, and that of its singular values is the same:
# :math:`\sum_{i \le L} (1 - w_i) = \sum_i (1 - \cos^2 \theta_i) = \sum_i \sin^2 \theta_i`.
#
# So the excess error bounds the angle, and near the best plane the error is of **second order** in the angle. Tilt
# :math:`v_L` towards :math:`v_{L+1}` by :math:`\theta`: then :math:`w_L = \cos^2 \theta`,
# :math:`w_{L+1} = \sin^2 \theta`, and the excess is :math:`(\lambda_L - \lambda_{L+1}) \sin^2 \theta` exactly.

lesson.predict("A plane of 2 dimensions is 8 degrees off the best one. By how many percent is its error too large?")
tilts, gap = np.radians([0.5, 1, 2, 4, 8, 16]), lam[1] - lam[2]
tilted = [np.stack([V[0], np.cos(t) * V[1] + np.sin(t) * V[2]]) for t in tilts]
excess = np.array([np.mean(np.sum((X - X @ Q.T @ Q)**2, axis=1)) for Q in tilted]) - dropped[2]
for t, value in zip(tilts, excess):
    print(f"    {np.degrees(t):4.1f} degrees: error +{100 * value / dropped[2]:.4f} percent")
print("Twice the angle, four times the excess.")
lesson.claim("A tilt costs (lambda_2 - lambda_3) sin^2: largest deviation over the error",
             np.abs(excess - gap * np.sin(tilts)**2).max() / size, 0, within=1e-11, source="the line above; rounding")
lesson.claim("principal_angles finds the tilts again (radians)",
             max(abs(pca.principal_angles(V[:2], Q)[-1] - t) for Q, t in zip(tilted, tilts)), 0, within=1e-10,
             source="the angles by which the planes were tilted; rounding")

# %%
# **Training reaches it.** ``fit`` knows nothing of eigenvalues. It walks down the gradient from a random start. The
# loss has saddle points but no minimum other than PCA's (Baldi and Hornik 1989). (Adam keeps moving by about its
# learning rate, so that rate falls to 0 along a cosine.) The closer :math:`\lambda_L` and :math:`\lambda_{L+1}` are,
# the less a wrong plane costs, and the slower it turns.

lesson.predict("Which comes first in training: the error of PCA, or its plane?")
visited = []                                               # decoder's U and training error before each epoch


def watch():
    visited.append((np.float64(linear[2].parameters["decoder.0.W"]), error(linear[2], train)))


epochs, batch_size, lr = (100, 25, 0.03) if lesson.quick else (80, 50, 0.015)
linear = {k: tinyvae.Autoencoder(D, (), k, seed=lesson.seed) for k in sizes}
for k in sizes:
    if k == 2:
        fitted(linear[k], train, epochs, batch_size, lr, watch)
    else:
        fitted(linear[k], train, 60, batch_size, lr)
watch()
angles = np.array([pca.principal_angles(planes[2].components, U)[-1] for U, _ in visited])
over = np.array([value / dropped[2] - 1 for _, value in visited])
# The same decoders, each with its best encoder, tell what the plane alone costs. The rest of the error is an encoder
# that is not yet the best one for its decoder.
alone = np.array([lam @ (1 - np.sum((np.linalg.qr(U.T)[0].T @ V.T)**2, axis=0)) / dropped[2] - 1 for U, _ in visited])
for e in (0, epochs // 8, epochs // 4, epochs // 2, 3 * epochs // 4, epochs):
    print(f"    epoch {e:3d}: angle {np.degrees(angles[e]):7.3f} degrees, error +{100 * over[e]:9.5f} percent, with "
          f"the best encoder +{100 * alone[e]:9.5f}")
print("Answer: the error. What the angle itself costs (last column) goes with its square: a tenth of the angle, a hundredth\n"
      "of the excess. The training's own error falls more slowly, because its encoder lags behind its decoder.")
lesson.claim("The linear autoencoder's plane is PCA's: largest principal angle (degrees)", np.degrees(angles[-1]),
             at_most=2, source="required of it; the optimum is 0, and Adam's steps end at lr = 0")
lesson.claim("At every epoch the error is at least what the angle costs: smallest difference (percent of PCA's error)",
             100 * np.min(over - gap * np.sin(angles)**2 / dropped[2]), at_least=-1e-4,
             source="the inequality above; float32 rounding 1e-6 of the error")
lesson.figure(manifolds.angle_and_excess(
    np.degrees(angles), {"one training, epoch by epoch": 100 * over, "its decoder with the best encoder": 100 * alone},
    100 * gap / dropped[2], "PCA's error comes before its plane: what the angle costs goes with its square"),
              "angle_and_error")
ratios = np.array([error(linear[k], train) / dropped[k] for k in sizes])
for k, ratio in zip(sizes, ratios):
    print(f"    L = {k:2d}: training error {ratio:.6f} of PCA's; test error, linear autoencoder "
          f"{error(linear[k], test):.3f}, PCA {error(planes[k], test):.3f}")
lesson.claim("Training error over PCA's, the largest over the sizes of the code", ratios.max(), at_most=1.005,
             source="PCA is the optimum; 0.5 percent for a training that ends")
lesson.claim("No linear autoencoder has less than PCA's training error: smallest ratio", ratios.min(),
             at_least=1 - 1e-6, source="Eckart and Young; float32 rounding")
all_sizes = np.arange(1, 51)
V_test = np.cumsum(np.mean(((test - mean) @ V[:50].T)**2, axis=0))               # what 1, 2, ... directions keep
lesson.figure(manifolds.error_by_size(
    all_sizes, {"PCA, training data: the dropped eigenvalues": lam.sum() - np.cumsum(lam)[:50],
                "PCA, test data": np.mean(np.sum((test - mean)**2, axis=1)) - V_test},
    {"linear autoencoder by fit, training": (sizes, ratios * list(dropped.values())),
     "linear autoencoder by fit, test": (sizes, [error(linear[k], test) for k in sizes])},
    "Trained by gradient descent, the linear autoencoder lands on PCA's error"), "error_by_size")
some = slice(0, 10)
rows = {"original": test[some], **{f"L = {k}": linear[k].reconstruct(test[some]) for k in sizes}}
lesson.figure(plots.picture_rows(rows, "Test digits, rebuilt by linear autoencoders from 2 and more numbers"),
              "reconstructions")

# %%
# **Only the plane is determined.** For any invertible :math:`R` (L, L) the encoder :math:`W R` with the decoder
# :math:`R^{-1} U` gives the same pictures:
#
# .. math::
#    \begin{aligned}
#    \left( x W R + b R \right) R^{-1} U + c &= (x W + b) R R^{-1} U + c && \text{distributive law} \\
#    &= (x W + b) U + c && R R^{-1} = I
#    \end{aligned}
#
# The notes say the axes of the code are surely important features. The *plane* is. The axes are not determined: each
# training finds others, and PCA's (orthogonal, sorted by variance) are a convention.

R = np.array([[1.0, 2.0], [-1.0, 3.0]])
mixed = tinyvae.Autoencoder(D, (), 2, dtype=np.float64)
mixed.parameters.vector[...] = linear[2].parameters.vector
before, z_before = error(mixed, test), mixed.encode(test.astype(np.float64))
W, b, U, c = mixed.parameters.values()
W[...], b[...], U[...] = W @ R, b @ R, np.linalg.inv(R) @ U
lesson.claim("With W R and R^-1 U the test error is the same", error(mixed, test), before,
             within=1e-12 * np.linalg.cond(R)**2 * before, source="the two lines above; rounding")
z_after = mixed.encode(test.astype(np.float64))
for name, codes in (("PCA", planes[2].encode(test)), ("autoencoder", z_before), ("mixed by R", z_after)):
    print(f"    {name:<12} correlation of z_1 and z_2 {np.corrcoef(codes.T)[0, 1]:+.2f}, "
          f"standard deviations {codes[:, 0].std():.2f} and {codes[:, 1].std():.2f}")

# %%
# It also shows why both notes call the autoencoder **no generative model** in the strict sense. Its loss says nothing
# of how :math:`z` is distributed: take :math:`R = 10 I`, and the loss stays while the codes grow tenfold. So there is
# no :math:`p(z)` to draw from. With :math:`z \sim N(0, I)` the decoded variance is :math:`\mathrm{tr}\, U^T U`:

for factor in (0.1, 1, 10):
    print(f"    R = {factor:4.1f} I: test error {before:.3f}, variance of decoded N(0, I) draws "
          f"{np.sum((U / factor)**2):9.3f}, of the data {size:.3f}")

# %%
# **A curved manifold.** The notes' manifold is a region of few dimensions where the data lie. It need not be flat. One
# arm of a spiral has one coordinate, and no line follows it. The points are
# :math:`r (\cos 2 \pi r, \sin 2 \pi r)` plus noise of standard deviation :math:`\sigma = 0.02`, with
# :math:`r = \sqrt{u}`, :math:`u` uniform from 0.01 to 1. All networks have a code of **one** number.

lesson.predict("Which follow the spiral: a deep network without activations; one with tanh in the encoder only; one "
               "with tanh in\nthe decoder too?")
sigma = 0.02
points = spiral(1000, seed=curve_rng, noise=sigma, arms=1).x
on_curve, off_curve = points[:500], points[500:]                                  # training, test
hidden, curve_epochs = ((20, 20), 100) if lesson.quick else ((32, 32), 200)
networks = {
    "linear": tinyvae.Autoencoder(2, (), 1, seed=lesson.seed, dtype=np.float64),
    "deep, no activation": tinyvae.Autoencoder(2, hidden, 1, activation="linear", seed=lesson.seed, dtype=np.float64),
    "tanh in the encoder only": EncoderDecoder(mlp((2, *hidden, 1), "tanh", curve_rng), mlp((1, 2), "tanh", curve_rng),
                                               2, dtype=np.float64),
    "tanh on both sides": tinyvae.Autoencoder(2, hidden, 1, activation="tanh", seed=lesson.seed, dtype=np.float64)}
line = error(pca.PCA(on_curve, 1), on_curve)
print(f"    {'network':<26} training error / PCA's    test error / sigma^2    second singular value / first")
flatness, (*flat, curved) = {}, networks
for name, network in networks.items():
    fitted(network, on_curve, curve_epochs if name == curved else 50, 25, 0.02)
    x_hat = network.reconstruct(on_curve)
    values = np.linalg.svd(x_hat - x_hat.mean(axis=0), compute_uv=False)
    flatness[name] = values[1] / values[0]                                        # 0: all x_hat on one line
    print(f"    {name:<26} {error(network, on_curve) / line:19.4f} {error(network, off_curve) / sigma**2:23.1f} "
          f"{flatness[name]:26.1e}")
print("Answer: only the last one.")
lesson.claim("Without tanh behind the code all reconstructions lie on one line: second singular value over first",
             max(flatness[name] for name in flat), 0, within=1e-12,
             source="x_hat = z U + c with one number z; rounding")
lesson.claim("... and none of those networks beats PCA: smallest training error over PCA's",
             min(error(networks[name], on_curve) for name in flat) / line, at_least=1 - 1e-12,
             source="the best line is PCA's, whatever the encoder")
u = (np.arange(20_000) + 0.5) / 20_000 * 0.99 + 0.01                              # midpoint rule over u
curve = np.sqrt(u)[:, None] * np.stack([np.cos(2 * np.pi * np.sqrt(u)), np.sin(2 * np.pi * np.sqrt(u))], axis=1)
expected = np.linalg.eigvalsh(np.cov(curve.T, bias=True))[0] + sigma**2
errors = {name: evaluation.reconstruction_error(networks[name], off_curve) for name in ("linear", curved)}
lesson.claim("The linear one's test error is the dropped eigenvalue of the spiral", errors["linear"].mean(), expected,
             within=5 * errors["linear"].std() / np.sqrt(500), source="quadrature over the spiral; 5 standard errors")
gain = errors["linear"] - errors[curved]
lesson.claim("With tanh on both sides one number beats the best line on test points: mean difference", gain.mean(),
             at_least=5 * gain.std() / np.sqrt(500), source="5 standard errors of the mean difference")
z = np.sort(networks[curved].encode(off_curve), axis=0)
drawn = networks[curved].decode(np.linspace(z[0], z[-1], 400))
ends = networks["linear"].encode(off_curve)
lesson.figure(manifolds.curves_through_data(
    off_curve, {"linear: all decoded codes": networks["linear"].decode(np.array([ends.min(axis=0), ends.max(axis=0)])),
                "tanh on both sides: all decoded codes": drawn},
    "One number follows the spiral if the decoder can bend it"), "curved_manifold")

# %%
# The other notes say that the basic autoencoder extracts linear patterns only. It depends on what is basic. True:
# without activations any depth is one matrix. Also true: a nonlinear *encoder* does not help while the decoder is one
# linear layer, since all :math:`\hat{x}` lie in its plane (Bourlard and Kamp 1988). Not true: that one layer on each
# side makes it linear. A sigmoid behind the decoder's only layer bends the plane, and this alone can beat PCA.

bent = fitted(tinyvae.Autoencoder(D, (), 2, output="sigmoid", seed=lesson.seed), train, 60, batch_size, lr)
x_hat = np.float64(bent.reconstruct(train))
values = np.linalg.svd(x_hat - x_hat.mean(axis=0), compute_uv=False)[:3]
print(f"\none sigmoid layer, L = 2: training error {error(bent, train) / dropped[2]:.4f} of PCA's")
lesson.claim("Its reconstructions leave every plane of 2 dimensions: third singular value over first",
             values[2] / values[0], at_least=1e-3, source="0 for a plane; float32 rounding is 1e-7")

# %%
# **The curse of dimensionality.** The notes' example: 8 data in 10 cells of a line are 80 percent, in 100 cells of a
# square 8 percent, in 1000 cells of a cube 0.8 percent. That is right for 8 data in *different* cells. Random ones
# share cells. A cell stays empty with probability :math:`(1 - 1/M)^n` (all :math:`n` draws miss it, independently), so
# by linearity the expected share of occupied cells is :math:`1 - (1 - 1/M)^n`, with :math:`M = 10^d`. Solved for
# :math:`n`: a share of 80 percent takes :math:`\log 5 / (-\log(1 - 1/M)) \approx 1.6 M` random data.

lesson.predict("8 random data in 10 cells: how many percent are occupied?")
n, repeats = 8, 2000 if lesson.quick else 20_000
shares, theory, deviation = [], [], []
for d in range(1, 6):
    cells = 10**d
    drawn_cells = np.sort(cell_rng.integers(cells, size=(repeats, n)), axis=1)
    share = (1 + np.count_nonzero(np.diff(drawn_cells, axis=1), axis=1)) / cells  # distinct cells of each repeat
    shares.append(share.mean())
    theory.append(-np.expm1(n * np.log1p(-1 / cells)))
    print(f"    {cells:6d} cells: notes {100 * n / cells:7.3f} percent, random data {100 * shares[-1]:7.3f}, expected "
          f"{100 * theory[-1]:7.3f}; for 80 percent it takes {np.log(5) / -np.log1p(-1 / cells):9.0f} random data")
    # the exact variance of a share: P(two given cells are both empty) = (1 - 2/M)^n
    empty, both = (1 - 1 / cells)**n, (1 - 2 / cells)**n
    variance = (empty - both) / cells + both - empty**2
    deviation.append((shares[-1] - theory[-1]) / np.sqrt(variance / repeats))
lesson.claim("The occupied share is 1 - (1 - 1/M)^8: largest deviation in standard errors", np.abs(deviation).max(), 0,
             within=5, source="exact mean and variance of the number of occupied cells")
print(f"A picture of 200 x 200 RGB pixels has {200 * 200 * 3:,} dimensions: 10^{200 * 200 * 3} cells. A code of 2 "
      "numbers has 100.")

# %%
# **Distances concentrate.** Two points :math:`x, y \sim N(0, I)` in :math:`d` dimensions. Their squared distance
# :math:`r = \sum_j g_j^2` with :math:`g_j = x_j - y_j \sim N(0, 2)`, independent. The mean of a sum is the sum of the
# means, the variance of a sum of independent terms the sum of the variances:
#
# .. math::
#    \mathbb{E}[r] = d \, \mathbb{E}[g^2] = 2 d, \quad
#    \operatorname{Var}[r] = d \left( \mathbb{E}[g^4] - \mathbb{E}[g^2]^2 \right) = d (3 \cdot 4 - 4) = 8 d, \quad
#    \frac{\sqrt{\operatorname{Var}[r]}}{\mathbb{E}[r]} = \frac{\sqrt{8 d}}{2 d} = \sqrt{\frac{2}{d}}

g, h = np.linspace(-17, 17, 4001, retstep=True)
density = h * np.exp(-g**2 / 4) / np.sqrt(4 * np.pi)
m2, m4, d = density @ g**2, density @ g**4, 50
lesson.derivation("Spread over mean of a squared distance in 50 dimensions: every line has the same value", [
    ("sqrt(Var r) / E r", "definition; sums of d independent terms; quadrature", np.sqrt(d * (m4 - m2**2)) / (d * m2)),
    ("sqrt(d (3 2^2 - 2^2)) / (2 d)", "E g^2 = s^2 = 2, E g^4 = 3 s^4 for N(0, s^2)",
     np.sqrt(d * (3 * 4 - 4)) / (2 * d)),
    ("sqrt(2 / d)", "8 d = 2 d 4, cancel", np.sqrt(2 / d))], within=1e-12, source="first line: quadrature")
lesson.predict("Of 500 points, how much further is the farthest than the nearest: in 2 dimensions, in 1000?")
dimensions, pairs = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000), 500
measured, z_scores, distances, nearest = [], [], {}, []
for d in dimensions:
    x, others, y = (distance_rng.standard_normal((pairs, d)) for _ in range(3))
    r = np.sum((x - y)**2, axis=1)                                               # (pairs,), independent
    ratio = r.std() / r.mean()
    influence = ratio * ((r / r.mean() - 1)**2 / (2 * ratio**2) - 0.5 - (r / r.mean() - 1))   # delta method
    measured.append(ratio)
    z_scores.append((ratio - np.sqrt(2 / d)) / (influence.std() / np.sqrt(pairs)))
    to_first = np.sqrt(np.sum((others - x[0])**2, axis=1))                       # from one point to 500 others
    nearest.append(to_first.min() / to_first.max())
    if d in (2, 20, 1000):
        distances[d] = np.sqrt(r) / np.sqrt(r).mean()
        print(f"    {d:4d} dimensions: farthest / nearest {to_first.max() / to_first.min():8.2f}")
lesson.claim("Spread over mean is sqrt(2/d) in 1 to 1000 dimensions: largest deviation in standard errors",
             np.abs(z_scores).max(), 0, within=5, source="the lines above; standard errors by the delta method")
t = np.log(2 * pairs / 1e-6)
bound = np.sqrt((1000 - 2 * np.sqrt(1000 * t)) / (1000 + 2 * np.sqrt(1000 * t) + 2 * t))
lesson.claim("In 1000 dimensions the nearest of 500 is almost as far as the farthest: their ratio",
             nearest[-1], at_least=bound,
             source="tails of chi-square, Laurent and Massart 2000: less with a chance below 1e-6")
lesson.figure(manifolds.curse(
    {"8 in different cells (notes)": [100 * n / 10**d for d in range(1, 6)], "8 random data": 100 * np.array(shares)},
    distances, dimensions,
    {"spread / mean of the squared distance": measured, "nearest / farthest of 500 points": nearest},
    np.sqrt(2 / np.array(dimensions)), "More dimensions: cells stay empty, and all distances become alike"),
              "curse_of_dimensionality")

# %%
# **The digits escape.** With variances :math:`\lambda_j` instead of 1 the same rules give the mean
# :math:`2 \sum_j \lambda_j` and the variance :math:`8 \sum_j \lambda_j^2`. So :math:`2 / \mathrm{ratio}^2`, which is
# :math:`d` above, becomes :math:`(\sum_j \lambda_j)^2 / \sum_j \lambda_j^2`: as many dimensions as would spread
# the distances alike. The digits are not normal, so we also take their distances themselves.

print(f"    {D} pixels: normal data of the digits' covariance spread as in {lam.sum()**2 / np.sum(lam**2):.1f} "
      f"dimensions, the digits as in {2 * shuffled.mean()**2 / shuffled.var():.1f}")

# %%
# **The code in two dimensions.** The notes show digits as codes of 2 numbers: 0 and 1 lie far apart, 8 and 9 overlap
# a little. Is it so? We ask each test digit for its nearest training code, among two classes at a time.

lesson.predict("Is 0 mixed up with 1, or 8 with 9, by the nearest neighbour of a 2-D code? And which two digits "
               "most of all?")
deep = tinyvae.Autoencoder(D, (64,) if lesson.quick else (128, 64), 2, seed=lesson.seed)
fitted(deep, train, *((40, 25, 0.01) if lesson.quick else (30, 50, 0.003)))
better = evaluation.reconstruction_error(planes[2], test) - evaluation.reconstruction_error(deep, test)
print(f"test error with 2 numbers: PCA {error(planes[2], test):.3f}, deep {error(deep, test):.3f}")
lesson.claim("With 2 numbers the deep autoencoder beats PCA on test digits: mean difference", better.mean(),
             at_least=5 * better.std() / np.sqrt(len(test)), source="5 standard errors of the mean difference")
labels, test_labels = images.train_labels, images.test_labels
codes, test_codes = np.float64(deep.encode(train)), np.float64(deep.encode(test))
mixed_up, separation = {}, {}
for one in range(10):
    for other in range(one + 1, 10):
        of_train, of_test = np.isin(labels, (one, other)), np.isin(test_labels, (one, other))
        guess = nearest_neighbour(codes[of_train], labels[of_train], test_codes[of_test])
        mixed_up[one, other] = np.mean(guess != test_labels[of_test])
        a, b = (test_codes[test_labels == label] for label in (one, other))
        spread = np.sqrt((a.var(axis=0).sum() + b.var(axis=0).sum()) / 2)
        separation[one, other] = np.linalg.norm(a.mean(axis=0) - b.mean(axis=0)) / spread
worst = sorted(mixed_up, key=mixed_up.get)[::-1]
for pair in ((0, 1), (8, 9), *worst[:3]):
    print(f"    {pair[0]} and {pair[1]}: {100 * mixed_up[pair]:5.1f} percent mixed up (50 is chance), place "
          f"{1 + worst.index(pair):2d} of 45; class means {separation[pair]:.2f} spreads apart")
verdict = "as the notes say" if mixed_up[0, 1] < mixed_up[8, 9] else "not as the notes say, in this run"
print(f"Answer: 0 and 1 in {100 * mixed_up[0, 1]:.1f} percent, 8 and 9 in {100 * mixed_up[8, 9]:.1f}, {verdict}; "
      f"{worst.index((8, 9))} other pairs overlap more than 8 and 9.\nWhich ones depends on the data and on the start "
      "of the training: nothing in the loss knows the classes.")
low, high = test_codes.min(axis=0), test_codes.max(axis=0)
z1, z2 = np.meshgrid(*(np.linspace(low[i], high[i], 41)[1::2] for i in range(2)))       # centres of 20 x 20 tiles
pictures = deep.decode(np.column_stack([z1.ravel(), z2[::-1].ravel()]))
lesson.figure(manifolds.codes_and_pictures(
    test_codes, test_labels, (low[0], high[0], low[1], high[1]), np.clip(pictures, 0, 1),
    "Digits as 2 numbers: classes lie apart or overlap, and the decoder draws also where no digit lies"), "codes")
lesson.end()
