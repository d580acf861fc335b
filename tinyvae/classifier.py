"""The generative classifier: p(x given y) of each class, Bayes' rule for p(y given x), a threshold for "none of these".

Notes on generative models, section 2; lesson 01 does the same with Gaussians.

    p(y given x) = p(x given y) p(y) / p(x),        p(x) = sum_y p(x given y) p(y)
"""

import numpy as np

from tinyvae import anomaly, checks, evaluation
from tinyvae.softmax import log_sum_exp, softmax

NONE_OF_THESE = -1


class GenerativeClassifier:
    """A classifier out of one density p(x given y) for each class y = 0 .. K-1.

    models : one for each class: VAEs, such as [cvae.given(y) for y in range(10)] of a ConditionalVAE, whose log p is
        estimated by importance sampling, or models with a log_likelihood(x) of their own
    prior : p(y), (K,) positive numbers that sum to 1; None for equal ones
    background : models of x that know nothing of the classes, a list; see evidence
    k : samples of an estimate; 1 classifies by a draw of the bound, more come closer to log p
    rng : Generator or seed. Every class, and every call, gets the same noise, so the same array gets the same answer;
        an estimate of one picture still depends a little on its row, as it does on the seed

    threshold : a picture whose evidence lies below it is none of these; -inf, none is, until reject_below sets it
    """

    def __init__(self, models, prior=None, *, background=None, k=10, rng=0):
        self.models, self.background = as_models(models, background)
        self.data_dim, K = self.models[0].data_dim, len(self.models)
        self.prior = as_prior(np.full(K, 1 / K) if prior is None else prior, K)          # (K,)
        self.k, self.seed = checks.whole_number("k", k), int(checks.generator("rng", rng).integers(2**63))
        self.threshold = -np.inf

    def _log_density(self, model, x):
        return evaluation.log_likelihood(model, x, self.k, np.random.default_rng(self.seed))

    def log_joint(self, x):
        """log p(x, y) = log p(x given y) + log p(y) for every class: x (N, D) to (N, K), nats."""
        x = checks.float_array("x", x, self.data_dim)
        log_p = [self._log_density(model, x) for model in self.models]           # K times (N,)
        return np.stack(log_p, axis=1) + np.log(self.prior)

    def log_marginal(self, x):
        """log p(x) = log sum_y p(x, y): x (N, D) to (N,), nats."""
        return log_sum_exp(self.log_joint(x))

    def probabilities(self, x):
        """p(y given x) = p(x, y) / sum_k p(x, k), the softmax of log_joint: x (N, D) to (N, K), rows that sum to 1."""
        return softmax(self.log_joint(x))

    def evidence(self, x):
        """How much speaks for x being one of these at all: x (N, D) to (N,), nats.

        Without a background log p(x), which also grows when x is simple: an empty picture may be likelier than any of
        the classes. With one log p(x) - log r(x), where r is the equal mixture of its models: of pictures from r at
        most the share e^-t reaches t, whatever p is (Markov's inequality). Ren et al. 2019; Serra et al. 2020.
        """
        return self._evidence(x, self.log_joint(x))

    def _evidence(self, x, log_joint):
        log_p = log_sum_exp(log_joint)                                                   # (N,)
        if not self.background:
            return log_p
        # log r(x) = log 1/M sum_m r_m(x)
        log_r = np.stack([self._log_density(model, x) for model in self.background], axis=1)         # (N, M)
        return log_p - (log_sum_exp(log_r) - np.log(len(self.background)))

    def reject_below(self, x_normal, keep=0.99):
        """Set threshold from pictures of the classes: of further ones the share keep is called one of these, or more.

        x_normal : (N, D), pictures that the models were not trained on; at least 99 for keep=0.99
        returns : threshold, in nats. tinyvae.anomaly.threshold on -evidence: its guarantee, up to the noise of k samples
        """
        self.threshold = -anomaly.threshold(-self.evidence(x_normal), keep)
        return self.threshold

    def predict(self, x):
        """The class with the largest p(y given x), or -1 for "none of these", where evidence < threshold.

        x : (N, D)        returns : (N,) whole numbers
        """
        log_joint = self.log_joint(x)
        none = ~(self._evidence(x, log_joint) >= self.threshold)       # so that a NaN is none of these
        return np.where(none, NONE_OF_THESE, log_joint.argmax(axis=1))


class IndependentPixels:
    """A background for binary pictures: each pixel is ink as often as it is in x, whatever the others are.

    x : (N, D) in [0, 1]        p : (D,), by Laplace's rule (sum_n x_nd + 1) / (N + 2), never 0 and never 1
    """

    def __init__(self, x):
        x = checks.grey_values("x", checks.float_array("x", x), "as pixels")
        self.data_dim = x.shape[1]
        self.p = (x.sum(axis=0, dtype=np.float64) + 1) / (len(x) + 2)

    def log_likelihood(self, x):
        """log r(x) = sum_d x_d log p_d + (1 - x_d) log(1 - p_d): x (N, D) to (N,), nats."""
        x = checks.binary_values("x", checks.float_array("x", x, self.data_dim, np.float64), "for independent pixels")
        return x @ np.log(self.p) + (1 - x) @ np.log1p(-self.p)


class NeighbourCode:
    """A background for binary pictures: a pixel is like the one left of it and the one above it, no more is known.

    -log r(x) is the length in nats of a code for x: the complexity of Serra et al. 2020, without a file format. How
    alike neighbours are is learnt from the picture itself, pixel by pixel, so it has no parameters to train.
    side : the width and height of the pictures
    """

    def __init__(self, side=28):
        self.side = checks.whole_number("side", side)
        self.data_dim = self.side**2

    def log_likelihood(self, x):
        """x (N, side * side) of zeros and ones to (N,), nats. Raises ValueError for grey pixels."""
        # The pixels are read row by row. Let n of those so far have had the neighbours c, and k of them been ink: the
        # next is ink with probability (k + 1) / (n + 2), Laplace's rule. Multiplied up, with the final k and n,
        # r(x) = prod_c k_c! (n_c - k_c)! / (n_c + 1)!          over the four cases c of (left, above); outside is 0
        x = checks.binary_values("x", checks.float_array("x", x, self.data_dim), "for a code of binary pictures")
        pixel = x.reshape(-1, self.side, self.side).astype(bool)                         # (N, side, side)
        framed = np.pad(pixel, ((0, 0), (1, 0), (1, 0)))
        neighbours = 2 * framed[:, 1:, :-1] + framed[:, :-1, 1:]                         # c = 2 left + above
        log_factorial = np.concatenate([[0], np.cumsum(np.log(np.arange(1, self.data_dim + 2)))])
        log_r = np.zeros(len(x))
        for c in range(4):
            n, k = np.sum(neighbours == c, axis=(1, 2)), np.sum((neighbours == c) & pixel, axis=(1, 2))
            log_r += log_factorial[k] + log_factorial[n - k] - log_factorial[n + 1]
        return log_r


def as_models(models, background):
    """The two lists; ValueError or TypeError when models is empty, no list, or not all are densities of the same x."""
    background = [] if background is None else background
    for name, value in (("models", models), ("background", background)):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"{name}: got {type(value).__name__}, expected a list of models; for the classes of a "
                            "ConditionalVAE [model.given(y) for y in range(model.classes)]")
    if not models:
        raise ValueError("models: got none, expected one model for each class")
    for model in [*models, *background]:
        evaluation.refuse_without_density(model, "models")
    widths = {model.data_dim for model in [*models, *background]}
    if len(widths) > 1:
        raise ValueError(f"models: got models of {' and of '.join(map(str, sorted(widths)))} numbers per example, "
                         "expected densities of the same x, the background's too")
    return list(models), list(background)


def as_prior(prior, K):
    """prior as (K,) float64; ValueError for anything but positive numbers that sum to 1."""
    prior = checks.float_array("prior", prior, K, np.float64, ndim=1)
    if prior.min() <= 0 or abs(prior.sum() - 1) > 1e-6:
        raise ValueError(f"prior: got a least entry of {prior.min():.6g} and a sum of {prior.sum():.6g}, expected "
                         "positive probabilities that sum to 1; divide counts by their sum")
    return prior
