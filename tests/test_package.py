"""The package as a user meets it: public names, import time and weight, README's code and commands."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import tinyvae
from tests import __main__ as runner

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def python(code, **options):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, **options).stdout


def test_public_names():
    names = {"VAE", "ConditionalVAE", "Autoencoder", "ConvAutoencoder", "load", "fit", "fit_layer_by_layer", "SGD",
             "Momentum", "Adam", "check_gradients", "diagnose", "log_likelihood", "digits", "mnist", "fashion_mnist"}
    assert names <= set(tinyvae.__all__)
    assert all(getattr(tinyvae, name).__doc__ for name in tinyvae.__all__)


def test_import_is_light():
    """No matplotlib; and few modules beyond NumPy's own, as a count, since times are noisy."""
    code = ("import sys, numpy; before = set(sys.modules); import tinyvae; "
            "print(*sorted(set(sys.modules) - before))")
    loaded = python(code).split()
    assert "tinyvae.vae" in loaded
    assert not [name for name in loaded if name.startswith(("matplotlib", "tinyvae.plots", "http.", "ssl"))]


def test_only_plots_know_matplotlib():
    for path in [*ROOT.glob("tinyvae/**/*.py"), *ROOT.glob("lessons/*.py")]:
        if path.parent.name != "plots":
            assert not re.search(r"^\s*(import|from) matplotlib", path.read_text(encoding="utf-8"), re.M), path


def test_runtime_needs_numpy_and_matplotlib_alone():
    """Whatever the library imports beyond the standard library is one of the two."""
    allowed = set(sys.stdlib_module_names) | {"numpy", "matplotlib", "tinyvae", "lessons"}
    for path in [*ROOT.glob("tinyvae/**/*.py"), *ROOT.glob("lessons/*.py")]:
        roots = re.findall(r"^\s*(?:import|from) (\w+)", path.read_text(encoding="utf-8"), re.M)
        assert set(roots) <= allowed, (path, set(roots) - allowed)


def without_numbers(text):
    """Rounding, and with it the worst place, may differ from machine to machine; words and table do not."""
    return re.sub(r" +", " ", re.sub(r"(?<!x )[+-]?\b\d[\d.]*(e[+-]\d+)?|\(\d,\d\)", "#", text))


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.S),
                         ids=["own VAE", "own autoencoder", "own classifier", "own gradient", "own diagnosis"])
def test_the_readmes_python_runs_and_prints_what_it_says(block, tmp_path):
    printed = python(block, cwd=tmp_path)
    assert printed == "" or without_numbers(printed.strip()) in without_numbers(README)


def test_the_readmes_paths_exist():
    for name in set(re.findall(r"\((lessons/[^)]+)\)|`((?:tinyvae|lessons|tests)/[\w./]*)`", README)):
        assert (ROOT / "".join(name)).exists(), name


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_ci_runs_the_readmes_test_command():
    """The lines of .ci/run that find the command, run for real."""
    command = re.search(r"<!-- test command -->\n```\n(.*?)\n```", README, re.S).group(1)
    assert command.endswith("-m tests") and "[test]" in command and "venv" in command
    script = (ROOT / ".ci" / "run").read_text()
    finding = script[script.index("command=$("):script.index("python3 -m venv")] + 'echo "$command"'
    found = subprocess.run(["bash", "-euc", finding], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert found.strip() == command


def test_every_test_file_is_in_one_group():
    groups = runner.jobs()
    files = [file for name, arguments in groups.items() if name != "everything but the lessons" for file in arguments]
    assert sorted(files) == sorted(map(str, (ROOT / "tests" / "lessons").glob("test_*.py")))
    assert groups["everything but the lessons"][1:] == ["--ignore", str(ROOT / "tests" / "lessons")]


@pytest.mark.parametrize("statuses, status", [([0, 0], 0), ([0, 1], 1), ([2, 0], 2), ([0, 5], 0), ([5, 5], 5)])
def test_every_group_of_the_tests_decides(statuses, status, monkeypatch, capsys):
    """A group without a test that was asked for (5) does not fail the others."""
    monkeypatch.setattr(runner, "jobs", lambda: dict(zip("ab", statuses)))
    monkeypatch.setattr(runner, "run", lambda name, selected, arguments: selected)
    assert runner.main([]) == status


def test_the_failing_test_is_shown(tmp_path):
    """python -m tests for real, on a small tree."""
    for name in ("tests/test_one.py", "tests/lessons/test_02.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).parent.joinpath("__init__.py").touch()
        (tmp_path / name).write_text(f"def test_here():\n    assert {'lessons' not in name}\n")
    shutil.copy(ROOT / "tests" / "__main__.py", tmp_path / "tests")
    run = subprocess.run([sys.executable, "-m", "tests", "-q"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 1 and "FAILED tests/lessons/test_02.py" in run.stdout and "1 passed" in run.stdout
