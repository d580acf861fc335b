"""The record of progress survives whatever happens to its file."""

import errno
import json
import subprocess
import sys

import pytest

from lessons.exercises import state as module
from lessons.exercises.state import FILE, LOCK, State


def quiet(folder, **options):
    """A State whose notices are kept in said_aloud."""
    aloud = []
    state = State(folder, notice=aloud.append, **options)
    state.said_aloud = aloud
    return state


def test_everything_is_remembered(tmp_path):
    state = quiet(tmp_path)
    state.fail("01_a", "print1", ["sign", "sign of it"])
    state.fail("01_a", "print1", ["sign"])                                 # the same file again is not another try
    state.fail("01_a", "print2", ["sign"])
    assert [state.hint("01_a"), state.hint("01_a"), state.hint("01_a"), state.hint("01_a")] == [1, 2, 3, 3]
    state.solve("01_a", "2025-01-02")
    state.solve("01_a", "2026-01-02")                                      # the first time counts
    state.solve("02_b")
    again = quiet(tmp_path)
    assert again.solved["01_a"] == "2025-01-02" and set(again.solved) == {"01_a", "02_b"}
    assert again.attempts == {"01_a": 3, "02_b": 1} and again.hints == {"01_a": 3}
    assert again.mistakes == {"sign": 2, "sign of it": 1}
    again.fail("01_a", "print3", ["later"])                                # after it was solved nothing counts
    again.forget("01_a")
    assert quiet(tmp_path).data == {**again.data, "solved": {"02_b": again.solved["02_b"]}, "attempts": {"02_b": 1},
                                    "hints": {}, "seen": {}, "mistakes": {"sign": 2, "sign of it": 1}}
    assert not state.said_aloud and not again.said_aloud


GOOD = {"format": "tinyvae exercises", "version": 1, "solved": {"01_a": "2025-01-02"}, "attempts": {}, "hints": {},
        "mistakes": {}, "seen": {}}


@pytest.mark.parametrize("text", [
    b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, json.dumps(GOOD).encode() + b" " * 2_000_000,
    json.dumps(GOOD)[:60].encode(),
    *(json.dumps({**GOOD, **change}).encode() for change in (
        {"format": "other"}, {"version": "1"}, {"version": None}, {"solved": {"01_a": "yesterday"}},
        {"solved": ["01_a"]}, {"attempts": {"01_a": -1}}, {"attempts": {"01_a": True}}, {"hints": {"01_a": 1.5}},
        {"mistakes": None}, {"seen": {"01_a": 3}}))], ids=lambda text: text[:24])
def test_a_damaged_file_is_set_aside(tmp_path, text):
    (tmp_path / "progress.damaged.json").write_bytes(b"an older one")
    (tmp_path / FILE).write_bytes(text)
    state = quiet(tmp_path)
    assert state.damaged and state.solved == {} and not (tmp_path / FILE).exists()
    assert (tmp_path / "progress.damaged.2.json").read_bytes() == text
    assert (tmp_path / "progress.damaged.json").read_bytes() == b"an older one"
    assert len(state.said_aloud) == 1 and "progress.damaged.2.json" in state.said_aloud[0]
    state.solve("01_a")
    after = quiet(tmp_path)
    assert set(after.solved) == {"01_a"} and not after.damaged


def test_the_same_failure_seen_by_two_runs_counts_once(tmp_path):
    runs = quiet(tmp_path), quiet(tmp_path)
    for run in runs:
        run.fail("01_a", "print", ["sign"])
    assert quiet(tmp_path).attempts == {"01_a": 1}


def test_a_file_deleted_while_at_work_is_written_again(tmp_path):
    state = quiet(tmp_path)
    state.solve("01_a")
    (tmp_path / FILE).unlink()
    state.solve("02_b")
    assert set(quiet(tmp_path).solved) == {"01_a", "02_b"}


def test_a_good_file_is_not_taken_for_damaged(tmp_path):
    (tmp_path / FILE).write_text(json.dumps(GOOD))
    state = quiet(tmp_path)
    assert not state.damaged and not state.said_aloud and state.solved == GOOD["solved"]


def test_damage_while_at_work_loses_nothing_that_is_known(tmp_path):
    state = quiet(tmp_path)
    state.solve("01_a")
    (tmp_path / FILE).write_bytes(b"{")
    state.solve("02_b")
    assert set(quiet(tmp_path).solved) == {"01_a", "02_b"} and len(state.said_aloud) == 1


@pytest.mark.parametrize("later", [{**GOOD, "version": 2}, {**GOOD, "version": 3, "solved": {"01_a": [2]}, "new": 1}])
def test_a_newer_file_is_not_touched(tmp_path, later):
    text = json.dumps(later)
    (tmp_path / FILE).write_text(text)
    state = quiet(tmp_path)
    assert ("01_a" in state.solved) == (later["version"] == 2)               # what it can understand, it uses
    state.solve("02_b")
    state.hint("02_b")
    assert "02_b" in state.solved and state.hints == {"02_b": 1}
    state.forget("01_a")
    assert "01_a" not in state.solved
    assert (tmp_path / FILE).read_text() == text
    assert len(state.said_aloud) == 1 and "newer version" in state.said_aloud[0]


@pytest.mark.parametrize("number, says", [(errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only"),
                                          (errno.EACCES, "Permission denied")])
def test_what_cannot_be_saved_is_said_once_and_saved_later(tmp_path, monkeypatch, number, says):
    state = quiet(tmp_path)
    state.solve("00_z")
    before = (tmp_path / FILE).read_text()
    works = module.write_bytes

    def refuse(path, write):
        raise OSError(number, "cannot write", str(path))
    monkeypatch.setattr(module, "write_bytes", refuse)
    state.solve("01_a")
    state.fail("02_b", "print", ["sign"])
    assert "01_a" in state.solved and state.attempts["02_b"] == 1
    assert len(state.said_aloud) == 1 and says in state.said_aloud[0] and (tmp_path / FILE).read_text() == before
    monkeypatch.setattr(module, "write_bytes", works)                        # room again: everything, each once
    state.hint("02_b")
    again = quiet(tmp_path)
    assert set(again.solved) == {"00_z", "01_a"} and again.mistakes == {"sign": 1}
    assert again.attempts == {"00_z": 1, "01_a": 1, "02_b": 1} and again.hints == {"02_b": 1}


@pytest.mark.parametrize("name", [FILE, LOCK])
def test_a_folder_in_the_place_of_a_file(tmp_path, name):
    (tmp_path / name).mkdir()
    state = quiet(tmp_path)
    state.solve("01_a")
    assert "01_a" in state.solved
    assert bool(state.said_aloud) == (name == FILE) and (tmp_path / name).is_dir()     # without a lock it works as well


def test_a_folder_that_is_gone(tmp_path):
    state = quiet(tmp_path / "nowhere")
    state.solve("01_a")
    assert "01_a" in state.solved and "No such file" in state.said_aloud[0]


ADD = """
import sys
from lessons.exercises.state import State
state = State(sys.argv[1])
for i in range(40):
    state.solve(f"{sys.argv[2]}_{i}")
"""


def test_two_runs_at_once_lose_no_entries(tmp_path):
    runs = [subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), name]) for name in "ab"]
    assert [run.wait(60) for run in runs] == [0, 0]
    state = quiet(tmp_path)
    assert len(state.solved) == 80 and not state.damaged


def test_a_held_lock_is_waited_for_only_so_long(tmp_path):
    state = quiet(tmp_path, patience=0.05)
    with module.locked(tmp_path / LOCK, 1):
        state.solve("01_a")
    assert "01_a" in state.solved and not (tmp_path / FILE).exists()
    assert len(state.said_aloud) == 1 and "another run" in state.said_aloud[0]
    state.solve("02_b")
    assert set(quiet(tmp_path).solved) == {"01_a", "02_b"}


def test_the_lock_of_a_run_that_died_is_free(tmp_path):
    pytest.importorskip("fcntl", reason="tried with the locks of POSIX")
    die = "import fcntl, os, sys; f = open(sys.argv[1], 'ab'); fcntl.flock(f, fcntl.LOCK_EX); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", die, str(tmp_path / LOCK)]).returncode == -9
    state = quiet(tmp_path, patience=0.05)
    state.solve("01_a")
    assert not state.said_aloud and "01_a" in quiet(tmp_path).solved


def test_where_files_cannot_be_locked_work_goes_on(tmp_path, monkeypatch):
    def unknown(file, wanted):
        raise OSError(errno.ENOLCK, "no locks")
    monkeypatch.setattr(module, "lock", unknown)
    state = quiet(tmp_path)
    state.solve("01_a")
    assert not state.said_aloud and "01_a" in quiet(tmp_path).solved
