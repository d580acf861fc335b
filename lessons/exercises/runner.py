"""Run the reader's file in a process of its own: with a time limit, a memory limit, and its output kept short."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
from typing import Any, NamedTuple

import numpy as np

from lessons.course import environment

PRINTED = 2000                     # characters of the reader's own output that are kept
MEMORY = 2 * 1024**3               # bytes of address space


class Outcome(NamedTuple):
    """What happened. kind:

    "returned"    the function gave values on every input        "unfinished"  it raised NotImplementedError
    "checked"     the checks of a bug hunt ran                   "exception"   it raised something else
    "timeout", "memory", "exit"    it was stopped, or stopped itself
    "no function", "wrong type", "unreadable"    there was nothing to call, nothing to judge, or nothing to run

    returned : one entry per input; a tuple when there are several outputs        checks : (title, ok, message)
    message : one sentence        line, source : where in the reader's file, and what stands there
    printed : the beginning of what it printed        used : functions of the library that did the work for it
    changed : names of the inputs it wrote into
    """

    kind: str
    returned: Any = None
    checks: tuple = ()
    message: str = ""
    line: Any = None
    source: str = ""
    printed: str = ""
    used: tuple = ()
    changed: tuple = ()


def run(name, path, seconds=10.0):
    """The Outcome of the exercise called name, as the file at path answers it."""
    path = pathlib.Path(path).resolve()
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder) / "outcome.npz"
        command = [sys.executable, "-m", "lessons.exercises.worker", name, str(path), str(result), str(seconds)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env={**environment(), "PYTHONIOENCODING": "utf-8"}, start_new_session=True)
        printed = []
        reader = threading.Thread(target=keep_beginning, args=(process.stdout, printed), daemon=True)
        reader.start()
        try:
            process.wait(seconds + 5)            # the worker stops itself in time, and knows the line
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        except BaseException:                    # Ctrl-C here must not leave the reader's endless loop behind
            process.kill()
            process.wait()
            raise
        reader.join(1)
        if not reader.is_alive():                # else a process of the reader's own still holds the other end
            process.stdout.close()
        text = b"".join(printed).decode("utf-8", "replace")[:PRINTED]
        if not result.exists():
            return stopped(process.returncode, seconds, text)
        return read(result)._replace(printed=text)


def keep_beginning(stream, kept):
    """Read everything, so that the process never waits, and keep the beginning."""
    size = 0
    for block in iter(lambda: stream.read1(65536), b""):
        if size < PRINTED * 4:
            kept.append(block)
            size += len(block)


def stopped(status, seconds, printed):
    """The Outcome of a process that left no result."""
    if status == -9 or status == 1 and os.name == "nt":
        return Outcome("timeout", message=f"it did not end within {seconds:g} seconds", printed=printed)
    return Outcome("exit", message=f"the process ended before the answer was judged (status {status})", printed=printed)


def read(path):
    """The Outcome that the worker wrote."""
    with np.load(path, allow_pickle=False) as archive:
        header = json.loads(archive["header"].tobytes())
        arrays = {name: archive[name] for name in archive.files if name != "header"}
    returned = None
    if header["kind"] == "returned":
        counts = header.pop("counts")
        returned = [arrays[f"{i}"] if count is None else tuple(arrays[f"{i}.{k}"] for k in range(count))
                    for i, count in enumerate(counts)]
    header.pop("counts", None)
    return Outcome(**{**header, "checks": tuple(map(tuple, header["checks"])), "used": tuple(header["used"]),
                      "changed": tuple(header["changed"])}, returned=returned)
