"""Where the reader's texts appear: as wide as the terminal, with colours and signs only where it can show them."""

import os
import shutil
import sys
import textwrap
import unicodedata

COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}
PLAIN = {"✓": "ok", "✗": "x", "×": "x", "█": "#", "░": "-", "–": "-", "—": "-", "…": "...", "·": "*", "−": "-",
         "’": "'", "‘": "'", "“": '"', "”": '"', "→": "->", "≥": ">=", "≤": "<=", "∂": "d", "∑": "sum",
         "√": "sqrt", "²": "^2"}
FIRM = "\u00a0"                                  # a space at which no line is broken
WIDEST = 100


def firm(text):
    """text in which no line is broken."""
    return text.replace(" ", FIRM)


class Screen:
    """say() prints. stream : sys.stdout by default. suffix : what every command needs behind it, such as --dir mine."""

    def __init__(self, stream=None, suffix=""):
        self.stream, self.suffix = stream or sys.stdout, suffix
        self.encoding = getattr(self.stream, "encoding", None) or "utf-8"
        terminal = hasattr(self.stream, "isatty") and self.stream.isatty()
        shows = os.environ.get("TERM", "dumb" if os.name != "nt" else os.environ.get("WT_SESSION", "dumb")) != "dumb"
        self.colours = terminal and shows and not os.environ.get("NO_COLOR")
        self.width = max(40, min(WIDEST, shutil.get_terminal_size().columns - 1)) if terminal else WIDEST

    def command(self, *words):
        """A command that the reader can type, which no line break cuts."""
        return firm(" ".join(["python -m lessons exercise", *words, *filter(None, [self.suffix])]))

    def say(self, text="", indent=0, label="", hang=None, colour=None, room=True):
        """Print one paragraph: label text, the following lines indented by hang more.

        colour : of the label, or of everything without one        room : False for text that must keep its lines
        """
        hang = len(label) + 1 if hang is None and label else hang or 0
        whole = self.able(f"{label} {text}" if label else text)
        lines = textwrap.wrap(whole, self.width, initial_indent=" " * indent, subsequent_indent=" " * (indent + hang),
                              break_long_words=False, break_on_hyphens=False, replace_whitespace=False,
                              drop_whitespace=True) if room else [" " * indent + whole]
        shown = "\n".join(lines).replace(FIRM, " ")
        if colour and self.colours:
            part = self.able(label) or shown.lstrip()
            shown = shown.replace(part, f"\033[{COLOURS[colour]}m{part}\033[0m", 1)
        print(shown, file=self.stream, flush=True)

    def able(self, text):
        """text as this stream can show it: other letters for what it lacks, nothing that would steer a terminal."""
        text = "".join(c if c.isprintable() or c in "\n" + FIRM else "    " if c == "\t" else "?" for c in text)
        return "".join(c if c == FIRM or self.shows(c) else self.instead(c) for c in text)

    def shows(self, character):
        try:
            character.encode(self.encoding)
            return True
        except (UnicodeError, LookupError):
            return False

    def instead(self, character):
        """The nearest ASCII: a sign's stand-in, a Greek letter's name, a letter without its accent; else a "?"."""
        name = unicodedata.name(character, "")
        if character in PLAIN or name.startswith("GREEK"):
            return PLAIN.get(character) or name.split()[-1].lower()
        return "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii()) or "?"

    def bar(self, part, whole):
        """A progress bar in brackets, full only when part is whole."""
        cells = 24 if self.width >= 76 else 12
        full = cells * part // max(whole, 1)
        return self.able(f"[{'█' * full}{'░' * (cells - full)}]")
