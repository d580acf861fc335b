"""Run a lesson as a learner would, or with one thing in it (or in the library under it) broken."""

import json
import pathlib
import sys

from lessons.course import Lesson, lesson_files
from tinyvae import plots


def run_lesson(number, folder, monkeypatch, capsys, *arguments, replace=None, draw=False, until=()):
    """Run lesson number (such as "16") with --quick; returns (exit status, printed text, the record in claims.json).

    replace : (old, new) changes the lesson's own text before it runs; old must occur in it
    draw : write the figures too, which takes longer than the rest of a quick run
    until : parts of claims; the lesson is ended as soon as claims with all of these parts have failed
    """
    name, path = next((name, path) for name, path in lesson_files().items() if name.startswith(number))
    text = path.read_text(encoding="utf-8")
    if replace is not None:
        old, new = replace
        assert old in text, f"{old!r} does not occur in {path.name}"
        text = text.replace(old, new)
    if not draw:
        monkeypatch.setattr(plots, "save", lambda figure, path: None)
    if until:
        monkeypatch.setattr(Lesson, "claim", ending(Lesson.claim, until))
    monkeypatch.setattr(sys, "argv", [str(path), "--quick", "--out", str(folder), *arguments])
    status = 0
    try:
        exec(compile(text, str(path), "exec"), {"__name__": "__main__"})      # no __file__: as in an editor's cell
    except SystemExit as exit:
        status = exit.code
    record = json.loads((pathlib.Path(folder) / name / "claims.json").read_text())
    return status, capsys.readouterr().out, record


def ending(claim, parts):
    """Lesson.claim that ends the lesson once a claim with each of these parts has failed."""
    def claim_or_end(lesson, *arguments, **options):
        claim(lesson, *arguments, **options)
        failed = [made.sentence for made in lesson.claims if not made.holds]
        if all(any(part in sentence for sentence in failed) for part in parts):
            lesson.end()
    return claim_or_end


def assert_fails(number, folder, monkeypatch, capsys, *claims, replace=None):
    """With its text replaced (or the library broken), the lesson ends with status 1 and each of these claims fails."""
    status, _, record = run_lesson(number, folder, monkeypatch, capsys, replace=replace, until=claims)
    assert status == 1
    for claim in claims:
        assert any(claim in sentence for sentence in failing(record)), (claim, failing(record))


def assert_sound(status, record, claims=5):
    """The lesson ended well, made at least so many claims with their sources, and its figures exist."""
    failed = [f"{c['sentence']}: {c['measured']} {c['relation']} {c['expected']}" for c in record["claims"]
              if not c["holds"]]
    assert status == 0 and not failed, failed
    assert len(record["claims"]) >= claims
    assert all(c["source"] for c in record["claims"])
    assert all(pathlib.Path(figure).read_bytes()[:4] == b"\x89PNG" for figure in record["figures"])


def failing(record):
    """The sentences of the claims that do not hold."""
    return [claim["sentence"] for claim in record["claims"] if not claim["holds"]]


def assert_holds_and_repeats(number, folder, monkeypatch, capsys, claims, figures=None):
    """The lesson is sound, draws so many figures (any number for None), and prints the same again: same seed."""
    status, text, record = run_lesson(number, folder, monkeypatch, capsys, draw=True)
    assert_sound(status, record, claims)
    assert figures is None or len(record["figures"]) == figures
    again = run_lesson(number, folder / "again", monkeypatch, capsys)[1]
    assert again.replace(str(folder / "again"), str(folder)) == text
