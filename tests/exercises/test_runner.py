"""Whatever the reader's file does, the outcome says it: kind, sentence, line; and nothing of it reaches this process."""

import os
import time

import numpy as np
import pytest

from lessons.exercises import verify
from lessons.exercises.judge import judge
from lessons.exercises.runner import PRINTED, run

NAME = "19_kl_logvar"
HEAD = "import numpy as np\nimport sys\n\n\ndef kl_backward_logvar(dkl, mu, logvar):\n"
RIGHT = "dkl[:, None] * 0.5 * (np.exp(logvar) - 1)"


def outcome(folder, body, head=HEAD, seconds=10.0, encoding="utf-8"):
    path = folder / "answer.py"
    path.write_text(head + body + "\n", encoding=encoding)
    return run(NAME, path, seconds)


def test_a_right_answer_comes_back_whole(tmp_path):
    got = outcome(tmp_path, f"    print('here')\n    return {RIGHT}")
    assert got.kind == "returned" and len(got.returned) == 4 and judge(NAME, got.returned).ok
    assert got.printed.startswith("here") and got.used == () and got.changed == () and got.line is None


@pytest.mark.parametrize("body, kind, message, line", [
    ("    raise NotImplementedError", "unfinished", "still raises NotImplementedError", 6),
    ("    x = 1\n    return dkl @ np.ones(999)", "exception", "ValueError: matmul", 7),
    ("    return undefined", "exception", "NameError: name 'undefined'", 6),
    ("    return kl_backward_logvar(dkl, mu, logvar)", "exception", "RecursionError", 6),
    ("    sys.exit(0)", "exit", "SystemExit", 6),
    ("    raise KeyboardInterrupt", "exit", "KeyboardInterrupt", 6),
    ("    import os\n    os._exit(0)", "exit", "ended before the answer was judged", None),
    ("    return np.ones((10**6, 10**6))", "memory", "2 GB", 6),
    ("    pass", "wrong type", "NoneType, expected an array of real numbers; is the return missing?", None),
    ("    return 'abc'", "wrong type", "str, expected an array", None),
    ("    return mu + 1j", "wrong type", "complex numbers", None),
    ("    return [[1, 2], [3]]", "wrong type", "list, expected an array", None),
    ("    return (", "unreadable", "SyntaxError", 6),
    ("    return 0\n\ndef more(:", "unreadable", "SyntaxError", 8)])
def test_what_is_no_answer(body, kind, message, line, tmp_path):
    got = outcome(tmp_path, body)
    assert got.kind == kind and message in got.message and got.line == line
    assert "Traceback" not in got.message and "\n" not in got.message
    if line is not None:
        assert got.source == (HEAD + body).splitlines()[line - 1].strip()


@pytest.mark.parametrize("body", ["    while True: pass",
                                  "    while True:\n        try:\n            x = 1\n        except BaseException: pass"])
def test_an_endless_loop_is_stopped_with_its_line(body, tmp_path):
    start = time.monotonic()
    got = outcome(tmp_path, body, seconds=1.0)
    assert got.kind == "timeout" and "1 seconds" in got.message and got.line >= 6
    assert time.monotonic() - start < 5


def test_a_process_that_blocks_its_alarm_is_killed(tmp_path):
    body = "    import signal\n    signal.setitimer(signal.ITIMER_REAL, 0)\n    while True: pass"
    assert outcome(tmp_path, body, seconds=0.3).kind == "timeout"


def test_errors_outside_of_the_function_and_a_missing_function(tmp_path):
    got = outcome(tmp_path, "    return 0", head="import nowhere_to_be_found\n" + HEAD)
    assert got.kind == "exception" and got.line == 1 and "nowhere_to_be_found" in got.message
    got = outcome(tmp_path, "    return 0", head=HEAD.replace("kl_backward", "my_backward"))
    assert got.kind == "no function" and "kl_backward_logvar" in got.message
    assert run(NAME, tmp_path / "nothing.py").kind == "unreadable"
    (tmp_path / "latin.py").write_bytes(HEAD.encode() + "    return 'é'".encode("latin-1"))
    got = run(NAME, tmp_path / "latin.py")
    assert got.kind == "unreadable" and "UTF-8" in got.message


def test_a_flood_of_print_is_cut(tmp_path):
    got = outcome(tmp_path, f"    for i in range(100_000): print('x' * 50)\n    return {RIGHT}")
    assert got.kind == "returned" and len(got.printed) == PRINTED and judge(NAME, got.returned).ok


def test_inputs_that_were_written_into_are_named(tmp_path):
    got = outcome(tmp_path, f"    d = {RIGHT}\n    logvar *= 2\n    return d")
    assert got.kind == "returned" and got.changed == ("logvar",) and judge(NAME, got.returned).ok


@pytest.mark.parametrize("body, used", [
    ("    from tinyvae import gaussian\n    return gaussian.kl_standard_normal_backward(dkl, mu, logvar)[1]",
     "tinyvae.gaussian.kl_standard_normal_backward"),
    ("    from tinyvae.gaussian import kl_standard_normal_backward as f\n    return f(dkl, mu, logvar)[1]",
     "tinyvae.gaussian.kl_standard_normal_backward"),
    ("    from tinyvae import gaussian\n    from tinyvae.gradcheck import numeric_gradients\n    return numeric_gradients("
     "lambda v: np.sum(dkl * gaussian.kl_standard_normal(mu, v)), logvar)[0]", "tinyvae.derivatives.numeric_gradients")])
def test_the_librarys_own_derivation_is_noticed(body, used, tmp_path):
    got = outcome(tmp_path, body)
    assert got.kind == "returned" and got.used == (used,) and judge(NAME, got.returned).ok


def test_the_librarys_forward_may_be_used(tmp_path):
    got = outcome(tmp_path, f"    from tinyvae import activations\n    activations.tanh(mu)\n    return {RIGHT}")
    assert got.kind == "returned" and got.used == ()


def test_several_outputs(tmp_path):
    head = "def dense_backward(dy, x, W, b):\n"
    path = tmp_path / "dense.py"
    for body, kind, words in (("    return dy @ W.T, x.T @ dy, dy.sum(axis=0)", "returned", ""),
                              ("    return [dy @ W.T, x.T @ dy, dy.sum(axis=0)]", "returned", ""),
                              ("    return dy @ W.T, x.T @ dy", "wrong type", "2 values, expected 3: dx, dW, db"),
                              ("    return dy @ W.T", "wrong type", "ndarray, expected 3")):
        path.write_text(head + body)
        got = run("02_dense", path)
        assert got.kind == kind and words in got.message
    path.write_text(head + "    return dy @ W.T, x.T @ dy, None")
    assert "db: it returned NoneType" in run("02_dense", path).message


def test_the_readers_file_cannot_touch_this_process(tmp_path):
    before = os.getcwd(), dict(os.environ), np.add
    outcome(tmp_path, "    import os\n    os.chdir('/')\n    os.environ['X'] = '1'\n    np.add = None\n    return 0 * mu")
    assert (os.getcwd(), dict(os.environ), np.add) == before


def test_one_buffer_for_every_answer_is_no_mistake(tmp_path):
    body = f"    BUFFER.setdefault(mu.shape, 0 * mu)[...] = {RIGHT}\n    return BUFFER[mu.shape]"
    got = outcome(tmp_path, body, head="BUFFER = {}\n" + HEAD)
    assert got.kind == "returned" and judge(NAME, got.returned).ok


@pytest.mark.parametrize("before", ["sys.stdout.close()", "sys.stdout = None", "sys.stderr = sys.stdout = 3"])
def test_a_closed_output_shows_no_traceback_of_ours(before, tmp_path):
    got = outcome(tmp_path, f"    {before}\n    return {RIGHT}")
    assert got.kind == "returned" and "worker" not in got.printed


def test_odd_objects_and_exceptions_are_told_in_a_sentence(tmp_path):
    head = ("class Odd(Exception):\n    def __str__(self): raise ValueError\n    def __array__(self, *a, **k): raise TypeError\n"
            + HEAD)
    for body, kind in (("    return Odd()", "wrong type"), ("    raise Odd", "exception")):
        got = outcome(tmp_path, body, head=head)
        assert got.kind == kind and got.message and "worker" not in got.printed
    got = outcome(tmp_path, "    return " + "-" * 200_000 + "1")
    assert got.kind in ("unreadable", "exit", "memory") and "worker" not in got.printed


def test_a_byte_order_mark_and_a_form_feed_are_no_trouble(tmp_path):
    got = outcome(tmp_path, f"    return {RIGHT}", encoding="utf-8-sig")
    assert got.kind == "returned" and judge(NAME, got.returned).ok
    got = outcome(tmp_path, "    return undefined", head="\x0c\n# a\x0cb\n" + HEAD)
    assert got.line == 8 and got.source == "return undefined"


def test_a_huge_answer_is_not_carried_around(tmp_path):
    start = time.monotonic()
    got = outcome(tmp_path, "    return np.zeros((3000, 1000))")
    assert got.kind == "wrong type" and "(3000, 1000)" in got.message and time.monotonic() - start < 5


def test_our_own_solution_and_a_step_of_the_librarys_optimizer_are_noticed(tmp_path):
    from lessons.exercises.exercise import HERE, load
    head = f"from lessons.exercises.exercise import HERE, module_at\nimport numpy as np\n{HEAD.splitlines()[-1]}\n"
    body = f"    return module_at(HERE / 'solutions' / '{NAME}.py', 's').kl_backward_logvar(dkl, mu, logvar)"
    got = outcome(tmp_path, body, head=head)
    assert got.kind == "returned" and got.used == ("the solution that comes with the course",)
    text = (HERE / "solutions" / "30_adam.py").read_text()
    signature = next(line for line in text.splitlines() if line.startswith("def "))
    path = tmp_path / "adam.py"
    path.write_text(f"import numpy as np\nfrom tinyvae import Adam\n{signature}\n    a = Adam(lr)\n    a.step(theta.copy(), g)\n"
                    f"    return theta, m, v\n")
    assert run("30_adam", path).used == ("tinyvae.optimizer.Adam.step",) and load("30_adam").library


def test_an_exercise_is_sound_through_the_real_runner():
    """Stub and solution as a reader would run them; the solution is not accused of opening itself."""
    assert verify.problems_of("03_tanh") == []
