"""The bug hunts: each fault is found by the tests that should find it and by no other; right files are not accused."""

import subprocess
import sys
import types

import numpy as np
import pytest

from lessons.exercises import hunting
from lessons.exercises.exercise import HERE, BugHunt, load, names

ENCODER, DECODER = "gradient_of_encoder", "gradient_of_decoder"
GIVEN = {"32": {ENCODER},
         "33": {ENCODER, "gradient_after_another_batch", "same_batch_again"},
         "34": {"kl_of_draws", "bound"},
         "35": {DECODER, ENCODER, "reconstruction"},
         "36": {DECODER, ENCODER},
         "37": {"kl_of_draws", "bound"},
         "38": {"kl_of_draws", "bound"}}
# Half a repair, or a new fault: the solution with this text replaced, and the tests that fail then.
OTHER_FAULTS = [
    ("32", "mu + np.exp(logvar / 2) * self.noise", "mu - 1 + np.exp(logvar / 2) * self.noise",
     {"moments_of_draws", "kl_of_draws"}),
    ("32", "mu + np.exp(logvar / 2) * self.noise", "mu + 1.1 * np.exp(logvar / 2) * self.noise",
     {"moments_of_draws", "kl_of_draws", ENCODER}),
    ("32", "dmu = dz + self.mu / B", "dmu = dz", {ENCODER}),
    ("32", "return reconstruction + kl,", "return reconstruction - kl,", {"reconstruction", ENCODER}),
    ("33", "self.decoder.backward((y - x) / len(x))",
     "self.decoder.backward((y - x) / len(x)); self.decoder.to_x.db *= 2", {DECODER, "gradient_after_another_batch"}),
    ("33", "self.decoder.backward((y - x) / len(x))",            # right on a new model only
     "hasattr(self.decoder, 'dz') or self.decoder.backward((y - x) / len(x))",
     {"gradient_after_another_batch", "same_batch_again"}),
    ("34", "    return mu + np.exp(logvar / 2) * eps", "    return mu + np.exp(logvar) * eps",
     {ENCODER, "kl_of_draws", "bound"}),
    ("34", "    return dz, dz * np.exp(logvar / 2) * eps / 2", "    return dz, dz * np.exp(logvar) * eps", {ENCODER}),
    ("36", "d_pixels = (y - x) / batch", "d_pixels = (y - x) / batch**2", {DECODER, ENCODER}),
    ("37", "/ (2 * SIGMA0**2)", "/ SIGMA0**2", {DECODER, ENCODER, "reconstruction"}),
    ("37", "        return -0.5 * np.sum(", "        return -np.sum(", {ENCODER, "kl_of_draws"}),
    ("38", "mu.shape[1] - log_determinant", "mu.shape[1] - 1 - log_determinant", {"kl_of_draws", "bound"})]


def hunt(number):
    return next(name for name in names() if name.startswith(number))


def source(kind, number):
    return (HERE / kind / f"{hunt(number)}.py").read_text(encoding="utf-8")


def failing(number, text):
    """The tests that a file with this text fails, name to message."""
    module, failed = types.ModuleType("exercise"), {}
    exec(compile(text, number, "exec"), module.__dict__)
    for check in load(hunt(number)).checks:
        try:
            check(module)
        except AssertionError as error:
            failed[check.__name__] = str(error)
    return failed


def test_there_are_at_least_six_and_three_are_blind():
    hunts = [load(name) for name in names() if isinstance(load(name), BugHunt)]
    assert {name[:2] for name in names() if isinstance(load(name), BugHunt)} == set(GIVEN)
    assert sum(hunt.blind for hunt in hunts) >= 3
    assert all(len(hunt.alternatives) >= 2 and hunt.fault.endswith(".") for hunt in hunts)


@pytest.mark.parametrize("number", GIVEN)
def test_the_fault_is_found_by_these_tests(number):
    failed = failing(number, source("stubs", number))
    assert set(failed) == GIVEN[number]
    assert all(20 < len(message) < 700 for message in failed.values())


@pytest.mark.parametrize("number", GIVEN)
def test_right_files_pass(number, monkeypatch):
    for text in load(hunt(number)).alternatives:
        assert failing(number, text) == {}
    for seed in (0, 1, 2):                       # with other parameters, data and noise
        monkeypatch.setattr(hunting, "SEED", seed)
        assert failing(number, source("solutions", number)) == {}, seed


@pytest.mark.parametrize("number, old, new, expected", OTHER_FAULTS)
def test_half_a_repair_or_a_new_fault_is_found(number, old, new, expected):
    text = source("solutions", number)
    assert text.count(old) == 1
    assert set(failing(number, text.replace(old, new))) == expected


def test_a_gradient_made_to_fit_the_wrong_loss_is_not_a_repair():
    text, line = source("stubs", "35"), 'layer_backward("out", self.h_dec, (self.y - x) / B)'
    assert line in text
    assert set(failing("35", text.replace(line, line.replace("/ B", "/ x.size")))) == {"reconstruction"}


@pytest.mark.parametrize("number, words", [
    ("32", ["W1, b1, W_logvar and b_logvar: wrong by no constant factor", "W_mu and b_mu: right"]),
    ("33", ["Wdec, bdec, Wx and bx: right", "depend on which batch came before: Wenc"]),
    ("34", ["20", "logvar = (", "deviations ("]),
    ("35", ["5 times the numerical gradient at every entry", "makes 4.39"]),
    ("37", ["With 3 latents", "With 2 latents", "no negative ELBO is less"])])
def test_the_messages_lead_to_the_place(number, words):
    text = " ".join(failing(number, source("stubs", number)).values())
    assert not [part for part in words if part not in text], text


def test_a_wrong_gradient_of_another_kind_is_told_as_such():
    text = source("solutions", "36")
    ending = "        grads[\"w_\" + name], grads[\"b_\" + name] = inputs.T @ d, d.sum(axis=0)\n    return grads\n"
    for line, words in (("del grads['w_pixels']", "gradients returns none for w_pixels"),
                        ("grads['b_pixels'] = grads['b_pixels'][None]", "b_pixels has shape (1, 5)"),
                        ("grads['b_pixels'] = grads['b_pixels'] * np.nan", "b_pixels has NaN"),
                        ("grads['b_pixels'] = grads['b_pixels'] * 1.001", "b_pixels: 1 times")):
        broken = text.replace(ending, ending.replace("    return grads", f"    {line}\n    return grads"))
        assert broken != text and words in failing("36", broken)[DECODER]
    assert "There is no sample" in failing("36", text.replace("def sample(", "def draw("))[DECODER]
    assert "no class VAE and no init" in failing("36", text.replace("def init(", "def start("))[DECODER]
    assert "three numbers" in failing("36", text.replace("return np.mean(nll + kl), np.mean(nll), np.mean(kl)",
                                                         "return np.mean(nll + kl)"))["reconstruction"]


def test_a_repair_that_no_longer_fits_its_solution_is_refused():
    path = HERE / "definitions" / f"{hunt('36')}.py"
    for absent_or_many in ("no such text", "np.exp"):
        with pytest.raises(ValueError, match="occurs"):
            hunting.other_repair(path, (absent_or_many, ""))


def test_the_quadrature_is_exact():
    for mean, sd in ((0.0, 1.0), (1.3, 0.2), (-0.4, 2.5)):
        closed = 0.5 * (mean**2 + sd**2 - 1) - np.log(sd)
        assert hunting.kl_by_quadrature(mean, sd) == pytest.approx(closed, abs=1e-9)


def test_the_bound_is_tight_where_theory_says():
    """x = z W + b + noise with orthogonal rows in W: q can be the posterior, and then the loss is -log p(x)."""
    rng, tests = np.random.default_rng(0), hunting.Tests("", "", "W_mu b_mu W_logvar b_logvar", sigma0=0.3)
    W, b = np.linalg.qr(rng.standard_normal((5, 2)))[0].T * [[1.5], [0.8]], rng.standard_normal(5)

    def module(offset):
        def loss(p, x, eps):
            mu, logvar = p["b_mu"], p["b_logvar"]
            y = (mu + np.exp(logvar / 2) * eps) @ W + b
            squares = np.mean(np.sum((x - y)**2, axis=1)) / (2 * 0.3**2)
            kl = 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar)
            return squares + 5 * np.log(0.3 * np.sqrt(2 * np.pi)) + kl + offset, squares, kl
        return types.SimpleNamespace(
            init=lambda *sizes, seed: {name: np.zeros(2) for name in tests.heads}, decode=lambda p, z: z @ W + b,
            loss=loss, encode=print, sample=print, gradients=print)

    tests.bound(module(0))
    with pytest.raises(AssertionError, match="no negative ELBO is less"):
        tests.bound(module(-0.03))

    covariance, x = W.T @ W + 0.09 * np.eye(5), rng.standard_normal((1, 5))
    exact = 0.5 * ((x - b) @ np.linalg.solve(covariance, (x - b).T) + np.linalg.slogdet(2 * np.pi * covariance)[1])
    model = types.SimpleNamespace(decode=lambda z: z @ W + b)
    assert tests.surprise(model, x) == pytest.approx(exact.item(), abs=1e-4)


def test_the_files_run_as_programs(tmp_path):
    for kind in ("stubs", "solutions"):
        for number in GIVEN:
            text = source(kind, number)
            assert "(1000, " in text
            (tmp_path / f"{kind}{number}.py").write_text(text.replace("1000", "100"), encoding="utf-8")
    code = "import runpy, sys; [runpy.run_path(path, run_name='__main__') for path in sys.argv[1:]]"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, *sorted(map(str, tmp_path.iterdir()))],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.count("epoch 10: ") == 2 * len(GIVEN), done.stderr
