"""What the reader sees: on every terminal, for every outcome, and never the expected numbers."""

import io
import re

import numpy as np
import pytest

from lessons.exercises import judge, report
from lessons.exercises.exercise import load, names, probes
from lessons.exercises.runner import Outcome
from lessons.exercises.screen import Screen
from tests.exercises import small_course
from tinyvae.diagnosis import Diagnosis, Row


class Terminal(io.TextIOWrapper):
    """A terminal of a width and an encoding, which keeps what was printed."""

    def __init__(self, encoding="utf-8", terminal=True):
        super().__init__(io.BytesIO(), encoding=encoding)
        self.terminal = terminal

    def isatty(self):
        return self.terminal

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture
def screen(monkeypatch):
    """screen(columns, encoding, terminal) makes a Screen; its stream.text() is what was printed."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def make(columns=100, encoding="utf-8", terminal=False):
        monkeypatch.setenv("COLUMNS", str(columns))
        return Screen(Terminal(encoding, terminal))
    return make


def plain(text):
    return re.sub(r"\033\[\d+m", "", text)


def result(name, function=None, **outcome):
    """The Result of a function tried on the probes, or of an Outcome given by name."""
    if function is None:
        return report.Result(name, None, Outcome(**outcome), None, False)
    returned = [function(**judge.copies(p.inputs)) for p in probes(name)]
    verdict = judge.judge(name, returned)
    return report.Result(name, None, Outcome("returned", returned=returned, **outcome), verdict, verdict.ok)


def failure(screen, *arguments, **outcome):
    report.failure(screen, result(*arguments, **outcome), "exercises/01_alpha.py")
    return screen.stream.text()


def test_a_failure_has_a_row_for_each_term_and_the_cause(course, screen):
    text = failure(screen(), "01_alpha", lambda x: 4 * x - 1)
    assert text.splitlines() == [
        "✗ 01_alpha                difficulty 2 of 3, about 15 minutes",
        text.splitlines()[1],
        "  first term    × 2.00    twice what it should be",
        "  second term   × 1.00    ok",
        "  Likely: first term: twice what it should be (lesson 14).",
        "  Try: look for a 1/2 that was lost, or a 2 that was counted twice."]
    assert re.fullmatch(r"  shape \(7, 3\) ok     finite ok     relative error .*, needs 1e-07", text.splitlines()[1])
    named = failure(screen(), "01_alpha", lambda x: 20 * x)
    assert "  Likely: the factor 10 was put in (lesson 14).\n  Try: which factor is yours?\n" in named
    assert "Likely: the factor 9 was put in (lesson 3).\n" in failure(screen(), "01_alpha", lambda x: 18 * x)


def test_without_an_explanation_there_is_no_guess(course, screen):
    text = failure(screen(), "01_alpha", lambda x: np.sin(x))
    assert "no guess" in text and "Likely" not in text and "lessons/14_regularisation_loss.py" in text


def test_several_outputs_show_only_the_wrong_in_detail(screen):
    name = next(name for name in names() if getattr(load(name), "outputs", ()) == ("dx", "dW", "db"))
    returned = [(p.truth["dx"], -p.truth["dW"], 2 * p.truth["db"]) for p in probes(name)]
    one = screen()
    report.failure(one, report.Result(name, None, Outcome("returned", returned=returned), judge.judge(name, returned),
                                      False), "02.py")
    lines = one.stream.text().splitlines()
    assert lines[1] == "  dx   ok" and lines[2].startswith("  dW   shape (") and "× -1.00" in lines[3]
    assert sum(line.startswith("  db   shape") for line in lines) == 1
    assert any(line.startswith("  Likely, dW: ") and "wrong sign" in line for line in lines)
    assert any(line.startswith("  Likely, db: ") and "twice" in line for line in lines)


@pytest.mark.parametrize("function", [lambda x: 4 * x - 1, lambda x: 20 * x, lambda x: np.sin(x), lambda x: -2 * x.T,
                                      lambda x: np.zeros(3), lambda x: x * np.nan, lambda x: 2 * x + 1,
                                      lambda x: np.where(np.arange(x.size).reshape(x.shape) == 2, 0, 2 * x)])
def test_the_expected_numbers_are_never_printed(course, screen, function):
    text = failure(screen(), "01_alpha", function)
    for number in np.concatenate([p.truth["dx"].ravel() for p in probes("01_alpha")]):
        assert f"{abs(number):.3f}" not in text and f"{abs(number):.2e}"[:4] + "e" not in text, text


KINDS = {
    "unfinished": ({"line": 5}, "Not begun yet: write your answer in place of the raise in line 5 of exercises/"),
    "exception": ({"message": "ValueError: operands could not be broadcast together with shapes (7,3) (3,)",
                   "line": 9}, "The code stopped. ValueError: operands could not be broadcast together"),
    "timeout": ({"message": "it did not end within 10 seconds", "line": 9}, "was stopped. It did not end within"),
    "memory": ({"message": "it asked for more than 2 GB of memory", "line": 9}, "It asked for more than 2 GB"),
    "exit": ({"message": "it ended the program with SystemExit", "line": 9}, "It ended the program with SystemExit."),
    "no function": ({"message": "there is no function f; the stub's name must stay"}, "There is no function f; the"),
    "wrong type": ({"message": "dx: it returned NoneType, expected an array of real numbers; is the return missing?"},
                   "judged. dx: it returned NoneType, expected an array of real numbers; is the return missing?\n"),
    "unreadable": ({"message": "SyntaxError: '[' was never closed", "line": 9}, "'[' was never closed.")}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_answer_gets_a_kind_report(course, screen, kind):
    facts, says = KINDS[kind]
    text = failure(screen(300), "01_alpha", kind=kind, source="return 1 + ", **facts)
    assert says.strip() in " ".join(text.split()) or says in text
    assert text.startswith("–" if kind == "unfinished" else "✗")
    assert ("exercises/01_alpha.py, line 9:\n      return 1 +" in text) == (facts.get("line") == 9)
    assert ("Try:" in text) == (kind not in ("unfinished", "unreadable"))
    counted = report.kinds(result("01_alpha", kind=kind, **facts))
    assert len(counted) == (kind != "unfinished")


@pytest.mark.parametrize("message, advice", [
    ("ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
     "(n?,k),(k,m?)->(n?,m?) (size 7 is different from 3)", "write the shape of each factor"),
    ("NameError: name 'xx' is not defined", "spelt"), ("TypeError: f() takes 0 positional arguments but 1 was given",
                                                       "must stay as in the stub"), ("KeyError: 3", "print(...)")])
def test_an_exception_comes_with_what_to_try(course, screen, message, advice):
    text = failure(screen(), "01_alpha", kind="exception", message=message)
    assert advice in text and "gufunc" not in text


def test_the_library_and_changed_inputs_are_told_kindly(course, screen):
    text = failure(screen(), "01_alpha", lambda x: 2 * x, used=("tinyvae.gaussian.f_backward",))
    assert "relative error" not in text
    assert "The numbers are right, but they were worked out by tinyvae.gaussian.f_backward." in text and "open" in text
    text = failure(screen(), "01_alpha", lambda x: 3 * x, used=("tinyvae.gaussian.f_backward",), changed=("x",))
    assert "The numbers were worked out" in text and "right, but" not in text and "x = x.copy()" in text
    assert report.kinds(result("01_alpha", lambda x: 2 * x, used=("a",), changed=("x",))) == [
        "an input was written to", "the library did the work"]


def test_what_the_reader_printed_is_shown_short_and_tame(course, screen):
    flood = "a\033[31m\x07\tb\n" + "y" * 500 + "\n" + "z\n" * 50
    text = failure(screen(), "01_alpha", lambda x: np.sin(x), printed=flood)
    assert "    a?[31m?    b\n" in text and text.count("    z\n") == 6 and "(shortened)" in text
    assert "\033" not in text and max(map(len, text.splitlines())) <= 100


def test_success_says_against_what(course, screen):
    one = screen()
    report.success(one, result("01_alpha", lambda x: 2 * x))
    text = " ".join(one.stream.text().split())
    assert "Checked at 4 points, 62 numbers" in text and "dx (7, 3) and (5, 2). Largest relative error 0.0e+00" in text
    assert "lessons/14_regularisation_loss.py" in text and "exercise solution 01" in text
    one = screen()
    checks = (("gradient at three", True, ""),)
    report.success(one, report.Result("04_hunt", None, Outcome("checked", checks=checks), None, True))
    text = one.stream.text()
    assert "Lesson 16 derives it" in text and "All 1 tests pass: gradient at three." in text and "factor was 3." in text


def test_a_hunt_shows_every_test(course, screen):
    text = failure(screen(), "04_hunt", kind="checked", checks=(("forward", True, ""), ("gradient", False, "not\nso")))
    assert "  ✓ forward\n  ✗ gradient\n      not so\n  1 of 2 tests pass." in text
    assert report.kinds(result("04_hunt", kind="checked", checks=(("gradient", False, ""),))) == []


def test_colours_only_where_they_belong(course, screen, monkeypatch):
    def coloured(**options):
        return "\033[" in failure(screen(**options), "01_alpha", lambda x: 20 * x)
    assert coloured(terminal=True) and not coloured(terminal=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(terminal=True)
    monkeypatch.setenv("NO_COLOR", "")                                     # empty counts as absent
    assert coloured(terminal=True)
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(terminal=True)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp949", "utf-8"])
def test_every_encoding_shows_the_report(course, screen, encoding):
    shown = plain(failure(screen(encoding=encoding), "01_alpha", lambda x: 20 * x, printed="σ² é 가 ∂ \udc80"))
    mark, times = ("✗", "×") if encoding == "utf-8" else ("x", "x" if encoding == "ascii" else "×")
    assert shown.startswith(f"{mark} 01_alpha") and f"first term    {times} 10.00 " in shown
    assert "Likely: the factor 10" in shown
    assert {"ascii": "sigma^2 e ? d ?", "latin-1": "sigma² é ? d ?", "utf-8": "σ² é 가 ∂ ?"}.get(encoding, "²") in shown


def test_sixty_columns_stay_readable(course, screen):
    one = screen(60, "ascii", terminal=True)
    long = "A_name_of_more_than_twenty_letters"
    text = plain(failure(one, "01_alpha", lambda x: 4 * x - 1, printed="w" * 90))
    report.hunt(one, ((long, False, "word " * 40),))
    report.success(one, result("01_alpha", lambda x: 2 * x))
    row = Row("the term of a long name", -2.0, "twice what it should be, and the wrong sign")
    report.details(one, Diagnosis((), 1.0, 1e-7, ["fact"], [row]), "dlogvar   ")
    text = plain(one.stream.text())
    assert text.endswith("the term of a long name\n                x -2.00   twice what it should be, and the\n"
                         "                          wrong sign\n")
    assert max(map(len, text.splitlines())) <= 60
    assert "\n  first term    x 2.00    twice what it should be\n" in text
    assert "  difficulty 2 of 3, about 15 minutes\n" in text


def test_a_command_is_never_broken(screen):
    one = screen(60, terminal=True)
    one.say(f"word word word word word word word {one.command('hint', '21')} word", 2)
    assert "\n  python -m lessons exercise hint 21 word" in one.stream.text()
    assert Screen(Terminal(), "--dir 'my place'").command("list").replace("\u00a0", " ").endswith(
        "exercise list --dir 'my place'")


def test_the_summary_names_the_mistakes_made_most(course, screen):
    class state:
        solved = dict.fromkeys(small_course.NAMES, "2025-03-01") | {"02_beta": "2025-01-31"}
        attempts = {"01_alpha": 1, "02_beta": 7, "03_gamma": 2, "04_hunt": 1}
        hints = {"02_beta": 3}
        mistakes = {"The factor 10 was put in": 2, "a term: the wrong sign": 5, **{f"other {i}": 1 for i in range(5)}}
    one = screen()
    report.summary(one, state, small_course.NAMES)
    text = one.stream.text()
    assert "All 4 exercises are solved" in text and "11 tries from 2025-01-31 to 2025-03-01; 2 exercises were" in text
    assert "      5 × a term: the wrong sign\n      2 × the factor 10 was put in\n" in text and "other 3" not in text
    assert "Most tries: 02_beta (7)\n" in text


@pytest.mark.parametrize("cause, kind", [
    ("KL term: the wrong sign", "a term: the wrong sign"), ("a: missing", "a term: missing"),
    ("a and b: 3 times what it should be", "a term: 3 times what it should be"),
    ("The factor 1/2: it was lost", "The factor 1/2: it was lost"), ("missing", "missing")])
def test_causes_are_counted_by_kind(cause, kind):
    assert report.kind(cause) == kind


def test_kinds_of_wrong_numbers(course):
    def kinds(function):
        return report.kinds(result("01_alpha", function))
    assert kinds(lambda x: 20 * x) == ["The factor 10 was put in"] and kinds(lambda x: 4 * x - 1) == [
        "a term: twice what it should be"]
    assert kinds(lambda x: np.zeros(3)) == ["a wrong shape"] and kinds(lambda x: x * np.nan) == ["NaN or infinity"]
    assert kinds(lambda x: np.sin(x)) == ["a mistake without a name here"] and kinds(lambda x: 2 * x) == []
