"""Lesson 06 holds, repeats itself, and fails when the code under one of its claims is broken."""

import pytest

import tinyvae
from tests.lessons.running import assert_holds_and_repeats, failing, run_lesson
from tinyvae import layers
from tinyvae.autoencoder import EncoderDecoder

@pytest.fixture
def shorten(monkeypatch):
    """Every training takes one epoch, but those that keep(model, epochs) spares: claims of the others may fall."""
    fit = tinyvae.fit

    def all_but(keep):
        def short(model, x, *, epochs, before_epoch=None, **options):
            if keep(model, epochs):
                return fit(model, x, epochs=epochs, before_epoch=before_epoch, **options)
            fit(model, x, epochs=1, **options)
            for epoch in range(epochs if before_epoch else 0):
                before_epoch(epoch)
        monkeypatch.setattr(tinyvae, "fit", short)
    return all_but


def none(model, epochs):
    return False


def linear(model, epochs):
    return epochs == 400


def encoder_only(model, epochs):
    return type(model) is EncoderDecoder and epochs == 20


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("06", tmp_path, monkeypatch, capsys, claims=19, figures=5)


def test_what_is_exact_needs_no_training(shorten, tmp_path, monkeypatch, capsys):
    """So that the tests below, which train as little, see their own fault and not the want of training."""
    shorten(linear)
    _, _, record = run_lesson("06", tmp_path, monkeypatch, capsys)
    assert {sentence.split(":")[0] for sentence in failing(record)}.isdisjoint({
        "A flat decoder never beats PCA on the training data, however deep its encoder", "Untied parameters, counted",
        "The gradient of a tied weight, line by line", "Encoder path", "Decoder path",
        "Their sum is what EncoderDecoder.backward gives the tied W",
        "In a deep one, each tied gradient is the sum of its two untied ones, the decoder's transposed",
        "The columns of the tied linear W are orthonormal"})


@pytest.mark.parametrize("old, new, claim", [
    ("da = dz * (1 - z**2) ", "da = dz * 1 ", "Encoder path"),
    ("dW_decoder = dx_hat.T @ z ", "dW_decoder = 2 * dx_hat.T @ z ", "Decoder path"),
    ("x[:, i]) + np.sum(dx_hat[:, i] * z[:, j])", "x[:, i]) + np.sum(dx_hat[:, j] * z[:, i - 4])", "line by line"),
    ("weights = sum(n * m for", "weights = sum(n + m for", "Untied parameters"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, shorten, tmp_path, monkeypatch, capsys):
    shorten(none)
    status, _, record = run_lesson("06", tmp_path, monkeypatch, capsys, replace=(old, new))
    assert status == 1 and any(claim in sentence for sentence in failing(record))


def test_a_decoder_with_hidden_layers_fails_the_claim_of_the_flat_one(shorten, tmp_path, monkeypatch, capsys):
    shorten(encoder_only)
    status, _, record = run_lesson("06", tmp_path, monkeypatch, capsys, replace=(
        "Dense(L, D, weights), D)", 'mlp((L, *two[::-1], D), "elu", weights), D)'))
    assert status == 1 and any("A flat decoder never beats PCA" in sentence for sentence in failing(record))


def test_a_path_that_the_library_forgets_fails_its_claims(shorten, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(layers.TransposedDense, "add_to_dense", lambda self: None)
    shorten(linear)
    status, _, record = run_lesson("06", tmp_path, monkeypatch, capsys)
    assert status == 1
    for claim in ("Their sum is what", "In a deep one", "The columns of the tied linear W are orthonormal"):
        assert any(claim in sentence for sentence in failing(record)), claim
