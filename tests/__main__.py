"""python -m tests: all tests, in as many processes beside one another as there are processors.

Arguments go to each; python -m pytest runs the same tests in one process. The exit status is 0 when all passed.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
PYTEST = [sys.executable, "-m", "pytest", "--rootdir", str(ROOT)]
LESSONS = ROOT / "tests" / "lessons"
NOTHING_SELECTED = 5                         # pytest's exit status when no test matches the arguments


def jobs():
    """Name to the arguments that select its tests, the longest first: together every test, each once."""
    parts = {"lessons 01 to 09": "test_0*.py", "lessons 10 to 16": "test_1[0-6].py",
             "lessons 17 to 23": "test_[12]*.py"}
    selected, taken = {"everything but the lessons": [str(ROOT / "tests"), "--ignore", str(LESSONS)]}, set()
    for name, pattern in parts.items():
        files = {str(path) for path in LESSONS.glob(pattern)} - taken
        selected[name] = sorted(files)
        taken |= files
    selected["the helpers of the lessons"] = sorted({str(path) for path in LESSONS.glob("test_*.py")} - taken)
    return {name: arguments for name, arguments in selected.items() if arguments}     # none would mean all to pytest


def run(name, selected, arguments):
    """One pytest; what it prints appears when it has ended, so that processes do not write into one another."""
    # each process keeps temporary folders of its own; the cache of failures would be written by all
    command = [*PYTEST, "-p", "no:cacheprovider", *arguments, *selected]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    print(f"{name}:\n{done.stdout}", flush=True)
    return done.returncode


def main(arguments):
    print(f"{len(jobs())} groups of tests, each printed when it has ended; some minutes in all", flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        statuses = list(pool.map(lambda job: run(*job, arguments), jobs().items()))
    return max(set(statuses) - {NOTHING_SELECTED}, default=NOTHING_SELECTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
