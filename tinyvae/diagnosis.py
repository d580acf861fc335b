"""Which step of a derivation went wrong: a wrong gradient is taken apart into the terms it should be the sum of.

A gradient is a sum of terms, one for each path of the chain rule. A mistake scales one of them (a sign, a lost 1/2, a
sum where a mean belongs), or replaces it by another array, such as the derivative by sigma where log sigma^2 was
asked for: those are listed in a catalogue. Or it spoils the whole array: a transposition, a missing sum.

A mistake is named only when it explains every entry of the gradient on every probe; else there are facts, no guess.
"""

import itertools
from typing import NamedTuple

import numpy as np

from tinyvae.gradcheck import relative_error
from tinyvae.patterns import FITS, fits, pattern_of

FACTORS = {0: "missing", -1: "the wrong sign", 2: "twice what it should be", 0.5: "half of what it should be",
           -2: "twice what it should be, and the wrong sign", -0.5: "half of what it should be, and the wrong sign",
           4: "four times what it should be", 0.25: "a quarter of what it should be"}


class Probe(NamedTuple):
    """One input on which the gradient was computed: its arrays, and the sizes that stand in its formula."""

    gradient: np.ndarray
    truth: np.ndarray
    terms: dict
    variants: dict       # sentence to (term or None, array)
    sizes: dict


class Factor(NamedTuple):
    """constant * size: what stands in front of a term. size is 1, or a size of the problem, or one over it."""

    constant: float
    size: str = ""
    divided: bool = False

    def value(self, sizes):
        size = sizes.get(self.size, 1)
        return self.constant / size if self.divided else self.constant * size

    @property
    def words(self):
        if not self.size:
            return FACTORS.get(self.constant, f"{self.constant:.4g} times what it should be")
        how = (f"divided by {self.size} once too often" if self.divided else
               f"{self.size} times what it should be, as when a sum stands for a mean")
        return how if self.constant == 1 else f"{how}, and {Factor(self.constant).words}"


RIGHT = Factor(1.0)


class Row(NamedTuple):
    """One term of a diagnosis: what it was multiplied by on the first probe, and that in words ("ok" for 1)."""

    term: str
    factor: float
    words: str


class Diagnosis:
    """What diagnose found. ok; error (relative); facts and mistakes, lists of sentences; rows, one per term, empty when
    the terms do not explain the gradient. str() is the report."""

    def __init__(self, shape, error, tolerance, facts, rows=(), mistakes=(), ok=False):
        self.shape, self.error, self.tolerance, self.ok = shape, error, tolerance, ok
        self.facts, self.rows, self.mistakes = list(facts), list(rows), list(mistakes)

    def __str__(self):
        lines = list(self.facts)
        width = max((len(row.term) for row in self.rows), default=0)
        lines += [f"{row.term:<{width}}   x {row.factor:.3g}   {row.words}" for row in self.rows]
        lines += [f"Likely: {mistake}." for mistake in self.mistakes]
        if not self.ok and not self.mistakes:
            lines.append("No known mistake explains it on every probe: no guess.")
        return "\n".join(lines)


def diagnose(gradient, truth, terms=None, catalogue=None, sizes=None, tolerance=1e-6):
    """Say whether a gradient is right, and if not, which mistake explains it.

    gradient : the array in question, a NumPy array
    truth : the gradient as it should be, such as a numerical derivative
    terms : name to array; they add up to truth. By default the gradient is one term
    catalogue : sentence to array, the whole gradient with this mistake in it; or sentence to (term, array), where the
        mistake changes that term alone
    sizes : name to number, such as {"B": 7, "L": 3}: then a sum taken for a mean is named
    tolerance : relative error up to which the gradient is right

    Every array may be a list of arrays, one for each of several probes (inputs of other shapes and values), and then
    sizes holds lists of numbers: what is named must hold on every probe. Use at least two.

    returns : Diagnosis. Raises ValueError when the arguments do not fit together, or terms do not add up to truth.
    """
    probes = as_probes(gradient, truth, terms, catalogue, sizes)
    shape = probes[0].gradient.shape
    wrong_shape = [p for p in probes if p.gradient.shape != p.truth.shape]
    if wrong_shape:
        facts = [f"shape {wrong_shape[0].gradient.shape}, expected {wrong_shape[0].truth.shape}"]
        return Diagnosis(shape, np.inf, tolerance, facts, mistakes=one(same_as_known(probes) or pattern_of(probes)))
    bad = [p.gradient for p in probes if not np.isfinite(p.gradient).all()]
    if bad:
        places = np.argwhere(~np.isfinite(bad[0]))
        facts = [f"shape {shape} ok     {len(places)} of {bad[0].size} entries are NaN or infinite, the first at "
                 f"{tuple(places[0].tolist())}"]
        return Diagnosis(shape, np.inf, tolerance, facts, mistakes=one(same_as_known(probes)))
    error = max(float(relative_error(p.gradient, p.truth, "central").max(initial=0)) for p in probes)
    facts = [f"shape {shape} ok     finite ok     relative error {error:.1e}, needs {tolerance:.0e}"]
    if error <= tolerance:
        return Diagnosis(shape, error, tolerance, facts, ok=True)
    if error < 1e-4 and all(in_float32(p.gradient) for p in probes):
        rounded = "right to the 7 digits of float32; compute in float64"
        return Diagnosis(shape, error, tolerance, facts, mistakes=[rounded])
    explanation = explain(probes)
    if explanation is None:
        return Diagnosis(shape, error, tolerance, facts, mistakes=one(pattern_of(probes)))
    return Diagnosis(shape, error, tolerance, facts, explanation.rows, explanation.mistakes)


def one(sentence):
    return [] if sentence is None else [sentence]


def same_as_known(probes):
    """The one entry of the catalogue that is this array, whatever its shape; None without."""
    whole = [s for s, (term, _) in probes[0].variants.items() if term is None]
    found = [s for s in whole if all(fits(p.variants[s][1], p.gradient) for p in probes)]
    return found[0] if len(found) == 1 else None


def in_float32(array):
    """True when every number is one that float32 can hold: then it was computed, or rounded, there."""
    return bool(np.array_equal(array.astype(np.float32).astype(np.float64), array))


def as_probes(gradient, truth, terms, catalogue, sizes):
    """The arguments of diagnose as one Probe per probe, in float64."""
    several = isinstance(gradient, (list, tuple))
    count = len(gradient) if several else 1
    if count == 0:
        raise ValueError("gradient: got an empty list, expected an array, or a list of one array for each probe")
    for name, table in (("terms", terms), ("catalogue", catalogue), ("sizes", sizes)):
        if table is not None and not isinstance(table, dict):
            raise TypeError(f"{name}: got {type(table).__name__}, expected a dict, name to array")

    def arrays(name, value, finite=False):
        values = list(value) if several else [value]
        if len(values) != count:
            raise ValueError(f"{name}: got {len(values)} arrays, expected {count}, one for each probe of gradient")
        values = [np.asarray(v) for v in values]
        if any(v.dtype.kind not in "biuf" for v in values):
            raise TypeError(f"{name}: got dtype {values[0].dtype}, expected real numbers")
        if finite and not all(np.isfinite(v).all() for v in values):
            raise ValueError(f"{name}: holds NaN or infinity; without a right answer nothing can be said")
        return [v.astype(np.float64) for v in values]
    gradients, truths = arrays("gradient", gradient), arrays("truth", truth, finite=True)
    terms = {name: arrays(f"terms[{name!r}]", value, finite=True) for name, value in terms.items()} if terms else {
        "the gradient": truths}
    variants = {}
    for sentence, entry in (catalogue or {}).items():
        of_term = isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)
        if of_term and entry[0] not in terms:
            raise ValueError(f"catalogue[{sentence!r}]: got the term {entry[0]!r}, expected one of {', '.join(terms)}")
        term, value = entry if of_term else (None, entry)
        variants[sentence] = (term, arrays(f"catalogue[{sentence!r}]", value))
    sizes = {name: list(np.atleast_1d(value)) for name, value in (sizes or {}).items()}
    if any(len(value) != count for value in sizes.values()):
        raise ValueError(f"sizes: got {sizes}, expected {count} numbers each, one for each probe")
    probes = [Probe(gradients[i], truths[i], {name: value[i] for name, value in terms.items()},
                    {sentence: (term, value[i]) for sentence, (term, value) in variants.items()},
                    {name: float(value[i]) for name, value in sizes.items()}) for i in range(count)]
    for p in probes:
        if not fits(sum(p.terms.values()), p.truth):
            raise ValueError("terms: they do not add up to truth; every path of the chain rule must be among them")
    return probes


class Explanation(NamedTuple):
    """mistakes: sentences. count: how many things had to go wrong for it. named: from the catalogue."""

    rows: list
    mistakes: list
    count: int
    named: int


def explain(probes):
    """The simplest explanation by factors of the terms and entries of the catalogue; None without one, or between two
    that are equally simple."""
    first = probes[0]
    whole = [s for s, (term, _) in first.variants.items() if term is None]
    of_term = {name: [None, *(s for s, (term, _) in first.variants.items() if term == name)] for name in first.terms}
    found = [explanation for sentence in whole if (explanation := fitted(probes, {"all of it": sentence}, whole=True))]
    for chosen in itertools.product(*of_term.values()):
        if sum(sentence is not None for sentence in chosen) <= 2:
            explanation = fitted(probes, dict(zip(of_term, chosen)))
            if explanation:
                found.append(explanation)
    if not found:
        return None
    found.sort(key=lambda explanation: (explanation.count, -explanation.named))
    best = found[0]
    if any((e.count, e.named) == (best.count, best.named) and e.mistakes != best.mistakes for e in found[1:]):
        return None
    by_factors = next((e for e in found if not e.named), best)       # shows the terms beside a name of the catalogue
    return best._replace(rows=by_factors.rows)


def fitted(probes, chosen, whole=False):
    """The Explanation in which each term (or the whole gradient) is as chosen, an entry of the catalogue or None for
    the term itself, times a factor; None when no factors explain every probe."""
    def column(probe, term, sentence):
        if sentence is not None:
            return probe.variants[sentence][1]
        return probe.truth if whole else probe.terms[term]
    columns = [[column(probe, term, sentence) for term, sentence in chosen.items()] for probe in probes]
    if any(c.shape != p.gradient.shape or not np.isfinite(c).all() for p, cs in zip(probes, columns) for c in cs):
        return None
    factors = common_factors(probes, columns)
    if factors is None:
        return None
    if whole and factors[0] != RIGHT and ratio_to_truth(probes, columns):
        return None                              # a multiple of the truth: then the factor alone is simpler
    rows = [Row(term, factor.value(probes[0].sizes), "another array" if sentence else "ok" if factor == RIGHT else
                factor.words) for (term, sentence), factor in zip(chosen.items(), factors)]
    named = [sentence for sentence in chosen.values() if sentence is not None]
    mistakes = named + factor_sentences(dict(zip(chosen, factors)))
    return Explanation(rows, mistakes, len(mistakes), len(named))


def ratio_to_truth(probes, columns):
    """True when the one column is, on every probe, a number times the truth."""
    for p, (column,) in zip(probes, columns):
        place = np.unravel_index(np.abs(p.truth).argmax(), p.truth.shape)
        if not fits(column, column[place] / p.truth[place] * p.truth):
            return False
    return True


def factor_sentences(factors):
    """Sentences for term to Factor. Terms that share a factor were spoilt by one mistake."""
    groups = {}
    for term, factor in factors.items():
        if factor != RIGHT:
            groups.setdefault(factor, []).append(term)
    everything = len(factors) > 1 and [len(group) for group in groups.values()] == [len(factors)]
    return [f"{'the whole of it' if everything else ' and '.join(terms)}: {factor.words}"
            for factor, terms in groups.items()]


def common_factors(probes, columns):
    """One Factor per column such that they explain every probe; None without."""
    if all(fits(sum(cs), p.gradient) for p, cs in zip(probes, columns)):
        return [RIGHT] * len(columns[0])
    largest = max(range(len(probes)), key=lambda i: probes[i].gradient.size)
    measured, sizes = least_squares(probes[largest].gradient, columns[largest]), probes[largest].sizes
    if measured is None:                         # too few entries: all probes together, for factors without a size
        measured = least_squares(np.concatenate([p.gradient.ravel() for p in probes]),
                                 [np.concatenate([c.ravel() for c in column]) for column in zip(*columns)])
        sizes = {}
    if measured is None:
        return None
    measured = [next(first for first in measured if abs(first - value) <= FITS * abs(value)) for value in measured]
    scale = max(np.abs(p.gradient).max(initial=0) for p in probes)
    unsure = [FITS * scale / max(np.abs(c).max(initial=0) for c in column) for column in zip(*columns)]
    candidates = [possible_factors(value, sizes, doubt) for value, doubt in zip(measured, unsure)]
    for factors in itertools.product(*candidates):
        sums = (sum(f.value(p.sizes) * c for f, c in zip(factors, cs)) for p, cs in zip(probes, columns))
        if all(fits(s, p.gradient) for s, p in zip(sums, probes)):
            return list(factors)
    return None


def least_squares(gradient, columns):
    """The factors with which columns come closest to gradient; None when they are not determined."""
    A = np.stack([c.ravel() for c in columns], axis=1)                           # (entries, columns)
    lengths = np.linalg.norm(A, axis=0)
    if A.shape[0] <= A.shape[1] or not lengths.all() or not np.isfinite(lengths).all():
        return None
    singular = np.linalg.svd(A / lengths, compute_uv=False)
    if singular[-1] < 1e-4:                                                      # columns that are nearly one another
        return None
    return np.linalg.lstsq(A / lengths, gradient.ravel(), rcond=None)[0] / lengths


def possible_factors(value, sizes, doubt):
    """Factors with this value on one probe, the simplest first; several when a size happens to be a plain number.

    doubt : how far the value may be off by the rounding of larger terms; beyond 0.1 % no other number is offered
    """
    near = max(1e-5, 10 * doubt)
    close = [Factor(float(f)) for f in (1, *FACTORS) if abs(value - f) <= near]
    for name, size in sizes.items():
        for divided in (False, True):
            rest, scaled = (value * size, near * size) if divided else (value / size, near / size)
            close += [Factor(float(f), name, divided) for f in (1, -1, 2, 0.5, -2, -0.5)
                      if abs(rest - f) <= max(1e-5, scaled) and size != 1]
    return close + [Factor(float(f"{value:.8g}"))] * bool(doubt <= 1e-3 * max(1, abs(value)))
