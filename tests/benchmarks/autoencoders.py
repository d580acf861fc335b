"""python -m tests.benchmarks.autoencoders [name ...]: autoencoders on the original MNIST.

Every measurement is a function of the data and prints a table of means with their standard errors, over several seeds
where it trains for a mean; novelty and features measure generated digits too. Without a name all are run. They need the
MNIST files: set TINYVAE_DATA to their folder, or let them be downloaded.
"""

import sys
import time

import numpy as np

from tests.benchmarks.denoising import denoising
from tests.benchmarks.schedule import falling
from tinyvae import Adam, Autoencoder, digits, evaluation, fit, fit_layer_by_layer, mnist
from tinyvae.pca import PCA, principal_angles
from tinyvae.probes import nearest_neighbour, softmax_regression

SEEDS = range(3)
USES = (200, 100), 10      # hidden widths and code of the autoencoders of novelty and features
STUDENT = 2.776            # Student's t with 4 degrees of freedom: 95 % lie within


def error(model, x):
    """The squared error per picture, in pixels from 0 to 1, mean over x."""
    return evaluation.reconstruction_error(model, x).mean()


def table(title, columns, rows):
    """rows : label to an array (seeds, columns)."""
    print(f"{title}\n    {'':<44}" + "".join(f"{column:>18}" for column in columns))
    for label, values in rows.items():
        values = np.asarray(values)
        standard_errors = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        cells = [f"{m:>11.2f} +-{e:5.2f}" for m, e in zip(values.mean(axis=0), standard_errors)]
        print(f"    {label:<44}" + "".join(cells), flush=True)


def linear(data, epochs=100):
    """The linear autoencoder against PCA: error on training and test pictures, angles between the two planes."""
    x, test = data.train.images, data.test.images
    for k in (2, 10, 30):
        model, optimizer, plane = Autoencoder(784, (), k), Adam(0.005), PCA(x, k)
        fit(model, x, epochs=epochs, batch_size=500, optimizer=optimizer, progress=False,
            before_epoch=falling(optimizer, epochs))
        model = model.astype(np.float64)
        angles = np.degrees(principal_angles(model.parameters["decoder.0.W"], plane.components))
        print(f"  k={k:<3} training {error(model, x):.4f}, optimum {error(plane, x):.4f}; test {error(model, test):.4f}, PCA "
              f"{error(plane, test):.4f} ({error(model, test) / error(plane, test) - 1:+.4%}); largest angle "
              f"{angles.max():.3f} degrees", flush=True)


def deep(data, epochs=40):
    """784-1000-500-250-30 and back, ReLU and sigmoid. Hinton and Salakhutdinov 2006: 3.00, PCA 13.87."""
    model = Autoencoder(784, (1000, 500, 250), 30, activation="relu", output="sigmoid")
    optimizer, start = Adam(), time.monotonic()
    history = fit(model, data.train.images, epochs=epochs, optimizer=optimizer, validation=data.test.images,
                  progress=False, before_epoch=falling(optimizer, epochs))
    print(f"  {epochs} epochs in {(time.monotonic() - start) / 60:.1f} minutes: training "
          f"{error(model, data.train.images):.3f}, test {error(model, data.test.images):.3f}; test after 5, 10, 20 epochs "
          + ", ".join(f"{history['validation_total'][i - 1]:.2f}" for i in (5, 10, 20)), flush=True)


def copies_of(tied):
    """The untied autoencoder that starts as this tied one."""
    untied = Autoencoder(tied.data_dim, tied.hidden, tied.latent_dim, activation=tied.activation)
    last = 2 * len(tied.hidden)
    for k in range(0, last + 1, 2):
        W = tied.parameters[f"encoder.{k}.W"]
        untied.parameters[f"encoder.{k}.W"][...] = W
        untied.parameters[f"decoder.{last - k}.W"][...] = W.T
    return untied


def errors_at(model, x, marks, sets, lr, seed):
    """Train model on x for marks[-1] epochs in batches of 100; its error on each of sets after each epoch of marks."""
    found = []

    def look(epoch):
        if epoch in marks:
            found.append([error(model, each) for each in sets])
    fit(model, x, epochs=marks[-1], optimizer=Adam(lr), seed=seed, progress=False, before_epoch=look)
    look(marks[-1])
    return np.array(found)                                                       # (marks, sets)


def tied_against_untied(data, n, updates, lr=1e-3, hidden=(128,), latent_dim=16):
    """Speed and overfitting with n training pictures: test error and test - training error after so many updates."""
    rows = {"tied": [], "untied": [], "untied, started as tied": []}
    for seed in SEEDS:
        x = data.train.images[np.random.default_rng(seed).permutation(len(data.train.images))[:n]]
        tied = Autoencoder(784, hidden, latent_dim, tied=True, seed=seed)
        copied, untied = copies_of(tied), Autoencoder(784, hidden, latent_dim, seed=seed)
        for label, model in zip(rows, (tied, untied, copied)):
            found = errors_at(model, x, [count * 100 // n for count in updates], (x[:2000], data.test.images[:2000]),
                              lr, seed)
            rows[label].append([value for train, test in found for value in (test, test - train)])
    table(f"  tied against untied, 784-{hidden[0]}-{latent_dim}, {n} training pictures, Adam {lr:g}, batches of 100",
          [f"{word}, {count}" for count in updates for word in ("test", "gap")], rows)


def stacked_against_whole(data, activation, lr, hidden=(256, 128, 64), latent_dim=30, e=3, f=6, n=10_000):
    """e epochs for each stage and f of fine-tuning, against all at once for f, e + f and S e + f epochs."""
    x, test, S = data.train.images[:n], data.test.images[:2000], len(hidden) + 1
    counts = {"the same fine-tuning": f, "the same arithmetic": e + f, "the same updates": S * e + f}
    labels = [f"all at once, {words} ({count} epochs)" for words, count in counts.items()]
    rows = {label: [] for label in ("layer by layer, before fine-tuning", "layer by layer, fine-tuned", *labels)}
    for seed in SEEDS:
        stacked, whole = (Autoencoder(784, hidden, latent_dim, activation=activation, seed=seed) for _ in range(2))
        fit_layer_by_layer(stacked, x, epochs=e, optimizer=Adam(lr), seed=seed, progress=False)
        before = [error(stacked, test)]
        found = [before, *errors_at(stacked, x, [f], [test], lr, seed),
                 *errors_at(whole, x, list(counts.values()), [test], lr, seed)]
        for values, value in zip(rows.values(), found):
            values.append(value)
    table(f"  {activation}, 784-{'-'.join(map(str, hidden))}-{latent_dim}, {e} epochs a stage, {f} of fine-tuning, {n} "
          f"pictures, Adam {lr:g}, batches of 100", ["test"], rows)


def depth(data):
    """Tied against untied, layer by layer against all at once."""
    tied_against_untied(data, 10_000, (100, 400, 2000))
    tied_against_untied(data, 500, (100, 400, 2000))
    stacked_against_whole(data, "elu", 1e-3)
    stacked_against_whole(data, "sigmoid", 1e-3)


def pictures(data):
    """name, training pictures, their labels, test pictures, their labels, epochs: the digits we draw, then MNIST."""
    made, test = digits(10_000, seed=0), digits(5000, seed=1)
    yield "10,000 generated digits", made.images, made.labels, test.images, test.labels, 40
    yield "MNIST", data.train.images, data.train.labels, data.test.images, data.test.labels, 8


def trained(x, epochs, seed):
    """784-200-100-10 and back; the learning rate falls to 0 over the second half."""
    model, optimizer = Autoencoder(784, *USES, seed=seed), Adam(2e-3)

    def schedule(epoch):
        optimizer.lr = 2e-3 * min(1, 2 * (1 - epoch / epochs))
    fit(model, x, epochs=epochs, optimizer=optimizer, seed=seed, progress=False, before_epoch=schedule)
    return model


def influence(s, novel):
    """(N,): what each picture adds to the AUC of scores s; the root of the sum of squares is its standard error.

    DeLong et al. 1988, as in lesson 09. It tells of other test pictures, not of networks from other seeds.
    """
    wins = (s[novel][:, None] > s[~novel]) + 0.5 * (s[novel][:, None] == s[~novel])
    v, w = wins.mean(axis=1), wins.mean(axis=0)
    psi = np.zeros(len(s))
    psi[novel] = (v - v.mean()) / np.sqrt(len(v) * (len(v) - 1))
    psi[~novel] = (w - w.mean()) / np.sqrt(len(w) * (len(w) - 1))
    return psi


def novelty(data):
    """AUC of the reconstruction error for each held-out class: autoencoder, PCA, and the error for its ink."""
    for name, train, labels, test, test_labels, epochs in pictures(data):
        ink = test.sum(axis=1, dtype=np.float64)
        areas, psi = np.zeros((10, 3)), np.zeros((10, 3, len(test)))
        for c in range(10):
            normal, novel = train[labels != c], test_labels == c
            model = trained(normal, epochs, c)
            e, e_pca = (evaluation.reconstruction_error(each, test) for each in (model, PCA(normal, USES[1])))
            log_ink = np.log(normal.sum(axis=1, dtype=np.float64))
            slope = np.cov(log_ink, np.log(evaluation.reconstruction_error(model, normal)))[0, 1] / log_ink.var(ddof=1)
            for i, s in enumerate((e, e_pca, np.log(e) - slope * np.log(ink))):
                areas[c, i], psi[c, i] = evaluation.auc(s, novel), influence(s, novel)
        print(f"  {name}: AUC +- standard error\n    held out  autoencoder       PCA               for its ink       "
              "ink alone")
        alone = [f"{evaluation.auc(ink, test_labels == c):.3f}" for c in range(10)]
        for c, A, each in zip((*range(10), "average"), (*areas, areas.mean(axis=0)), (*psi, psi.mean(axis=0))):
            cells = [f"{a:.3f} +-{np.sqrt(np.sum(p**2)):.4f}   " for a, p in zip(A, each)]
            print(f"    {c!s:<10}" + "".join(cells) + (alone[c] if c != "average" else ""), flush=True)


def features(data):
    """Wrong test pictures against the number of labels (as many of each class), for raw pixels, PCA and the encoder.

    Five seeds, each with its own labels and its own network. After +- half of a 95 % interval.
    """
    for name, train, labels, test, test_labels, epochs in pictures(data):
        wrong = {(probe, count): [] for probe in ("nearest neighbour", "softmax") for count in (10, 100, 1000)}
        plane = PCA(train, USES[1])
        for seed in range(5):
            rng, encoders = np.random.default_rng(seed), (np.float64, plane.encode, trained(train, epochs, seed).encode)
            pairs = [(np.float64(encode(train)), np.float64(encode(test))) for encode in encoders]
            orders = [rng.permutation(np.flatnonzero(labels == c)) for c in range(10)]
            for (probe, count), found in wrong.items():
                rows = np.concatenate([order[:count // 10] for order in orders])
                predicted = (nearest_neighbour(f[rows], labels[rows], g) if probe == "nearest neighbour" else
                             softmax_regression(f[rows], labels[rows], 10).predict(g) for f, g in pairs)
                found.append([100 * np.mean(y != test_labels) for y in predicted])
        print(f"  {name}: wrong test pictures in %\n    {'':<31}raw pixels      PCA             encoder         "
              "encoder - raw   encoder - PCA")
        for (probe, count), found in wrong.items():
            raw, pca, encoder = np.transpose(found)
            cells = [f"{v.mean():5.1f} +-{STUDENT * v.std(ddof=1) / np.sqrt(5):5.1f}   "
                     for v in (raw, pca, encoder, encoder - raw, encoder - pca)]
            print(f"    {probe:<18}{count:5d} labels" + "".join(cells), flush=True)


MEASUREMENTS = {"linear": linear, "deep": deep, "depth": depth, "denoising": denoising, "novelty": novelty, "features": features}

if __name__ == "__main__":
    data = mnist()
    for name in sys.argv[1:] or MEASUREMENTS:
        start = time.monotonic()
        print(name, flush=True)
        MEASUREMENTS[name](data)
        print(f"  {name}: {(time.monotonic() - start) / 60:.1f} minutes", flush=True)
