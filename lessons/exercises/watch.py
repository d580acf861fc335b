"""Watch mode: check again whenever the reader saves the file, and listen to single keys meanwhile."""

import hashlib
import os
import sys
import time

from lessons.exercises.keys import END, keys_of

POLL = 0.2            # seconds between two looks at the file
QUIET = 0.3           # for which a content must stand still: editors write in steps
EMPTY = 1.5           # for which an empty file must stay empty: many editors empty it first
GONE = 2.0            # for which a file may be missing: editors that replace it take it away for a moment
REHASH = 2.0          # a disk with coarse times may hide a change: read it now and then all the same
HANGUL = dict(zip("ㄱㅜㅗㅣㅂ", "rnhlq"))      # the same keys of a Korean keyboard


class Watched:
    """A file whose content is looked at again and again, whatever an editor does to write it."""

    def __init__(self, path, clock=time.monotonic):
        self.path, self.clock = path, clock
        self.signature = self.content = self.checked = None
        self.since = self.read_at = clock()
        self.told_gone = False
        self.look()
        self.checked = self.content

    def look(self):
        """Read the file when its size or its times are others than before, and now and then without that."""
        now, signature = self.clock(), signature_of(self.path)
        if signature != self.signature or now - self.read_at >= REHASH:
            self.signature, self.read_at = signature, now
            content = content_of(self.path)
            if content != self.content:
                self.content, self.since = content, now

    def changed(self):
        """True once the content is another than the one checked last, and has stood still."""
        self.look()
        quiet = self.clock() - self.since
        if self.content is None or self.content == self.checked and not self.told_gone:
            return False
        return quiet >= (EMPTY if self.content == fingerprint(b"") else QUIET)

    def gone(self):
        """True once when the file is missing for longer than an editor needs."""
        if self.content is None and not self.told_gone and self.clock() - self.since >= GONE:
            self.told_gone = True
            return True
        return False

    def check_begins(self):
        self.look()
        self.checked, self.told_gone = self.content, self.content is None


def signature_of(path):
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def content_of(path):
    """A fingerprint of the content; None when the file cannot be read now."""
    try:
        return fingerprint(path.read_bytes())
    except OSError:
        return None


def fingerprint(content):
    return hashlib.sha256(content).hexdigest()


class Watch:
    """One watch: the exercise that is checked, and what the keys do."""

    def __init__(self, session, name):
        self.session, self.screen, self.name = session, session.screen, name
        self.legend = ""

    def begin(self, with_enter):
        self.legend = "r again   n next   h hint   l list   q quit" + "   (then Enter)" * with_enter
        self.session.watching = True
        self.turn_to(self.name)

    def turn_to(self, name):
        self.name, self.file = name, Watched(self.session.path(name))
        self.screen.say(f"Watching {self.session.shown(name)}")
        self.check()

    def check(self):
        self.file.check_begins()
        self.screen.say(f"checked at {time.strftime('%H:%M:%S')}", label="---", colour="dim")
        self.session.check(self.name)
        self.keys_shown()

    def keys_shown(self):
        self.screen.say(self.legend, colour="dim")

    def look(self):
        """Check when the file has changed; say so when it is gone."""
        if self.file.changed():
            self.check()
        elif self.file.gone():
            self.screen.say(f"{self.session.shown(self.name)} is gone; it is checked again as soon as it is back.",
                            label="Note:", colour="yellow")

    def press(self, key):
        """Do what the key means; returns False when the watch ends."""
        key = HANGUL.get(key, key).lower()
        if key == "q":
            return False
        if key == "r":
            self.check()
        elif key == "n":
            self.move_on()
        else:
            if key == "h":
                self.session.hint(self.name)
            elif key == "l":
                self.session.list()
            self.keys_shown()
        return True

    def move_on(self):
        """To the next exercise that is not solved, if there is one."""
        following = self.session.pending(self.name)
        if following not in (None, self.name):
            self.turn_to(following)
            return
        if following is None:
            self.session.summary()
        else:
            self.screen.say("This is the only one left.")
        self.keys_shown()


def watch(session, name, stream=None):
    """Watch name until q, the end of the input, or Ctrl-C; returns the exit status. name None: all is solved."""
    if name is None:
        session.summary()
        return 0
    try:
        with keys_of(stream or sys.stdin) as keys:
            one = Watch(session, name)
            one.begin(keys.with_enter)
            while True:
                key = keys.get(POLL)
                if key == END:
                    session.screen.say("The input has ended, and the watch with it.")
                    return 0
                if key is not None and not one.press(key):
                    return 0
                one.look()
    except KeyboardInterrupt:
        session.screen.say("\nStopped. Your progress is kept.", room=False)
        return 130
