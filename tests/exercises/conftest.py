"""A small course in place of the real one."""

import os

import pytest

from lessons.exercises import exercise
from tests.exercises import small_course


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The reader's place (the present folder), above which the small course lies."""
    small_course.write(tmp_path / "course")
    small_course.install(tmp_path / "course", lambda *what: monkeypatch.setattr(*what))
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    yield place
    exercise.names.cache_clear()


@pytest.fixture
def ends():
    """The two ends of a pseudo-terminal: ours, and the one of the program."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"no pseudo-terminal to be had here: {error}")
    yield ours, theirs
    os.close(ours)
    os.close(theirs)
