"""One training step of a convolutional autoencoder beside its own matrix products, and where its time goes.

1-16-32 channels, 3 x 3 kernels, padding 1, two poolings of 2 x 2 with unpooling, batch 100, 28 x 28, float32.
"""

import cProfile
import pstats
import statistics
import time

import numpy as np

from tests.benchmarks.step import seconds
from tinyvae import Adam, ConvAutoencoder, patches
from tinyvae.convolution import Conv2d, ConvTranspose2d, MaxPool2d, MaxUnpool2d
from tinyvae.layers import Activation

B, H = 100, 28
ROUNDS, REPEATS = 15, 3


def products():
    """Name to (product as the layers call it, the same as a product for each image): ready arrays, nothing else.

    The three products of a layer, with A (m, q) its kernel, P (q, N) its patches, Y (m, N) its maps on the other side:
    Y = A P, dA = Y P^T, P = A^T Y. A transposed convolution has the same three, with the roles exchanged.
    """
    rng = np.random.default_rng(0)
    found = {}

    def add(name, big, batched):
        found[name] = big, batched
    for layer, m, q, n in (("conv 1-16", 16, 9, H * H), ("conv 16-32", 32, 144, H * H // 4),
                           ("transposed 32-16", 32, 144, H * H // 4), ("transposed 16-1", 16, 9, H * H)):
        A, P, Y, P_each, Y_each = (rng.random(shape, dtype=np.float32)
                                   for shape in ((m, q), (q, B * n), (m, B * n), (B, q, n), (B, m, n)))
        add(f"{layer} A P", lambda A=A, P=P: A @ P, lambda A=A, P=P_each: A @ P)
        add(f"{layer} Y P^T", lambda Y=Y, P=P: Y @ P.T, lambda Y=Y_each, P=P_each: Y @ P.swapaxes(1, 2))
        if layer != "conv 1-16":                                    # nobody asks for the gradient of the first input
            add(f"{layer} A^T Y", lambda A=A, Y=Y: A.T @ Y, lambda A=A, Y=Y_each: A.T @ Y)
    return found


def training_step():
    """What fit does for each minibatch."""
    model, optimizer = ConvAutoencoder((1, H, H), (16, 32), latent_dim=None), Adam()
    x = np.random.default_rng(0).random((B, H * H), dtype=np.float32)

    def step():
        model.loss(x)
        model.backward()
        optimizer.step(model.parameters.vector, model.gradients.vector)
    return step


def code(function):
    """How a profile names a function."""
    found = function.__code__
    return found.co_filename, found.co_firstlineno, found.co_name


PARTS = {"patches": [patches.patches, patches.patches_backward],
         "pooling, unpooling": [MaxPool2d.forward, MaxPool2d.backward, MaxUnpool2d.forward, MaxUnpool2d.backward],
         "activations": [Activation.forward, Activation.backward],
         "optimiser": [Adam.step]}
CONVOLUTIONS = [Conv2d.forward, Conv2d.backward, ConvTranspose2d.forward, ConvTranspose2d.backward]


def shares(steps=100):
    """Part to share of one step's time, "rest" included."""
    step, profile = training_step(), cProfile.Profile()
    step()
    start = time.perf_counter()
    profile.runcall(seconds, step, steps)
    whole = time.perf_counter() - start
    spent = {place: cumulative for place, (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items()}
    found = {part: sum(spent[code(function)] for function in functions) for part, functions in PARTS.items()}
    convolutions = sum(spent[code(function)] for function in CONVOLUTIONS)
    found = {"matrix products, biases": convolutions - found["patches"], **found}
    return {part: value / whole for part, value in found.items()} | {"rest": 1 - sum(found.values()) / whole}


def report():
    """Print medians over rounds in which the contestants take turns, and the ratios within each round."""
    pairs, step = list(products().values()), training_step()
    names = "matrix products, as called", "matrix products, the faster form of each", "training step"
    rounds = []                                                    # of (products as called, batched, step)
    for _ in range(ROUNDS + 1):
        rounds.append([[seconds(function, REPEATS) for function in form] for form in (*zip(*pairs), [step])])
    rounds = rounds[1:]                                            # the first warms up
    faster = [int(np.median([r[0][i] / r[1][i] for r in rounds]) > 1) for i in range(len(pairs))]
    rounds = [(sum(r[0]), sum(r[form][i] for i, form in enumerate(faster)), r[2][0]) for r in rounds]
    for i, name in enumerate(names):
        called, fastest = (statistics.median(r[i] / r[j] for r in rounds) for j in (0, 1))
        print(f"  {name:<42} {1e3 * statistics.median(r[i] for r in rounds):7.2f} ms   x {called:.2f}   "
              f"x {fastest:.2f} of the faster form")
    for part, share in shares().items():
        print(f"    {part:<40} {share:7.0%}")
