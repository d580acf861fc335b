"""The exercises themselves: stubs fail, solutions and alternatives pass, every mistake is named as itself."""

import pathlib

import numpy as np
import pytest

from lessons.exercises import verify
from lessons.exercises.exercise import BugHunt, load, module_at, names, title, trials
from lessons.exercises.judge import judge
from lessons.exercises.runner import Outcome

STEPS = [name for name in names() if not isinstance(load(name), BugHunt)]


def run_here(name, path):
    """What runner.run gives, for files that can be trusted: in this process, in a hundredth of the time."""
    exercise, module = load(name), module_at(path, f"{pathlib.Path(path).parent.name}_{name}")
    if isinstance(exercise, BugHunt):
        checks = []
        for check in exercise.checks:
            try:
                check(module)
                checks.append((check.__doc__, True, ""))
            except AssertionError as error:
                checks.append((check.__doc__, False, str(error)))
        return Outcome("checked", checks=tuple(checks))
    changed, returned = set(), []
    for (_, inputs), (_, before) in zip(trials(name), trials(name)):
        try:
            returned.append(getattr(module, exercise.function)(*inputs.values()))
        except NotImplementedError:
            return Outcome("unfinished")
        changed |= {key for key, value in inputs.items() if not np.array_equal(value, before[key])}
    return Outcome("returned", returned, changed=tuple(changed))


@pytest.mark.parametrize("name", names())
def test_an_exercise_is_sound(name):
    assert verify.problems_of(name, run_here) == []


@pytest.mark.parametrize("name", STEPS)
def test_random_mistakes_are_named_rightly_or_not_at_all(name):
    tally = verify.random_mistakes(name, 30, seed=1)
    assert tally["wrong"] == 0 and tally["silent"] < 30 and sum(tally.values()) == 30


@pytest.mark.parametrize("name", STEPS)
def test_float32_is_told_as_such(name):
    """The right answer, rounded: no step of the derivation is blamed."""
    exercise = load(name)
    rounded = [tuple(np.float32(p.truth[output]) for output in exercise.outputs) for p in verify.probes(name)]
    verdict = judge(name, [r if len(exercise.outputs) > 1 else r[0] for r in rounded])
    assert verdict.ok or all("float32" in cause for cause in verdict.causes)


def test_the_list_is_that_of_the_course():
    """Every formula that the exercises must hold, by a word of its title."""
    titles = " ".join(map(title, names())).lower()
    for word in ("softmax", "dense", "tanh", "sigmoid", "relu", "squared error", "linear autoencoder", "tied",
                 "gradient of its input", "kernel and its bias", "unpooling", "transposed convolution",
                 "gaussian reconstruction loss, with respect to the decoder", "learned log sigma^2",
                 "bernoulli reconstruction loss", "its value", "with respect to mu", "with respect to logvar",
                 "sigma itself", "two diagonal gaussians", "reparameterised sample", "through the sample to mu",
                 "through the sample to logvar", "both paths", "encoder's head", "whole negative elbo", "minibatch",
                 "score-function", "adam", "importance weights", "conditional decoder"):
        assert word in titles, word
    hunts = [load(name) for name in names() if isinstance(load(name), BugHunt)]
    assert len(hunts) >= 6 and sum(hunt.blind for hunt in hunts) >= 3


@pytest.mark.parametrize("name", STEPS)
def test_a_mistake_in_the_judge_would_show(name):
    """The checks of verify can fail: a solution with one entry wrong, and a mistake that is called right."""
    exercise = load(name)
    right = [tuple(p.truth[output] for output in exercise.outputs) for p in verify.probes(name)]
    wrong = [tuple(array + (np.arange(array.size).reshape(array.shape) == 0) for array in r) for r in right]
    assert judge(name, [r if len(r) > 1 else r[0] for r in right]).ok
    assert not judge(name, [w if len(w) > 1 else w[0] for w in wrong]).ok


def test_a_mistake_that_spoils_several_outputs_is_not_named_when_one_of_them_is_right():
    """dU right, dW halved: not "the 2 of the square was lost", which would have halved both."""
    name = "07_linear_autoencoder"
    returned = [(p.truth["dW"] / 2, p.truth["dU"]) for p in verify.probes(name)]
    verdict = judge(name, returned)
    assert verdict.diagnoses["dU"].ok and verdict.causes and all("half" in cause for cause in verdict.causes)
    both = judge(name, [(dW / 2, p.truth["dU"] / 2) for (dW, _), p in zip([(2 * r[0], 0) for r in returned],
                                                                        verify.probes(name))])
    assert len(both.causes) == 1 and "2 of the square" in both.causes[0]


def test_one_number_per_probe_is_measured_over_all_probes():
    """Exercise 15 gives a single number: its terms can be told apart only by taking all probes together."""
    name = "15_gaussian_nll_logvar"
    terms = [load(name).terms(**p.inputs)["dlogvar"] for p in verify.probes(name)]
    verdict = judge(name, [-t["squared distance"] + t["constant of the density"] for t in terms])
    assert len(verdict.causes) == 1 and "squared distance" in verdict.causes[0] and "sign" in verdict.causes[0]


def test_every_cause_comes_with_something_to_try():
    name = "19_kl_logvar"
    terms = [load(name).terms(**p.inputs)["dlogvar"] for p in verify.probes(name)]
    for factor in (0, -1, 2, 0.5):
        first = next(iter(terms[0]))
        assert judge(name, [factor * t[first] + sum(v for k, v in t.items() if k != first) for t in terms]).advice
