"""What a reader has solved: one small JSON file in their folder, written whole or not at all, read with checks.

Nothing that happens to this file may stop a check: what cannot be saved is said once, and work goes on.
"""

import contextlib
import copy
import datetime
import json
import os
import pathlib
import time

from tinyvae.storage import write_bytes

FILE, LOCK = "progress.json", ".progress.lock"
FORMAT, VERSION = "tinyvae exercises", 1
LARGEST = 2_000_000                              # bytes; no honest file comes near
PATIENCE = 5.0                                   # seconds for which another run may hold the lock


class Newer(Exception):
    """The file is of a later version. facts : what of it can be understood."""

    def __init__(self, version, facts):
        super().__init__(f"version {version}")
        self.version, self.facts = version, facts


class State:
    """The progress in folder.

    solved : name to ISO date        attempts : name to number of tries        hints : name to the level shown last
    mistakes : sentence to how often it was made        seen : name to a fingerprint of the file that failed last
    damaged : True when the file could not be understood; it was set aside, and this State begins empty
    notice : called with a sentence for the reader, each sentence once
    """

    def __init__(self, folder, notice=print, patience=PATIENCE):
        self.folder, self.notice, self.patience = pathlib.Path(folder), notice, patience
        self.path = self.folder / FILE
        self.saved, self.unsaved = empty(), []           # the file as last seen, and the changes that it lacks
        self.said, self.damaged = set(), False
        try:
            with locked(self.folder / LOCK, self.patience):
                self.saved = self.read()
        except (Newer, OSError) as error:
            self.saved.update(getattr(error, "facts", {}))
            self.not_saved(error)
        self.data = copy.deepcopy(self.saved)

    solved = property(lambda self: self.data["solved"])
    attempts = property(lambda self: self.data["attempts"])
    hints = property(lambda self: self.data["hints"])
    mistakes = property(lambda self: self.data["mistakes"])

    def solve(self, name, date=None, tried=True):
        """name was solved, today or on the ISO date. A second time changes nothing."""
        date = date or datetime.date.today().isoformat()

        def change(data):
            if name not in data["solved"]:
                data["solved"][name] = date
                data["attempts"][name] = data["attempts"].get(name, 0) + tried
                data["seen"].pop(name, None)
        self.update(change)

    def fail(self, name, fingerprint, mistakes):
        """name was tried in vain, with these mistakes. The same file again is not another try."""
        def change(data):
            if data["seen"].get(name) != fingerprint:
                data["seen"][name] = fingerprint
                data["attempts"][name] = data["attempts"].get(name, 0) + 1
                for mistake in mistakes:
                    data["mistakes"][mistake] = data["mistakes"].get(mistake, 0) + 1
        if name not in self.solved and self.data["seen"].get(name) != fingerprint:
            self.update(change)

    def hint(self, name, last=3):
        """The level of the hint to show now: one more than before, up to last."""
        def change(data):
            data["hints"][name] = min(data["hints"].get(name, 0) + 1, last)
        self.update(change)
        return self.hints[name]

    def forget(self, name):
        """name begins anew. The mistakes that were made stay counted."""
        def change(data):
            for section in ("solved", "attempts", "hints", "seen"):
                data[section].pop(name, None)
        self.update(change)

    def update(self, change):
        """Apply change(data) to the file as it is now, under a lock: another run's entries stay."""
        self.unsaved.append(change)
        try:
            with locked(self.folder / LOCK, self.patience):
                data = self.read()
                for each in self.unsaved:
                    each(data)
                text = json.dumps({"format": FORMAT, "version": VERSION, **data}, indent=1, ensure_ascii=False)
                write_bytes(self.path, lambda file: file.write(text.encode("utf-8", "replace")))
        except (Newer, OSError) as error:
            change(self.data)
            self.not_saved(error)
        else:
            self.saved, self.data, self.unsaved = copy.deepcopy(data), data, []

    def read(self):
        """The checked content of the file; a damaged one is set aside, and what this run knows takes its place."""
        try:
            with open(self.path, "rb") as file:
                text = file.read(LARGEST + 1)
        except FileNotFoundError:
            return copy.deepcopy(self.saved)
        try:
            return checked(text)
        except ValueError as error:
            aside = self.set_aside()
            self.damaged = True
            self.say(f"The record of your progress was damaged ({error}). It is kept beside your files: {aside.name}.")
            return copy.deepcopy(self.saved)

    def set_aside(self):
        """Rename the file to a name that is free."""
        numbers = (f"progress.damaged{'' if i == 1 else f'.{i}'}.json" for i in range(1, 10_000))
        aside = next(path for path in map(self.folder.joinpath, numbers) if not os.path.lexists(path))
        os.rename(self.path, aside)
        return aside

    def not_saved(self, error):
        if isinstance(error, Newer):
            self.say(f"{self.path.name} was written by a newer version of the course and stays as it is: checks work, "
                     "but your progress is not saved. Update tinyvae to save it again.")
        else:
            reason = os.strerror(error.errno) if error.errno else error.strerror or str(error)
            self.say(f"Your progress cannot be read or saved in {self.path.name}: {reason}. Checks work all the same.")

    def say(self, sentence):
        if sentence not in self.said:
            self.said.add(sentence)
            self.notice(sentence)


def a_date(value):
    try:
        return isinstance(value, str) and bool(datetime.date.fromisoformat(value))
    except ValueError:
        return False


def a_count(value):
    return type(value) is int and 0 <= value < 10**9


SECTIONS = {"solved": a_date, "attempts": a_count, "hints": a_count, "mistakes": a_count,
            "seen": lambda value: isinstance(value, str)}


def empty():
    return {section: {} for section in SECTIONS}


def understood(content, section):
    """True when this section of the file holds what it should."""
    entries = content.get(section)
    return isinstance(entries, dict) and all(map(SECTIONS[section], entries.values()))


def checked(text):
    """The sections in the bytes of a file. Raises ValueError when they are damaged, Newer when they are of a later
    version."""
    if len(text) > LARGEST:
        raise ValueError("it is far too long")
    try:
        content = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON text") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT or not a_count(content.get("version")):
        raise ValueError("it is not such a record")
    if content["version"] > VERSION:
        raise Newer(content["version"], {s: content[s] for s in SECTIONS if understood(content, s)})
    for section in SECTIONS:
        if not understood(content, section):
            raise ValueError(f"its part {section!r} does not make sense")
    return {section: content[section] for section in SECTIONS}


@contextlib.contextmanager
def locked(path, seconds):
    """Keep other runs out. The system frees the lock when a run dies. Where files cannot be locked, go on without.

    Raises TimeoutError when another run holds it longer than seconds.
    """
    try:
        file = open(path, "ab")
    except OSError:
        file = None
    with file or contextlib.nullcontext():
        held = file is not None and wait_for(file, seconds)
        try:
            yield
        finally:
            if held:
                lock(file, False)


def wait_for(file, seconds):
    """True when the lock is ours, False when there are no locks here."""
    end = time.monotonic() + seconds
    while True:
        try:
            lock(file, True)
            return True
        except (BlockingIOError, PermissionError):
            if time.monotonic() > end:
                raise TimeoutError(None, "another run of the exercises holds it") from None
            time.sleep(0.01)
        except OSError:
            return False


def lock(file, wanted):
    """Take (or give back) the lock on an open file; raises BlockingIOError or PermissionError when another has it."""
    if os.name == "nt":
        import msvcrt
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK if wanted else msvcrt.LK_UNLCK, 1)
    else:
        import fcntl
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB if wanted else fcntl.LOCK_UN)
