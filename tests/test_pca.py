"""PCA against eigenvectors of covariances, known and computed, and on MNIST; principal angles that are known."""

import copy
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import generators, sizes
from tinyvae import evaluation, pca
from tinyvae.data import files
from tinyvae.pca import PCA, principal_angles


def orthogonal(rng, D, k=None):
    """k orthonormal rows (k, D)."""
    return np.linalg.qr(rng.standard_normal((D, D)))[0][:k]


def with_covariance(rng, variances, directions, N, mean):
    """x (N, D) whose mean and covariance (with 1/N) are exactly these, to rounding."""
    ones_first = np.column_stack([np.ones(N), rng.standard_normal((N, len(variances)))])
    u = np.linalg.qr(ones_first)[0][:, 1:]                   # (N, D), orthonormal columns, each with mean 0
    return np.sqrt(N) * u * np.sqrt(variances) @ directions + mean


@given(rng=generators, D=sizes, extra=st.integers(1, 20), k=sizes)
def test_a_covariance_that_is_known(rng, D, extra, k):
    k, variances = min(k, D), 4.0 ** -np.arange(D)           # well apart: directions lose eps / gap, at most 4^6 eps
    directions, mean = orthogonal(rng, D), rng.standard_normal(D)
    fitted = PCA(with_covariance(rng, variances, directions, D + extra, mean), k)
    np.testing.assert_allclose(fitted.mean, mean, atol=1e-14)
    np.testing.assert_allclose(fitted.variances, variances[:k], rtol=1e-10)
    np.testing.assert_allclose(np.abs(np.sum(fitted.components * directions[:k], axis=1)), 1, rtol=1e-12)
    np.testing.assert_allclose(fitted.components @ fitted.components.T, np.eye(k), atol=1e-13)


@given(rng=generators, N=st.sampled_from([2, 3, 5, 40]), D=sizes)
def test_eigenvectors_of_the_covariance(rng, N, D):
    """Fewer examples than dimensions among them."""
    x, k = rng.standard_normal((N, D)) + 3, min(N - 1, D)
    fitted, covariance = PCA(x, k), np.cov(x.T, bias=True).reshape(D, D)
    np.testing.assert_allclose(fitted.variances, np.linalg.eigvalsh(covariance)[::-1][:k], rtol=1e-10, atol=1e-13)
    V = fitted.components
    np.testing.assert_allclose(V @ covariance, fitted.variances[:, None] * V, atol=1e-13)
    np.testing.assert_allclose(fitted.components @ fitted.components.T, np.eye(k), atol=1e-13)
    assert (np.diff(fitted.variances) <= 0).all()


@given(rng=generators, N=st.sampled_from([5, 8, 40]), D=sizes, k=sizes)
def test_the_error_is_what_the_dropped_variances_say(rng, N, D, k):
    """Eckart and Young: N times their sum; and no other plane through the mean has less."""
    x, k = rng.standard_normal((N, D)) @ rng.standard_normal((D, D)) + 3, min(k, N - 1, D)
    fitted = PCA(x, k)
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T, bias=True).reshape(D, D))[::-1]
    squared_error = np.sum(evaluation.reconstruction_error(fitted, x))
    scale = N * np.sum(eigenvalues)
    assert squared_error == pytest.approx(N * np.sum(eigenvalues[k:]), rel=1e-12, abs=1e-13 * scale)
    other = copy.copy(fitted)
    other.components = orthogonal(rng, D, k)
    assert np.sum(evaluation.reconstruction_error(other, x)) >= squared_error - 1e-13 * scale


@given(rng=generators, N=st.sampled_from([5, 40]), D=sizes, k=sizes)
def test_codes_are_uncorrelated_and_decode_to_the_nearest_point(rng, N, D, k):
    x, k = rng.standard_normal((N, D)), min(k, N - 1, D)
    fitted = PCA(x, k)
    z = fitted.encode(x)
    assert z.shape == (N, k) and z.dtype == np.float64
    np.testing.assert_allclose(z.T @ z / N, np.diag(fitted.variances), atol=1e-13)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-13)
    x_hat = fitted.reconstruct(x)
    np.testing.assert_array_equal(x_hat, fitted.decode(z))
    np.testing.assert_allclose((x - x_hat) @ fitted.components.T, 0, atol=1e-13)         # what is left is orthogonal
    np.testing.assert_allclose(fitted.encode(x_hat), z, atol=1e-13)


@given(rng=generators)
def test_the_sign_is_settled(rng):
    """Largest entry positive: mirrored data turn no component but by the mirror itself."""
    x = rng.standard_normal((30, 5)) * [5, 4, 3, 2, 1]
    components = PCA(x, 5).components
    assert (components[np.arange(5), np.abs(components).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(PCA(-x, 5).components, components, atol=1e-12)
    np.testing.assert_allclose(PCA(x[::-1], 5).components, components, atol=1e-12)


def test_small_variances_beside_large_ones():
    """Standard deviations 1 and 1e-12: their squares lie further apart than the digits of a float64 reach."""
    rng = np.random.default_rng(0)
    directions = orthogonal(rng, 4)
    x = with_covariance(rng, np.array([1, 1e-10, 1e-20, 1e-24]), directions, 50, np.zeros(4))
    fitted = PCA(x, 4)
    # each singular value is right to some eps of the largest: 1e-15 / 1e-12, twice that for its square
    np.testing.assert_allclose(fitted.variances, [1, 1e-10, 1e-20, 1e-24], rtol=0.02)
    np.testing.assert_allclose(np.abs(np.sum(fitted.components * directions, axis=1)), 1, rtol=1e-4)


@pytest.mark.parametrize("rows", [1, 3, 7, 39, 40, 41])
def test_blocks_of_rows_change_nothing(rows, monkeypatch):
    x = np.random.default_rng(0).standard_normal((40, 7)) * np.arange(1, 8) + 5
    whole = PCA(x, 6)
    monkeypatch.setattr(pca, "ROWS", rows)
    blocks = PCA(x, 6)
    np.testing.assert_allclose(blocks.variances, whole.variances, rtol=1e-12)
    np.testing.assert_allclose(blocks.components, whole.components, atol=1e-12)


def test_float32_goes_in_and_float64_comes_out(rng):
    """The mean of float32 data is taken in float64: a sum in float32 would be wrong in the fifth digit."""
    x = (1000 + rng.random((20_000, 2))).astype(np.float32)
    fitted = PCA(x, 1)
    np.testing.assert_allclose(fitted.mean, x.astype(np.float64).mean(axis=0), rtol=1e-13)
    for array in (fitted.mean, fitted.components, fitted.variances, fitted.encode(x), fitted.reconstruct(x)):
        assert array.dtype == np.float64


def test_constant_data_have_no_variance():
    fitted = PCA(np.full((5, 3), 0.1), 2)
    np.testing.assert_allclose(fitted.variances, 0, atol=1e-30)
    np.testing.assert_allclose(fitted.reconstruct(np.full((1, 3), 0.1)), 0.1)


@pytest.mark.parametrize("shape, k, error, message", [
    ((7, 6), 0, ValueError, "k: got 0"),
    ((7, 6), 7, ValueError, r"k: got 7, expected at most 6 = min\(N - 1, D\) for x of shape \(7, 6\)"),
    ((4, 6), 4, ValueError, "k: got 4, expected at most 3"),
    ((1, 6), 1, ValueError, "k: got 1, expected at most 0 .*more examples"),
    ((7, 6), 2.0, TypeError, "k: got 2.0"),
    ((7,), 1, ValueError, r"x: got shape \(7,\)"),
])
def test_bad_fits_are_refused(shape, k, error, message, rng):
    with pytest.raises(error, match=message):
        PCA(rng.standard_normal(shape), k)


def test_bad_codes_are_refused(rng):
    fitted = PCA(rng.standard_normal((7, 6)), 2)
    for call, message in [(lambda: fitted.encode(np.ones((2, 5))), r"x: got shape \(2, 5\), expected \(B, 6\)"),
                          (lambda: fitted.reconstruct(np.ones(6)), r"x: got shape \(6,\)"),
                          (lambda: fitted.decode(np.ones((2, 6))), r"z: got shape \(2, 6\), expected \(B, 2\)"),
                          (lambda: fitted.encode(np.full((1, 6), np.nan)), "x: 6 of 6 values are NaN")]:
        with pytest.raises(ValueError, match=message):
            call()


@pytest.fixture(scope="module")
def mnist():
    """MNIST with its thirty components, or a skip."""
    if not os.path.isdir(os.environ.get("TINYVAE_DATA", "")):
        pytest.skip("needs MNIST: TINYVAE_DATA names no folder")
    train, test = files.mnist(download=False)
    return PCA(train.images, 30), train.images, test.images


@pytest.mark.parametrize("k, sse", [(2, 43.645), (8, 29.354), (10, 26.714), (20, 18.454), (30, 13.866)])
def test_mnist(mnist, k, sse):
    """Measured elsewhere by a direct eigendecomposition; 13.87 is also in Hinton and Salakhutdinov 2006."""
    fitted, _, test = mnist
    first = copy.copy(fitted)
    first.components = fitted.components[:k]                 # the best k directions are the first k of the best 30
    assert abs(evaluation.reconstruction_error(first, test).mean() - sse) < 0.0005       # half of the last digit


def test_mnist_training_error_is_the_variance_left(mnist):
    fitted, train, _ = mnist
    total = np.sum(train.var(axis=0, dtype=np.float64))
    left = total - fitted.variances.sum()
    assert evaluation.reconstruction_error(fitted, train).mean() == pytest.approx(left, rel=1e-10)


def tilted(rng, angles, D):
    """Rows A, B (k, D) of two subspaces with these angles, in any position and any basis, of any length."""
    k, e = len(angles), orthogonal(rng, D)
    A, B = e[:k], np.cos(angles)[:, None] * e[:k] + np.sin(angles)[:, None] * e[k:2 * k]
    mix = [orthogonal(rng, k) * np.exp(rng.standard_normal(k))[:, None] @ orthogonal(rng, k) for _ in range(2)]
    return mix[0] @ A, mix[1] @ B


ANGLES = st.sampled_from([0, 1e-9, 1e-6, 0.01, np.pi / 4, 1.0, 1.5, np.pi / 2 - 1e-9, np.pi / 2])


@given(rng=generators, angles=st.lists(ANGLES, min_size=1, max_size=4), extra=sizes)
def test_angles_that_are_known(rng, angles, extra):
    angles = np.sort(angles)
    A, B = tilted(rng, angles, 2 * len(angles) + extra)
    # rounding of A and B turns their spaces by some eps times the condition of their rows
    rounding = 30 * np.finfo(float).eps * max(np.linalg.cond(A), np.linalg.cond(B))
    np.testing.assert_allclose(principal_angles(A, B), angles, rtol=0, atol=rounding)
    np.testing.assert_allclose(principal_angles(B, A), angles, rtol=0, atol=rounding)
    lengths = 10.0 ** rng.integers(-20, 20, (len(angles), 1))          # no matter how long a row is
    np.testing.assert_allclose(principal_angles(lengths * A, 1e12 * B), angles, rtol=0, atol=rounding)


@given(rng=generators, D=st.sampled_from([4, 7]), k=st.sampled_from([1, 2, 3]))
def test_the_largest_angle_is_the_distance_of_the_projections(rng, D, k):
    A, B = orthogonal(rng, D, k), orthogonal(rng, D, k)
    distance = np.linalg.norm(A.T @ A - B.T @ B, 2)
    assert np.sin(principal_angles(A, B)[-1]) == pytest.approx(distance, abs=1e-13)
    # sum of cos^2 = |A B^T|^2
    assert np.sum(np.cos(principal_angles(A, B))**2) == pytest.approx(np.sum((A @ B.T)**2), abs=1e-13)


def test_a_line_and_a_plane():
    """As many angles as the smaller space has dimensions; a line in a plane has angle 0."""
    plane, line = np.eye(3)[:2], np.array([[1.0, 1.0, np.sqrt(2) * np.tan(0.3)]])
    np.testing.assert_allclose(principal_angles(plane, line), [0.3], rtol=1e-14)
    np.testing.assert_allclose(principal_angles(line, plane), [0.3], rtol=1e-14)
    np.testing.assert_allclose(principal_angles([[3.0, -1.0, 0.0]], plane), [0], atol=1e-15)


@pytest.mark.parametrize("A, B, message", [
    (np.eye(3)[:2], np.eye(4)[:2], r"B: got shape \(2, 4\), expected \(k, 3\)"),
    ([[1.0, 2, 3], [2, 4, 6]], np.eye(3)[:2], "A: got 2 rows that span only 1 dimensions"),
    (np.eye(3), np.ones((4, 3)), "B: got 4 rows that span only 1"),
    (np.eye(3)[:2], [[0.0, 0, 0]], "B: got 1 rows that span only 0"),
    (np.eye(3)[0], np.eye(3), r"A: got shape \(3,\)"),
    (np.eye(3), np.full((1, 3), np.nan), "B: 3 of 3 values are NaN"),
])
def test_bad_subspaces_are_refused(A, B, message):
    with pytest.raises(ValueError, match=message):
        principal_angles(A, B)
