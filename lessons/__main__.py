"""The command line of the course: python -m lessons."""

import argparse
import ast
import json
import pathlib
import subprocess
import sys
import time

import tinyvae.data
from lessons.course import add_options, environment, lesson_files
from lessons.exercises import commands as exercises


def title(path):
    """The first line of a lesson's docstring: its title and slides."""
    lines = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).splitlines()
    return lines[0].rstrip(".")


def list_lessons(options):
    print("The course. Each lesson is a script; run one with  python -m lessons run NN\n")
    for name, path in lesson_files().items():
        print(f"  {name[:2]}  {title(path)}")
    print("\nrun all: python -m lessons run    quickly: --quick    on the original MNIST: --data mnist")
    return 0


def chosen(numbers):
    """Lessons by number ("16") or name, all when none is given; SystemExit with the list for an unknown one."""
    lessons = lesson_files()
    if not numbers:
        return lessons
    picked = {}
    for number in numbers:
        matches = [name for name in lessons if name == number or name[:2] == number.zfill(2)]
        if not matches:
            there = ", ".join(name[:2] for name in lessons)
            raise SystemExit(f"lessons run: there is no lesson {number!r}; there are {there}")
        picked[matches[0]] = lessons[matches[0]]
    return picked


def run(options):
    arguments = ["--seed", str(options.seed), "--data", options.data, "--out", options.out]
    arguments += ["--quick"] * options.quick + ["--show"] * options.show
    lessons, outcomes = chosen(options.lessons), []
    for i, (name, path) in enumerate(lessons.items()):
        print(f"[{i + 1}/{len(lessons)}] {name}", flush=True)
        record = pathlib.Path(options.out) / name / "claims.json"
        record.unlink(missing_ok=True)                     # a record of an earlier run must not speak for this one
        start = time.monotonic()
        try:
            status = subprocess.run([sys.executable, str(path), *arguments], env=environment()).returncode
        except KeyboardInterrupt:                          # what has run is not lost
            print(f"\nStopped in {name}.\n")
            closing_table(outcomes, options.out)
            return 130
        claims = json.loads(record.read_text())["claims"] if record.exists() else []
        outcomes.append((name, status, claims, time.monotonic() - start))
        print()
    return closing_table(outcomes, options.out)


def closing_table(outcomes, out):
    """Every claim of every lesson, and the exit status of the run: 0 when all lessons ended well."""
    print(f"{'lesson':<28} claim")
    for name, status, claims, seconds in outcomes:
        for claim in claims:
            measured = "no number" if claim["measured"] is None else f"{claim['measured']:.4g}"
            print(f"{name[:28]:<28} {'ok   ' if claim['holds'] else 'FAILS'} {claim['sentence']}: {measured}")
        if status and all(claim["holds"] for claim in claims):
            print(f"{name[:28]:<28} STOPPED with exit status {status}, see its output above")
        print(f"{'':<28} {sum(claim['holds'] for claim in claims)} of {len(claims)} claims hold, {seconds:.1f} s")
    bad = [name for name, status, _, _ in outcomes if status]
    print(f"\nFigures and claims are in {out}/.", f"Not well: {', '.join(bad)}" if bad else "All lessons ended well.")
    return 1 if bad else 0


def fetch(options):
    print(f"{options.name}: {tinyvae.data.fetch(options.name)}")
    return 0


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m lessons", description="The tinyvae course.")
    parser.set_defaults(command=list_lessons)
    commands = parser.add_subparsers(title="commands", metavar="{list,run,data,exercise}")
    commands.add_parser("list", help="list the lessons").set_defaults(command=list_lessons)
    runner = commands.add_parser("run", help="run lessons and judge their claims")
    runner.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers; all when none is given")
    add_options(runner)
    runner.set_defaults(command=run)
    data = commands.add_parser("data", help="fetch a data set and say where it lies")
    data.add_argument("name", choices=("mnist", "fashion-mnist"))
    data.set_defaults(command=fetch)
    exercises.add_to(commands)
    options = parser.parse_args(arguments)
    return options.command(options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, ValueError) as error:
        sys.exit(f"lessons: {error}")
