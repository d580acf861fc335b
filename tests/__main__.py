"""python -m tests: all tests in two processes beside one another, of the lessons and of everything else.

Arguments go to both; python -m pytest runs the same tests in one process. The exit status is 0 when both passed.
"""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
PYTEST = [sys.executable, "-m", "pytest", "--rootdir", str(ROOT)]


def main(arguments):
    with tempfile.TemporaryFile() as output:
        # each half keeps its own temporary folders, and only one of them the cache of failures
        lessons = subprocess.Popen([*PYTEST, "-p", "no:cacheprovider", *arguments, str(ROOT / "tests" / "lessons")],
                                   stdout=output, stderr=subprocess.STDOUT)
        print("everything but the lessons:", flush=True)
        others = subprocess.run([*PYTEST, *arguments, str(ROOT / "tests"), "--ignore", str(ROOT / "tests" / "lessons")])
        status = lessons.wait()
        output.seek(0)
        print(f"the lessons:\n{output.read().decode('utf-8', 'replace')}", flush=True)
    return max(status, others.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
