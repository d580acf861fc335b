"""Principal component analysis, the best linear code of k numbers, and the angles between two subspaces.

Notes on autoencoders, the Manifold section; Pearson 1901; Eckart and Young 1936.
"""

import numpy as np

from tinyvae import checks

ROWS = 4000          # examples taken in at once: bounds the memory whatever N is


class PCA:
    """The k orthonormal directions along which x varies most.

    x : (N, D)        k : directions kept, at most min(N - 1, D), since N centred examples span N - 1 dimensions

    mean : (D,)        components : (k, D), orthonormal rows; of the two signs of each row, the one that makes its
    entry of largest absolute value positive        variances : (k,), the largest eigenvalues of the covariance
    1/N sum_n (x_n - mean)(x_n - mean)^T, falling. All float64.
    Raises ValueError or TypeError for a wrong shape, NaN, k too large.
    """

    def __init__(self, x, k):
        x, k = checks.float_array("x", x), checks.whole_number("k", k)
        if np.iscomplexobj(x):
            raise TypeError(f"x: got dtype {x.dtype}, expected real numbers")
        N, D = x.shape
        if k > min(N - 1, D):
            raise ValueError(f"k: got {k}, expected at most {min(N - 1, D)} = min(N - 1, D) for x of shape {x.shape}; "
                             "take a smaller k or more examples")
        self.data_dim = D
        self.mean = x.mean(axis=0, dtype=np.float64)                             # (D,)
        s, V = singular_values_and_directions(x, self.mean)
        V = V[:k]
        signs = np.sign(V[np.arange(k), np.abs(V).argmax(axis=1)])               # (k,)
        self.components = signs[:, None] * V                                     # (k, D)
        self.variances = s[:k]**2 / N                                            # (k,)

    def encode(self, x):
        """z = (x - mean) V^T, the coordinates along the components: x (B, D) to z (B, k)."""
        x = checks.float_array("x", x, self.data_dim, np.float64)
        return (x - self.mean) @ self.components.T

    def decode(self, z):
        """x_hat = z V + mean: z (B, k) to x_hat (B, D)."""
        z = checks.float_array("z", z, len(self.components), np.float64)
        return z @ self.components + self.mean

    def reconstruct(self, x):
        """The point of the plane mean + span(components) that is nearest to x: (B, D) to (B, D).

        Over the N examples of the fit the squared errors add up to N times the sum of the variances left out, and no
        other plane of k dimensions has less (Eckart and Young 1936).
        """
        return self.decode(self.encode(x))


def singular_values_and_directions(x, mean):
    """s (r,) and V (r, D) of the singular value decomposition x - mean = U diag(s) V, with r = min(N, D).

    The covariance V^T diag(s^2 / N) V is never formed: squares of singular values below 1e-8 of the largest drown in
    the rounding of the largest square, and their directions with them.
    """
    # With x - mean = Q R and orthonormal columns of Q, R = U' diag(s) V has the same s and V, and R is only (r, D).
    # Row blocks one after the other: [R_before; block] = Q' R. As accurate as all at once (Golub and Van Loan, 5.2).
    R = np.zeros((0, x.shape[1]))
    for start in range(0, len(x), ROWS):
        R = np.linalg.qr(np.concatenate([R, x[start:start + ROWS] - mean]), mode="r")
    _, s, V = np.linalg.svd(R, full_matrices=False)
    return s, V


def principal_angles(A, B):
    """The angles between the row spaces of A (p, D) and B (q, D), in radians, rising from 0 to pi/2: min(p, q) of them.

    The first is the smallest angle between a vector of one space and one of the other; each next one the same among
    vectors orthogonal to those before. Small angles are as accurate as large ones, about 1e-15 in absolute terms:
    Bjorck and Golub 1973, Knyazev and Argentati 2002.
    Raises ValueError or TypeError for a wrong shape, NaN, rows that depend on one another.
    """
    A, B = checks.float_array("A", A, dtype=np.float64), checks.float_array("B", B, dtype=np.float64)
    if A.shape[1] != B.shape[1]:
        raise ValueError(f"B: got shape {B.shape}, expected (k, {A.shape[1]}), rows as long as those of A")
    Q_A, Q_B = _orthonormal("A", A), _orthonormal("B", B)                        # (D, p), (D, q)
    if Q_A.shape[1] < Q_B.shape[1]:
        Q_A, Q_B = Q_B, Q_A
    # The cosines are the singular values of Q_A^T Q_B, the sines those of what Q_B has outside of A's space. Near 0 the
    # cosine is flat and tells half the digits of the angle, near pi/2 the sine is: arctan2 uses both.
    inside = Q_A.T @ Q_B                                                         # (p, q)
    outside = Q_B - Q_A @ inside                                                 # (D, q)
    cosines = np.linalg.svd(inside, compute_uv=False)                            # falling
    sines = np.linalg.svd(outside, compute_uv=False)[::-1]                       # rising
    return np.arctan2(sines, cosines)


def _orthonormal(name, A):
    """Orthonormal columns (D, k) that span the rows of A (k, D)."""
    lengths = np.linalg.norm(A, axis=1, keepdims=True)
    rows = A / np.where(lengths > 0, lengths, 1)             # the length of a row does not change what it spans
    rank = np.linalg.matrix_rank(rows)
    if rank < len(A):
        raise ValueError(f"{name}: got {len(A)} rows that span only {rank} dimensions, expected rows none of which is "
                         "a combination of the others; leave out the redundant ones")
    return np.linalg.qr(rows.T)[0]
