"""Training the VAE: the whole gradient by hand, then digits (slides p21, p27).

Before: lessons 13 to 15 (the two losses and the reparameterisation), backpropagation through a dense layer.
After: you can write down the gradient of the negative ELBO with respect to every parameter of a VAE, say why a
minibatch is enough to follow it, and read the curves of a training.
"""

# %%
# The pipeline of p21 is a function from the parameters to one number, the loss of p27. Each symbol below is one
# array; its shape stands beside it in the code. :math:`B` examples, :math:`D` pixels, :math:`L` latents.
#
# .. math::
#    h_1 = x W_1 + b_1, \quad y_1 = \tanh h_1, \quad [\mu, \ell] = y_1 W_2 + b_2
#
# .. math::
#    \sigma = e^{\ell / 2}, \quad z = \mu + \sigma \varepsilon, \quad \varepsilon \sim N(0, I)
#
# .. math::
#    h_3 = z W_3 + b_3, \quad y_3 = \tanh h_3, \quad a = y_3 W_4 + b_4
#
# .. math::
#    R_b = \sum_d \left[ \log(1 + e^{a_{bd}}) - x_{bd} a_{bd} \right], \quad
#    K_b = \frac{1}{2} \sum_j \left[ \mu_{bj}^2 + \sigma_{bj}^2 - 1 - \ell_{bj} \right]
#
# .. math::
#    \mathcal{L} = \frac{1}{B} \sum_b (R_b + K_b)

import numpy as np

import tinyvae
from lessons.course import Lesson
from tinyvae import evaluation, gaussian, plots
from tinyvae.gradcheck import numeric_gradients, relative_error

lesson = Lesson("16_training_the_vae", "Training the VAE", "p21, p27")
n_train, n_test, epochs = (60_000, 10_000, 10) if lesson.data == "mnist" else (10_000, 2_000, 30)
if lesson.quick:
    n_train, n_test, epochs = 2000, 500, 8
images = lesson.images(n_train, n_test)
init_seed, noise_seed, batch_seed, eval_seed = np.random.SeedSequence(lesson.seed).spawn(4)
rng = np.random.default_rng(noise_seed)


# %%
# **Forward.** One line for each symbol, in the order of the equations. The function also accepts complex numbers, so
# that the complex step can check what we derive next.

def forward(x, eps, W1, b1, W2, b2, W3, b3, W4, b4):
    """The loss, and every intermediate value by name."""
    h1 = x @ W1 + b1                                      # (B, H)
    y1 = np.tanh(h1)                                      # (B, H)
    h2 = y1 @ W2 + b2                                     # (B, 2 L)
    L = h2.shape[1] // 2
    mu, logvar = h2[:, :L], h2[:, L:]                     # (B, L) each
    sigma = np.exp(logvar / 2)                            # (B, L)
    z = mu + sigma * eps                                  # (B, L)
    h3 = z @ W3 + b3                                      # (B, H)
    y3 = np.tanh(h3)                                      # (B, H)
    a = y3 @ W4 + b4                                      # (B, D), logits
    R = np.sum(np.log1p(np.exp(a)) - x * a, axis=1)       # (B,)
    K = 0.5 * np.sum(mu**2 + sigma**2 - 1 - logvar, axis=1)
    loss = np.mean(R + K)
    return loss, {name: value for name, value in locals().items() if name != "loss"}


# %%
# **Backward.** The same lines from the last to the first. The gradient of the loss with respect to ``name`` is
# ``dname``; each line is the derivative of one forward line times what came from above it. Where a variable was used
# twice, its gradient is a sum: :math:`\mu` and :math:`\ell` feed the reconstruction (through :math:`z`) and the KL.
#
# .. math::
#    \frac{\partial R_b}{\partial a} = \frac{1}{1 + e^{-a}} - x, \quad
#    \frac{\partial z}{\partial \mu} = 1, \quad
#    \frac{\partial z}{\partial \ell} = \frac{1}{2} \sigma \varepsilon, \quad
#    \frac{\partial K_b}{\partial \mu} = \mu, \quad
#    \frac{\partial K_b}{\partial \ell} = \frac{1}{2} (\sigma^2 - 1)

def backward(v, W2, W3, W4):
    """dname for every parameter, from the forward's values v."""
    B = len(v["x"])
    dR = np.full(B, 1 / B)                                # loss = mean(R + K)
    dK = np.full(B, 1 / B)
    da = dR[:, None] * (1 / (1 + np.exp(-v["a"])) - v["x"])
    dW4 = v["y3"].T @ da                                  # a = y3 W4 + b4
    db4 = da.sum(axis=0)
    dy3 = da @ W4.T
    dh3 = dy3 * (1 - v["y3"]**2)                          # y3 = tanh h3
    dW3 = v["z"].T @ dh3                                  # h3 = z W3 + b3
    db3 = dh3.sum(axis=0)
    dz = dh3 @ W3.T
    dmu = dz + dK[:, None] * v["mu"]                      # z = mu + sigma eps, and K
    dsigma = dz * v["eps"]                                # z = mu + sigma eps
    dlogvar = dsigma * v["sigma"] / 2                     # sigma = exp(logvar / 2)
    dlogvar = dlogvar + dK[:, None] * (v["sigma"]**2 - 1) / 2
    dh2 = np.concatenate([dmu, dlogvar], axis=1)          # h2 = [mu, logvar]
    dW2 = v["y1"].T @ dh2                                 # h2 = y1 W2 + b2
    db2 = dh2.sum(axis=0)
    dy1 = dh2 @ W2.T
    dh1 = dy1 * (1 - v["y1"]**2)                          # y1 = tanh h1
    dW1 = v["x"].T @ dh1                                  # h1 = x W1 + b1
    db1 = dh1.sum(axis=0)
    return dW1, db1, dW2, db2, dW3, db3, dW4, db4


# %%
# The derivative is checked where a learner would: against the numerical gradient of the forward, entry by entry, on a
# small VAE (7 examples of 11 numbers, 5 hidden units, 3 latents) with biases that are not zero.

small = tinyvae.VAE(11, (5,), 3, activation="tanh", seed=np.random.default_rng(init_seed), dtype=np.float64)
small.parameters.vector[...] += 0.3 * rng.standard_normal(small.parameters.vector.size)
weights = [array.copy() for array in small.parameters.values()]
x, eps = rng.random((7, 11)), rng.standard_normal((7, 3))
loss, values = forward(x, eps, *weights)
by_hand = backward(values, weights[2], weights[4], weights[6])
numeric = numeric_gradients(lambda *w: forward(x, eps, *w)[0], *weights)
print("\nLong form against the numerical gradient, in the order of the backward pass: look at the first wrong row first.")
print("variable                shape      relative error")
symbols = dict(zip(small.parameters, ("W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4")))
errors = {name: relative_error(hand, number).max() for name, hand, number in zip(symbols, by_hand, numeric)}
for name in reversed(errors):
    print(f"{symbols[name]} = {name:<18} {str(small.parameters[name].shape):<10} {errors[name]:.1e}")
for part, half in (("mu", slice(0, 3)), ("logvar", slice(3, 6))):             # the head's two halves have other paths
    print(f"   {part:<6} half of W2     {'(5, 3)':<10} {relative_error(by_hand[2][:, half], numeric[2][:, half]).max():.1e}")
lesson.claim("The long-form gradient is the numerical gradient", max(errors.values()), 0, within=1e-10,
             source="complex step through the long-form loss, relative error")

# %%
# **From lesson to library.** ``tinyvae/vae.py`` is this code, cut into layers: ``VAE.loss`` and ``VAE.backward``.

library_loss = small.loss(x, eps)
small.backward()
lesson.claim("The long-form loss is that of VAE.loss", loss, library_loss.total, within=1e-12 * abs(library_loss.total),
             source="tinyvae/vae.py, VAE.loss")
difference = max(relative_error(small.gradients[name], hand).max() for name, hand in zip(errors, by_hand))
lesson.claim("VAE.backward fills in the long-form gradient", difference, 0, within=1e-12, source="the lines above")

# %%
# **Why a minibatch is enough (p27).** The loss over the data set is a mean, and the gradient of a mean is the mean of
# the gradients:
#
# .. math::
#    \nabla \mathbb{E}_{x \sim p_{data}} [\mathcal{L}(x)] = \mathbb{E}_{x \sim p_{data}} [\nabla \mathcal{L}(x)]

lesson.predict("A batch of 100 costs 100 times a batch of 1. By which factor is its gradient less noisy?")
N = 512
model = tinyvae.VAE(784, (30,), 5, activation="tanh", seed=lesson.seed, dtype=np.float64)
x, eps = np.float64(images.train[:N]), rng.standard_normal((N, 5))


def gradient(rows):
    """The gradient of the loss of these rows, each with its own frozen noise."""
    model.loss(x[rows], eps[rows])
    model.backward()
    return model.gradients.vector.copy()


full = gradient(np.arange(N))
order = rng.permutation(N)
parts = np.mean([gradient(order[i:i + 32]) for i in range(0, N, 32)], axis=0)
lesson.claim("The mean of the minibatch gradients is the full gradient", relative_error(parts, full).max(), 0,
             within=1e-10, source="linearity of the mean, rounding only")

# %%
# One minibatch drawn with replacement is an unbiased estimate of it: its squared error is the variance of one
# example's gradient divided by :math:`B`. So the error falls as :math:`B^{-1/2}`.

sizes, repeats = np.array([1, 4, 16, 64, 256]), 50 if lesson.quick else 200
batch_rng = np.random.default_rng(batch_seed)
squared = np.array([[np.sum((gradient(batch_rng.integers(N, size=B)) - full)**2) for _ in range(repeats)]
                    for B in sizes])                                              # (sizes, repeats)
rms = np.sqrt(squared.mean(axis=1)) / np.linalg.norm(full)
# standard error of log rms by the delta method, carried through the least-squares slope
log_error = squared.std(axis=1, ddof=1) / np.sqrt(repeats) / squared.mean(axis=1) / 2
centred = np.log(sizes) - np.log(sizes).mean()
slope = centred @ np.log(rms) / (centred @ centred)
slope_error = np.sqrt(np.sum((centred * log_error)**2)) / (centred @ centred)
for B, error in zip(sizes, rms):
    print(f"batch {B:4d}: error of the gradient {error:7.3f} times its length")
print("Answer: by the root of 100, 10. A batch of 100 pays 100 times as much for 10 times less noise.")
lesson.claim("The noise of a minibatch gradient falls as one over the root of its size: log-log slope", slope, -0.5,
             within=5 * slope_error, source="variance of a mean; 5 standard errors")
lesson.figure(plots.log_log_line(sizes, {"measured": rms, "theory: slope -1/2": rms[0] * sizes**-0.5},
                                 "batch size", "error of the gradient / its length",
                                 "Four times the batch halves the noise of the gradient"), "minibatch_noise")

# %%
# **Training.** ``tinyvae.fit`` repeats: draw a minibatch, draw its noise, loss, backward, one step of Adam. Pixels are
# drawn anew as 0 or 1 each time they are met, so that the Bernoulli likelihood is a probability of what it sees. The
# chain is the same with more layers. Two hidden layers of 300 learn more; their activation is ELU, whose slope is 1 for
# :math:`h > 0` and :math:`e^h` below (``tinyvae/activations.py``). Adam is gradient descent in which each parameter's
# step is its mean gradient of late over the root of its mean squared gradient (``tinyvae/optimizer.py``).

lesson.predict("The reconstruction loss will fall from epoch to epoch. Will the KL fall, rise, or both?")
vae = tinyvae.VAE(784, hidden=(300, 300), latent_dim=10, likelihood="bernoulli", activation="elu", seed=lesson.seed)
eval_rng = np.random.default_rng(eval_seed)
before = vae.sample(50, np.random.default_rng(lesson.seed))
untrained = vae.loss(images.test, vae.noise(eval_rng, n_test))
history = tinyvae.fit(vae, images.train, epochs=epochs, validation=images.test, binarize=True, seed=lesson.seed)
print(f"after {epochs} epochs: train {history['total'][-1]:.2f}, test {history['validation_total'][-1]:.2f} nats = "
      f"reconstruction {history['validation_reconstruction'][-1]:.2f} + KL {history['validation_kl'][-1]:.2f}")
print("(At first test is better than train: train is the mean while the epoch ran, test is measured after it.)")
print(f"Answer: KL {untrained.kl:.2f} before training, {history['kl'][0]:.2f} in epoch 1, {history['kl'][-1]:.2f} at the end. "
      "The decoder learns to use z,\nand what z says about x is what the KL pays for.")
lesson.figure(plots.loss_curves(history, "The negative ELBO falls: reconstruction improves by more than the KL rises "
                                "to pay for it"), "loss_curves")

# %%
# A model that knows nothing but the mean of each pixel is the bar to beat: its likelihood needs no bound.

x_test = (eval_rng.random(images.test.shape) < images.test).astype(np.float32)
p = np.clip(images.train.mean(axis=0, dtype=np.float64), 1e-4, 1 - 1e-4)
baseline = -np.mean(np.sum(np.where(x_test > 0, np.log(p), np.log(1 - p)), axis=1))
negative_elbo = -evaluation.elbo(vae, x_test, samples=10, rng=eval_rng)
print(f"\npixel means: {baseline:.2f} nats; VAE, negative ELBO: {negative_elbo.mean():.2f}")
lesson.claim("The VAE explains test digits in fewer nats than independent pixels do", negative_elbo.mean(),
             at_most=baseline, source="exact likelihood of the pixel-mean model on the same binary test digits")

# %%
# The ELBO is a lower bound of :math:`\log p(x)` (p19). Importance sampling with many samples comes close to
# :math:`\log p(x)` from below, so it must lie above the ELBO.

some = slice(0, 100 if lesson.quick else 500)
log_p = tinyvae.log_likelihood(vae, x_test[some], k=100 if lesson.quick else 500, rng=eval_rng)
gap = log_p + negative_elbo[some]
print(f"log p(x) lies {gap.mean():.2f} nats above the ELBO (standard error {gap.std() / np.sqrt(len(gap)):.2f})")
lesson.claim("log p(x) lies above the ELBO, on average over test digits", gap.mean(),
             at_least=5 * gap.std() / np.sqrt(len(gap)), source="p19, by more than 5 standard errors of the mean gap")

# %%
# The closed-form KL of a trained encoder, against the mean of :math:`\log q(z|x) - \log p(z)` over samples of q.

mu, logvar = (np.float64(array) for array in vae.encode(x_test))
closed = gaussian.kl_standard_normal(mu, logvar)
z = gaussian.reparameterise(mu, logvar, eval_rng.standard_normal(mu.shape))
drawn = gaussian.log_density(z, mu, logvar) - gaussian.log_density(z, 0 * z, 0 * z)
standard_error = np.std(drawn - closed) / np.sqrt(len(drawn))
lesson.claim("The KL in closed form is the mean of log q - log p over samples", drawn.mean(), closed.mean(),
             within=5 * standard_error, source="Monte Carlo, 5 standard errors")

# %%
# Which latent dimensions carry the information? Those whose KL is not near 0.

per_dimension = gaussian.kl_per_dimension(mu, logvar).mean(axis=0)
print("KL per latent dimension (nats):", " ".join(f"{value:.2f}" for value in np.sort(per_dimension)[::-1]))
print(f"Above 0.1 nats: {np.sum(per_dimension > 0.1)} of {len(per_dimension)}. With more dimensions than the digits need, "
      "some would stay near 0.")
lesson.figure(plots.kl_bars(per_dimension, "KL of each latent dimension on test digits, largest first"),
              "kl_per_dimension")
lesson.figure(plots.reconstructions(images.test[:30], vae.reconstruct(images.test[:30]),
                                    "Test digits, and below each its reconstruction"), "reconstructions")
after = vae.sample(50, np.random.default_rng(lesson.seed))
lesson.figure(plots.sample_grid(np.concatenate([before, after]),
                                "The same 50 draws of z, before training (top) and after it (bottom)"), "samples")
vae.save(lesson.folder / "model.npz")
print(f"model   {lesson.folder / 'model.npz'}  (tinyvae.load reads it)")
lesson.end()
