"""Models kept from one lesson to the next: the same to the bit, and trained anew as soon as anything differs."""

import numpy as np
import pytest

import tinyvae
from lessons import trained
from lessons.course import Images, Lesson

X = np.random.default_rng(0).random((40, 6)).astype(np.float32)


@pytest.fixture
def trainings(monkeypatch):
    """The calls of tinyvae.fit, counted."""
    calls, fit = [], tinyvae.fit
    monkeypatch.setattr(tinyvae, "fit", lambda *arguments, **settings: calls.append(1) or fit(*arguments, **settings))
    return calls


def run(folder, x=X, seed=0, optimizer=None, **settings):
    model = tinyvae.VAE(6, (4,), 2, seed=seed)
    history = trained.fit(folder, model, x, optimizer=optimizer, **{"epochs": 2, "binarize": True, **settings})
    return model, history


def test_the_second_run_reads_what_the_first_trained(tmp_path, trainings):
    first, second = tinyvae.Adam(), tinyvae.Adam()
    model, history = run(tmp_path, optimizer=first, validation=X[:5])
    again, history_again = run(tmp_path, optimizer=second, validation=X[:5])
    assert len(trainings) == 1
    assert np.array_equal(model.parameters.vector, again.parameters.vector)
    assert history.keys() == history_again.keys() and "validation_kl" in history
    assert all(np.array_equal(history[name], history_again[name]) for name in history)
    # the optimiser goes on where it was
    more = [tinyvae.fit(m, X, epochs=1, optimizer=o, progress=False) and m.parameters.vector
            for m, o in ((model, first), (again, second))]
    assert np.array_equal(*more)


def test_it_is_what_tinyvae_fit_gives(tmp_path):
    model = tinyvae.VAE(6, (4,), 2)
    history = tinyvae.fit(model, X, epochs=2, binarize=True, progress=False)
    for _ in range(2):                                                          # trained, then read
        kept, kept_history = run(tmp_path)
        assert np.array_equal(kept.parameters.vector, model.parameters.vector)
        assert np.array_equal(kept_history["total"], history["total"])


@pytest.mark.parametrize("change", [{"seed": 1}, {"epochs": 3}, {"batch_size": 7}, {"binarize": False}, {"x": X[::-1]},
                                    {"optimizer": tinyvae.Adam(0.01)}, {"optimizer": tinyvae.SGD(0.001)},
                                    {"validation": X}])
def test_anything_else_trains_anew(change, tmp_path, trainings):
    run(tmp_path)
    run(tmp_path, **change)
    assert len(trainings) == 2


def test_another_library_trains_anew(tmp_path, trainings, monkeypatch):
    run(tmp_path)
    monkeypatch.setattr(trained, "library_digest", lambda: "another")
    run(tmp_path)
    assert len(trainings) == 2 and len(list(tmp_path.iterdir())) == 2


def test_a_damaged_file_is_written_anew(tmp_path, trainings):
    model, _ = run(tmp_path)
    path, = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    again, _ = run(tmp_path)
    assert len(trainings) == 2 and np.array_equal(model.parameters.vector, again.parameters.vector)
    run(tmp_path)
    assert len(trainings) == 2


def test_a_function_cannot_be_a_key(tmp_path):
    with pytest.raises(TypeError, match="call tinyvae.fit"):
        run(tmp_path, before_epoch=print)


def test_lessons_share_the_standard_model(tmp_path, trainings, monkeypatch):
    images = Images(*(tinyvae.digits(30, seed=0)[i] for i in (0, 1, 0, 1)))
    monkeypatch.setattr(Lesson, "images", lambda lesson, train, test: images)
    vectors = []
    for name in ("98_one", "99_other"):
        lesson = Lesson(name, "A test", "p0", ["--quick", "--out", str(tmp_path)])
        model, history = lesson.standard_vae(lesson.standard_images(), latent_dim=2)
        vectors.append(model.parameters.vector)
        assert len(history["total"]) == 30
    assert len(trainings) == 1 and np.array_equal(*vectors)
    assert [path.name for path in (tmp_path / "trained").iterdir()][0].startswith("VAE-")
