"""How likely data are under a trained model: the ELBO with many samples, log p(x) by importance sampling."""

import numpy as np

from tinyvae import checks, gaussian

ROWS = 2000           # (example, sample) pairs decoded at once: bounds the memory whatever k is
EXAMPLES = 100        # examples at once; each then gets ROWS / EXAMPLES samples at a time


def log_weights(model, x, mu, logvar, eps):
    """log w = log p(x given z) + log p(z) - log q(z given x) at z = mu + sigma eps, one number per row.

    x : (B, D)        mu, logvar, eps : (B, L)        returns : (B,), nats.  E_q[w] = p(x), E_q[log w] = ELBO.
    """
    z = gaussian.reparameterise(mu, logvar, eps)
    log_p_x = -model.likelihood.nll(x, model.decoder.forward(z))
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

    returns : (N,), or two of them. Memory does not grow with k.
    With grey pixels under a Bernoulli the values are no log-probabilities of x: binarise x first.
    Raises ValueError or TypeError for a wrong shape, NaN, k below 1 (2 with return_error).
    """
    k = checks.whole_number("k", k, at_least=2 if return_error else 1)
    rng = checks.generator("rng", rng)
    x = checks.float_array("x", x, model.data_dim)
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


def elbo(model, x, samples=100, rng=0):
    """The ELBO of each example, E_q over samples draws and the KL in closed form. Lecture p19.

    x : (N, D)        rng : Generator or seed        returns : (N,), nats
    """
    samples = checks.whole_number("samples", samples)
    rng = checks.generator("rng", rng)
    x = checks.float_array("x", x, model.data_dim)

    def log_p_x_and_kl(data, mu, logvar, eps):
        log_p_x = -model.likelihood.nll(data, model.decoder.forward(gaussian.reparameterise(mu, logvar, eps)))
        return log_p_x - gaussian.kl_standard_normal(mu, logvar)
    total = np.zeros(len(x))
    for rows, values in _sampled(model, x, samples, rng, log_p_x_and_kl):
        total[rows] += values.sum(axis=0)
    return total / samples
