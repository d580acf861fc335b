"""Probes: what a simple classifier reads from features (pixels, codes of an encoder) with few labels.

The nearest neighbour, and softmax regression with its gradient by hand. Notes on autoencoders, uses.
"""

from typing import Any, NamedTuple

import numpy as np

from tinyvae import checks, softmax
from tinyvae.layers import Dense
from tinyvae.parameters import Model

PAIRS = 4_000_000     # distances held at once: 32 MB


def nearest(train, test):
    """The index of the row of train nearest to each row of test, by Euclidean distance; the first of several equals.

    train : (N, D)        test : (M, D)        returns : (M,), whole numbers 0 .. N-1
    """
    train = checks.float_array("train", train, dtype=np.float64)
    test = checks.float_array("test", test, train.shape[1], np.float64)
    N, D = train.shape
    # |a - b|^2 - |a|^2 = |b|^2 - 2 a b for all pairs is one matrix product, but its rounding, at most about
    # (D + 4) eps (|a| + |b|)^2 / 2, breaks ties. So it only chooses candidates, between which the differences decide.
    train_squares, test_squares = np.sum(train**2, axis=1), np.sum(test**2, axis=1)      # (N,), (M,)
    rounding = (D + 4) * np.finfo(float).eps * (test_squares + train_squares.max())      # (M,)
    found = np.zeros(len(test), int)
    block = max(1, PAIRS // N)
    for start in range(0, len(test), block):
        a = test[start:start + block]
        relative = train_squares - 2 * a @ train.T                               # (block, N), |a - b|^2 - |a|^2
        limit = relative.min(axis=1) + 2 * rounding[start:start + block]
        for i in range(len(a)):
            candidates = np.flatnonzero(relative[i] <= limit[i])
            found[start + i] = candidates[np.argmin(np.sum((train[candidates] - a[i])**2, axis=1))]
    return found


def nearest_neighbour(train, labels, test):
    """The label of the nearest training example, for each row of test. Cover and Hart 1967.

    train : (N, D)        labels : (N,), of any kind        test : (M, D)        returns : (M,), labels
    """
    found = nearest(train, test)
    return _labels(labels, len(train), "train")[found]


def _labels(labels, N, of):
    """labels as an array (N,)."""
    labels = np.asarray(labels)
    if labels.shape != (N,):
        raise ValueError(f"labels: got shape {labels.shape}, expected ({N},), one for each row of {of}")
    return labels


class Loss(NamedTuple):
    """total = nll + penalty: the mean negative log-likelihood in nats per example, and the penalty on the weights."""

    total: Any
    nll: Any
    penalty: Any


class SoftmaxRegression(Model):
    """p(y given x) = softmax(f W + b) of the features f = (x - mean) / scale. Zero weights to start with.

    data_dim : D        classes : C        penalty : lambda in the loss  mean nll + lambda/2 (|W|^2 + |b|^2); b too,
        or the bias of a class without examples would fall for ever
    mean : (D,), None for 0        scale : a number. Both stay as they are

    softmax_regression fits one to its optimum; tinyvae.fit trains it too: fit(model, (x, labels)).
    """

    def __init__(self, data_dim, classes, penalty=1e-3, *, mean=None, scale=1.0, dtype=np.float64):
        self.data_dim, self.classes = checks.whole_number("data_dim", data_dim), checks.whole_number("classes", classes)
        self.penalty = checks.positive("penalty", penalty)
        mean = np.zeros(self.data_dim) if mean is None else mean
        self.mean = checks.float_array("mean", mean, self.data_dim, ndim=1)
        self.scale = checks.positive("scale", scale)
        self.dense = Dense(self.data_dim, self.classes, rng=0)
        self.dense.W[...] = 0
        self._backward_ready = False
        self.pack(dtype)

    def leaves(self):
        yield "", self.dense

    def _logits(self, x):
        self._backward_ready = False             # the layer keeps the x of this pass, no longer that of a loss
        x = checks.float_array("x", x, self.data_dim, self.dtype)
        return self.dense.forward(((x - self.mean) / self.scale).astype(self.dtype, copy=False))

    def _refuse_without_loss(self, name):
        if not self._backward_ready:
            raise RuntimeError(f"{name}: call loss(x, target) first, {name} needs what it kept")

    def loss(self, x, target):
        """x (B, D); target (B,) whole-number labels 0 .. C-1, or (B, C) probabilities. Returns Loss."""
        # J = 1/B sum_b -log p(y_b given x_b) + lambda/2 sum_ij W_ij^2 + lambda/2 sum_j b_j^2
        self.logits, self.target = self._logits(x), target                               # (B, C)
        nll = np.mean(softmax.softmax_nll(self.logits, self.target))
        self._backward_ready = True
        W, b = self.dense.W, self.dense.b
        penalty = self.penalty / 2 * (np.sum(W**2) + np.sum(b**2))
        return Loss(nll + penalty, nll, penalty)

    def backward(self):
        """Fill dW, db of the last loss."""
        self._refuse_without_loss("backward")
        B = len(self.logits)
        dnll = np.full(B, 1 / B, self.dtype)
        dlogits = softmax.softmax_nll_backward(dnll, self.logits, self.target)           # (B, C)
        self.dense.backward(dlogits, input_gradient=False)                               # dW, db of the mean nll
        self.dense.dW += self.penalty * self.dense.W
        self.dense.db += self.penalty * self.dense.b

    def hessian_product(self, v):
        """H v, where H holds the second derivatives of the last loss: a flat vector like parameters.vector."""
        # along v = (V, c) the logits change by u = f V + c, and p_k by p_k (u_k - sum_j p_j u_j): that change goes
        # through backward in place of p - t
        self._refuse_without_loss("hessian_product")
        V, c = v[:-self.classes].reshape(self.data_dim, self.classes), v[-self.classes:]         # W first, then b
        f, p = self.dense.x, softmax.softmax(self.logits)                                # (B, D), (B, C)
        u = f @ V + c                                                                    # (B, C)
        change = p * (u - np.sum(p * u, axis=1, keepdims=True)) / len(f)                 # (B, C)
        return np.concatenate([(f.T @ change).ravel(), np.sum(change, axis=0)]) + self.penalty * v

    def log_probabilities(self, x):
        """log p(y given x) of every class: x (B, D) to (B, C), nats."""
        return softmax.log_softmax(self._logits(x))

    def predict(self, x):
        """The most probable class, the first among equals: x (B, D) to (B,), whole numbers 0 .. C-1."""
        return np.argmax(self._logits(x), axis=1)


def softmax_regression(features, labels, classes, penalty=None, *, tolerance=1e-6, max_steps=100):
    """Softmax regression at the optimum of its loss, by Newton's method. Nocedal and Wright 2006, algorithm 7.1.

    features : (N, D)        labels : (N,), whole numbers 0 .. classes-1; a class may be missing among them
    penalty : lambda of SoftmaxRegression. None takes 1/N: the optimum is then the most probable W and b when each entry
        is N(0, 1) beforehand, and more examples count for more
    tolerance : the length of the gradient at which to stop; the parameters are then within tolerance / penalty

    Features are standardised inside, with the training mean of each and one scale for all, the root of their mean
    variance: so units do not matter, and a feature that hardly varies stays small. predict does the same to its input.
    The loss is strictly convex, so there is one optimum, whatever the start. Deterministic.

    returns : SoftmaxRegression, float64
    Raises ValueError or TypeError for a wrong shape, NaN, labels out of range; RuntimeError after max_steps.
    """
    x = checks.float_array("features", features, dtype=np.float64)
    classes, max_steps = checks.whole_number("classes", classes), checks.whole_number("max_steps", max_steps)
    tolerance = checks.positive("tolerance", tolerance)
    labels = _labels(labels, len(x), "features")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels: got dtype {labels.dtype}, expected whole numbers 0 to {classes - 1}; convert with "
                        ".astype(int)")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels: got values from {labels.min()} to {labels.max()}, expected 0 to {classes - 1}")
    mean = x.mean(axis=0)                                                                # (D,)
    scale = np.sqrt(np.mean((x - mean)**2)) if np.any(x != x[0]) else 1.0
    model = SoftmaxRegression(x.shape[1], classes, 1 / len(x) if penalty is None else penalty, mean=mean, scale=scale)
    for _ in range(max_steps):
        loss = model.loss(x, labels).total
        model.backward()
        gradient = model.gradients.vector.copy()
        if np.linalg.norm(gradient) <= tolerance:
            return model
        _descend(model, x, labels, loss, gradient, _newton_direction(model, gradient))
    raise RuntimeError(f"softmax_regression: the gradient has length {np.linalg.norm(gradient):.3g} after {max_steps} "
                       f"steps, tolerance {tolerance:g}; take a larger penalty than {model.penalty:g}, or more steps")


def _newton_direction(model, gradient):
    """d with H d = -gradient, by conjugate gradients, more exactly the shorter the gradient already is."""
    # r = -gradient - H d is what is left; each q is conjugate to those before: q H q' = 0
    d, r = np.zeros_like(gradient), -gradient
    q, rr = r, r @ r
    enough = rr * min(0.5, rr**0.25)**2                      # |r| <= min(1/2, sqrt |gradient|) |gradient|
    for _ in range(len(r)):
        if rr <= enough:
            break
        Hq = model.hessian_product(q)
        step = rr / (q @ Hq)
        d, r = d + step * q, r - step * Hq
        rr, rr_before = r @ r, rr
        q = r + rr / rr_before * q
    return d


def _descend(model, x, labels, loss, gradient, d):
    """Move the parameters along d: the whole way, or halved until the loss falls by a fair share (Armijo 1966)."""
    theta, start = model.parameters.vector, model.parameters.vector.copy()
    # near the optimum the loss falls by less than the rounding of it and of the logits
    rounding = 8 * np.finfo(float).eps * (loss + np.abs(model.logits).max())
    for halvings in range(60):
        step = 0.5**halvings
        theta[...] = start + step * d
        if model.loss(x, labels).total <= loss + 1e-4 * step * (gradient @ d) + rounding:
            break
