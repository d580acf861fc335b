"""What an exercise is: a function the reader writes, the inputs it is tried on, the truth, and the known mistakes.

Each exercise has three files of one name, such as 19_kl_logvar.py:
    stubs/         what the reader gets: the question, the shapes, a function to fill in
    solutions/     the same file, filled in
    definitions/   what judges it: EXERCISE, an Exercise or a BugHunt
"""

import functools
import importlib.util
import inspect
import pathlib
from typing import Any, NamedTuple

import numpy as np

from tinyvae.derivatives import numeric_gradients

HERE = pathlib.Path(__file__).parent
SEEDS = (0, 1)                                   # each shape is tried with each


class Exercise(NamedTuple):
    """A gradient (or a value) to derive.

    lesson : "14", where it is derived        difficulty : 1 to 3        minutes : for a first try
    function : the name of the function in the stub
    outputs : names of what it returns, ("dx", "dW", "db"); a function with one output returns the bare array
    sizes : name to one number per shape; distinct primes, so that no axis can stand for another
    inputs : inputs(rng, **sizes) returns a dict of the function's arguments, in their order
    truth : truth(**inputs) returns a dict, output to array, by another road than the formula: gradient(loss, "x")
        differentiates numerically; for a value, a brute-force oracle
    terms : terms(**inputs) returns a dict, output to {term: array}, whose sum is the truth; {} for one term
    mistakes : functions as the reader might write them, with one mistake each. The docstring is one sentence for the
        reader, and after "Try:" what to think about. of_term("...") marks one that spoils only this term
    alternatives : functions that are right in another form, and must pass
    hints : three, from a nudge to nearly the answer
    library : the function of tinyvae that the answer rebuilds, such as "gaussian.kl_standard_normal_backward";
        calling it is noticed
    """

    lesson: str
    difficulty: int
    minutes: int
    function: str
    outputs: tuple
    sizes: dict
    inputs: Any
    truth: Any
    terms: Any
    mistakes: tuple
    alternatives: tuple
    hints: tuple
    library: str = ""


class BugHunt(NamedTuple):
    """A plausible program with a fault in it, to be found and repaired.

    checks : functions of the reader's module that raise AssertionError with a message for the reader; the docstring
        is the name of the test. Some are gradient checks, and their names begin with "gradient"
    fault : one sentence, shown after passing        alternatives : sources (text) of other right repairs
    blind : True when the file as given passes its gradient checks: only a test of the forward finds the fault
    """

    lesson: str
    difficulty: int
    minutes: int
    checks: tuple
    fault: str
    blind: bool
    alternatives: tuple
    hints: tuple


def of_term(term):
    """Marks a mistake that spoils this term alone: then it is recognised beside a mistake in another term."""
    def mark(mistake):
        mistake.term = term
        return mistake
    return mark


def gradient(loss, *variables):
    """truth: the numerical derivative (complex step) of the scalar loss(**inputs) by each of the variables.

    The output is called "d" + variable. loss must accept complex numbers.
    """
    def truth(**inputs):
        fixed = {name: value for name, value in inputs.items() if name not in variables}
        names = inspect.signature(loss).parameters
        fixed = {name: value for name, value in fixed.items() if name in names}
        arrays = numeric_gradients(lambda *values: loss(**dict(zip(variables, values)), **fixed),
                                   *(inputs[name] for name in variables))
        return {"d" + name: array for name, array in zip(variables, arrays)}
    return truth


class Probe(NamedTuple):
    """One input: sizes, the arguments by name, and the right answer by output."""

    sizes: dict
    inputs: dict
    truth: dict


@functools.cache
def names():
    """The exercises in the order of the course."""
    return tuple(sorted(path.stem for path in (HERE / "definitions").glob("[0-9][0-9]_*.py")))


@functools.cache
def load(name):
    """The Exercise or BugHunt of this name."""
    return module_at(HERE / "definitions" / f"{name}.py", f"definition_{name}").EXERCISE


def module_at(path, name):
    """The module in the file at path, whose name need not be an identifier."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def trials(name):
    """(sizes, inputs) on which the exercise is judged: every shape with every seed. Arrays are made anew each time."""
    exercise = load(name)
    for seed in SEEDS:
        for i in range(len(next(iter(exercise.sizes.values())))):
            sizes = {size: numbers[i] for size, numbers in exercise.sizes.items()}
            yield sizes, exercise.inputs(np.random.default_rng([seed, i]), **sizes)


@functools.cache
def probes(name):
    """The inputs on which the exercise is judged, with the truth."""
    exercise = load(name)
    return tuple(Probe(sizes, inputs, exercise.truth(**inputs)) for sizes, inputs in trials(name))


def answers(exercise, returned):
    """What a function returned, as a dict from output to value; None when their number is another."""
    values = returned if len(exercise.outputs) > 1 else (returned,)
    if not isinstance(values, (tuple, list)) or len(values) != len(exercise.outputs):
        return None
    return dict(zip(exercise.outputs, values))


def sentence(mistake):
    """(what went wrong, what to try): the docstring of a mistake, split at "Try:"."""
    cause, _, advice = " ".join(mistake.__doc__.split()).partition("Try:")
    return cause.strip().rstrip("."), advice.strip()


def title(name):
    """The first line of the stub's docstring."""
    text = (HERE / "stubs" / f"{name}.py").read_text(encoding="utf-8")
    return text.split('"""')[1].strip().splitlines()[0].rstrip(".")
