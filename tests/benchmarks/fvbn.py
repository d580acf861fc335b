"""python -m tests.benchmarks.fvbn: the exact test log-likelihood of fully visible belief networks on MNIST. 8 minutes.

    logistic (no hidden layer) in the order of the rows and in a random order; one masked hidden layer of 1,000 ReLU

All 60,000 training pictures, binarised anew each time they are met, batches of 100, Adam 1e-3 that falls to 0. All
10,000 test pictures, binarised once, the same draw as in tests/benchmarks/mnist.py for the same seed: the figures stand
beside the VAE's. No setting was chosen by test pictures; nothing stops early.
"""

import sys
import time

import numpy as np

from tests.benchmarks.schedule import falling
from tinyvae import Adam, fit, mnist
from tinyvae.autoregressive import FVBN

EPOCHS, HIDDEN = 30, 1000
VAE = ("the VAE of tests/benchmarks/mnist.py, 784-300-300-10, seed 0: negative ELBO 99.96, IWAE-1000 95.42 "
       "(an upper bound of -log p, in expectation)\n"
       "published (CS236, 100 test images): negative ELBO 101.5, IWAE-10 97.13, IWAE-100 96.1, IWAE-1000 95.62")


def binary(images, seed):
    """Each pixel 1 with its grey value as probability, as tests/benchmarks/mnist.py draws it."""
    return (np.random.default_rng(seed).random(images.shape) < images).astype(np.float32)


def measure(name, data, hidden, order, seed):
    """Train on columns in this order, then -log p on training and on test pictures, with its standard error."""
    model, optimizer = FVBN(784, hidden, seed=seed), Adam(1e-3)
    start = time.process_time()
    fit(model, np.ascontiguousarray(data.train.images[:, order]), epochs=EPOCHS, batch_size=100, optimizer=optimizer,
        seed=seed, binarize=True, progress=False, before_epoch=falling(optimizer, EPOCHS))
    seconds = time.process_time() - start
    model = model.astype(np.float64)
    test = -model.log_likelihood(binary(data.test.images, seed)[:, order])
    train = -model.log_likelihood(binary(data.train.images[::6], seed + 1)[:, order])
    start = time.process_time()
    model.astype(np.float32).sample(100, seed)
    print(f"  seed {seed}, {name}: {EPOCHS} epochs in {seconds:.0f} s of one core; -log p on the test pictures "
          f"{test.mean():.2f} +- {test.std() / np.sqrt(len(test)):.2f}; on every sixth training picture, drawn again, "
          f"{train.mean():.2f}; 100 samples in {time.process_time() - start:.1f} s", flush=True)


if __name__ == "__main__":
    data = mnist()
    print(VAE, flush=True)
    for seed in [int(word) for word in sys.argv[1:]] or [0]:
        rows = np.arange(784)
        measure("logistic, row by row", data, (), rows, seed)
        measure(f"hidden layer of {HIDDEN}, row by row", data, (HIDDEN,), rows, seed)
        measure("logistic, random order", data, (), np.random.default_rng(seed).permutation(784), seed)
