"""fit: what it feeds the model, its history, resume to the bit, Ctrl-C, NaN, progress."""

import io
import os
import signal
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinyvae
from tinyvae import SGD, VAE, Adam, Momentum, fit
from tinyvae.progress import Progress, clock
from tinyvae.training import TrainingDiverged, TrainingInterrupted

X = (np.random.default_rng(0).random((53, 6)) ** 2).astype(np.float32)
QUIET = {"progress": False, "batch_size": 10}


class MeanLoss(NamedTuple):
    total: Any


class Mean:
    """A reader's own model: one plain array, no flat vector. Minimises |x - m|^2 / 2, whose minimum is the mean."""

    def __init__(self):
        self.parameters, self.gradients = {"m": np.zeros(6)}, {"m": np.zeros(6)}
        self.seen = []

    def loss(self, x):
        self.x = x
        self.seen.append(x.copy())
        return MeanLoss(0.5 * np.mean(np.sum((x - self.parameters["m"])**2, axis=1)))

    def backward(self):
        self.gradients["m"][...] = self.parameters["m"] - self.x.mean(axis=0)


def test_any_model_with_loss_and_backward_is_trained():
    model = Mean()
    fit(model, X, epochs=200, optimizer=SGD(0.2), progress=False, batch_size=53)
    np.testing.assert_allclose(model.parameters["m"], X.mean(axis=0), atol=1e-6)


def test_every_epoch_meets_every_example_once_in_a_new_order():
    model = Mean()
    fit(model, X, epochs=3, optimizer=SGD(1e-3), **QUIET)
    assert [len(batch) for batch in model.seen[:6]] == [10, 10, 10, 10, 10, 3]      # the smaller last batch included
    epochs = [np.concatenate(model.seen[i:i + 6]) for i in (0, 6, 12)]
    for rows in epochs:
        np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(X, axis=0))
    assert not np.array_equal(epochs[0], epochs[1]) and not np.array_equal(epochs[0], X)


def test_several_arrays_stay_paired():
    seen = []

    class Pairs(Mean):
        def loss(self, x, y):
            seen.append((x, y))
            return super().loss(x)
    fit(Pairs(), (X, np.arange(53)), epochs=2, optimizer=SGD(1e-3), **QUIET)
    for x, y in seen:
        np.testing.assert_array_equal(x, X[y])


def test_history_is_the_mean_over_examples_and_adds_up():
    model = VAE(6, (5,), 2)
    history = fit(model, X, epochs=3, validation=X[:20], **QUIET)
    assert history["total"].shape == (3,) and history["kl_per_dimension"].shape == (3, 2)
    for prefix in ("", "validation_"):
        np.testing.assert_allclose(history[prefix + "total"],
                                   history[prefix + "reconstruction"] + history[prefix + "kl"], rtol=1e-6)
        np.testing.assert_allclose(history[prefix + "kl_per_dimension"].sum(axis=1), history[prefix + "kl"], rtol=1e-6)
    watched = Mean()
    history = fit(watched, X, epochs=1, optimizer=SGD(1e-12), **QUIET)      # a model that stays where it is
    assert history["total"][0] == pytest.approx(0.5 * np.mean(np.sum(X**2, axis=1)), rel=1e-6)


def test_validation_does_not_train_and_repeats_its_noise():
    model = VAE(6, (5,), 2)
    with_validation = fit(model, X, epochs=2, validation=X[:20], **QUIET)
    alone = VAE(6, (5,), 2)
    without = fit(alone, X, epochs=2, **QUIET)
    np.testing.assert_array_equal(model.parameters.vector, alone.parameters.vector)
    np.testing.assert_array_equal(with_validation["total"], without["total"])
    frozen = fit(VAE(6, (5,), 2), X, epochs=2, validation=X[:20], optimizer=SGD(1e-12), binarize=True, **QUIET)
    assert frozen["validation_total"][0] == frozen["validation_total"][1]


def test_binarise_draws_anew_with_the_grey_value_as_probability():
    model = Mean()
    fit(model, X, epochs=400, optimizer=SGD(1e-12), binarize=True, batch_size=53, progress=False)
    drawn = np.array(model.seen)                                   # (epochs, N, D), each epoch in another order
    assert set(np.unique(drawn)) == {0, 1}
    p = X.mean(axis=0)
    assert (np.abs(drawn.mean(axis=(0, 1)) - p) < 5 * np.sqrt(p * (1 - p) / drawn[..., 0].size)).all()
    assert len({batch.tobytes() for batch in model.seen}) > 390


def test_training_lowers_the_loss_and_seeds_decide():
    runs = [fit(VAE(6, (5,), 2, seed=0), X, epochs=15, seed=seed, **QUIET)["total"] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
    assert runs[0][-1] < runs[0][0]


OPTIMIZERS = {"adam": lambda: Adam(1e-2), "momentum": lambda: Momentum(1e-2), "sgd": lambda: SGD(1e-2)}


class Stop(Exception):
    pass


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("stop_at", [1, 6, 8, 12, 13])
def test_resume_gives_bit_for_bit_what_the_uninterrupted_run_gives(optimizer, stop_at, tmp_path):
    """Interrupted after stop_at steps (6 make an epoch), in the middle of an epoch or at its end."""
    def run(model, path, resume=False, epochs=4):
        return fit(model, X, epochs=epochs, validation=X[:20], binarize=True, seed=5, checkpoint=path, resume=resume,
                   optimizer=OPTIMIZERS[optimizer](), **QUIET)
    whole = VAE(6, (5,), 2)
    expected = run(whole, tmp_path / "whole.npz")

    class Interrupting(VAE):
        steps = 0

        def backward(self):
            super().backward()
            self.steps += 1
            if self.steps == stop_at:
                signal.raise_signal(signal.SIGINT)
    with pytest.raises(TrainingInterrupted) as caught:
        run(Interrupting(6, (5,), 2), tmp_path / "cut.npz")
    assert caught.value.step == stop_at
    resumed = VAE(6, (5,), 2, seed=99)                                 # its own weights are replaced
    history = run(resumed, tmp_path / "cut.npz", resume=True)
    np.testing.assert_array_equal(resumed.parameters.vector, whole.parameters.vector)
    assert set(history) == set(expected)
    for name in expected:
        np.testing.assert_array_equal(history[name], expected[name])


def test_resume_in_another_process_and_with_more_epochs(tmp_path):
    script = ("import sys, numpy as np; from tinyvae import VAE, fit\n"
              "x = np.random.default_rng(0).random((530, 60)).astype(np.float32)\n"
              "model = VAE(60, (50,), 4)\n"
              "fit(model, x, epochs=int(sys.argv[1]), checkpoint=sys.argv[2], resume=True, progress=False)\n"
              "model.save(sys.argv[2] + '.model')\n")

    def run(epochs, path):
        subprocess.run([sys.executable, "-c", script, str(epochs), str(path)], check=True)
        return tinyvae.load(f"{path}.model").parameters.vector
    whole = run(4, tmp_path / "whole")
    run(2, tmp_path / "cut")
    np.testing.assert_array_equal(run(4, tmp_path / "cut"), whole)


def test_a_checkpoint_loads_as_a_model_and_is_not_overwritten(tmp_path):
    model = VAE(6, (5,), 2, beta=0.5)
    fit(model, X, epochs=1, checkpoint=tmp_path / "run", **QUIET)
    np.testing.assert_array_equal(tinyvae.load(tmp_path / "run").parameters.vector, model.parameters.vector)
    with pytest.raises(FileExistsError, match="pass resume=True"):
        fit(VAE(6, (5,), 2), X, epochs=1, checkpoint=tmp_path / "run", **QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]             # no temporary file stays


@pytest.mark.parametrize("change, named", [({"batch_size": 11}, "batch_size was 10, now 11"), ({"seed": 3}, "seed was 0"),
                                           ({"optimizer": SGD(0.1)}, "optimizer was 'Adam', now 'SGD'"),
                                           ({"binarize": True}, "binarize was False, now True")])
def test_resume_refuses_another_runs_checkpoint(change, named, tmp_path):
    fit(VAE(6, (5,), 2), X, epochs=1, checkpoint=tmp_path / "run", **QUIET)
    with pytest.raises(ValueError, match=named):
        fit(VAE(6, (5,), 2), X, epochs=2, checkpoint=tmp_path / "run", resume=True, **{**QUIET, **change})


def test_resume_refuses_other_data_and_another_model(tmp_path):
    fit(VAE(6, (5,), 2), X, epochs=1, checkpoint=tmp_path / "run", **QUIET)
    with pytest.raises(ValueError, match="data was"):
        fit(VAE(6, (5,), 2), X + np.float32(1e-3), epochs=2, checkpoint=tmp_path / "run", resume=True, **QUIET)
    for other, named in ((VAE(6, (4,), 2), "hidden was \\[5\\], now \\[4\\]"),
                         (VAE(6, (5,), 2, activation="tanh"), "activation was 'elu', now 'tanh'"),
                         (VAE(6, (5,), 2, "gaussian"), "likelihood was 'bernoulli', now 'gaussian'"),
                         (VAE(6, (5,), 2, dtype=np.float64), "dtype was 'float32', now 'float64'")):
        with pytest.raises(ValueError, match=named):
            fit(other, X, epochs=2, checkpoint=tmp_path / "run", resume=True, **QUIET)
    with pytest.raises(ValueError, match="validation was False, now True"):
        fit(VAE(6, (5,), 2), X, epochs=2, checkpoint=tmp_path / "run", resume=True, validation=X, **QUIET)


def test_resume_restores_beta(tmp_path):
    fit(VAE(6, (5,), 2, beta=0.25), X, epochs=1, checkpoint=tmp_path / "run", **QUIET)
    model = VAE(6, (5,), 2)
    fit(model, X, epochs=2, checkpoint=tmp_path / "run", resume=True, **QUIET)
    assert model.beta == 0.25


def test_ctrl_c_in_the_step_that_breaks_the_model_saves_nothing(tmp_path):
    class Broken(VAE):
        def backward(self):
            super().backward()
            self.gradients["decoder.0.b"][0] = np.nan
            signal.raise_signal(signal.SIGINT)
    with pytest.raises(TrainingDiverged):
        fit(Broken(6, (5,), 2), X, epochs=1, checkpoint=tmp_path / "run", **QUIET)
    assert np.isfinite(tinyvae.load(tmp_path / "run").parameters.vector).all()


def test_ctrl_c_during_the_last_validation_is_not_swallowed():
    class Interrupting(VAE):
        def loss(self, x, eps):
            if len(x) == 20:
                signal.raise_signal(signal.SIGINT)
            return super().loss(x, eps)
    with pytest.raises(TrainingInterrupted) as caught:
        fit(Interrupting(6, (5,), 2), X, epochs=1, validation=X[:20], **QUIET)
    assert len(caught.value.history["validation_total"]) == 1


def test_a_first_loss_that_is_not_finite_is_not_blamed_on_the_learning_rate():
    with np.errstate(over="ignore"), pytest.raises(TrainingDiverged, match="scale the inputs") as caught:
        fit(VAE(6, (), 2, "gaussian"), (1e30 * X).astype(np.float32), epochs=1, **QUIET)
    assert caught.value.step == 1 and "lr" not in caught.value.cause


def test_a_large_learning_rate_stops_with_step_last_loss_and_cause(tmp_path):
    fit(VAE(6, (5,), 2), X, epochs=1, checkpoint=tmp_path / "run", **QUIET)
    good = (tmp_path / "run").read_bytes()
    with pytest.raises(TrainingDiverged) as caught:
        fit(VAE(6, (5,), 2), X, epochs=50, optimizer=SGD(1e6), **QUIET)
    assert caught.value.step >= 2 and np.isfinite(caught.value.last_good)
    assert "learning rate" in str(caught.value) and "try lr=100000" in str(caught.value)
    assert (tmp_path / "run").read_bytes() == good


def test_parameters_that_turn_nan_are_never_written(tmp_path):
    class Broken(VAE):
        def backward(self):
            super().backward()
            self.gradients["decoder.0.b"][0] = np.nan
    with pytest.raises(TrainingDiverged, match="decoder.0.b NaN or infinite"):
        fit(Broken(6, (5,), 2), X, epochs=1, batch_size=53, checkpoint=tmp_path / "run", progress=False)
    assert np.isfinite(tinyvae.load(tmp_path / "run").parameters.vector).all()


def test_before_epoch_can_warm_up_beta_and_sees_resumed_epochs(tmp_path):
    model, seen = VAE(6, (5,), 2), []

    def warm_up(epoch):
        seen.append(epoch)
        model.beta = min(1.0, epoch / 2)
    history = fit(model, X, epochs=3, before_epoch=warm_up, checkpoint=tmp_path / "run", **QUIET)
    assert seen == [0, 1, 2]
    np.testing.assert_allclose(history["total"] - history["reconstruction"], history["kl"] * [0, 0.5, 1], rtol=1e-5,
                               atol=1e-6)
    fit(model, X, epochs=4, before_epoch=warm_up, checkpoint=tmp_path / "run", resume=True, **QUIET)
    assert seen == [0, 1, 2, 3]


def test_ctrl_c_ends_a_real_process_with_its_checkpoint(tmp_path):
    script = ("import sys, numpy as np; from tinyvae import VAE, fit\n"
              "x = np.random.default_rng(0).random((1000, 60)).astype(np.float32)\n"
              "fit(VAE(60, (50,), 4), x, epochs=100000, checkpoint=sys.argv[1])\n")
    process = subprocess.Popen([sys.executable, "-u", "-c", script, str(tmp_path / "run")], stderr=subprocess.PIPE,
                               text=True)
    assert "epoch 1/100000" in process.stderr.readline()
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode != 0 and "go on with resume=True" in error
    tinyvae.load(tmp_path / "run")


def test_the_signal_handler_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    fit(VAE(6, (5,), 2), X, epochs=1, **QUIET)
    assert signal.getsignal(signal.SIGINT) is before


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_rewrites_one_line_and_elsewhere_prints_one_an_epoch(monkeypatch):
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        fit(VAE(6, (5,), 2), X, epochs=3, progress=stream, batch_size=10)
    lines = file.getvalue().splitlines()
    assert len(lines) == 3 and lines[0].startswith("epoch 1/3  total") and "examples/s" in lines[0]
    assert "\r" not in file.getvalue()
    assert terminal.getvalue().count("\n") == 3 and "\repoch 1/3 [" in terminal.getvalue()


def test_progress_rate_and_time_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("tinyvae.progress.time.monotonic", lambda: now[0])
    file = io.StringIO()
    progress = Progress(epochs=4, examples=500, stream=file, done=1000)
    now[0] += 2
    progress.advance(2, 500, 1.0)
    progress.end_epoch(2, {"total": 1.0})
    assert "250 examples/s  0:02 left" in file.getvalue()            # 500 in 2 s; 500 of 2000 remain
    assert [clock(s) for s in (7, 750, 3900)] == ["0:07", "12:30", "1:05:00"]
