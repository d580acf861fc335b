"""Lesson 08 holds, repeats itself, and fails when the code under one of its claims is broken."""

import numpy as np
import pytest

import tinyvae
from tests.lessons.running import assert_holds_and_repeats, failing, run_lesson
from tinyvae import convolution, patches


def test_it_holds(tmp_path, monkeypatch, capsys):
    assert_holds_and_repeats("08", tmp_path, monkeypatch, capsys, claims=15, figures=5)


@pytest.fixture
def untrained(monkeypatch):
    """The claims before the autoencoders need no training."""
    monkeypatch.setattr(tinyvae, "fit", lambda *arguments, **options: None)


@pytest.mark.parametrize("old, new, claim", [
    ("dW[o, c, u, v] += dy[n, o, i, j] *", "dW[o, c, u, v] = dy[n, o, i, j] *", "long-form gradients"),
    ("(s*i + u == m) * (s*j + v == l)\n         for n_", "(s*i + u == m) * (s*j + v == m)\n         for n_",
     "Every line of dx"),
    ("u, v = m + p - s*i, l + p - s*j", "u, v = m - s*i, l - s*j", "M x is conv2d"),
    ("indices = windows.argmax(axis=4)", "indices = windows.argmin(axis=4)", "unpool(pool(x))"),
])
def test_a_broken_line_fails_its_claim(old, new, claim, untrained, tmp_path, monkeypatch, capsys):
    status, _, record = run_lesson("08", tmp_path, monkeypatch, capsys, replace=(old, new))
    assert status == 1 and any(claim in sentence for sentence in failing(record))


def test_a_broken_library_fails_its_claims(untrained, tmp_path, monkeypatch, capsys):
    """Gradients of the last example alone; a transpose that turns its kernel; an unpooling that knows no places."""
    right_backward, right_transpose = convolution.conv2d_backward, convolution.conv_transpose2d
    monkeypatch.setattr(convolution, "conv2d_backward", lambda dy, x, W, stride=1, padding=0: (
        right_backward(dy, x, W, stride, padding)[0], *right_backward(dy[-1:], x[-1:], W, stride, padding)[1:]))
    monkeypatch.setattr(convolution, "conv_transpose2d", lambda x, W, b, stride=1, padding=0, output_padding=0:
                        right_transpose(x, W[:, :, ::-1, ::-1], b, stride, padding, output_padding))
    right_put = patches.put
    monkeypatch.setattr(patches, "put", lambda y, indices, *others: right_put(y, 0 * indices, *others))
    status, _, record = run_lesson("08", tmp_path, monkeypatch, capsys)
    assert status == 1
    broken = " ".join(failing(record))
    for claim in ("Long form, matrix product", "M^T y is conv_transpose2d", "white pixel", "unpool(pool(x))"):
        assert claim in broken


def test_a_decoder_that_is_not_told_the_places_fails_the_claims_on_switches(tmp_path, monkeypatch, capsys):
    """With every value at the first place of its window, one picture's switches are like another's."""
    right_pool = patches.pool

    def forgetful(x, kernel, stride):
        y, indices = right_pool(x, kernel, stride)
        return y, np.zeros_like(indices)
    monkeypatch.setattr(patches, "pool", forgetful)
    convolutional = "models.items():", "list(models.items())[2:]:"            # the dense ones have no switches
    status, _, record = run_lesson("08", tmp_path, monkeypatch, capsys, replace=convolutional)
    assert status == 1
    broken = " ".join(failing(record))
    for claim in ("The switches help", "The switches alone", "The code alone does not serve"):
        assert claim in broken
