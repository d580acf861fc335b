"""Single keys: from a terminal without Enter, from anything else with it."""

import io
import os
import signal

from lessons.exercises.keys import END, LineKeys, keys_of


def read_all(keys):
    with keys:
        found = []
        while len(found) < 9 and found[-1:] != [END]:
            found.append(keys.get(5))
        return found


def test_keys_with_enter():
    assert read_all(LineKeys(io.StringIO("r\n\n next\n  \nq"))) == ["r", "n", "q", END]
    assert read_all(LineKeys(None)) == [END] and read_all(LineKeys(io.StringIO(""))) == [END]
    with LineKeys(io.StringIO("")) as keys:
        assert keys.get(5) == END and keys.get(0.01) is None


def test_keys_of_what_is_no_terminal():
    assert isinstance(keys_of(None), LineKeys) and isinstance(keys_of(io.StringIO()), LineKeys)


def test_keys_of_a_terminal_and_a_pause(ends, monkeypatch):
    import termios
    ours, theirs = ends
    before, stopped = termios.tcgetattr(theirs), []
    with open(theirs, closefd=False) as stream, keys_of(stream) as keys:
        assert not keys.with_enter and termios.tcgetattr(theirs) != before
        assert keys.get(0.01) is None
        os.write(ours, b"r \nh")
        assert [keys.get(5), keys.get(5), keys.get(0.01)] == ["r", "h", None]
        os.write(ours, b"\033[A")
        assert keys.get(5) is None
        monkeypatch.setattr(os, "kill", lambda pid, n: stopped.append((n, termios.tcgetattr(theirs) == before)))
        signal.raise_signal(signal.SIGTSTP)                                # Ctrl-Z: the shell gets its terminal back
        assert stopped == [(signal.SIGTSTP, True)] and termios.tcgetattr(theirs) != before
        assert signal.getsignal(signal.SIGTSTP) == keys.paused             # for the next Ctrl-Z
        os.write(ours, b"\x04")
        assert keys.get(5) == END
    assert termios.tcgetattr(theirs) == before and signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL
