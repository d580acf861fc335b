"""What a trained VAE does with its latent space: q(z) against p(z), information, active units, rate and distortion.

Every q(z given x) is the diagonal Gaussian of the encoder. q(z) is the aggregated posterior: the mixture of the
q(z given x_n) of N examples, each with weight 1 / N. All values are in nats per example. Lecture p30.
"""

from typing import NamedTuple

import numpy as np

from tinyvae import checks, evaluation, gaussian
from tinyvae.softmax import log_sum_exp

EXAMPLES = 1000         # examples encoded at once
PAIRS = 2_000_000       # (z, x_n) pairs at once: bounds the memory whatever N is
SHARP = 1e8             # (mu / sigma)^2 from which a product of matrices would round by more than 1e-7 nats


class Information(NamedTuple):
    """mean_kl = mutual_information + marginal_kl, up to the standard errors of the two that were sampled. Nats."""

    mean_kl: float
    mutual_information: float
    mutual_information_error: float
    marginal_kl: float
    marginal_kl_error: float


def posteriors(model, x):
    """mu, logvar of q(z given x), each (N, L) float64, encoded in chunks.

    Raises ValueError or TypeError for a wrong shape, NaN, a model whose encode gives no distribution.
    """
    x = checks.float_array("x", x, getattr(model, "data_dim", None))
    chunks = [model.encode(x[start:start + EXAMPLES]) for start in range(0, len(x), EXAMPLES)]
    if not isinstance(chunks[0], tuple):
        raise TypeError(f"model: the encode of a {type(model).__name__} returns one code for each x, expected a VAE, "
                        "whose encode returns mu and logvar; for codes there is sliced_wasserstein")
    mu, logvar = (np.concatenate(part).astype(np.float64) for part in zip(*chunks))
    return mu, logvar


def mixture_log_density(z, mu, logvar):
    """log 1/N sum_n N(z; mu_n, diag sigma_n^2), exact, in nats.

    z : (S, L)        mu, logvar : (N, L), float64        returns : (S,)
    """
    # log N(z; mu_n, sigma_n^2) = -1/2 sum_j (log 2 pi + log sigma_nj^2 + (z_j - mu_nj)^2 / sigma_nj^2)
    N = len(mu)
    precision = np.exp(-logvar)                                                          # (N, L)
    constant = np.sum(gaussian.LOG_2PI + logvar, axis=1)                                 # (N,)
    log_q = []
    for some in np.array_split(z, -(-len(z) * N // PAIRS)):                    # at most about PAIRS pairs each
        log_normal = -0.5 * (constant + squared_distances(some, mu, precision))          # (S, N)
        log_q.append(log_sum_exp(log_normal) - np.log(N))
    return np.concatenate(log_q)


def squared_distances(z, mu, precision):
    """sum_j (z_j - mu_nj)^2 / sigma_nj^2 for all pairs: z (S, L), mu and precision = 1 / sigma^2 (N, L) to (S, N)."""
    squares = np.sum(mu**2 * precision, axis=1)                                          # (N,)
    if squares.max() > SHARP:                    # posteriors that are nearly points: the difference of squares rounds
        return np.stack([np.sum((one - mu)**2 * precision, axis=1) for one in z])
    # z^2 / sigma^2 - 2 z mu / sigma^2 + mu^2 / sigma^2, as matrix products: about 10 times as fast
    return z**2 @ precision.T - 2 * z @ (mu * precision).T + squares


def aggregated_log_density(model, x, z):
    """log q(z) = log 1/N sum_n q(z given x_n), exact for the N examples x. Lecture p30.

    x : (N, D)        z : (S, L)        returns : (S,), nats. Raises ValueError or TypeError as posteriors does.
    """
    mu, logvar = posteriors(model, x)
    return mixture_log_density(checks.float_array("z", z, mu.shape[1], np.float64), mu, logvar)


def information(model, x, samples=1000, rng=0):
    """The mean KL of p30 taken apart. Hoffman and Johnson 2016 (ELBO surgery).

        1/N sum_n KL(q(z given x_n) || p(z))  =  I(x; z)  +  KL(q(z) || p(z))

    x : (N, D), over which n is uniform        samples : draws of (n, z) for each of the two estimates
    rng : Generator or seed        returns : Information. I(x; z) is at most log N
    Raises ValueError or TypeError as posteriors does, and for samples below 2.
    """
    samples = checks.whole_number("samples", samples, at_least=2)
    rng = checks.generator("rng", rng)
    mu, logvar = posteriors(model, x)
    mean_kl = np.mean(gaussian.kl_standard_normal(mu, logvar))

    def draw():
        n = rng.integers(len(mu), size=samples)
        return n, gaussian.reparameterise(mu[n], logvar[n], rng.standard_normal((samples, mu.shape[1])))
    # I(x; z) = E_n E_q(z given x_n) [log q(z given x_n) - log q(z)]
    n, z = draw()
    gained = gaussian.log_density(z, mu[n], logvar[n]) - mixture_log_density(z, mu, logvar)
    # KL(q(z) || p(z)) = E_q(z) [log q(z) - log p(z)], with draws of its own, so that the two errors are independent
    _, z = draw()
    outside = mixture_log_density(z, mu, logvar) - gaussian.log_density(z, np.zeros_like(z), np.zeros_like(z))
    return Information(float(mean_kl), *mean_and_error(gained), *mean_and_error(outside))


def mean_and_error(values):
    """The mean of independent values (S,) and its standard error, two numbers."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def activity(model, x):
    """Var_x(mu_j), one number per latent dimension: how much the code of x moves with x. Burda et al. 2016, section 5.

    x : (N, D)        returns : (L,). For a q(z) that matches N(0, I) a fully used dimension is near 1, a collapsed 0
    """
    return np.var(posteriors(model, x)[0], axis=0)


def active_units(model, x, threshold=0.01):
    """Which latent dimensions carry something of x: activity > threshold. Burda et al. 2016, section 5.

    x : (N, D)        returns : (L,) booleans; their sum is the number of active units
    """
    return activity(model, x) > checks.positive("threshold", threshold)


def rate_distortion(model, x, samples=10, rng=0):
    """Rate, the mean KL(q(z given x) || p(z)), and distortion, the mean of E_q[-log p(x given z)]. Alemi et al. 2018.

    x : (N, D)        samples : draws of z per example        returns : two numbers, nats; their sum is -ELBO
    """
    rate = np.mean(gaussian.kl_standard_normal(*posteriors(model, x)))
    distortion = -np.mean(evaluation.elbo(model, x, samples, rng)) - rate
    return float(rate), float(distortion)


def sliced_wasserstein(z, directions=100, rng=0):
    """How far codes lie from N(0, I), in units of z: 0 for a perfect match. Bonneel et al. 2015, for any codes, also
    those of an autoencoder, which have no density.

    z : (N, L)        directions : random directions        rng : Generator or seed        returns : a number
    N codes from N(0, I) itself score not 0 but a little above sqrt(log log N / N): measure that floor beside it. The
    mean is over directions: codes shifted by a vector m score |m| / sqrt(L), so compare models of one L
    """
    z = checks.float_array("z", z, dtype=np.float64)
    directions = checks.whole_number("directions", directions)
    u = checks.generator("rng", rng).standard_normal((directions, z.shape[1]))
    u /= np.linalg.norm(u, axis=1, keepdims=True)                                        # unit vectors
    # along one direction, the cheapest way to move N points onto N(0, 1) takes the sorted points to its quantiles:
    # W^2 = 1/N sum_i ((z u)_(i) - Phi^-1((i + 1/2) / N))^2, averaged over the directions
    projected = np.sort(z @ u.T, axis=0)                                                 # (N, directions)
    return float(np.sqrt(np.mean((projected - gaussian.quantiles(len(z))[:, None])**2)))
