"""Denoising against plain on MNIST: a measurement of tests/benchmarks/autoencoders.py. Lesson 07."""

import math

import numpy as np

from tests.benchmarks.schedule import falling
from tinyvae import Adam, Autoencoder, fit
from tinyvae.corruption import make_corruption
from tinyvae.probes import nearest_neighbour

DENOISING = {"gaussian": (0.2, 0.4, 0.6), "masking": (0.2, 0.4, 0.6), "salt-and-pepper": (0.2, 0.4, 0.6)}
TRAINED_AT = 0.4


def denoiser(data, corruption, seed, epochs=6):
    """784-300-100-300-784, ELU, linear output, Adam with half a cosine from 1e-3, batches of 100."""
    noise = {} if corruption is None else {"corruption": corruption, "level": TRAINED_AT}
    model, optimizer = Autoencoder(784, (300,), 100, activation="elu", seed=seed, **noise), Adam(1e-3)
    fit(model, data.train.images, epochs=epochs, optimizer=optimizer, seed=seed, before_epoch=falling(optimizer, epochs),
        progress=False)
    return model


def wiener_filter(x, x_test, kind, level):
    """Error on test pictures of the best linear denoiser of the training pictures: W = S^-1 a C. Lesson 07."""
    a, c = {"gaussian": (1, 0), "masking": (1 - level, 0), "salt-and-pepper": (1 - level, level / 2)}[kind]
    variance = {"gaussian": lambda x: level**2 * np.ones_like(x), "masking": lambda x: level * (1 - level) * x**2,
                "salt-and-pepper": lambda x: (1 - level) * x**2 + level / 2 - (a * x + c)**2}[kind]

    def moments(x):
        C = np.cov(x.T, bias=True)
        return x.mean(axis=0), C, a**2 * C + np.diag(variance(x).mean(axis=0))
    mean, C, S = moments(x)
    W = np.linalg.solve(S + 1e-4 * np.eye(784), a * C)                    # 1e-4: pixels that are hardly ever lit
    test_mean, C, S = moments(x_test)
    off = (a * (test_mean - mean)) @ W - (test_mean - mean)
    return np.trace(C) - 2 * a * np.sum(W * C) + np.sum(W * (S @ W)) + off @ off


def denoising(data, seeds=3, labelled=1000, judged=2000):
    """Squared error per test picture against the level of the noise, for a plain and a denoising autoencoder."""
    test, x = data.test.images, data.train.images[::3].astype(np.float64)
    clean, errors, wrong = {}, {}, {}
    shown = {"clean": test[:judged]}
    shown["noisy"] = shown["clean"] + 0.4 * np.random.default_rng(7).standard_normal(shown["clean"].shape, np.float32)
    for seed in range(seeds):
        plain = denoiser(data, None, seed)
        for kind, levels in DENOISING.items():
            for name, model in (("plain", plain), ("DAE", denoiser(data, kind, seed))):
                for level in (0, *levels):
                    noise = make_corruption(kind, level)
                    x_seen = noise.apply(test, noise.draw(np.random.default_rng(seed), test.shape, np.float32))
                    error = np.mean(np.sum((model.reconstruct(x_seen) - test)**2, axis=1, dtype=np.float64))
                    errors.setdefault((kind, level, name), []).append(error)
                    clean[kind, level] = np.mean(np.sum((x_seen - test)**2, axis=1, dtype=np.float64))
                if name == "DAE" or kind == "gaussian":
                    codes, label = model.encode(data.train.images[:labelled]), "plain" if name == "plain" else kind
                    wrong.setdefault(label, []).append([100 * np.mean(
                        nearest_neighbour(codes, data.train.labels[:labelled], model.encode(pictures))
                        != data.test.labels[:judged]) for pictures in shown.values()])

    def text(values):
        return f"{np.mean(values):7.3f} +- {np.std(values, ddof=1) / math.sqrt(len(values)):.3f}"
    print(f"  784-300-100-300-784, 6 epochs of 60,000, DAE trained at {TRAINED_AT}; squared error per picture, mean "
          f"+- standard error of {seeds} seeds")
    print("  noise            level  nothing   plain              DAE                Wiener filter of that level")
    for kind, levels in DENOISING.items():
        for level in (0, *levels):
            best = wiener_filter(x, test.astype(np.float64), kind, level) if level else 0.0
            print(f"  {kind:<16} {level:<5} {clean[kind, level]:8.2f}   {text(errors[kind, level, 'plain'])}   "
                  f"{text(errors[kind, level, 'DAE'])}   {best:7.3f}", flush=True)
    print(f"  nearest neighbour of the code among {labelled} labelled, wrong in % of {judged}: clean, gaussian 0.4")
    for name, table in wrong.items():
        print(f"  {name:<16} " + "   ".join(text(column) for column in np.transpose(table)))
    raw = [100 * np.mean(nearest_neighbour(data.train.images[:labelled], data.train.labels[:labelled], pictures)
                         != data.test.labels[:judged]) for pictures in shown.values()]
    print(f"  pixels            {raw[0]:6.3f}             {raw[1]:6.3f}", flush=True)

