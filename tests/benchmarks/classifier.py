"""python -m tests.benchmarks.classifier: the generative classifier on MNIST. About ten minutes on one core.

    p(x given y): a conditional VAE 784-300-300-10, ELU, Bernoulli, on dynamically binarised pixels, Adam 1e-3 falling
    to 0, batches of 100; beside it ten separate VAEs, one for each digit, and softmax regression
    "none of these": a threshold that keeps 99 % of the first 5,000 test digits, measured on the other 5,000, on all
    test pictures of Fashion-MNIST and on noise; by log p(x), and by log p(x) - log r(x) with a background r
    the case in which likelihood alone is fooled: a VAE of clothes that finds digits likely, and what helps

Test pictures are binarised once. "draws together": log p(x, y) averaged over binarisations of the same grey picture.
python -m tests.benchmarks.classifier choose: latent sizes on 50,000 and 5,000 training pictures, by which it was
chosen. The two backgrounds were chosen on generated digits and on 2,000 test pictures of each data set.
"""

import sys
import time

import numpy as np

from tests.benchmarks.schedule import falling
from tinyvae import VAE, Adam, anomaly, evaluation, fashion_mnist, fit, mnist
from tinyvae.classifier import GenerativeClassifier, IndependentPixels, NeighbourCode
from tinyvae.conditional import ConditionalVAE
from tinyvae.probes import softmax_regression
from tinyvae.softmax import log_sum_exp

HIDDEN, LATENT, EPOCHS, K, KEEP = (300, 300), 10, 30, 10, 0.99
PUBLISHED = "class-conditional probabilistic PCA: 89.11 % (k=2), 94.82 % (10), 95.66 % (20), 95.04 % (50)"


def binary(p, seed=0):
    """Pictures of 0 and 1, each pixel 1 with the probability p (N, D)."""
    return (np.random.default_rng(seed).random(p.shape, dtype=np.float32) < p).astype(np.float32)


def trained(model, data, epochs=EPOCHS):
    """model after training on data, with the time it took."""
    start, optimizer = time.process_time(), Adam(1e-3)
    fit(model, data, epochs=epochs, optimizer=optimizer, binarize=True, progress=False,
        before_epoch=falling(optimizer, epochs))
    print(f"  trained in {time.process_time() - start:.0f} s of one core", flush=True)
    return model


def accuracies(name, models, images, labels, draws=4):
    """Prints the share of right answers with 1 and with K samples, one binarisation and several."""
    for k in (1, K):
        classifier = GenerativeClassifier(models, k=k)
        joints = [classifier.log_joint(binary(images, seed)) for seed in range(draws)]
        right = [np.mean(joint.argmax(axis=1) == labels) for joint in joints]
        together = np.mean(np.mean(joints, axis=0).argmax(axis=1) == labels)
        log_p = joints[0][np.arange(len(labels)), labels].mean() + np.log(len(models))
        print(f"  {name}, k={k}: {right[0]:.2%} (mean of {draws} binarisations {np.mean(right):.2%}; {draws} draws "
              f"together {together:.2%}), mean log p(x given y) {log_p:.2f}", flush=True)


def classes(model):
    return [model.given(y) for y in range(10)]


def choose(data):
    """Latent sizes, by training pictures alone."""
    x, y = data.train
    for latent in (5, 10, 20):
        model = trained(ConditionalVAE(784, 10, HIDDEN, latent), (x[:50_000], y[:50_000]), epochs=20)
        accuracies(f"latent size {latent}", classes(model), x[55_000:], y[55_000:])


def noises(data, x):
    """Pictures that are no digits, as many as x."""
    rng, n = np.random.default_rng(7), len(x)
    return {"uniform pixels": rng.integers(0, 2, (n, 784)).astype(np.float32),
            "pixels of the mean digit": binary(np.tile(data.train.images.mean(axis=0), (n, 1)), 8),
            "digits with their pixels shuffled": rng.permuted(x, axis=1),
            "digits inverted": 1 - x, "empty pictures": np.zeros_like(x)}


def report(scores, others, names):
    """One row for each kind of picture: how many are none of these, and the AUC of normal above other.

    scores : name to (normal scores, kinds to scores); the first half of the normal ones sets the threshold
    """
    print(f"    {'':34}" + "".join(f"{name:>30}" for name in scores))
    half, rows = {}, {name: [] for name in ["kept", *names]}
    for score, (normal, other) in scores.items():
        half[score] = len(normal) // 2
        lowest = -anomaly.threshold(-normal[:half[score]], KEEP)
        rows["kept"].append(f"{np.mean(normal[half[score]:] >= lowest):.2%}")
        for name in names:
            truth = np.r_[np.ones(len(normal) - half[score]), np.zeros(len(other[name]))]
            area = evaluation.auc(np.r_[normal[half[score]:], other[name]], truth)
            rows[name].append(f"{np.mean(other[name] < lowest):.2%}, AUC {area:.3f}")
    for name, cells in rows.items():
        print(f"    {name:34}" + "".join(f"{cell:>30}" for cell in cells), flush=True)


def log_mixture(*models):
    """x to log of the equal mixture of these densities."""
    return lambda x: log_sum_exp(np.stack([model.log_likelihood(x) for model in models], axis=1)) - np.log(len(models))


def none_of_these(data, clothes, models):
    """By log p(x) alone, and by the ratio to backgrounds."""
    classifier, pixels, code = GenerativeClassifier(models, k=K), IndependentPixels(data.train.images), NeighbourCode()
    digits = binary(data.test.images)
    others = {"Fashion-MNIST": binary(clothes.test.images), **noises(data, digits[:2000])}
    log_p = {name: classifier.log_marginal(x) for name, x in {"digits": digits, **others}.items()}
    scores = {"log p": (log_p["digits"], log_p)}
    for score, log_r in (("log p - log r, pixels", pixels.log_likelihood), ("log p - log r, code", code.log_likelihood),
                         ("log p - log r, both", log_mixture(pixels, code))):
        ratio = {name: log_p[name] - log_r(x) for name, x in {"digits": digits, **others}.items()}
        scores[score] = ratio["digits"], ratio
    report(scores, others, list(others))


def model_of_clothes(data, clothes):
    """Trained on clothes, shown digits."""
    model = trained(VAE(784, HIDDEN, LATENT), clothes.train.images, epochs=20)
    print("  the same, trained on clothes of which a fifth of the pixels is a coin's (Ren et al.'s background)")
    perturbed = trained(VAE(784, HIDDEN, LATENT), 0.8 * clothes.train.images + np.float32(0.1), epochs=10)
    pixels, code = IndependentPixels(clothes.train.images), NeighbourCode()
    x = {"clothes": binary(clothes.test.images), "digits": binary(data.test.images)}
    log_p, log_q = ({name: evaluation.log_likelihood(m, x[name], K) for name in x} for m in (model, perturbed))
    middle = log_p["clothes"][:5000].mean()
    print(f"  mean log p: clothes {log_p['clothes'].mean():.1f}, digits {log_p['digits'].mean():.1f}")
    scores = {"log p": log_p,
              "typicality -|log p - mean|": {name: -abs(value - middle) for name, value in log_p.items()},
              "ratio, perturbed VAE": {name: log_p[name] - log_q[name] for name in x}}
    for name, log_r in (("pixels", pixels.log_likelihood), ("code", code.log_likelihood),
                        ("both", log_mixture(pixels, code))):
        scores[f"log p - log r, {name}"] = {kind: log_p[kind] - log_r(x[kind]) for kind in x}
    report({score: (values["clothes"], values) for score, values in scores.items()}, x, ["digits"])


def softmax_beside(data):
    """Softmax regression, trained and tested on grey pictures, and both on binary ones."""
    for name, view in (("grey", lambda images: images), ("binary", binary)):
        start = time.process_time()
        softmax = softmax_regression(view(data.train.images), data.train.labels, 10, tolerance=1e-2)
        right = np.mean(softmax.predict(view(data.test.images)) == data.test.labels)
        print(f"  softmax regression on {name} digits: {right:.2%}, {time.process_time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    data = mnist()
    if "choose" in sys.argv:
        choose(data)
        raise SystemExit
    clothes = fashion_mnist()
    x, y = data.train
    print(f"accuracy on all 10,000 test digits; standard error 0.17 %\n  {PUBLISHED}", flush=True)
    model = trained(ConditionalVAE(784, 10, HIDDEN, LATENT), (x, y))
    accuracies("conditional VAE", classes(model), *data.test)
    print(f"none of these, threshold that keeps {KEEP:.0%} of digits", flush=True)
    none_of_these(data, clothes, classes(model))
    print("a model of clothes, threshold that keeps 99% of clothes", flush=True)
    model_of_clothes(data, clothes)
    softmax_beside(data)
    print("ten separate VAEs, one for each digit")
    separate = [trained(VAE(784, HIDDEN, LATENT, seed=digit), x[y == digit]) for digit in range(10)]
    accuracies("ten VAEs", separate, *data.test)
