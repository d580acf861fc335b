"""What the reader is told after a check. The expected numbers are never among it."""

import re
from typing import Any, NamedTuple

import numpy as np

from lessons.course import lesson_files
from lessons.exercises.exercise import BugHunt, load, probes
from lessons.exercises.screen import firm

SHOWN = 8                                        # lines of the reader's own output
WHAT = {"exception": "The code stopped.", "timeout": "The code was stopped.", "memory": "The code was stopped.",
        "exit": "There is no answer to check.", "no function": "There is nothing to call.",
        "wrong type": "What it returns cannot be judged.", "unreadable": "The file cannot be run."}
TRY = {"timeout": "a loop that never ends? What changes its condition?",
       "memory": "which array is that large? Or does a list grow for ever?",
       "exit": "take out exit(), quit() or sys.exit(): the function only has to return.",
       "no function": "give the function the name it has in the stub; no other line needs it.",
       "wrong type": "end the function with return, and the arrays in the order of its docstring."}
UNFITTING = re.compile(r"matmul: .*mismatch in its core dimension.*\((size .*)\)$")
TRY_EXCEPTION = (
    ("broadcast", "write the shape of each factor beside it; print(a.shape) above that line shows it here."),
    (" @ ", "write the shape of each factor beside it; print(a.shape) above that line shows it here."),
    ("not aligned", "write the shape of each factor beside it; print(a.shape) above that line shows it here."),
    ("NameError", "is the name spelt as among the function's arguments?"),
    ("UnboundLocalError", "the name has no value yet in that line."),
    ("ModuleNotFoundError", "numpy is all that is needed."),
    ("positional argument", "the function's arguments must stay as in the stub."),
    ("", "print(...) above that line shows here what the names in it hold."))


class Result(NamedTuple):
    """One check. outcome : of the runner; verdict : of the judge, None when there was nothing to judge."""

    name: str
    path: Any
    outcome: Any
    verdict: Any
    passed: bool


def failure(screen, result, where):
    """The report of a check that was not passed. where : the file as the reader calls it."""
    name, outcome, exercise = result.name, result.outcome, load(result.name)
    begun = outcome.kind != "unfinished"
    heading(screen, "✗" if begun else "–", name, exercise, "red" if begun else "yellow")
    if outcome.kind == "returned":
        wrong_numbers(screen, result, exercise)
    elif outcome.kind == "checked":
        hunt(screen, outcome.checks)
    elif not begun:
        place = f"line {outcome.line} of {where}" if outcome.line else where
        screen.say(f"Not begun yet: write your answer in place of the raise in {place}.", 2)
        screen.say(derived_in(exercise.lesson), 2)
    else:
        trouble(screen, outcome, where)
    own_output(screen, outcome.printed)


def heading(screen, mark, name, exercise, colour):
    about = f"difficulty {exercise.difficulty} of 3, about {exercise.minutes} minutes"
    line = f"{mark} {name:<24}{about}" if len(name) < 23 else f"{mark} {name}  {about}"
    if len(line) > screen.width:
        screen.say(f"{mark} {name}", label="", colour=colour)
        screen.say(about, 2)
    else:
        screen.say(line[len(mark) + 1:], label=mark, colour=colour)


def wrong_numbers(screen, result, exercise):
    """Each output: "ok", or what is known about it; then the likely cause."""
    verdict, outcome = result.verdict, result.outcome
    several = len(verdict.diagnoses) > 1
    width = max(map(len, verdict.diagnoses)) + 3
    for output, diagnosis in verdict.diagnoses.items():
        if diagnosis.ok and several:
            screen.say("ok", 2, label=f"{output:<{width - 1}}")
        elif not diagnosis.ok:
            details(screen, diagnosis, f"{output:<{width}}" if several else "")
    likely(screen, verdict, exercise)
    named = any(d.mistakes for d in verdict.diagnoses.values())
    advice = verdict.advice or ("" if named else general_advice(verdict))
    if not verdict.ok and not named and not advice:
        screen.say("No mistake that is known here explains it at every point, so there is no guess: these are the "
                   f"facts. {derived_in(exercise.lesson)}", 2)
    if advice:
        screen.say(small(advice), 2, "Try:", colour="bold")
    for output in outcome.changed:
        right = "The numbers are right, but the" if verdict.ok else "The"
        screen.say(f"{right} input {output} was written to: it belongs to the caller, and others still need it.", 2)
        screen.say(f"{output} = {output}.copy() first, or an operation that makes a new array: a = a * b for a *= b.",
                   2, "Try:", colour="bold")
    if outcome.used:
        right = "The numbers are right, but they were" if verdict.ok and not outcome.changed else "The numbers were"
        screen.say(f"{right} worked out by {' and '.join(outcome.used)}. Deriving them yourself is the exercise, so it "
                   "stays open. Having looked at the library is no loss: close it, and write down the chain rule.", 2)


def likely(screen, verdict, exercise):
    """The likely cause; one for each output when they differ."""
    causes = {}
    for output, diagnosis in verdict.diagnoses.items():
        if not diagnosis.ok and diagnosis.mistakes:
            causes.setdefault("; and ".join(map(small, diagnosis.mistakes)).rstrip("."), output)
    for cause, output in causes.items():
        lesson = "" if "lesson" in cause.lower() else firm(f" (lesson {exercise.lesson})")
        screen.say(f"{cause}{lesson}.", 2, f"Likely, {output}:" if len(causes) > 1 else "Likely:", colour="yellow")


def details(screen, diagnosis, name):
    """The facts, and one row for each term with the factor in front of it."""
    for i, fact in enumerate(diagnosis.facts):
        screen.say(f"{'' if i else name:<{len(name)}}{fact}", 2, hang=len(name))
    terms = max((len(row.term) for row in diagnosis.rows), default=0)
    for row in diagnosis.rows:
        other = row.words == "another array"
        factor = "        " if other else f"× {number(row.factor):<6}"
        words = "another array stands here" if other else row.words
        line = f"{'':<{len(name)}}{row.term:<{terms}}   {factor}  {words}"
        if 2 + len(line) > screen.width:
            screen.say(f"{'':<{len(name)}}{row.term}", 2, hang=len(name))
            screen.say(f"{factor}  {words}", 6 + len(name), hang=10)
        else:
            screen.say(line, 2)


def number(factor):
    return f"{factor:.2f}" if abs(factor - round(factor, 2)) < 1e-6 * abs(factor) or factor == 0 else f"{factor:.4g}"


def general_advice(verdict):
    """What to try when the judge has none: for shapes, and for NaN."""
    facts = [d.facts[0] for d in verdict.diagnoses.values() if not d.ok]
    if any(", expected (" in fact for fact in facts):
        return "A gradient has the shape of what it belongs to; over which axes must be summed, or what transposed?"
    if any("NaN" in fact for fact in facts):
        return "A division by 0, the log of 0 or of a negative number, or exp of something large: which of them is it?"
    return ""


def hunt(screen, checks):
    """The tests of a bug hunt, and what the failing ones say."""
    for title, passed, message in checks:
        screen.say(title, 2, "✓" if passed else "✗", colour="green" if passed else "red")
        if not passed and message:
            screen.say(" ".join(message.split()), 6)
    screen.say(f"{sum(ok for _, ok, _ in checks)} of {len(checks)} tests pass. The fault is in the file; find it and "
               "repair it.", 2)


def trouble(screen, outcome, where):
    """Something that is no answer: what happened, in which line of the reader's file, and what to try."""
    message = UNFITTING.sub(r"the shapes on the two sides of @ do not fit (\1)", outcome.message)
    if message.startswith(("it ", "the ", "there ")):
        message = message[0].upper() + message[1:]
    screen.say(f"{WHAT[outcome.kind]} {message}{'' if message.endswith(('.', '?', '!')) else '.'}", 2)
    if outcome.line:
        screen.say(f"{where}, line {outcome.line}:", 2)
        screen.say(outcome.source[:screen.width - 6], 6, room=False)
    advice = TRY.get(outcome.kind)
    if outcome.kind == "exception":
        advice = next(advice for part, advice in TRY_EXCEPTION if part in message)
    if advice:
        screen.say(advice, 2, "Try:", colour="bold")


def own_output(screen, printed):
    """The beginning of what the reader's code printed."""
    lines = printed.rstrip().splitlines()
    if lines:
        screen.say("Your file printed:", 2, colour="dim")
        for line in lines[:SHOWN]:
            screen.say(line[:screen.width - 4], 4, room=False)
        if len(lines) > SHOWN or any(len(line) > screen.width - 4 for line in lines[:SHOWN]):
            screen.say("... (shortened)", 4, colour="dim")


def success(screen, result):
    """The report of a check that was passed, but for the progress."""
    name, exercise = result.name, load(result.name)
    screen.say(f"{name:<23} solved", label="✓", colour="green")
    if isinstance(exercise, BugHunt):
        hunt_titles = "; ".join(title for title, _, _ in result.outcome.checks)
        screen.say(f"All {len(result.outcome.checks)} tests pass: {hunt_titles}.", 2)
        screen.say(exercise.fault, 2, "The fault was:")
    else:
        screen.say(f"{checked_against(name, exercise)} Largest relative error "
                   f"{max(d.error for d in result.verdict.diagnoses.values()):.1e}, needs "
                   f"{next(iter(result.verdict.diagnoses.values())).tolerance:.0e}.", 2)
    own_output(screen, result.outcome.printed)
    screen.say(derived_in(exercise.lesson) if isinstance(exercise, BugHunt) else used_in(exercise.lesson), 2)
    screen.say(f"{screen.command('solution', name[:2])}  shows ours, to compare with yours.", 2)


def checked_against(name, exercise):
    tried = probes(name)
    shapes = [f"{output} {' and '.join(dict.fromkeys(shape(p.truth[output]) for p in tried))}"
              for output in exercise.outputs]
    numbers = sum(np.size(p.truth[output]) for p in tried for output in exercise.outputs)
    return (f"Checked at {len(tried)} points, {numbers} numbers, against values found another way than by the formula: "
            f"{', '.join(shapes)}.")


def shape(array):
    return firm(str(np.shape(array))) if np.shape(array) else "(one number)"


def used_in(lesson):
    return f"Lesson {lesson} uses it{place_of(lesson)}."


def derived_in(lesson):
    return f"Lesson {lesson} derives it{place_of(lesson)}."


def place_of(lesson):
    """Where the lesson lies; nothing while it is not written."""
    return next((f": lessons/{name}.py" for name in lesson_files() if name[:2] == lesson.zfill(2)), "")


def small(sentence):
    """A sentence to follow a colon: its first word without a capital, unless that is more than a word."""
    first = sentence.split(" ")[0]
    return sentence[:1].lower() + sentence[1:] if first in (
        "The", "This", "A", "An", "One", "Only", "There", "It", "Each", "In", "Which", "What", "Write", "Where", "How",
        "Every", "Both", "Is", "Are", "At", "For", "With", "Take", "Look", "Compare", "Differentiate") else sentence


def kinds(result):
    """The mistakes in this result, as they are counted for the summary at the end."""
    outcome, verdict = result.outcome, result.verdict
    if outcome.kind == "exception":
        return [f"the code stopped with {outcome.message.split(':')[0]}"]
    named = {"timeout": "a loop without an end", "memory": "too much memory", "exit": "the program ended itself",
             "no function": "the function was renamed", "wrong type": "a return of the wrong type or number",
             "unreadable": "the file could not be run"}
    if outcome.kind != "returned":
        return [named[outcome.kind]] if outcome.kind in named else []
    found = ["an input was written to"] * bool(outcome.changed) + ["the library did the work"] * bool(outcome.used)
    wrong = [d for d in verdict.diagnoses.values() if not d.ok]
    causes = list(dict.fromkeys(kind(cause) for d in wrong for cause in d.mistakes))
    if wrong and not causes:
        causes = ["a wrong shape" if any(", expected (" in d.facts[0] for d in wrong) else
                  "NaN or infinity" if any("NaN" in d.facts[0] for d in wrong) else "a mistake without a name here"]
    return found + causes


def kind(cause):
    """The kind of a cause: "KL term: the wrong sign" is the wrong sign, whatever the term."""
    last = cause.rpartition(": ")[2]
    factor = ("missing", "the wrong sign", "twice", "half of", "four times", "a quarter", "divided by")
    if last != cause and (last.startswith(factor) or "times what it should be" in last):
        return f"a term: {last}"
    return cause


def summary(screen, state, names):
    """After the last exercise: what there was, and which mistakes were made most."""
    days = sorted(state.solved.values())
    tries = sum(state.attempts.get(name, 0) for name in names)
    first = sum(state.attempts.get(name, 0) == 1 for name in names)
    screen.say(f"All {len(names)} exercises are solved. Well done.", colour="green")
    screen.say(f"{tries} tries from {days[0]} to {days[-1]}; {first} exercises were right at the first try; "
               f"{sum(state.hints.get(name, 0) for name in names)} hints were read.", 2)
    most = sorted(state.mistakes.items(), key=lambda pair: -pair[1])[:5]
    if most:
        screen.say("The mistakes you made most, worth a look the next time a gradient is wrong:", 2)
        for mistake, count in most:
            screen.say(small(mistake), 4, f"{count:>3} ×")
    hard = sorted(names, key=lambda name: -state.attempts.get(name, 0))[:3]
    if state.attempts.get(hard[0], 0) > 2:
        screen.say("Most tries: " + ", ".join(f"{n} ({state.attempts[n]})" for n in hard
                                              if state.attempts.get(n, 0) > 2), 2)
