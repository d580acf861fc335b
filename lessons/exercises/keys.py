"""Single keys: from a terminal without Enter, from anything else with Enter."""

import os
import queue
import signal
import threading
import time

END = "end of the keys"


class LineKeys:
    """Keys from a pipe or another input that is no terminal: the first letter of each line."""

    with_enter = True

    def __init__(self, stream):
        self.stream, self.letters = stream, queue.Queue()

    def __enter__(self):
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        pass

    def listen(self):
        rest = ""
        try:
            for text in self.texts():
                *lines, rest = (rest + text).split("\n")
                for line in filter(None, map(str.strip, lines)):
                    self.letters.put(line[0])
        except (OSError, ValueError):
            pass                                 # closed: no more keys
        if rest.strip():
            self.letters.put(rest.strip()[0])
        self.letters.put(END)

    def texts(self):
        """What arrives, as it arrives. Past the stream's buffer: Python cannot end while a thread waits there."""
        try:
            handle = self.stream.fileno()
        except (OSError, ValueError, AttributeError):
            yield from self.stream or ()
            return
        for block in iter(lambda: os.read(handle, 4096), b""):
            yield block.decode("utf-8", "replace")

    def get(self, seconds):
        """The next key, or None after so many seconds."""
        try:
            return self.letters.get(timeout=seconds)
        except queue.Empty:
            return None


class TerminalKeys:
    """Single keys from a terminal, which is left as it was found, whatever ends the watch."""

    with_enter = False

    def __init__(self, stream):
        import termios
        self.handle = stream.fileno()
        self.before = termios.tcgetattr(self.handle)       # termios.error when it is no real terminal
        self.handlers, self.keys = {}, []

    def __enter__(self):
        self.take()
        if threading.current_thread() is threading.main_thread():
            for number, handler in ((signal.SIGTERM, self.ended), (signal.SIGHUP, self.ended),
                                    (signal.SIGTSTP, self.paused)):
                self.handlers[number] = signal.signal(number, handler)
        return self

    def __exit__(self, *_):
        self.give_back()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def take(self):
        import tty
        tty.setcbreak(self.handle)

    def give_back(self):
        import termios
        try:
            termios.tcsetattr(self.handle, termios.TCSADRAIN, self.before)
        except termios.error:
            pass                                 # the terminal itself is gone

    def ended(self, number, frame):
        raise SystemExit(128 + number)

    def paused(self, number, frame):
        """Ctrl-Z: the shell gets its terminal back, and we ours when we go on."""
        self.give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self.paused)
        self.take()

    def get(self, seconds):
        import select
        if not self.keys and select.select([self.handle], [], [], seconds)[0]:
            try:
                block = os.read(self.handle, 1024)
            except OSError:                      # the terminal was closed
                block = b""
            text = block.decode("utf-8", "replace")
            ends = not block or "\x04" in text
            self.keys = [END] if ends else [] if text.startswith("\x1b") else [c for c in text if not c.isspace()]
        return self.keys.pop(0) if self.keys else None


class ConsoleKeys:
    """Single keys from the console of Windows."""

    with_enter = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def get(self, seconds):
        import msvcrt
        end = time.monotonic() + seconds
        while not msvcrt.kbhit():
            if time.monotonic() >= end:
                return None
            time.sleep(0.02)
        key = msvcrt.getwch()
        if key in ("\x00", "\xe0"):              # an arrow or a function key: its second half follows
            msvcrt.getwch()
            return None
        if key == "\x03":
            raise KeyboardInterrupt
        return END if key in ("\x04", "\x1a") else None if key.isspace() else key


def keys_of(stream):
    """What listens to this input."""
    if stream is not None and stream.isatty():
        if os.name == "nt":
            return ConsoleKeys()
        try:
            return TerminalKeys(stream)
        except Exception:                        # termios.error, or no termios: then with Enter
            pass
    return LineKeys(stream)
