"""Watch mode: driven by a real terminal, by a pipe, and by every way in which editors write a file."""

import io
import os
import queue
import select
import signal
import subprocess
import sys
import time

import pytest

from lessons.exercises import watch as module
from lessons.exercises.folder import fill
from lessons.exercises.screen import Screen as Printer
from lessons.exercises.session import Session
from lessons.exercises.state import State
from lessons.exercises.watch import EMPTY, GONE, QUIET, REHASH, Watched
from tests.exercises import small_course
from tests.exercises.small_course import RIGHT, TENFOLD, answer

SECONDS = 40          # for what takes a second on a machine that is not busy


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def file(tmp_path):
    """A watched file; file.after(seconds) says whether it counts as changed then."""
    path = tmp_path / "a.py"
    path.write_text("one")
    watched = Watched(path, Clock())

    def after(seconds):
        watched.clock.now += seconds
        return watched.changed()
    watched.after = after
    watched.check_begins()
    return watched


def test_a_change_counts_once_it_is_quiet(file):
    assert not file.after(9)
    file.path.write_text("two, longer")
    assert not file.after(0.01) and not file.after(QUIET / 2) and file.after(QUIET + 0.01)
    file.check_begins()
    assert not file.after(9)


def test_a_file_written_in_two_steps_is_checked_once(file):
    file.path.write_text("t")
    assert not file.after(0.01) and not file.after(QUIET * 0.9)
    file.path.write_text("two")
    assert not file.after(QUIET * 0.9) and not file.after(QUIET * 0.9) and file.after(QUIET + 0.01)


def test_a_file_emptied_first_is_waited_for(file):
    file.path.write_text("")
    assert not file.after(0.01) and not file.after(QUIET * 2)
    file.path.write_text("two")
    assert not file.after(0.01) and file.after(QUIET + 0.01)
    file.check_begins()
    file.path.write_text("")                                               # but a reader may empty it for good
    assert not file.after(0.01) and file.after(EMPTY + 0.01)


def test_a_file_replaced_by_rename_of_the_same_size_and_times(file):
    before = os.stat(file.path)
    other = file.path.with_name("b")
    other.write_text("two")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(other, file.path)
    assert not file.after(0.01) and file.after(QUIET + 0.01)


def test_a_disk_with_coarse_times_hides_nothing(file):
    before = os.stat(file.path)
    file.path.write_text("two")
    os.utime(file.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not file.after(REHASH + 0.01) and file.after(QUIET + 0.01)


def test_the_same_content_saved_again_is_no_change(file):
    file.path.write_text("one")
    os.utime(file.path, (1e9, 1e9))
    assert not file.after(0.01) and not file.after(9)


def test_a_file_may_be_missing_for_a_moment(file):
    file.path.unlink()
    assert not file.after(0.01) and not file.gone() and not file.after(GONE / 2) and not file.gone()
    file.path.write_text("one")
    assert not file.after(0.01) and not file.after(9)                      # the same is back: nothing happened


def test_a_file_that_is_gone_is_told_once_and_checked_when_back(file):
    file.path.unlink()
    assert not file.after(0.01) and not file.after(GONE + 0.01) and file.gone() and not file.gone()
    file.path.write_text("one")
    assert not file.after(0.01) and file.after(QUIET + 0.01)
    file.check_begins()
    assert not file.after(9) and not file.gone()


class Typed:
    """An input on which lines arrive when the test says so."""

    def __init__(self):
        self.lines = queue.Queue()

    def isatty(self):
        return False

    def __iter__(self):
        try:
            yield from iter(lambda: self.lines.get(timeout=SECONDS), None)
        except queue.Empty:                      # the watch did not do what the scenario waits for: let it end
            pass


class Screen(io.StringIO):
    """What was printed; at each legend (a check or a key is done) the next step of the scenario follows."""

    def __init__(self, *steps):
        super().__init__()
        self.steps = iter(steps)

    def write(self, text):
        if "q quit" in text:
            next(self.steps)()
        return super().write(text)


def watched(course, typed, *steps):
    """Run watch in this process with steps, functions that are called one after another; returns what was printed."""
    screen = Screen(*steps)
    assert module.watch(Session(course, Printer(screen)), "01_alpha", typed) == 0
    return screen.getvalue()


@pytest.fixture
def filled(course, monkeypatch):
    for name, value in (("POLL", 0.01), ("QUIET", 0.02), ("GONE", 0.05), ("EMPTY", 0.05)):
        monkeypatch.setattr(module, name, value)
    fill(course)
    return course


def test_the_keys_do_what_they_say(filled):
    typed = Typed()

    def press(key):
        return lambda: typed.lines.put(f"{key}\n")

    def save(body):
        return lambda: answer(filled, "01_alpha", body)
    text = watched(filled, typed, press("x"), press("h"), press("l"), save(TENFOLD), press("R"), save(RIGHT),
                   press("h"), press("ㅜ"), press("n"), press("n"), press("n"), press("q"))
    shown = [line for line in text.splitlines() if line.startswith(("Watching", "✗", "✓", "–", "Hint", ">"))]
    assert [line.split(" ", 2)[:2] for line in shown] == [
        ["Watching", "01_alpha.py"], ["–", "01_alpha"], ["Hint", "1"], [">", ""], ["✗", "01_alpha"], ["✗", "01_alpha"],
        ["✓", "01_alpha"], ["Hint", "2"], ["Watching", "02_beta.py"], ["–", "02_beta"], ["Watching", "03_gamma.py"],
        ["–", "03_gamma"], ["Watching", "04_hunt.py"], ["✗", "04_hunt"], ["Watching", "02_beta.py"], ["–", "02_beta"]]
    assert "Next: 02_beta" in text and "Press n." in text and "edit 01_alpha.py and save it" in text
    assert "(then Enter)" in text and "The next one: press h" in text
    assert "\033" not in text                                              # nothing clears the screen


def test_n_when_nothing_is_left(filled):
    for name in small_course.NAMES:
        answer(filled, name, RIGHT)
    typed = Typed()
    steps = [lambda: typed.lines.put("n\n")] * 4
    State(filled).solve("02_beta")
    State(filled).solve("03_gamma")
    answer(filled, "04_hunt", "return 3 * x")
    text = watched(filled, typed, *steps[:2], lambda: answer(filled, "04_hunt", RIGHT), *steps[:1],
                   lambda: typed.lines.put(None))
    assert "This is the only one left." in text and text.count("All 4 exercises are solved.") == 2
    assert text.rstrip().endswith("The input has ended, and the watch with it.")


def test_a_file_that_goes_away_while_watched(filled):
    path, screen = filled / "01_alpha.py", Screen(lambda: None, lambda: None)
    one = module.Watch(Session(filled, Printer(screen)), "01_alpha")

    def look_until(words):
        deadline = time.monotonic() + 5
        while words not in screen.getvalue() and time.monotonic() < deadline:
            one.look()
    one.begin(True)
    answer(filled, "01_alpha", RIGHT)
    os.rename(path, path.with_suffix(".away"))
    look_until("is gone")
    os.rename(path.with_suffix(".away"), path)
    look_until("solved")
    assert screen.getvalue().count("01_alpha.py is gone") == 1 and "✓ 01_alpha" in screen.getvalue()


def command(course, *words):
    return [sys.executable, "-m", "tests.exercises.small_course", str(course.parent / "course"), "exercise", *words]


def environment():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(small_course.__file__))))
    return {**os.environ, "PYTHONPATH": root, "TERM": "xterm", "COLUMNS": "80", "OPENBLAS_NUM_THREADS": "1"}


class Process:
    """A running watch and what it has printed so far."""

    def __init__(self, process, handle):
        self.process, self.handle, self.text = process, handle, ""

    def until(self, words):
        """Read until words have appeared since the last call; returns what came."""
        end, start = time.monotonic() + SECONDS, len(self.text)
        while words not in self.text[start:]:
            assert time.monotonic() < end, f"no {words!r} in {self.text[start:]!r}"
            if select.select([self.handle], [], [], 0.2)[0]:
                block = os.read(self.handle, 65536)
                assert block, f"ended without {words!r}: {self.text[start:]!r}"
                self.text += block.decode()
        return self.text[start:]


@pytest.fixture
def terminal(course, ends):
    """watch in a pseudo-terminal: the Process, and a function that says whether the terminal is as it was before."""
    import fcntl
    import termios
    fill(course)
    ours, theirs = ends
    modes = termios.tcgetattr(theirs)
    modes[3] |= termios.NOFLSH                   # else Ctrl-C also throws away what is printed and not yet read
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(command(course, "watch"), stdin=theirs, stdout=theirs, stderr=theirs, cwd=course,
                               env=environment(), start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    yield Process(process, ours), lambda: termios.tcgetattr(theirs) == before
    process.kill()
    process.wait()


def test_in_a_terminal_keys_need_no_enter(terminal, course):
    watch, as_before = terminal
    text = watch.until("q quit")
    assert "Watching 01_alpha.py" in text and "Not begun yet" in text and "Enter" not in text and "\033[1m" in text
    assert not as_before()
    os.write(watch.handle, b"h")
    assert "Nudge." in watch.until("q quit")
    os.write(watch.handle, b"\033[A")                                      # an arrow is no key of ours
    new = course / "new"
    new.write_text(f"def f(x):\n    {RIGHT}\n")
    os.replace(new, course / "01_alpha.py")                                # as many editors save
    text = watch.until("q quit")
    assert "solved" in text and "1 of 4" in text and "Watching" not in text      # it never moves on by itself
    os.write(watch.handle, b"n")
    assert "Watching 02_beta.py" in watch.until("q quit")
    os.write(watch.handle, b"l")
    assert "> " in watch.until("q quit") and not as_before()
    os.write(watch.handle, b"\x03")                                        # Ctrl-C
    watch.until("Stopped. Your progress is kept.")
    assert watch.process.wait(SECONDS) == 130 and as_before()
    assert "\033[2J" not in watch.text and "\033[H" not in watch.text and "Traceback" not in watch.text


def test_being_ended_from_outside_leaves_the_terminal_as_it_was(terminal):
    watch, as_before = terminal
    watch.until("q quit")
    assert not as_before()
    watch.process.terminate()
    assert watch.process.wait(SECONDS) == 128 + signal.SIGTERM and as_before()


def test_driven_by_a_pipe(course):
    fill(course)
    outcome = subprocess.run(command(course, "watch", "2"), input=b"h\nn\nq\nr\n", cwd=course, env=environment(),
                             capture_output=True, timeout=SECONDS)
    text = outcome.stdout.decode()
    assert outcome.returncode == 0 and not outcome.stderr, outcome.stderr
    assert text.count("Watching") == 2 and "Watching 02_beta.py" in text and "Watching 03_gamma.py" in text
    assert "Nudge." in text and text.count("checked at") == 2 and "(then Enter)" in text and "\033" not in text
