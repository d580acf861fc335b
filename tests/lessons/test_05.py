"""Lesson 05 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

import tinyvae
from tests.lessons.running import assert_fails, assert_holds_and_repeats, failing, run_lesson
from tinyvae import autoencoder, pca


@pytest.fixture
def untrained(monkeypatch):
    """No training, for claims that need none: before_epoch is called, and nothing learnt."""
    def none(model, x, *, epochs, before_epoch, **options):
        for epoch in range(epochs):
            before_epoch(epoch)
    monkeypatch.setattr(tinyvae, "fit", none)


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("05", tmp_path, monkeypatch, capsys, claims=26, figures=6)


@pytest.mark.parametrize("old, new, claim", [
    ("train[rng.permutation(len(train))]", "train", "twice the error of the mean picture"),
    ("2 * (x_hat - x)  ", "(x_hat - x)  ", "numerical ones"),
    ("dz = dx_hat @ U.T", "dz = dx_hat @ U.T * z", "numerical ones"),
    ("U.T @ np.linalg.solve(U @ U.T, U)", "U.T @ U", "best encoder of a fixed decoder projects"),
    ("X = train - mean ", "X = train - mean / 2 ", "best plane goes through the mean"),
    ("w = np.sum((Q @ V.T)**2", "w = np.sum((Q @ V)**2", "sum of lambda_j (1 - w_j)"),
    ("np.linalg.inv(R) @ U", "R.T @ U", "With W R and R^-1 U the test error is the same"),
    ("gap = np.radians([0.5, 1, 2, 4, 8, 16]), lam[1] - lam[2]", "gap = np.radians([0.5, 1, 2, 4, 8, 16]), lam[1]",
     "A tilt costs"),
    ('hidden, 1, activation="linear"', 'hidden, 1, activation="tanh"', "Without tanh behind the code"),
    ("np.diff(drawn_cells, axis=1)", "np.diff(drawn_cells, axis=0)", "occupied share is"),
    ("r = np.sum((x - y)**2, axis=1)", "r = np.sqrt(np.sum((x - y)**2, axis=1))", "Spread over mean is sqrt(2/d)"),
    ("distance_rng.standard_normal((pairs, d))", "distance_rng.standard_normal((pairs, 2))", "In 1000 dimensions"),
    ("np.sqrt(d * (m4 - m2**2))", "np.sqrt(d * m4)", "Spread over mean of a squared distance in 50"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, untrained, tmp_path, monkeypatch, capsys):
    assert_fails("05", tmp_path, monkeypatch, capsys, claim, replace=(old, new))


def test_without_training_all_that_must_be_learnt_fails(untrained, tmp_path, monkeypatch, capsys):
    """And nothing else: the cases above, which do not train, fail by their own fault."""
    status, _, record = run_lesson("05", tmp_path, monkeypatch, capsys)
    assert status == 1
    assert {sentence.split(":")[0] for sentence in failing(record)} == {
        "The linear autoencoder's plane is PCA's", "Training error over PCA's, the largest over the sizes of the code",
        "The linear one's test error is the dropped eigenvalue of the spiral",
        "With tanh on both sides one number beats the best line on test points",
        "Its reconstructions leave every plane of 2 dimensions",
        "With 2 numbers the deep autoencoder beats PCA on test digits"}


def test_a_gradient_of_the_library_that_forgets_the_batch(untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(autoencoder, "squared_error_backward",
                        lambda derror, x, x_hat: 2 * (x_hat - x))
    assert_fails("05", tmp_path, monkeypatch, capsys, "Autoencoder.backward fills in the gradients by hand")


def test_a_squared_error_that_is_a_mean_over_pixels(untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(autoencoder, "squared_error", lambda x, x_hat: np.mean((x_hat - x)**2, axis=1))
    assert_fails("05", tmp_path, monkeypatch, capsys, "Autoencoder.loss is the loss by hand")


def test_a_pca_that_does_not_centre(untrained, tmp_path, monkeypatch, capsys):
    right = pca.singular_values_and_directions
    monkeypatch.setattr(pca, "singular_values_and_directions", lambda x, mean: right(x, 0 * mean))
    assert_fails("05", tmp_path, monkeypatch, capsys, "PCA's training error is the sum of the dropped eigenvalues")


def test_angles_that_are_cosines(untrained, tmp_path, monkeypatch, capsys):
    right = pca.principal_angles
    monkeypatch.setattr(pca, "principal_angles", lambda A, B: np.pi / 2 - right(A, B)[::-1])
    assert_fails("05", tmp_path, monkeypatch, capsys, "principal_angles finds the tilts again")
