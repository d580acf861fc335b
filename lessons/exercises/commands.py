"""The commands of python -m lessons exercise. Exit status: 0 passed or done, 1 not passed, 2 wrong use."""

import argparse
import difflib
import os
import re
import shlex
import sys

from lessons.exercises import exercise as course
from lessons.exercises import folder as folders
from lessons.exercises import verify, watch
from lessons.exercises.folder import Misuse
from lessons.exercises.screen import Screen
from lessons.exercises.session import Session, shortest


def opened(options, name=None):
    """The Session for the folder that the options (or a path given as NAME) mean."""
    there = folders.named(name)[1] if name else None
    if there and options.dir and there.resolve() != folders.find(options.dir).resolve():
        raise Misuse(f"{name} does not lie in {options.dir}; leave out --dir, or the folder before the name")
    default = folders.find()
    folder = folders.existing(folders.find(options.dir or there))
    other = folder.resolve() != default.resolve()
    return Session(folder, Screen(suffix=f"--dir {shlex.quote(str(folder))}" if other else ""))


def init(options):
    folder = folders.find(options.folder or options.dir)
    if folder.exists() and not folder.is_dir():
        raise Misuse(f"{folder} is a file; name a folder, or a place where one can be made")
    copied, kept = folders.fill(folder)
    screen = Screen(suffix=f"--dir {shlex.quote(str(folder))}" if folder.resolve() != folders.find().resolve() else "")
    where = f"the folder {folder}" if str(folder) != "." else "this folder"
    if copied:
        added = f"{len(copied)} exercise{'s' * (len(copied) > 1)}"
        screen.say(f"{added} copied into {where}. They are yours: edit them, nothing else will.")
    else:
        screen.say(f"Nothing to add: all {len(course.names())} exercises are in {where} already.")
    if kept:
        screen.say(f"Kept as they are, since they differ from ours: {', '.join(kept[:6])}"
                   + (f" and {len(kept) - 6} more." if len(kept) > 6 else "."))
    session = Session(folder, screen)
    following = session.pending()
    if following:
        screen.say(f"read {session.shown(following)}, derive on paper, type it in, and run  {screen.command()}",
                   label="Next:", colour="bold")
        screen.say(f"or let it check whenever you save:  {screen.command('watch')}", 6)
    return 0


def check(options):
    text = getattr(options, "name", None)
    session = opened(options, text)
    name = session.chosen(text)
    if name is None:
        session.summary()
        return 0
    return 0 if session.check(name) else 1


def watching(options):
    session = opened(options, options.name)
    return watch.watch(session, session.chosen(options.name))


def hint(options):
    session = opened(options, options.name)
    name = session.chosen(options.name)
    if name is None:
        session.summary()
    else:
        session.hint(name)
    return 0


def solution(options):
    session = opened(options, options.name)
    name, screen = session.chosen(options.name), session.screen
    if name not in session.state.solved and not options.spoil:
        screen.say(f"{name} is not solved yet. A hint may do:  {screen.command('hint', name[:2])}")
        screen.say(f"To see the solution all the same:  {screen.command('solution', name[:2], '--spoil')}")
        return 1
    text = folders.solution(name).read_text(encoding="utf-8")
    exercise = course.load(name)
    if isinstance(exercise, course.BugHunt):
        screen.say(exercise.fault, label="The fault:", hang=2)
        lines = difflib.unified_diff(folders.stub(name).read_text(encoding="utf-8").splitlines(), text.splitlines(),
                                     "as given", "repaired", lineterm="")
    else:
        lines = text.splitlines()
    for line in lines:
        screen.say(line, room=False)
    return 0


def listing(options):
    opened(options).list()
    return 0


def reset(options):
    session = opened(options, options.name)
    name, screen = session.chosen(options.name), session.screen
    if session.path(name).is_file() and folders.is_changed(session.folder, name):
        if not options.yes and not agreed(f"Begin {name} anew? Your file is kept, under another name. [y/N] "):
            screen.say("Nothing was changed.")
            return 1
        screen.say(f"Your file is kept as {shortest(folders.backup(session.folder, name))}.")
    folders.renew(session.folder, name)
    session.state.forget(name)
    screen.say(f"{session.shown(name)} is as at the beginning.")
    return 0


def agreed(question):
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


def verifying(options):
    return 0 if verify.verify(out=Screen().say, only=[folders.named(name)[0] for name in options.names] or None) else 1


def guarded(command):
    """command, with wrong use told in a sentence and status 2."""
    def run(options):
        try:
            return command(options)
        except Misuse as misuse:
            Screen(sys.stderr).say(str(misuse), label="lessons exercise:", hang=2)
            return 2
        except BrokenPipeError:                  # the reader of our output, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
    return run


NAMES = "a number (19), a name, a part of one, or a path"


def add_to(commands):
    """Add the command exercise, with its own commands, to the command line of the course."""
    parser = commands.add_parser(
        "exercise", help="derive gradients yourself; it says whether they are right, and if not, which step went wrong",
        description="Checks the next exercise that is not solved yet. Begin with: python -m lessons exercise init",
        epilog="Example: python -m lessons exercise check 19")
    parser.add_argument("--dir", metavar="DIR", help="your folder of exercises (default: this one, or exercises)")
    parser.set_defaults(command=guarded(check))
    own = parser.add_subparsers(title="commands", metavar="COMMAND")
    original = parser.error
    parser.error = lambda message: original(kinder(message))

    def add(word, command, text, example, name=None):
        one = own.add_parser(word, help=text, description=text[:1].upper() + text[1:] + ".",
                             epilog=f"Example: python -m lessons exercise {example}")
        one.add_argument("--dir", metavar="DIR", default=argparse.SUPPRESS, help="your folder of exercises")
        if name:
            one.add_argument("name", metavar="NAME", nargs=name if name == "?" else None,
                             help=NAMES + (" (default: the next one)" if name == "?" else ""))
        one.set_defaults(command=guarded(command))
        return one

    add("init", init, "copy the exercises into a folder of your own; what you changed stays", "init").add_argument(
        "folder", metavar="DIR", nargs="?", help="default: exercises")
    add("check", check, "check one exercise", "check 19", "?")
    add("watch", watching, "check again whenever you save the file", "watch", "?")
    add("hint", hint, "show the next of three hints", "hint 19", "?")
    add("solution", solution, "show our solution, after yours", "solution 19", "one").add_argument(
        "--spoil", action="store_true", help="also when you have not solved it")
    add("list", listing, "list the exercises and your progress", "list")
    add("reset", reset, "begin an exercise anew; your file is kept beside it", "reset 19", "one").add_argument(
        "--yes", action="store_true", help="do not ask")
    add("verify", verifying, "check the exercises themselves (for their authors)", "verify 19").add_argument(
        "names", metavar="NAME", nargs="*", help="default: all")


def kinder(message):
    """What argparse says about an unknown command, in words that help."""
    found = re.search(r"invalid choice: '(.*?)'", message)
    if not found:
        return message
    word, known = found[1], ["init", "check", "watch", "hint", "solution", "list", "reset", "verify"]
    close = difflib.get_close_matches(word, known, 1)
    try:
        meant = f"to check that exercise: python -m lessons exercise check {folders.named(word)[0]}"
    except Misuse:
        meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    return f"there is no command {word!r}; {meant}"
