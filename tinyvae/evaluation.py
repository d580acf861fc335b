"""How good a trained model is: log p(x) by importance sampling and the ELBO, the reconstruction error, ROC and AUC."""

import numpy as np

from tinyvae import checks, gaussian
from tinyvae.autoencoder import squared_error

ROWS = 2000           # (example, sample) pairs decoded at once: bounds the memory whatever k is
EXAMPLES = 100        # examples at once; each then gets ROWS / EXAMPLES samples at a time
RECONSTRUCTED = 1000  # examples reconstructed at once


def log_weights(model, x, mu, logvar, eps):
    """log w = log p(x given z) + log p(z) - log q(z given x) at z = mu + sigma eps, one number per row.

    x : (B, D)        mu, logvar, eps : (B, L)        returns : (B,), nats.  E_q[w] = p(x), E_q[log w] = ELBO.
    """
    z = gaussian.reparameterise(mu, logvar, eps)
    log_p_x = -model.likelihood.nll(x, model._decode(z))
    log_p_z = gaussian.log_density(z, np.zeros_like(z), np.zeros_like(z))
    log_q_z = gaussian.log_density(z, mu, logvar)
    return log_p_x + log_p_z - log_q_z


def _sampled(model, x, k, rng, function):
    """Yield (rows, values): function(x, mu, logvar, eps) for some samples (S, B) of the examples x[rows]."""
    for start in range(0, len(x), EXAMPLES):
        rows = slice(start, start + EXAMPLES)
        mu, logvar = model.encode(x[rows])
        B, data = len(mu), model.likelihood.check(np.asarray(x[rows], model.dtype))
        for first in range(0, k, ROWS // EXAMPLES):
            S = min(ROWS // EXAMPLES, k - first)
            eps = model.noise(rng, S * B)                                        # (S B, L), sample by sample
            data_s, mu_s, logvar_s = (np.tile(array, (S, 1)) for array in (data, mu, logvar))
            yield rows, function(data_s, mu_s, logvar_s, eps).astype(np.float64).reshape(S, B)


def log_likelihood(model, x, k=100, rng=0, return_error=False):
    """log p(x) in nats by importance sampling from q(z given x) with k samples. Burda et al. 2016, equation 8.

    x : (N, D)        k : samples per example; the estimate is a lower bound in expectation that rises with k
    rng : Generator or seed        return_error : also return the standard error of each estimate

    returns : (N,), or two of them. Memory does not grow with k. A model with a log_likelihood(x) of its own, such as an
    FVBN or a Flow, is asked for it: exact, with an error of 0.
    With grey pixels under a Bernoulli the values are no log-probabilities of x: binarise x first.
    Raises ValueError or TypeError for a wrong shape, NaN, k below 1 (2 with return_error).
    """
    k = checks.whole_number("k", k, at_least=2 if return_error else 1)
    rng = checks.generator("rng", rng)
    refuse_without_density(model)
    x = checks.float_array("x", x, model.data_dim)
    if hasattr(model, "log_likelihood"):
        exact = np.asarray(model.log_likelihood(x), np.float64)
        return (exact, np.zeros(len(x))) if return_error else exact
    # log p(x) = log 1/k sum_s w_s, summed relative to the largest weight so far: exp(log w) itself may underflow
    top = np.full(len(x), -np.inf)                                               # max_s log w_s
    sum1, sum2 = np.zeros(len(x)), np.zeros(len(x))                              # sum_s w_s / e^top, and of squares
    for rows, log_w in _sampled(model, x, k, rng, lambda *arrays: log_weights(model, *arrays)):
        new_top = np.maximum(top[rows], log_w.max(axis=0))
        w = np.exp(log_w - new_top)                                              # (S, B)
        shrink = np.exp(top[rows] - new_top)
        sum1[rows] = sum1[rows] * shrink + w.sum(axis=0)
        sum2[rows] = sum2[rows] * shrink**2 + (w**2).sum(axis=0)
        top[rows] = new_top
    estimate = top + np.log(sum1 / k)
    if not return_error:
        return estimate
    # standard error of log(mean w) = standard error of mean w, divided by mean w
    variance = np.maximum(sum2 / k - (sum1 / k)**2, 0) * k / (k - 1)
    return estimate, np.sqrt(variance / k) / (sum1 / k)


def refuse_without_density(model, name="model"):
    """TypeError for a model that gives no p(x)."""
    if isinstance(model, type) or not (hasattr(model, "log_likelihood")
                                       or hasattr(model, "likelihood") and hasattr(model, "encode")):
        raise TypeError(f"{name}: got {model!r}, expected a model of p(x): a VAE, or one with log_likelihood(x), such "
                        "as FVBN or Flow")


def elbo(model, x, samples=100, rng=0):
    """The ELBO of each example, E_q over samples draws and the KL in closed form. Lecture p19.

    x : (N, D)        rng : Generator or seed        returns : (N,), nats
    """
    samples = checks.whole_number("samples", samples)
    rng = checks.generator("rng", rng)
    x = checks.float_array("x", x, model.data_dim)

    def log_p_x_and_kl(data, mu, logvar, eps):
        log_p_x = -model.likelihood.nll(data, model._decode(gaussian.reparameterise(mu, logvar, eps)))
        return log_p_x - gaussian.kl_standard_normal(mu, logvar)
    total = np.zeros(len(x))
    for rows, values in _sampled(model, x, samples, rng, log_p_x_and_kl):
        total[rows] += values.sum(axis=0)
    return total / samples


def refuse_without_reconstruct(model):
    """TypeError for a model that rebuilds nothing."""
    if isinstance(model, type) or not hasattr(model, "reconstruct"):
        raise TypeError(f"model: got {model!r}, expected a model with reconstruct(x), such as VAE, Autoencoder or PCA")


def reconstruction_error(model, x):
    """sum_d (x_d - x_hat_d)^2 of each example: large for data unlike those the model has learnt. Lecture p21.

    model : anything with reconstruct(x) -> (B, D), as VAE (which decodes z = mu), Autoencoder, PCA
    x : (N, D)        returns : (N,) float64, in squared units of x. Memory for the model does not grow with N.
    Raises ValueError or TypeError for a model without reconstruct, a wrong shape, NaN.
    """
    refuse_without_reconstruct(model)
    x = checks.float_array("x", x, getattr(model, "data_dim", None))
    error = np.zeros(len(x))
    for start in range(0, len(x), RECONSTRUCTED):
        rows = slice(start, start + RECONSTRUCTED)
        x_hat = np.asarray(model.reconstruct(x[rows]), np.float64)                       # (B, D)
        if x_hat.shape != x[rows].shape:
            raise ValueError(f"model: reconstruct returned shape {x_hat.shape} for x of shape {x[rows].shape}, "
                             "expected the same shape")
        error[rows] = squared_error(x[rows], x_hat)
    return error


def _counts(scores, positive):
    """The distinct scores s, falling, and how many positives and how many negatives have each: three arrays (S,)."""
    scores = checks.float_array("scores", scores, ndim=1)
    if np.iscomplexobj(scores):
        raise TypeError(f"scores: got dtype {scores.dtype}, expected real numbers, which have an order")
    positive = checks.float_array("positive", positive, columns=len(scores), ndim=1)
    if not np.isin(positive, (0, 1)).all():
        raise ValueError(f"positive: got values from {positive.min():.6g} to {positive.max():.6g}, expected True or 1 "
                         "for a positive, False or 0 for a negative; for class c of some labels, labels == c")
    positive = positive == 1
    if positive.all() or not positive.any():
        raise ValueError(f"positive: got {positive.sum()} positives and {np.sum(~positive)} negatives, expected at "
                         "least one of each")
    distinct, which = np.unique(scores, return_inverse=True)                             # rising
    positives = np.bincount(which[positive], minlength=len(distinct))
    negatives = np.bincount(which[~positive], minlength=len(distinct))
    return distinct[::-1], positives[::-1], negatives[::-1]


def roc_curve(scores, positive):
    """What share of negatives and of positives "score >= threshold" calls positive. Fawcett 2006, algorithm 1.

    scores : (N,), larger means positive        positive : (N,) booleans, or 0 and 1
    returns : false positive rate, true positive rate, thresholds, each (S + 1,) for S distinct scores: from (0, 0) at
        threshold infinity to (1, 1) at the least score. Equal scores share one point: no threshold tells them apart
    Raises ValueError or TypeError for NaN scores, other lengths, or when positives or negatives are missing.
    """
    distinct, positives, negatives = _counts(scores, positive)
    true_positives = np.concatenate([[0], np.cumsum(positives)])        # positives with score >= threshold, (S + 1,)
    false_positives = np.concatenate([[0], np.cumsum(negatives)])
    thresholds = np.concatenate([[np.inf], distinct])
    return false_positives / false_positives[-1], true_positives / true_positives[-1], thresholds


def auc(scores, positive, return_error=False):
    """P(s+ > s-) + P(s+ = s-) / 2 for a random positive and a random negative. Hanley and McNeil 1982, section II.

    The area under the ROC curve: 1 for a perfect order, 1/2 for chance. Exact: the pairs are counted in whole numbers.
    scores : (N,), larger means positive        positive : (N,) booleans, or 0 and 1
    return_error : also return the standard error, for other draws of positives and of negatives (DeLong et al. 1988);
        it needs two of each, and is 0 for a perfect order, however few the examples

    returns : a number, or two. Raises ValueError or TypeError as roc_curve does.
    """
    _, P, M = _counts(scores, positive)                                 # positives and negatives at each score, (S,)
    n_positive, n_negative = int(P.sum()), int(M.sum())
    # pairs won by a positive of this score, a tie counting half; doubled, so that they stay whole numbers
    won = 2 * (n_negative - np.cumsum(M)) + M                           # 2 #(s- < s) + #(s- = s)
    area = int(np.sum(P * won)) / (2 * n_positive * n_negative)
    if not return_error:
        return area
    if min(n_positive, n_negative) < 2:
        raise ValueError(f"positive: got {n_positive} positives and {n_negative} negatives, expected two of each for "
                         "a standard error")
    # v = P(s > s-) + P(s = s-) / 2 for one positive score s, w the same for one negative; both have the mean AUC, and
    # Var(AUC) = Var(v) / n+ + Var(w) / n-
    v = won / (2 * n_negative)
    w = (2 * np.cumsum(P) - P) / (2 * n_positive)                       # 2 #(s+ > s) + #(s+ = s), as a share
    variance_v = np.sum(P * (v - area)**2) / (n_positive - 1)
    variance_w = np.sum(M * (w - area)**2) / (n_negative - 1)
    return area, float(np.sqrt(variance_v / n_positive + variance_w / n_negative))
