"""python -m tests.benchmarks: every figure is a median of several runs on this machine, now.

The step is measured in a process for each number of BLAS threads: the number must be set before NumPy starts.
"""

import os
import subprocess
import sys

STEPS = {"step": "784-500-20-500-784, Bernoulli", "convolution": "convolutional autoencoder 1-16-32 channels, 28 x 28"}
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

if __name__ == "__main__":
    if sys.argv[1:] == ["step"]:
        from tests.benchmarks import step
        step.report()
    elif sys.argv[1:] == ["convolution"]:
        from tests.benchmarks import convolution
        convolution.report()
    else:
        for name, title in STEPS.items():
            for threads in sorted({1, os.cpu_count() or 1}):
                print(f"one step, {title}, Adam, batch 100, float32, {threads} BLAS thread(s)", flush=True)
                subprocess.run([sys.executable, "-m", "tests.benchmarks", name], check=True,
                               env={**os.environ, **dict.fromkeys(THREADS, str(threads))})
        print("costs", flush=True)
        from tests.benchmarks import costs
        costs.report()
