"""Costs of whole things, each in a process of its own: memory of training on MNIST, import, making digits."""

import os
import statistics
import subprocess
import sys

PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
LOAD = "import tinyvae; data = tinyvae.mnist(); x, t = data.train.images, data.test.images\n"
TRAIN = ("model = tinyvae.VAE(784, (500,), 20, activation='tanh')\n"
         "tinyvae.fit(model, x, epochs=1, validation=t, binarize=True, progress=False)\n")


def run(code):
    """What the code prints last, as a number."""
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    return float(out.split()[-1])


def report():
    if "TINYVAE_DATA" in os.environ:
        extra = (run(LOAD + TRAIN + PEAK) - run(LOAD + PEAK)) / 1024
        print(f"  training on MNIST, peak memory above the loaded data {extra:7.0f} MB")
    else:
        print("  training on MNIST: skipped, set TINYVAE_DATA to the folder of the MNIST files")
    clock = "import time; s = time.perf_counter(); import {}; print(time.perf_counter() - s)"
    imports = {name: statistics.median(run(clock.format(name)) for _ in range(9)) for name in ("numpy", "tinyvae")}
    print(f"  import: numpy {imports['numpy']:.3f} s, tinyvae {imports['tinyvae']:.3f} s, "
          f"added {imports['tinyvae'] - imports['numpy']:.3f} s")
    digits = ("import time, tinyvae; tinyvae.digits(10); s = time.perf_counter(); tinyvae.digits(10_000); "
              "print(time.perf_counter() - s)")
    print(f"  10,000 digits {statistics.median(run(digits) for _ in range(5)):.2f} s")
