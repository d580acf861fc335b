"""The process in which the reader's file runs: python -m lessons.exercises.worker NAME FILE RESULT SECONDS.

Whatever the file does, the result says it in the reader's terms: a kind, one sentence, a line of their own file.
"""

import contextlib
import functools
import importlib
import json
import os
import pathlib
import pkgutil
import signal
import sys
import traceback
import types

import numpy as np

import tinyvae
from lessons.exercises.exercise import BugHunt, load, trials
from lessons.exercises.runner import MEMORY
from tinyvae.storage import write_bytes

LARGE = 1_000_000        # numbers in one answer
NUMERIC = ("derivatives.numeric_gradients", "derivatives.directional_derivative", "gradcheck.check_gradients")


class Work:
    """One run: the reader's file, what it used, and the result that is written at the end, whatever the end is."""

    def __init__(self, name, path, result):
        self.exercise, self.name, self.path, self.result = load(name), name, str(path), result
        self.used, self.lines = [], []

    def write(self, kind, arrays=None, **facts):
        """Write the result, once and for all, and end the process without asking the reader's code."""
        line = facts.get("line")
        source = self.lines[line - 1].strip() if line and line <= len(self.lines) else ""
        header = {"kind": kind, "checks": [], "message": "", "line": None, "changed": [], **facts, "source": source,
                  "used": sorted(set(self.used))}
        text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        write_bytes(self.result, lambda file: np.savez(file, header=text, **(arrays or {})))
        with contextlib.suppress(Exception):     # the reader's code may have closed them
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(0)

    def line_of(self, frames):
        """The last line of the reader's file among (file name, line number) pairs."""
        lines = [line for file, line in frames if file == self.path]
        return lines[-1] if lines else None

    def failed(self, error):
        """Write what an exception of the reader's code says."""
        line = self.line_of((frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__))
        try:
            said = str(error)
        except Exception:                        # the reader's own exception may raise when it is printed
            said = ""
        message = f"{type(error).__name__}: {said}".rstrip(": ").splitlines()[0][:300]
        kind = "exception"
        if isinstance(error, NotImplementedError):
            kind, message = "unfinished", "the function still raises NotImplementedError"
        elif isinstance(error, MemoryError):
            kind, message = "memory", f"it asked for more than {MEMORY // 1024**3} GB of memory"
        elif isinstance(error, (SystemExit, KeyboardInterrupt)):
            kind, message = "exit", f"it ended the program with {type(error).__name__}"
        self.write(kind, message=message, line=line)

    def module(self):
        """The reader's file as a module."""
        try:
            text = pathlib.Path(self.path).read_text(encoding="utf-8-sig")        # with or without a byte-order mark
        except OSError as error:
            self.write("unreadable", message=f"the file cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            self.write("unreadable", message=f"the file is not UTF-8 text ({error.reason}); save it as UTF-8")
        self.lines = text.split("\n")            # as Python counts them: splitlines also splits at form feeds
        try:
            code = compile(text, self.path, "exec")
        except Exception as error:               # SyntaxError, ValueError; RecursionError of a deep expression
            said = f"{type(error).__name__}: {error.args[0] if error.args else ''}"
            self.write("unreadable", message=said, line=getattr(error, "lineno", None))
        module = types.ModuleType("exercise")
        module.__file__ = self.path
        sys.modules["exercise"] = module
        try:
            exec(code, module.__dict__)
        except BaseException as error:           # sys.exit and KeyboardInterrupt too
            self.failed(error)
        return module

    def call(self, module):
        """Call the function on every input; write what it returned, or the first thing that went wrong."""
        function = getattr(module, self.exercise.function, None)
        if not callable(function):
            self.write("no function",
                       message=f"there is no function {self.exercise.function}; the stub's name must stay")
        arrays, counts, changed = {}, [], set()
        for i, ((_, inputs), (_, before)) in enumerate(zip(trials(self.name), trials(self.name))):
            try:
                value = function(*inputs.values())
            except BaseException as error:
                self.failed(error)
            changed |= {name for name, array in inputs.items() if not np.array_equal(array, before[name])}
            counts.append(self.keep(value, str(i), arrays))
        self.write("returned", arrays, counts=counts, changed=sorted(changed))

    def keep(self, value, key, arrays):
        """Put what was returned into arrays; returns how many outputs there are, None for a bare array."""
        outputs = self.exercise.outputs
        if len(outputs) == 1:
            arrays[key] = self.as_array(value, outputs[0])
            return None
        if not isinstance(value, (tuple, list)) or len(value) != len(outputs):
            got = f"{len(value)} values" if isinstance(value, (tuple, list)) else type(value).__name__
            self.write("wrong type", message=f"it returned {got}, expected {len(outputs)}: {', '.join(outputs)}")
        for k, (output, one) in enumerate(zip(outputs, value)):
            arrays[f"{key}.{k}"] = self.as_array(one, output)
        return len(outputs)

    def as_array(self, value, output):
        try:
            array = np.array(value)              # a copy: the function may use one array again and again
        except Exception:                        # __array__ of an object of the reader's own may do anything
            array = np.asarray(None)
        if array.size > LARGE:
            self.write("wrong type", message=f"{output}: it returned an array of shape {array.shape}, {array.size} "
                       "numbers; its inputs are small, and so is the answer")
        if array.dtype.kind not in "biuf":
            what = "complex numbers" if array.dtype.kind == "c" else type(value).__name__
            hint = "; is the return missing?" if value is None else ""
            self.write("wrong type", message=f"{output}: it returned {what}, expected an array of real numbers{hint}")
        return array

    def check(self, module):
        """Run the checks of a bug hunt."""
        checks = []
        for check in self.exercise.checks:
            title = " ".join(check.__doc__.split()).rstrip(".")
            try:
                check(module)
                checks.append((title, True, ""))
            except AssertionError as error:
                checks.append((title, False, str(error)))
            except BaseException as error:
                if self.line_of((f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__)) is None:
                    checks.append((title, False, f"{type(error).__name__}: {error}"))
                else:
                    self.failed(error)
        self.write("checked", checks=checks)

    def watch_library(self):
        """Note every call from the reader's file to a function of tinyvae that does the derivation for it."""
        answers = {getattr(self.exercise, "library", ""), *NUMERIC}
        for info in pkgutil.iter_modules(tinyvae.__path__):
            if info.ispkg:
                continue
            module = importlib.import_module(f"tinyvae.{info.name}")
            for name, value in list(vars(module).items()):
                full = f"{info.name}.{name}"
                if isinstance(value, types.FunctionType) and value.__module__ == module.__name__ and (
                        name.endswith("_backward") or full in answers):
                    self.replace(value, self.noted(value, f"tinyvae.{full}"))
                elif isinstance(value, type) and value.__module__ == module.__name__:
                    for method in ("backward", "step"):
                        if method in vars(value) and (method == "backward" or f"{full}.{method}" in answers):
                            setattr(value, method, self.noted(vars(value)[method], f"tinyvae.{full}.{method}"))
        sys.addaudithook(self.opened)

    def opened(self, event, arguments):
        """Note when the reader's code opens the course's own answers."""
        if event == "open" and isinstance(arguments[0], str) and arguments[0] != self.path:
            parts = pathlib.PurePath(arguments[0]).parts
            if "exercises" in parts and {"solutions", "definitions"} & set(parts):
                self.used.append("the solution that comes with the course")

    def replace(self, function, noted):
        """noted in place of function wherever a module of the library holds it."""
        for module in [m for n, m in sys.modules.items() if n.split(".")[0] == "tinyvae"]:
            for name, value in list(vars(module).items()):
                if value is function:
                    setattr(module, name, noted)

    def noted(self, function, full):
        @functools.wraps(function)
        def wrapper(*arguments, **options):
            if sys._getframe(1).f_code.co_filename == self.path:
                self.used.append(full)
            return function(*arguments, **options)
        return wrapper

    def limit(self, seconds):
        """Stop after so many seconds, with the line that was running; refuse memory beyond the limit."""
        def out_of_time(number, frame):
            frames = [(f.filename, f.lineno) for f in traceback.extract_stack(frame)]
            self.write("timeout", message=f"it did not end within {seconds:g} seconds", line=self.line_of(frames))
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, out_of_time)
            signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            import resource
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        except (ImportError, ValueError, OSError):
            pass                                 # no such limit here: the time limit still holds


def main(name, path, result, seconds):
    work = Work(name, path, result)
    work.watch_library()
    work.limit(float(seconds))
    try:
        judged(work)
    except Exception as error:                   # the last resort: nothing of ours may reach the reader
        work.failed(error)


def judged(work):
    """Run the reader's file and write the result."""
    module = work.module()
    if isinstance(work.exercise, BugHunt):
        work.check(module)
    else:
        work.call(module)


if __name__ == "__main__":
    main(*sys.argv[1:])
