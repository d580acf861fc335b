"""What every lesson uses: its options, its data, its claims, its figures, its exit status.

A claim is one sentence, a number that the run measured, the number that theory says, the tolerance, and where the
expected number comes from. A lesson whose claim fails ends with exit status 1.
"""

import argparse
import json
import math
import os
import pathlib
import sys
from typing import NamedTuple

import numpy as np

import tinyvae
from lessons import trained
from tinyvae import storage


def seed(text):
    """A whole number >= 0 from the command line."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"got {number}, expected a whole number >= 0")
    return number


def add_options(parser):
    """The options that every lesson and the course runner share."""
    parser.add_argument("--seed", type=seed, default=0, help="same seed, same numbers (default 0)")
    parser.add_argument("--quick", action="store_true", help="less data and training, a few seconds")
    parser.add_argument("--data", choices=("digits", "mnist"), default="digits",
                        help="generated digits (default, need no download) or the original MNIST")
    parser.add_argument("--out", default="out", help="folder for figures and claims (default out)")
    parser.add_argument("--show", action="store_true", help="open each figure in a window")


class Claim(NamedTuple):
    """sentence and verdict, with the numbers they rest on; relation is "=", "<=" or ">="."""

    sentence: str
    measured: float
    relation: str
    expected: float
    within: float
    source: str
    holds: bool

    def numbers(self):
        within = f" within {self.within:.2g}" if self.relation == "=" else ""
        return f"measured {self.measured:.6g}, expected {self.relation} {self.expected:.6g}{within}"


class Images(NamedTuple):
    """images (N, 784) in [0, 1] and their labels (N,); for generated digits also the dicts of their factors."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    train_factors: dict | None = None
    test_factors: dict | None = None


class Lesson:
    """One run of one lesson.

    name : the file's name without .py, such as 16_training_the_vae        slides : "p21, p27", or the notes by name
    """

    def __init__(self, name, title, slides, arguments=None):
        parser = argparse.ArgumentParser(description=title)
        add_options(parser)
        options, others = parser.parse_known_args(arguments)     # an editor's kernel passes arguments of its own
        unknown = [other for other in others if other.startswith("--")]
        if unknown and "ipykernel" not in sys.modules:
            parser.error(f"unknown option {' '.join(unknown)}")
        self.name, self.title, self.claims, self.figures = name, title, [], []
        self.seed, self.quick, self.data, self.show = options.seed, options.quick, options.data, options.show
        sys.excepthook = quiet_interruption
        self.folder = pathlib.Path(options.out) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        heading = f"Lesson {name[:2]}: {title} ({'slides ' if slides.startswith('p') else ''}{slides})"
        print(f"{heading}\n{'=' * len(heading)}\nRead lessons/{name}.py beside this output.")

    def images(self, train, test):
        """The first train and test pictures of the chosen data set."""
        if self.data == "mnist":
            mnist = tinyvae.mnist()
            return Images(mnist.train.images[:train], mnist.train.labels[:train],
                          mnist.test.images[:test], mnist.test.labels[:test])
        made = tinyvae.digits(train + test, seed=self.seed)
        factors = [{name: values[rows] for name, values in made.factors.items()}
                   for rows in (slice(train), slice(train, None))]
        return Images(made.images[:train], made.labels[:train], made.images[train:], made.labels[train:], *factors)

    def standard_images(self):
        """The pictures that lessons 17 to 22 share, as images returns them."""
        return trained.standard_images(self)

    def standard_vae(self, images, latent_dim=10):
        """The VAE that lessons 17 to 20 share, trained on images.train once and kept. Returns model, History."""
        return trained.standard_vae(self, images, latent_dim)

    def fit(self, model, x, **settings):
        """tinyvae.fit without a progress bar, kept in <out>/trained for the next run and for other lessons."""
        return trained.fit(self.folder.parent / "trained", model, x, **settings)

    def predict(self, question):
        """Print a question that the next lines answer."""
        print(f"\nPredict: {question}")

    def claim(self, sentence, measured, expected=None, *, within=None, at_most=None, at_least=None, source):
        """State and judge one claim: expected with within (an absolute tolerance), or at_most, or at_least.

        source : where the expected number comes from. A NaN never holds.
        """
        bounds = {"=": expected, "<=": at_most, ">=": at_least}
        given = [pair for pair in bounds.items() if pair[1] is not None]
        if len(given) != 1 or (given[0][0] == "=") != (within is not None):
            raise TypeError("claim: give expected and within, or at_most, or at_least")
        relation, bound = given[0]
        measured, bound = float(measured), float(bound)
        holds = {"=": lambda: abs(measured - bound) <= within, "<=": lambda: measured <= bound,
                 ">=": lambda: measured >= bound}[relation]()
        claim = Claim(sentence, measured, relation, bound, within or 0.0, source, bool(holds))
        self.claims.append(claim)
        print(f"{'ok   ' if holds else 'FAILS'} {len(self.claims)}. {sentence}\n        {claim.numbers()}  [{source}]")

    def derivation(self, sentence, lines, *, within, source):
        """Print a chain of equal expressions, each with the rule that gives it and its value; claim that they agree.

        lines : (expression, rule, value) from the first to the last; value None where a line has no number
        """
        width = max(len(expression) for expression, _, _ in lines)
        print()
        values = [value for _, _, value in lines if value is not None]
        before = values[0]
        for i, (expression, rule, value) in enumerate(lines):
            number = "" if value is None else f"{value:+.12f}"
            broken = value is not None and not abs(value - before) <= within
            print(f"    {'=' if i else ' '} {expression:<{width}}  {number:>18}  {rule}"
                  + "   <-- not the line above" * broken)
            before = before if value is None else value
        self.claim(sentence, np.ptp(values), 0, within=within, source=source)

    def figure(self, figure, name):
        """Save a figure as <out>/<lesson>/<name>.png and say where."""
        from tinyvae import plots                # here, so that what draws nothing does not wait for matplotlib
        path = self.folder / f"{name}.png"
        plots.save(figure, path)
        self.figures.append(str(path))
        print(f"figure  {path}")
        if self.show and not plots.show(path):
            print("        (no screen here: open the file)")
        return figure

    def end(self):
        """Write claims.json beside the figures; exit with status 1 when a claim failed."""
        failed = [claim for claim in self.claims if not claim.holds]
        record = {"lesson": self.name, "title": self.title, "figures": self.figures,
                  "claims": [{**claim._asdict(), "measured": finite(claim.measured)} for claim in self.claims]}
        text = json.dumps(record, indent=1).encode()
        storage.write_bytes(self.folder / "claims.json", lambda file: file.write(text))
        print(f"\n{len(self.claims) - len(failed)} of {len(self.claims)} claims hold.")
        if failed:
            sys.stdout.flush()
            raise SystemExit(1)


def quiet_interruption(kind, error, trace):
    """sys.excepthook: Ctrl-C ends a lesson without a traceback through its lines."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


def finite(number):
    """number, or None for NaN and infinity, which JSON cannot hold."""
    return number if math.isfinite(number) else None


def lesson_files():
    """The lessons in order, name to path."""
    here = pathlib.Path(__file__).parent
    return {path.stem: path for path in sorted(here.glob("[0-9][0-9]_*.py"))}


def environment():
    """The environment in which the runner starts a lesson: output unbuffered, tinyvae found even when not installed.

    One BLAS thread unless the reader says otherwise: the products of the lessons are small, and on a busy machine
    threads that wait for one another cost many times what they gain.
    """
    root = str(pathlib.Path(__file__).parent.parent)
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {"OPENBLAS_NUM_THREADS": "1", **os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": paths}
