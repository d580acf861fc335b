"""The helper of the lessons and the command line of the course."""

import json
import subprocess
import sys

import numpy as np
import pytest

from lessons import __main__ as command_line
from lessons.course import Lesson, lesson_files
from tinyvae import plots


@pytest.fixture
def lesson(tmp_path):
    return Lesson("99_test", "A test", "p0", ["--out", str(tmp_path), "--seed", "3", "-f", "kernel.json"])


def test_options_and_an_editors_own_arguments(lesson):
    assert (lesson.seed, lesson.quick, lesson.data, lesson.show) == (3, False, "digits", False)


@pytest.mark.parametrize("arguments, says", [(["--quik"], "unknown option --quik"), (["--seed", "-1"], ">= 0")])
def test_a_misspelt_option_is_not_ignored(arguments, says, capsys, tmp_path):
    with pytest.raises(SystemExit):
        Lesson("99_test", "A test", "p0", ["--out", str(tmp_path), *arguments])
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("measured, bound, holds", [
    (1.0, {"expected": 1.05, "within": 0.1}, True), (1.0, {"expected": 1.2, "within": 0.1}, False),
    (1.0, {"at_most": 1.0}, True), (1.1, {"at_most": 1.0}, False),
    (1.0, {"at_least": 1.0}, True), (0.9, {"at_least": 1.0}, False),
    (np.nan, {"expected": 0, "within": 1}, False), (np.nan, {"at_most": 1}, False), (np.nan, {"at_least": 1}, False)])
def test_claims_are_judged(measured, bound, holds, lesson, capsys):
    lesson.claim("A sentence", measured, **bound, source="theory")
    assert lesson.claims[0].holds is holds
    assert ("FAILS" in capsys.readouterr().out) is not holds


@pytest.mark.parametrize("bound", [{}, {"expected": 1}, {"at_most": 1, "within": 1}, {"at_most": 2, "at_least": 0},
                                   {"expected": 1, "within": 1, "at_most": 2}])
def test_a_claim_without_a_bound_is_refused(bound, lesson):
    with pytest.raises(TypeError, match="give expected and within"):
        lesson.claim("A sentence", 1, **bound, source="theory")


def test_a_derivation_claims_that_its_lines_agree(lesson, capsys):
    chain = [("log p", "definition", 1.5), ("a + b", "log of a product", 1.5 + 1e-13), ("words", "no number", None)]
    lesson.derivation("The lines agree", chain, within=1e-12, source="rounding")
    lesson.derivation("The lines agree", [*chain, ("wrong", "?", 1.6)], within=1e-12, source="rounding")
    lesson.derivation("A NaN never agrees", [*chain, ("undefined", "?", float("nan")), ("a", "b", 1.5)], within=1,
                      source="rounding")
    assert [claim.holds for claim in lesson.claims] == [True, False, False]
    out = capsys.readouterr().out
    marked = [line.split()[1] for line in out.splitlines() if "<-- not the line above" in line]
    assert "= a + b  " in out and marked == ["wrong", "undefined", "a"]


def test_the_end_writes_the_record_and_a_failed_claim_is_the_exit_status(lesson):
    lesson.claim("Holds", 1, at_most=2, source="theory")
    lesson.figure(plots.kl_bars([1.0]), "bars")
    lesson.end()
    lesson.claim("Fails", float("nan"), at_most=2, source="theory")
    with pytest.raises(SystemExit) as ended:
        lesson.end()
    assert ended.value.code == 1
    record = json.loads((lesson.folder / "claims.json").read_text())
    assert [claim["holds"] for claim in record["claims"]] == [True, False] and record["claims"][1]["measured"] is None
    assert record["figures"] == [str(lesson.folder / "bars.png")] and (lesson.folder / "bars.png").exists()


def test_images_are_split_and_seeded(lesson):
    images = lesson.images(30, 20)
    assert images.train.shape == (30, 784) and images.test_labels.shape == (20,)
    np.testing.assert_array_equal(images.train, lesson.images(30, 20).train)


def run(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "lessons", *arguments], capture_output=True, text=True, **options)


def test_the_list_names_every_lesson():
    out = run().stdout
    assert all(f"  {name[:2]}  " in out for name in lesson_files())
    assert "Training the VAE: the whole gradient by hand, then digits (slides p21, p27)" in out


FAKE = {"01_good": 'print("hello"); lesson = Lesson("01_good", "Good", "p1"); '
                   'lesson.claim("It holds", 1, at_most=2, source="t"); lesson.end()',
        "02_bad": 'lesson = Lesson("02_bad", "Bad", "p2"); lesson.claim("It fails", 3, at_most=2, source="t"); lesson.end()',
        "03_broken": "raise RuntimeError('oops')"}


@pytest.fixture
def fake_lessons(tmp_path, monkeypatch):
    paths = {}
    for name, body in FAKE.items():
        paths[name] = tmp_path / f"{name}.py"
        paths[name].write_text(f'"""{name}."""\nfrom lessons.course import Lesson\n{body}\n')
    monkeypatch.setattr(command_line, "lesson_files", lambda: paths)
    return tmp_path / "out"


def test_run_ends_with_a_table_and_the_status(fake_lessons, capfd):
    assert command_line.main(["run", "1", "--out", str(fake_lessons)]) == 0
    assert command_line.main(["run", "--quick", "--out", str(fake_lessons)]) == 1
    out = capfd.readouterr().out
    table = out[out.rindex("lesson  "):]
    assert "01_good                      ok    It holds" in table
    assert "02_bad                       FAILS It fails" in table
    assert "03_broken                    STOPPED with exit status 1" in table
    assert "Not well: 02_bad, 03_broken" in table


def test_an_old_record_does_not_speak_for_a_lesson_that_stops(fake_lessons, capfd):
    (fake_lessons / "03_broken").mkdir(parents=True)
    (fake_lessons / "03_broken" / "claims.json").write_text('{"claims": [{"holds": true, "sentence": "an earlier run"}]}')
    assert command_line.main(["run", "3", "--out", str(fake_lessons)]) == 1
    assert "an earlier run" not in capfd.readouterr().out


def test_ctrl_c_shows_what_has_run_and_no_traceback(fake_lessons, capfd, monkeypatch):
    path = command_line.lesson_files()["02_bad"]
    path.write_text('"""x."""\nfrom lessons.course import Lesson\nlesson = Lesson("02_bad", "Bad", "p2")\n'
                    'raise KeyboardInterrupt')
    real = subprocess.run

    def interrupted(command, **options):
        status = real(command, **options)
        if "02_bad" in command[1]:
            raise KeyboardInterrupt
        return status
    monkeypatch.setattr(command_line.subprocess, "run", interrupted)
    assert command_line.main(["run", "--out", str(fake_lessons)]) == 130
    out, error = capfd.readouterr()
    assert "Stopped in 02_bad" in out and "01_good                      ok    It holds" in out
    assert "Traceback" not in error


def test_an_unknown_lesson_is_refused_with_the_list(fake_lessons):
    with pytest.raises(SystemExit, match="no lesson '77'; there are 01, 02, 03"):
        command_line.main(["run", "77"])


def test_data_says_where_the_files_lie(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(command_line.tinyvae.data, "fetch", lambda name: tmp_path / name)
    assert command_line.main(["data", "mnist"]) == 0
    assert capsys.readouterr().out.strip() == f"mnist: {tmp_path / 'mnist'}"


def test_missing_files_are_one_line_and_no_traceback(tmp_path):
    import os
    environment = {**os.environ, "TINYVAE_DATA": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"),
                   "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    outcome = run("data", "mnist", env=environment)
    assert outcome.returncode == 1 and "Traceback" not in outcome.stderr and "TINYVAE_DATA" in outcome.stderr
