"""The authors' check of the exercises themselves: python -m lessons exercise verify.

Every stub fails, every solution and every alternative passes, every mistake of a catalogue is named as itself on every
probe, no two coincide, there are three hints; and random mistakes are named rightly or not at all.
"""

import collections
import itertools
import types

import numpy as np

from lessons.exercises import judge as judging
from lessons.exercises.exercise import HERE, BugHunt, answers, load, names, probes, sentence, title
from lessons.exercises.judge import copies, judge
from lessons.exercises.runner import run
from tinyvae.diagnosis import Factor, factor_sentences
from tinyvae.patterns import fits

FACTORS = (-2, -1, -0.5, 0, 0.5, 2, 3, 0.7)


def verify(out=print, only=None):
    """Check all exercises (or those named), say what is wrong; returns True when nothing is."""
    bad = 0
    for name in only or names():
        problems = problems_of(name)
        bad += bool(problems)
        out(f"{name:<32} {'ok' if not problems else 'WRONG'}   {title(name)}")
        for problem in problems:
            out(f"    {problem}")
    count = collections.Counter(type(load(name)).__name__ for name in names())
    mistakes = sum(len(load(name).mistakes) for name in names() if not isinstance(load(name), BugHunt))
    out(f"{count['Exercise']} exercises and {count['BugHunt']} bug hunts, {3 * len(names())} hints, {mistakes} "
        f"mistakes in the catalogues; {bad} with problems")
    return bad == 0


def problems_of(name, run=run):
    """What is wrong with one exercise, a list of sentences. run : runner.run, or what does the same in less time"""
    own = hunt_problems if isinstance(load(name), BugHunt) else exercise_problems
    return [*common_problems(name), *own(name, run)]


def common_problems(name):
    exercise = load(name)
    if len(set(exercise.hints)) != 3 or not all(exercise.hints):
        yield "there must be three different hints"
    if exercise.difficulty not in (1, 2, 3) or not 1 <= exercise.minutes <= 90:
        yield "difficulty is 1, 2 or 3; minutes are between 1 and 90"
    if exercise.lesson not in title(name):
        yield f"the first line of the stub does not name lesson {exercise.lesson}"


def exercise_problems(name, run):
    """What is wrong with an Exercise, one sentence at a time."""
    stub = run(name, HERE / "stubs" / f"{name}.py")
    if stub.kind != "unfinished":
        yield f"the stub does not raise NotImplementedError: {stub.kind}, {stub.message}"
    solution = run(name, HERE / "solutions" / f"{name}.py")
    if solution.kind != "returned":
        yield f"the solution fails: {solution.kind}, {solution.message}"
    else:
        if not judge(name, solution.returned).ok:
            yield "the solution is judged wrong"
        if solution.used or solution.changed:
            yield f"the solution uses {solution.used} and changes {solution.changed}"
    exercise, tried = load(name), probes(name)
    if len(exercise.alternatives) < 2:
        yield "fewer than two alternatives"
    for other in exercise.alternatives:
        verdict = judge(name, results(other, tried))
        if not verdict.ok:
            yield f"the alternative {other.__name__} is accused: {verdict.causes or list(verdict.diagnoses.values())}"
    yield from mistake_problems(name, exercise, tried)


def results(function, tried):
    return [function(**copies(p.inputs)) for p in tried]


def mistake_problems(name, exercise, tried):
    """Each mistake is named as itself, on all probes together and on each alone; no two are the same."""
    if len(exercise.mistakes) < 3:
        yield "fewer than three mistakes"
    for mistake in exercise.mistakes:
        cause, advice = sentence(mistake)
        if not advice:
            yield f"{mistake.__name__}: the docstring has no 'Try:'"
        returned = results(mistake, tried)
        for only in [list(range(len(tried))), *([i] for i in range(len(tried)))]:
            verdict = judge(name, [returned[i] for i in only], only)
            if verdict.ok:
                yield f"{mistake.__name__} is judged right on probes {only}"
            elif verdict.causes != [cause] or verdict.advice != advice:
                yield f"{mistake.__name__} on probes {only} is named {verdict.causes}"
    for one, two in itertools.combinations(exercise.mistakes, 2):
        pairs = zip(results(one, tried), results(two, tried))
        if all(same(exercise, a, b) for a, b in pairs):
            yield f"{one.__name__} and {two.__name__} coincide"


def same(exercise, one, two):
    one, two = answers(exercise, one), answers(exercise, two)
    return all(fits(np.asarray(one[o], float), np.asarray(two[o], float)) for o in exercise.outputs)


def hunt_problems(name, run):
    """What is wrong with a BugHunt."""
    hunt = load(name)
    given = run(name, HERE / "stubs" / f"{name}.py")
    if given.kind != "checked":
        yield f"the file as given does not run: {given.kind}, {given.message}"
        return
    failed = [check for check, ok, _ in given.checks if not ok]
    if not failed:
        yield "the file as given passes every check"
    gradients = [check for check in failed if check.startswith("gradient")]
    if hunt.blind == bool(gradients):
        yield f"blind is {hunt.blind}, but these gradient checks fail: {gradients}"
    if not any(check.startswith("gradient") for check, _, _ in given.checks):
        yield "no check begins with 'gradient'"
    solution = run(name, HERE / "solutions" / f"{name}.py")
    if solution.kind != "checked" or not all(ok for _, ok, _ in solution.checks):
        yield f"the solution fails: {solution.kind} {solution.message} {[c for c in solution.checks if not c[1]]}"
    for i, text in enumerate(hunt.alternatives):
        module = types.ModuleType("alternative")
        exec(compile(text, "alternative", "exec"), module.__dict__)
        for check in hunt.checks:
            try:
                check(module)
            except AssertionError as error:
                yield f"alternative {i} is accused: {error}"


def random_mistakes(name, count, seed=0):
    """How random mistakes are named: Counter of "right", "as simple", "silent", "wrong" (and "nothing was wrong").

    A third scales every term by a random factor, a third adds up two mistakes of the catalogue, a third adds noise.
    "as simple": another explanation of the very same array, with no more mistakes in it than were made.
    """
    rng, tally, tried = np.random.default_rng(seed), collections.Counter(), probes(name)
    for i in range(count):
        made, returned = (scaled, paired, noisy)[i % 3](name, rng, tried)
        verdict = judge(name, returned)
        named = [cause for d in verdict.diagnoses.values() for cause in d.mistakes]
        if verdict.ok:                       # mistakes may cancel, or be no mistakes: every factor was 1
            right = all(same(load(name), r, truth) for r, truth in zip(returned, replaced(load(name), tried)))
            tally["nothing was wrong" if right else "wrong"] += 1
        elif not named:
            tally["silent"] += 1
        elif made is not None and sorted(set(named)) == sorted(made):
            tally["right"] += 1
        else:
            simple = made is not None and all(len(d.mistakes) <= max(1, len(made)) for d in verdict.diagnoses.values())
            tally["as simple" if simple else "wrong"] += 1
    return tally


def scaled(name, rng, tried):
    """One output with its terms scaled; what was made, as the diagnosis would say it, and the gradients."""
    exercise, right = load(name), judging.expected(name)
    output = exercise.outputs[rng.integers(len(exercise.outputs))]
    terms = right[output].terms or {output: right[output].truth}
    factors = {term: 1 if rng.random() < 0.4 else rng.choice(FACTORS) for term in terms}
    arrays = [sum(f * terms[term][i] for term, f in factors.items()) for i in range(len(tried))]
    made = factor_sentences({term: Factor(float(factor)) for term, factor in factors.items()})
    return made, replaced(exercise, tried, output, arrays)


def paired(name, rng, tried):
    """Two mistakes of the catalogue at once: the truth and both differences from it."""
    exercise = load(name)
    two = [exercise.mistakes[i] for i in rng.choice(len(exercise.mistakes), 2, replace=False)]
    returned = []
    for p, *results_of_two in zip(tried, *(results(m, tried) for m in two)):
        wrong = [answers(exercise, r) for r in results_of_two]
        values = []
        for output in exercise.outputs:
            truth = p.truth[output]
            arrays = [np.asarray(w[output], float) for w in wrong]
            # two results of wrong shapes do not add up: the first then stands for both
            values.append(sum((a - truth for a in arrays), truth) if all(a.shape == truth.shape for a in arrays)
                          else arrays[0])
        returned.append(tuple(values) if len(values) > 1 else values[0])
    return sorted(sentence(m)[0] for m in two), returned


def noisy(name, rng, tried):
    """The truth of one output with noise of a random size in some or all entries: no mistake that has a name."""
    exercise = load(name)
    output, size = exercise.outputs[rng.integers(len(exercise.outputs))], 10.0 ** rng.uniform(-4, 1)
    truths = [p.truth[output] for p in tried]
    arrays = [truth + size * np.abs(truth).max(initial=0) * rng.standard_normal(truth.shape) for truth in truths]
    return None, replaced(exercise, tried, output, arrays)


def replaced(exercise, tried, output=None, arrays=()):
    """The truth of every probe as a function would return it, with arrays in place of one output."""
    values = [p.truth if output is None else {**p.truth, output: arrays[i]} for i, p in enumerate(tried)]
    rows = [tuple(v[o] for o in exercise.outputs) for v in values]
    return rows if len(exercise.outputs) > 1 else [row[0] for row in rows]
