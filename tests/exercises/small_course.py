"""A course of three exercises and a bug hunt, judged in no time: the commands must work with any set.

As a program it is the command line of the course with these exercises:
    python -m tests.exercises.small_course FOLDER_OF_THE_COURSE exercise watch
"""

import pathlib
import sys
import types

from lessons import __main__ as command_line
from lessons.exercises import exercise, runner
from lessons.exercises.exercise import BugHunt, load, probes
from lessons.exercises.judge import copies

NAMES = ("01_alpha", "02_beta", "03_gamma", "04_hunt")
RIGHT, TENFOLD, TWICE = "return 2 * x", "return 20 * x", "return 4 * x"

DEFINITION = '''
import numpy as np
from lessons.exercises.exercise import Exercise


def inputs(rng, B, L):
    return {"x": rng.standard_normal((B, L))}


def truth(x):
    return {"dx": 2 * x}


def terms(x):
    return {"dx": {"first term": 2 * x - 1, "second term": np.ones_like(x)}}


def tenfold(x):
    """The factor 10 was put in. Try: Which factor is yours?"""
    return 20 * x


def ninefold(x):
    """The factor 9 was put in (lesson 3). Try: Which factor is yours?"""
    return 18 * x


EXERCISE = Exercise(lesson="14", difficulty=2, minutes=15, function="f", outputs=("dx",),
                    sizes={"B": (7, 5), "L": (3, 2)}, inputs=inputs, truth=truth, terms=terms,
                    mistakes=(tenfold, ninefold), alternatives=(), hints=("Nudge.", "Push.", "Shove."))
'''
HUNT = '''
from lessons.exercises.exercise import BugHunt


def of_three(module):
    """gradient at three"""
    assert module.f(3) == 6, "f(3) is not what it should be"


EXERCISE = BugHunt(lesson="16", difficulty=3, minutes=30, checks=(of_three,), fault="The factor was 3.", blind=False,
                   alternatives=(), hints=("Nudge.", "Push.", "Shove."))
'''
STUB = '"""The {name} of x. Lesson 14."""\n\n\ndef f(x):\n    raise NotImplementedError\n'


def write(home):
    """Write the files of the course into home."""
    for folder in ("definitions", "stubs", "solutions"):
        (home / folder).mkdir(parents=True)
    for name in NAMES:
        hunt = name == "04_hunt"
        stub = STUB.format(name=name[3:])
        if hunt:
            stub = stub.replace("raise NotImplementedError", "return 3 * x")
        (home / "definitions" / f"{name}.py").write_text(HUNT if hunt else DEFINITION)
        (home / "stubs" / f"{name}.py").write_text(stub)
        right = stub.replace("return 3 * x", RIGHT).replace("raise NotImplementedError", RIGHT)
        (home / "solutions" / f"{name}.py").write_text(right)


def answer(folder, name, body):
    """Let the reader's file say body."""
    text = (folder / f"{name}.py").read_text()
    lines = text.splitlines()
    (folder / f"{name}.py").write_text("\n".join([*lines[:4], *(f"    {line}" for line in body.splitlines()), ""]))


def quick_run(name, path, seconds=10.0):
    """What runner.run says, found in this process."""
    module = types.ModuleType("answer")
    try:
        exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
        if isinstance(load(name), BugHunt):
            right = module.f(3) == 6
            return runner.Outcome("checked", checks=[("gradient at three", right, "" if right else "f(3) is wrong")])
        return runner.Outcome("returned", returned=[module.f(**copies(p.inputs)) for p in probes(name)])
    except NotImplementedError:
        return runner.Outcome("unfinished", line=5, source="raise NotImplementedError")
    except Exception as error:
        return runner.Outcome("exception", message=f"{type(error).__name__}: {error}", line=5)


def install(home, setattr=setattr):
    setattr(exercise, "HERE", home)
    setattr(runner, "run", quick_run)
    exercise.names.cache_clear()


if __name__ == "__main__":
    install(pathlib.Path(sys.argv[1]))
    sys.exit(command_line.main(sys.argv[2:]))
