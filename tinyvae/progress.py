"""What training prints: one line that rewrites itself on a terminal, one line an epoch elsewhere."""

import shutil
import sys
import time


def clock(seconds):
    """Seconds as 0:07, 12:30 or 1:05:00."""
    minutes, seconds = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


class Progress:
    """Rate and time left of a run of epochs x examples.

    stream : where to print, standard error by default; None prints nothing
    done : examples already trained before (a resumed run), which count for the share but not for the rate
    """

    def __init__(self, epochs, examples, stream, done=0):
        self.epochs, self.examples, self.stream = epochs, examples, stream
        self.start, self.done_before, self.done = time.monotonic(), done, done
        self.live = stream is not None and stream.isatty()
        self.shown = 0.0

    def advance(self, epoch, examples, total):
        """After each step: epoch counts from 0, examples is the size of the step's batch, total its loss."""
        self.done += examples
        now = time.monotonic()
        if self.live and now - self.shown > 0.1:
            self.shown = now
            share = self.done / (self.epochs * self.examples)
            bar = "#" * int(20 * share)
            self._write(f"epoch {epoch + 1}/{self.epochs} [{bar:<20}] {share:4.0%}  loss {total:.2f}  {self._rate()}")

    def end_epoch(self, epoch, means):
        """After each epoch: means maps names such as total and validation_total to numbers."""
        if self.stream is None:
            return
        values = "  ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in means.items())
        self._write(f"epoch {epoch + 1}/{self.epochs}  {values}  {self._rate()}", final=True)

    def message(self, text):
        if self.stream is not None:
            self._write(text, final=True)

    def _rate(self):
        rate = (self.done - self.done_before) / max(time.monotonic() - self.start, 1e-9)
        left = (self.epochs * self.examples - self.done) / max(rate, 1e-9)
        return f"{rate:,.0f} examples/s  {clock(left)} left"

    def _write(self, text, final=False):
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            text = "\r" + (text if final else text[:width]).ljust(width)
        self.stream.write(text + ("\n" if final else ""))
        self.stream.flush()


def stream_for(progress):
    """True: standard error; False: nothing; else the stream itself."""
    if progress is True:
        return sys.stderr
    if progress is False:
        return None
    return progress
