"""Files: damaged, foreign and newer ones are refused; an interrupted write leaves the old file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyvae
from tinyvae import VAE, storage


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.npz"
    model = VAE(6, (4,), 2, "gaussian", sigma0=0.5)
    model.save(path)
    return path, model.parameters.vector


@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(saved, place, flip):
    path, vector = saved
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= flip
    damaged = path.with_name("damaged.npz")
    damaged.write_bytes(data)
    try:
        loaded = tinyvae.load(damaged)
    except ValueError as error:
        assert str(damaged) in str(error)
    else:
        np.testing.assert_array_equal(loaded.parameters.vector, vector)        # the byte meant nothing (a date)


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_cut_file_is_refused(saved, share):
    path, _ = saved
    cut = path.with_name("cut.npz")
    cut.write_bytes(path.read_bytes()[:int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match="damaged, or not a tinyvae file"):
        tinyvae.load(cut)


def test_pickles_are_never_opened(tmp_path):
    np.savez(tmp_path / "evil.npz", header=np.array([print], dtype=object), vector=np.zeros(3))
    with pytest.raises(ValueError, match="damaged, or not a tinyvae file"):
        tinyvae.load(tmp_path / "evil.npz")


def test_foreign_newer_and_other_kinds(tmp_path):
    np.savez(tmp_path / "foreign.npz", weights=np.zeros(3))
    with pytest.raises(ValueError, match="not a tinyvae file"):
        tinyvae.load(tmp_path / "foreign.npz")
    storage.write(tmp_path / "newer.npz", "model", {"version": 99}, {})
    with pytest.raises(ValueError, match="version 99.*update tinyvae"):
        tinyvae.load(tmp_path / "newer.npz")
    storage.write(tmp_path / "other.npz", "sandwich", {}, {})
    with pytest.raises(ValueError, match="holds a 'sandwich', expected 'model' or 'checkpoint'"):
        tinyvae.load(tmp_path / "other.npz")


@pytest.mark.parametrize("change", [{"latent_dim": 3}, {"likelihood": "poisson"}, {"hidden": "wide"}])
def test_contents_that_do_not_fit_together(change, tmp_path):
    model = VAE(6, (4,), 2)
    storage.write(tmp_path / "model.npz", "model", {**model.header(), **change}, {"vector": model.parameters.vector})
    with pytest.raises(ValueError, match="do not fit together"):
        tinyvae.load(tmp_path / "model.npz")


def test_an_interrupted_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def half(file):
        file.write(b"ne")
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        storage.write_bytes(path, half)
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(file):
        raise OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space left"):
        storage.write_bytes(path, full)
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_of_an_unknown_model_asks_for_the_model(tmp_path):
    model = VAE(6, (4,), 2)
    storage.write(tmp_path / "model.npz", "model", {**model.header(), "model": "Perceptron"}, {"vector": model.parameters.vector})
    with pytest.raises(ValueError, match="holds a model 'Perceptron'.*into=model"):
        tinyvae.load(tmp_path / "model.npz")
    other = tinyvae.load(tmp_path / "model.npz", into=VAE(6, (4,), 2, seed=1))
    np.testing.assert_array_equal(other.parameters.vector, model.parameters.vector)
