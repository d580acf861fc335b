"""The verdict on what a reader's function returned: right, or which step went wrong."""

import functools
from typing import Any, NamedTuple

import numpy as np

from lessons.exercises.exercise import answers, load, probes, sentence
from tinyvae.diagnosis import Diagnosis, diagnose
from tinyvae.patterns import fits

TOLERANCE = 1e-7


class Verdict(NamedTuple):
    """ok; diagnoses, output to Diagnosis; causes, sentences; advice, what to try."""

    ok: bool
    diagnoses: dict
    causes: list
    advice: str


class Expected(NamedTuple):
    """What diagnose is given for one output: lists with one entry for each probe."""

    truth: list
    terms: Any
    catalogue: dict
    sizes: dict

    def on(self, only):
        """The same for some of the probes."""
        def some(arrays):
            return [arrays[i] for i in only]
        return Expected(some(self.truth), self.terms and {term: some(arrays) for term, arrays in self.terms.items()},
                        {text: (entry[0], some(entry[1])) if isinstance(entry, tuple) else some(entry)
                         for text, entry in self.catalogue.items()},
                        {size: some(numbers) for size, numbers in self.sizes.items()})


@functools.cache
def expected(name):
    """Output to Expected: the truth, its terms, and what every mistake of the catalogue would return."""
    exercise, tried = load(name), probes(name)
    terms = [exercise.terms(**p.inputs) for p in tried]
    returned = {mistake: [answers(exercise, mistake(**copies(p.inputs))) for p in tried]
                for mistake in exercise.mistakes}
    sizes = {size: [p.sizes[size] for p in tried] for size in exercise.sizes}
    found = {}
    for output in exercise.outputs:
        truth = [p.truth[output] for p in tried]
        own = [t.get(output) for t in terms]
        by_term = {term: [t[term] for t in own] for term in own[0]} if own[0] else None
        catalogue = {}
        for mistake, results in returned.items():
            arrays = [np.asarray(r[output], float) for r in results]
            if any(a.shape != t.shape or not np.allclose(a, t, rtol=1e-7, atol=1e-12) for a, t in zip(arrays, truth)):
                catalogue[sentence(mistake)[0]] = entry(getattr(mistake, "term", None), arrays, truth, by_term)
        found[output] = Expected(truth, by_term, catalogue, sizes)
    return found


def entry(term, arrays, truth, by_term):
    """A catalogue entry for diagnose: the whole gradient, or the one term that the mistake spoils."""
    if term is None or by_term is None or term not in by_term:
        return arrays
    return term, [a - (t - own) for a, t, own in zip(arrays, truth, by_term[term])]


def judge(name, returned, only=None):
    """The Verdict on what the function returned for each probe. returned : list, one per probe.

    only : the numbers of the probes that returned belongs to, all by default
    """
    exercise = load(name)
    values = [answers(exercise, r) for r in returned]
    rights = {output: right if only is None else right.on(only) for output, right in expected(name).items()}
    spoilt = {output for output, right in rights.items()
              if not all(fits(np.asarray(v[output], float), truth) for v, truth in zip(values, right.truth))}
    # a mistake that spoils several outputs is not the one when the reader has some of these right
    excluded = {text for output, right in rights.items() if output not in spoilt for text in right.catalogue}
    diagnoses = {}
    for output, right in rights.items():
        catalogue = {text: entry for text, entry in right.catalogue.items() if text not in excluded}
        diagnoses[output] = diagnose([v[output] for v in values], right.truth, right.terms or {output: right.truth},
                                     catalogue, right.sizes, TOLERANCE)
    wrong = [d for d in diagnoses.values() if not d.ok]
    causes = list(dict.fromkeys(cause for d in wrong[:1] for cause in d.mistakes))
    return Verdict(not wrong, diagnoses, causes, next(filter(None, (advice(exercise, cause) for cause in causes)), ""))


SIZES = "which sums have a 1 over their size in front, and is it already in what comes from above?"
# What to try when a term has a wrong factor, by a word of the sentence that says so.
ADVICE = {": missing": "which part has been left out? Of a gradient, each path from the variable to the loss adds one.",
          "wrong sign": "go through the signs of that term one by one. Where does a minus enter, where does it cancel?",
          "sum stands for a mean": SIZES,
          "divided by": SIZES,
          "twice": "look for a 1/2 that was lost, or a 2 that was counted twice.",
          "half": "look for a 2 that was lost, or a 1/2 that was counted twice."}


def advice(exercise, cause):
    """What to try: the catalogue's word on this cause, or a general one for a wrong factor."""
    known = dict(sentence(mistake) for mistake in exercise.mistakes)
    return known.get(cause) or next((text for word, text in ADVICE.items() if cause not in known and word in cause), "")


def copies(inputs):
    """The inputs, arrays copied: a function that writes into them must not spoil the next."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}


__all__ = ["Diagnosis", "Verdict", "copies", "expected", "judge"]
