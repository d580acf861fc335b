"""Every command of python -m lessons exercise, typed by a reader in a folder of their own."""

import io
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from lessons import __main__ as command_line
from lessons.exercises import exercise, folder, session
from tests.exercises.small_course import NAMES, RIGHT, TENFOLD, TWICE, answer, quick_run


@pytest.fixture
def typed(course, capsys):
    """typed("check", "1") is (exit status, what was printed); the present folder holds exercises/ after "init"."""
    def typed(*words, fold=True):
        try:
            status = command_line.main(["exercise", *words])
        except SystemExit as exit:
            status = exit.code
        shown = capsys.readouterr()
        return status, " ".join((shown.out + shown.err).split()) if fold else shown.out + shown.err
    return typed


@pytest.fixture
def mine(typed, course):
    """The reader's folder after init."""
    assert typed("init")[0] == 0
    return course / "exercises"


def progress(folder):
    return json.loads((folder / "progress.json").read_text())


def test_init_copies_keeps_and_adds(typed, course):
    status, text = typed("init")
    folder = course / "exercises"
    assert status == 0 and "4 exercises copied into the folder exercises." in text and "read exercises/01_alpha" in text
    assert all((folder / f"{n}.py").read_bytes() == (exercise.HERE / "stubs" / f"{n}.py").read_bytes() for n in NAMES)
    answer(folder, "02_beta", TENFOLD)
    before = (folder / "02_beta.py").read_bytes()
    (folder / "03_gamma.py").unlink()
    (folder / "01_alpha.py").unlink()
    (folder / "01_alpha.py").mkdir()                                       # whatever it is, it is the reader's
    status, text = typed("init")
    assert status == 0 and "1 exercise copied" in text and "differ from ours: 01_alpha, 02_beta." in text
    assert (folder / "02_beta.py").read_bytes() == before and (folder / "03_gamma.py").is_file()
    assert "Nothing to add" in typed("init")[1]


def test_init_into_another_folder_and_from_inside_it(typed, course, monkeypatch):
    status, text = typed("init", "my own/place")
    assert status == 0 and (course / "my own/place/01_alpha.py").is_file()
    assert "run python -m lessons exercise --dir 'my own/place'" in text
    for words in (["check", "1", "--dir", "my own/place"], ["--dir", "my own/place", "check", "1"]):
        status, text = typed(*words)
        assert status == 1 and "run python -m lessons exercise --dir 'my own/place'" in text
    assert typed("--dir", "my own/place")[0] == 1
    assert typed("check", "my own/place/01_alpha.py")[0] == 1                # a path says which folder
    assert "leave out --dir" in typed("check", "my own/place/01_alpha.py", "--dir", ".")[1]
    monkeypatch.chdir(course / "my own/place")
    status, text = typed()
    assert status == 1 and "edit 01_alpha.py and run python -m lessons exercise" in text and "--dir" not in text
    assert typed("init")[0] == 0 and not (course / "my own/place/exercises").exists()


def test_half_a_copy_does_not_stay(typed, course, monkeypatch):
    stubs = exercise.HERE / "stubs"
    (stubs / "02_beta.py").unlink()                                        # cannot be read, as a disk fault would be
    with pytest.raises(OSError):
        command_line.main(["exercise", "init"])
    assert sorted(p.name for p in (course / "exercises").iterdir()) == ["01_alpha.py"]
    shutil.copy(stubs / "01_alpha.py", stubs / "02_beta.py")
    assert "3 exercises copied" in typed("init")[1]


@pytest.mark.parametrize("words", [["init", "stubs"], ["init", "."], ["check", "1", "--dir", "solutions"]])
def test_the_course_itself_is_never_written_to(typed, monkeypatch, words):
    home = os.path.dirname(session.__file__)
    before = sorted(os.listdir(home))
    monkeypatch.chdir(home)
    status, text = typed(*words)
    assert status == 2 and "belongs to the course itself" in text and sorted(os.listdir(home)) == before
    monkeypatch.chdir(os.path.dirname(home))                               # there, "exercises" is the course's own
    assert typed("init")[0] == typed("list")[0] == 2


def test_without_a_folder_the_way_to_one_is_told(typed, course):
    status, text = typed()
    assert status == 2 and "exercises is not there yet; make yours with python -m lessons exercise init" in text
    (course / "exercises").write_text("a file")
    assert typed("check", "1")[0] == 2 and "is a file" in typed("init")[1]


def test_one_exercise_after_another(typed, mine):
    status, text = typed()
    assert status == 1 and "– 01_alpha" in text and "Not begun yet" in text and "run python -m lessons exercise" in text
    answer(mine, "01_alpha", TENFOLD)
    status, text = typed()
    assert status == 1 and "Likely: the factor 10 was put in" in text and "Hints:" not in text
    assert "Next: edit exercises/01_alpha.py and run python -m lessons exercise" in text
    answer(mine, "01_alpha", TWICE)
    assert "Hints: python -m lessons exercise hint 01" in typed()[1]         # from the second try on
    answer(mine, "01_alpha", RIGHT)
    status, text = typed()
    assert status == 0 and "✓ 01_alpha solved" in text and "1 of 4" in text and "shows ours" in text
    assert "Next: 02_beta. The beta of x. Lesson 14. Edit exercises/02_beta.py and run python -m lessons" in text
    assert "02_beta" in typed()[1]
    kept = progress(mine)
    assert kept["attempts"] == {"01_alpha": 3} and kept["mistakes"] == {
        "The factor 10 was put in": 1, "a term: twice what it should be": 2 - 1} and set(kept["solved"]) == {"01_alpha"}


def test_the_last_one_brings_the_summary(typed, mine):
    for name in NAMES[:2]:
        answer(mine, name, RIGHT)
        assert typed()[0] == 0
    answer(mine, "04_hunt", RIGHT)
    status, text = typed("check", "4")
    assert status == 0 and "The fault was: The factor was 3." in text and "Next: 03_gamma" in text
    answer(mine, "03_gamma", TENFOLD)
    assert typed()[0] == 1
    answer(mine, "03_gamma", RIGHT)
    status, text = typed()
    assert status == 0 and "All 4 exercises are solved" in text and "1 × the factor 10 was put in" in text
    assert typed()[0] == 0 and "All 4 exercises are solved" in typed("list")[1]
    assert typed("watch")[0] == typed("hint")[0] == 0                      # nothing is left to watch


def test_a_solved_exercise_stays_solved(typed, mine):
    answer(mine, "02_beta", RIGHT)
    status, text = typed("check", "2")
    assert status == 0 and "Next: 03_gamma" in text and "exercise check 03" in text
    answer(mine, "02_beta", TENFOLD)
    status, text = typed("check", "2")
    assert status == 1 and "You solved it on " in text and "that stays" in text
    assert progress(mine)["mistakes"] == {} and "02_beta" in progress(mine)["solved"]


@pytest.mark.parametrize("facts", [{"used": ("tinyvae.gaussian.f_backward",)}, {"changed": ("x",)}])
def test_right_numbers_by_a_wrong_road_leave_it_pending(typed, mine, monkeypatch, facts):
    answer(mine, "01_alpha", RIGHT)
    monkeypatch.setattr("lessons.exercises.runner.run", lambda *what: quick_run(*what)._replace(**facts))
    status, text = typed()
    assert status == 1 and "The numbers are right, but" in text and progress(mine)["solved"] == {}


@pytest.mark.parametrize("name", ["2", "02", "02_beta", "beta", "BETA", "bet", "02_beta.py", "exercises/02_beta.py",
                                  "./exercises/02_beta"])
def test_a_name_in_every_form(typed, mine, name):
    status, text = typed("check", name)
    assert status == 1 and text.startswith("– 02_beta")


def test_a_number_and_a_whole_name_go_before_parts(monkeypatch):
    names = ("02_kl", "12_kl_22", "22_b2")
    monkeypatch.setattr(exercise, "names", lambda: names)
    assert [folder.named(text)[0] for text in ("2", "12", "22", "kl", "kl_")] == [*names, "02_kl", "12_kl_22"]


@pytest.mark.parametrize("name, says", [
    ("9", "there is no exercise '9'; they go from 01 to 04"), ("bteas", "did you mean 02_beta?"), ("", "01_alpha"),
    ("a", "01_alpha or 02_beta"), ("zzz", "exercise list shows them all"), ("02_beta.1.bak.py", "mean 02_beta?")])
def test_an_unknown_name_gets_the_near_ones(typed, mine, name, says):
    status, text = typed("check", name)
    assert status == (2 if name else 1) and says in text


@pytest.mark.parametrize("words, says", [(["2"], "exercise check 02_beta"), (["chekc"], "did you mean check?"),
                                         (["xyzzy"], "there are init, check"), (["solution"], "NAME"),
                                         (["check", "1", "--spoil"], "--spoil")])
def test_wrong_use_is_status_2(typed, mine, words, says):
    status, text = typed(*words)
    assert status == 2 and says in text


def test_every_command_has_help_with_an_example(typed):
    for word in ("init", "check", "watch", "hint", "solution", "list", "reset", "verify"):
        status, text = typed(word, "--help")
        assert status == 0 and f"Example: python -m lessons exercise {word}" in text
    assert "Example: python -m lessons exercise check" in typed("--help")[1]


def test_a_missing_file_is_told(typed, mine):
    (mine / "01_alpha.py").unlink()
    status, text = typed()
    assert status == 1 and "exercises/01_alpha.py is not there. python -m lessons exercise init brings" in text


def test_hints_go_on_from_call_to_call(typed, mine):
    said = [typed("hint", "1")[1] for _ in range(4)]
    assert [s.split(".")[0] for s in said] == ["Hint 1 of 3: Nudge", "Hint 2 of 3: Push", "Hint 3 of 3: Shove",
                                               "Hint 1 of 3: Nudge"]
    assert "Hint 3 of 3: Shove." in said[3] and "--spoil" in said[2] and "--spoil" not in said[1]
    assert "Nudge" in typed("hint")[1] and "Nudge" in typed("hint", "2")[1]     # each exercise has its own


def test_the_solution_after_yours(typed, mine):
    status, text = typed("solution", "1")
    assert status == 1 and "not solved yet" in text and RIGHT not in text
    ours = (exercise.HERE / "solutions" / "01_alpha.py").read_text()
    assert typed("solution", "1", "--spoil") == (0, " ".join(ours.split()))
    answer(mine, "01_alpha", RIGHT)
    typed()
    status, text = typed("solution", "1")
    assert status == 0 and RIGHT in text
    status, text = typed("solution", "4", "--spoil", fold=False)
    assert "The fault: The factor was 3." in text and "-    return 3 * x\n+    return 2 * x\n" in text


def test_the_list(typed, mine):
    answer(mine, "01_alpha", RIGHT)
    typed()
    answer(mine, "02_beta", TENFOLD)
    typed()
    (mine / "03_gamma.py").unlink()
    status, text = typed("list", fold=False)
    lines = text.splitlines()
    assert status == 0 and lines[0].startswith("✓  01_alpha                   **   15 min  solved 20")
    assert lines[1] == ">  02_beta                    **   15 min  1 try"
    assert lines[2].endswith("not there: init") and lines[3] == "   04_hunt                    ***  30 min"
    assert lines[4] == "Progress [██████░░░░░░░░░░░░░░░░░░] 1 of 4, about 1.0 hours to go"
    assert lines[5] == "Next: 02_beta: The beta of x. Lesson 14"


def reply(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_reset_asks_and_keeps(typed, mine, monkeypatch):
    answer(mine, "01_alpha", RIGHT)
    typed()
    for text in ("n\n", "", "what\n"):
        reply(monkeypatch, text)
        status, said = typed("reset", "1")
        assert status == 1 and "Nothing was changed." in said and RIGHT in (mine / "01_alpha.py").read_text()
    assert not list(mine.glob("*.bak.py")) and "01_alpha" in progress(mine)["solved"]
    reply(monkeypatch, "Y\n")
    status, said = typed("reset", "1")
    assert status == 0 and "Your file is kept as exercises/01_alpha.1.bak.py." in said
    assert RIGHT in (mine / "01_alpha.1.bak.py").read_text() and progress(mine)["solved"] == {}
    assert (mine / "01_alpha.py").read_bytes() == (exercise.HERE / "stubs/01_alpha.py").read_bytes()
    answer(mine, "01_alpha", TENFOLD)
    assert typed("reset", "1", "--yes")[0] == 0
    assert TENFOLD in (mine / "01_alpha.2.bak.py").read_text() and RIGHT in (mine / "01_alpha.1.bak.py").read_text()
    assert typed("reset", "1")[0] == 0 and len(list(mine.glob("*.bak.py"))) == 2     # nothing to keep, nothing to ask


def test_a_backup_that_fails_leaves_the_file(typed, mine, monkeypatch):
    answer(mine, "01_alpha", RIGHT)

    def full(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr("lessons.exercises.folder.shutil.copystat", full)
    with pytest.raises(OSError):
        command_line.main(["exercise", "reset", "1", "--yes"])
    assert RIGHT in (mine / "01_alpha.py").read_text()


def test_verify_passes_its_verdict_on(typed, monkeypatch):
    asked = []

    def verify(out, only=None):
        asked.append(only)
        out("told")
        return only is None
    monkeypatch.setattr("lessons.exercises.verify.verify", verify)
    assert typed("verify") == (0, "told")
    assert typed("verify", "2", "gamma")[0] == 1 and asked == [None, ["02_beta", "03_gamma"]]


def test_a_damaged_record_is_rebuilt_by_checking_again(typed, mine):
    answer(mine, "01_alpha", RIGHT)
    answer(mine, "02_beta", TENFOLD)
    answer(mine, "04_hunt", RIGHT)
    os.utime(mine / "01_alpha.py", (1.7e9, 1.7e9))
    (mine / "progress.json").write_text('{"format": ')
    status, text = typed()
    assert status == 1 and "was damaged" in text and "Checking your 3 changed files again" in text
    assert "✓ 01_alpha – 02_beta ✓ 04_hunt ✗ 02_beta" in text              # then what was asked for: the next one
    assert progress(mine)["solved"]["01_alpha"].startswith("2023-11-1") and set(progress(mine)["solved"]) == {
        "01_alpha", "04_hunt"}
    assert (mine / "progress.damaged.json").read_text() == '{"format": ' and "damaged" not in typed()[1]


def test_where_nothing_can_be_saved_the_check_still_works(typed, mine):
    (mine / "progress.json").mkdir()
    answer(mine, "01_alpha", RIGHT)
    status, text = typed()
    assert status == 0 and "✓ 01_alpha solved" in text and text.count("progress cannot be read or saved") == 1
    (mine / "progress.json").rmdir()
    (mine / "progress.json").write_text(json.dumps({"format": "tinyvae exercises", "version": 9}))
    status, text = typed()
    assert status == 0 and "newer version" in text and json.loads((mine / "progress.json").read_text())["version"] == 9


def real(*words, folder, **environment):
    return subprocess.run([sys.executable, "-m", "lessons", "exercise", *words], cwd=folder, capture_output=True,
                          env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **environment}, timeout=60)


def test_the_real_thing_in_a_process_of_its_own(tmp_path):
    folder = tmp_path / "exercises"
    folder.mkdir()
    name = "19_kl_logvar"
    text = (exercise.HERE / "solutions" / f"{name}.py").read_text()
    (folder / f"{name}.py").write_text(text.replace("* 0.5", "* 1.0"))
    outcome = real("check", "19", folder=tmp_path, PYTHONIOENCODING="ascii")
    said = outcome.stdout.decode("ascii")
    assert outcome.returncode == 1 and not outcome.stderr and said.startswith("x 19_kl_logvar"), outcome.stderr
    assert "sigma^2 term       x 2.00    twice" in said and "Likely: the factor 1/2 in front of the KL was lost" in said
    (folder / f"{name}.py").write_text(text)
    outcome = real("check", f"{name}.py", folder=folder)                    # from inside the folder
    assert outcome.returncode == 0 and b"solved" in outcome.stdout, outcome
    assert name in progress(folder)["solved"]


def test_the_readmes_example_is_what_is_printed(tmp_path):
    readme = (exercise.HERE.parent.parent / "README.md").read_text(encoding="utf-8")
    name, shown = re.search(r"is lost in `exercises/(\w+)\.py`:\n\n```\n(.*?)```", readme, re.S).groups()
    folder = tmp_path / "exercises"
    folder.mkdir()
    text = (exercise.HERE / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    (folder / f"{name}.py").write_text(text.replace("* 0.5", "* 1.0"), encoding="utf-8")
    printed = real("check", name, folder=tmp_path, PYTHONIOENCODING="utf-8").stdout.decode()
    assert printed.replace("\r\n", "\n") == shown


def test_the_course_at_a_glance_names_every_exercise():
    page = (exercise.HERE.parent / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\d\d_\w+)`", page[page.index("## Exercises"):page.index("## Paths")])
    assert sorted(named) == list(exercise.names())
