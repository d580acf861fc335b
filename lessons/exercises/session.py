"""One reader at work: their folder, what is solved in it, and the screen that tells them."""

import datetime
import hashlib
import os

from lessons.exercises import exercise as course
from lessons.exercises import folder as folders
from lessons.exercises import judge, report, runner
from lessons.exercises.state import State


class Session:
    """The reader's folder, what is solved in it, and the screen that tells them."""

    def __init__(self, folder, screen):
        self.folder, self.screen, self.watching = folder, screen, False
        self.state = State(folder, notice=lambda sentence: screen.say(sentence, label="Note:", colour="yellow"))
        if self.state.damaged:
            self.rebuild()

    def path(self, name):
        return self.folder / f"{name}.py"

    def shown(self, name):
        return shortest(self.path(name))

    def solved(self):
        return [name for name in course.names() if name in self.state.solved]

    def pending(self, after=None):
        """The first exercise that is not solved, or the first such after the given one, from there around; or None."""
        names = course.names()
        start = names.index(after) + 1 if after else 0
        return next((name for name in names[start:] + names[:start] if name not in self.state.solved), None)

    def chosen(self, text):
        """The exercise that the reader named, the next pending one without a name; None when all are solved."""
        return folders.named(text)[0] if text else self.pending()

    def examine(self, name):
        """The Result for the reader's file, without a word."""
        outcome, verdict = runner.run(name, self.path(name)), None
        if outcome.kind == "returned":
            verdict = judge.judge(name, outcome.returned)
        passed = bool(verdict and verdict.ok and not outcome.used and not outcome.changed) or (
            outcome.kind == "checked" and all(ok for _, ok, _ in outcome.checks))
        return report.Result(name, self.path(name), outcome, verdict, passed)

    def check(self, name):
        """Check one exercise and tell; returns True when it is passed."""
        if not self.path(name).is_file():
            self.screen.say(f"{self.shown(name)} is not there. {self.screen.command('init')}  brings what is missing "
                            "and changes nothing else.", label="✗", colour="red")
            return False
        before = fingerprint(self.path(name))
        result = self.examine(name)
        if result.passed:
            new = name not in self.state.solved
            self.state.solve(name)
            report.success(self.screen, result)
            self.progress(name, new)
        else:
            if result.outcome.kind != "unfinished":
                self.state.fail(name, before, report.kinds(result))
            report.failure(self.screen, result, self.shown(name))
            self.after_failure(result)
        return result.passed

    def after_failure(self, result):
        name, screen = result.name, self.screen
        known = result.verdict is not None and any(d.mistakes for d in result.verdict.diagnoses.values())
        if name in self.state.solved:
            screen.say(f"You solved it on {self.state.solved[name]}; that stays.", 2)
        elif self.state.attempts.get(name, 0) > 1 or self.state.attempts.get(name) and not known:
            key = "press h" if self.watching else screen.command("hint", name[:2])
            screen.say(key, 2, "Hints:")
        again = "check", name[:2]
        command = screen.command(*(() if name == self.pending() else again))
        then = "save it" if self.watching else f"run  {command}"
        screen.say(f"edit {self.shown(name)} and {then}", 2, "Next:", colour="bold")

    def progress(self, name, new):
        """How far the reader has come, and what comes next, or the summary after the last one."""
        names, solved, following = course.names(), self.solved(), self.pending(name)
        self.screen.say(f"Progress {self.screen.bar(len(solved), len(names))} {len(solved)} of {len(names)}", 2)
        if following:
            self.screen.say(f"{following}. {course.title(following)}.", 2, "Next:", colour="bold")
            command = self.screen.command(*(() if following == self.pending() else ("check", following[:2])))
            self.screen.say("Press n." if self.watching else
                            f"Edit {self.shown(following)} and run  {command}", 8)
        elif new:
            self.screen.say()
            self.summary()

    def summary(self):
        report.summary(self.screen, self.state, course.names())

    def rebuild(self):
        """After the record was lost: check every file that the reader has changed."""
        names = [name for name in course.names() if folders.is_changed(self.folder, name)]
        self.screen.say(f"Checking your {len(names)} changed files again, to see what is solved:", 2)
        for name in names:
            passed = self.examine(name).passed
            if passed:
                written = datetime.date.fromtimestamp(self.path(name).stat().st_mtime)
                self.state.solve(name, written.isoformat(), tried=False)
            self.screen.say(name, 4, "✓" if passed else "–")

    def hint(self, name):
        """The next of three levels; after the third, all."""
        hints, before = course.load(name).hints, self.state.hints.get(name, 0)
        level = self.state.hint(name, len(hints))
        for i in range(level if before == len(hints) else 1):
            shown = i if before == len(hints) else level - 1
            self.screen.say(hints[shown], label=f"Hint {shown + 1} of {len(hints)}:", hang=2, colour="bold")
        if level < len(hints):
            key = "press h" if self.watching else self.screen.command("hint", name[:2])
            self.screen.say(f"{name}. The next one: {key}", 2)
        else:
            self.screen.say(f"{name}. That was the last. When nothing helps: "
                            f"{self.screen.command('solution', name[:2], '--spoil')}", 2)

    def list(self):
        """Every exercise with its state, and the progress."""
        following, left, unit = self.pending(), 0, " min" if self.screen.width > 70 else "m"
        width = max(26, *map(len, course.names()))
        for name in course.names():
            exercise, tries = course.load(name), self.state.attempts.get(name, 0)
            solved = self.state.solved.get(name)
            left += 0 if solved else exercise.minutes
            state = f"solved {solved}" if solved else f"{tries} {'try' if tries == 1 else 'tries'}" if tries else ""
            state = state or ("" if self.path(name).is_file() else "not there: init")
            mark = "✓" if solved else ">" if name == following else " "
            line = f"{name:<{width}} {'*' * exercise.difficulty:<3} {exercise.minutes:>3}{unit}  {state}".rstrip()
            colour = {"✓": "green", ">": "bold"}.get(mark)
            self.screen.say(line, label=f"{self.screen.able(mark):<2}", colour=colour, room=False)
        names, solved = course.names(), self.solved()
        self.screen.say(f"Progress {self.screen.bar(len(solved), len(names))} {len(solved)} of {len(names)}"
                        + f", about {left / 60:.1f} hours to go" * bool(left))
        if following:
            self.screen.say(f"{following}: {course.title(following)}", label="Next:", colour="bold")
        else:
            self.summary()


def fingerprint(path):
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def shortest(path):
    """path as seen from the present folder, when that is shorter."""
    try:
        relative = os.path.relpath(path)
    except ValueError:                           # another drive
        return str(path)
    return min(relative, str(path), key=len)
