"""The reader's own folder of exercises: where it is, what lies in it, and how an exercise is called."""

import difflib
import pathlib
import shlex
import shutil

from lessons.exercises import exercise as course
from lessons.exercises.screen import firm
from tinyvae.storage import write_bytes

DEFAULT = "exercises"
LESSONS = pathlib.Path(__file__).resolve().parent.parent


class Misuse(Exception):
    """The command makes no sense as it was given; the message says what would."""


def find(given=None):
    """The folder that is meant: the given one, or the present one when exercises lie in it, or "exercises" in it."""
    folder = pathlib.Path(given) if given else pathlib.Path()
    if not given and not holds_exercises(folder):
        folder = pathlib.Path(DEFAULT)
    if inside_the_course(folder):
        raise Misuse(f"{folder} belongs to the course itself, which stays as it is; choose a folder of your own")
    return folder


def inside_the_course(folder):
    resolved = folder.resolve()
    return LESSONS == resolved or LESSONS in resolved.parents


def holds_exercises(folder):
    return any((folder / f"{name}.py").is_file() for name in course.names())


def existing(folder):
    """folder, when it is one. Raises Misuse when it is not there, or not a folder."""
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "is not there yet"
        command = "python -m lessons exercise init" + f" {shlex.quote(str(folder))}" * (str(folder) != DEFAULT)
        raise Misuse(f"the folder {folder} {what}; make yours with  {firm(command)}")
    return folder


def stub(name):
    return course.HERE / "stubs" / f"{name}.py"


def solution(name):
    return course.HERE / "solutions" / f"{name}.py"


def is_changed(folder, name):
    """True when the reader's file is there and is not the stub as the course gives it."""
    try:
        text = (folder / f"{name}.py").read_bytes()
    except OSError:
        return False
    return text.replace(b"\r\n", b"\n") != stub(name).read_bytes().replace(b"\r\n", b"\n")


def fill(folder):
    """Copy the stubs that are missing; returns (names copied, names kept though they differ from the stub).

    A file that is there is never written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misuse(f"{folder} cannot be made: {error.strerror}; choose a place where you may write") from None
    copied, kept = [], []
    for name in course.names():
        path = folder / f"{name}.py"
        try:
            with open(path, "xb") as file:
                try:
                    file.write(stub(name).read_bytes())
                    file.flush()
                except BaseException:
                    path.unlink(missing_ok=True)           # half an exercise is worse than none
                    raise
            copied.append(name)
        except FileExistsError:
            if is_changed(folder, name) or not path.is_file():
                kept.append(name)
    return copied, kept


def backup(folder, name):
    """Copy the reader's file to the first free NAME.1.bak.py, NAME.2.bak.py ...; returns that path."""
    path = folder / f"{name}.py"
    for i in range(1, 10_000):
        aside = folder / f"{name}.{i}.bak.py"
        try:
            with open(aside, "xb") as file:
                try:
                    file.write(path.read_bytes())
                except BaseException:
                    aside.unlink(missing_ok=True)
                    raise
        except FileExistsError:
            continue
        shutil.copystat(path, aside)
        return aside
    raise Misuse(f"there are too many backups of {name} in {folder}; delete some")


def renew(folder, name):
    """Put the stub in place of the reader's file."""
    write_bytes(folder / f"{name}.py", lambda file: file.write(stub(name).read_bytes()))


def named(text):
    """(name, folder or None) of the exercise meant by a number, a name, a part of one, or a path to its file.

    Raises Misuse with the near matches when it is none, or several.
    """
    path = pathlib.Path(text)
    there = path.parent if len(path.parts) > 1 else None
    wanted = path.name.removesuffix(".py").strip().lower()
    names = course.names()
    if wanted.isdecimal():
        found = [name for name in names if int(name[:2]) == int(wanted)]
    else:
        found = ([name for name in names if wanted in (name.lower(), name[3:].lower())] or
                 [name for name in names if wanted and wanted in name.lower()])
    if len(found) == 1:
        return found[0], there
    if found:
        raise Misuse(f"{text!r} may be {' or '.join(found[:6])}{' ...' * (len(found) > 6)}; write more of the name")
    raise Misuse(f"there is no exercise {text!r}; {nearest(wanted, names)}")


def nearest(wanted, names):
    """What the reader may have meant, in words."""
    if wanted.isdecimal() and names:
        return f"they go from {names[0][:2]} to {names[-1][:2]}"
    parts = {name: [name.lower(), name[3:].lower(), *name[3:].lower().split("_")] for name in names}
    near = difflib.get_close_matches(wanted, {part for group in parts.values() for part in group}, 4, 0.6)
    close = list(dict.fromkeys(name for part in near for name in names if part in parts[name]))[:4]
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"{firm('python -m lessons exercise list')}  shows them all"
