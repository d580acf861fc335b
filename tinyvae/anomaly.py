"""Anomaly detection and purification with a model of normal data. Lecture p29, p31 and p32.

    score(x) > threshold: anomaly        the threshold comes from normal examples alone
    purify: x --encoder--> mu --decoder--> x', nearer to what the model has learnt than x was
"""

import math
from fractions import Fraction

import numpy as np

from tinyvae import checks, evaluation
from tinyvae.vae import VAE


def threshold(normal_scores, keep=0.99):
    """The t of "score > t: anomaly" that keeps the share keep of normal data. Lecture p32; Vovk et al. 2005, chapter 4.

    normal_scores : (N,), scores of normal examples by which the model was neither trained nor chosen
    keep : share of normal data to be called normal, between 0 and 1

    returns : a number, the ceil((N + 1) keep)-th smallest score. At least the share keep of normal_scores is <= t, and
        a fresh normal example is called an anomaly with probability 1 - keep at most, whatever the distribution.
    Raises ValueError for NaN, or fewer than keep / (1 - keep) scores (99 for keep=0.99): no t then has that guarantee.
    """
    # A fresh normal score and the N others are exchangeable: its rank among them all is equally likely 1, .., N + 1,
    # ties broken at random. With t the k-th smallest of the others, "score <= t" holds whenever the rank is <= k:
    #    P(score > t) <= 1 - k / (N + 1), equal without ties,        <= 1 - keep for the least k = ceil((N + 1) keep)
    # k = ceil(N keep) would keep the share of the N scores themselves, but of fresh ones a little less.
    scores = checks.float_array("normal_scores", normal_scores, ndim=1)
    if np.iscomplexobj(scores):
        raise TypeError(f"normal_scores: got dtype {scores.dtype}, expected real numbers, which have an order")
    keep = _share("keep", keep)
    N, k = len(scores), math.ceil((len(scores) + 1) * keep)
    if k > N:
        raise ValueError(f"normal_scores: got {N} scores, expected at least {math.ceil(keep / (1 - keep))} to keep "
                         f"{float(keep):g} of fresh normal data; score more normal examples, or keep less")
    return float(np.partition(scores, k - 1)[k - 1])


def _share(name, value):
    """value as an exact fraction between 0 and 1: the decimal that was written, so that 100 * 0.07 is 7 and no more."""
    number = checks.positive(name, value)
    if number >= 1:
        raise ValueError(f"{name}: got {number:g}, expected a share between 0 and 1, such as 0.99")
    return Fraction(str(value))


def _negative_elbo(model, x, k, rng):
    return -evaluation.elbo(model, x, samples=k, rng=rng)


def _surprise(model, x, k, rng):
    return -evaluation.log_likelihood(model, x, k=k, rng=rng)


KINDS = {"reconstruction": lambda model, x, k, rng: evaluation.reconstruction_error(model, x),
         "elbo": _negative_elbo, "likelihood": _surprise}


def scores(model, x, kind="reconstruction", k=100, rng=0):
    """How little each example looks like what the model has learnt; larger is more anomalous. Lecture p29 and p31.

    kind : "reconstruction": sum_d (x_d - x'_d)^2 with x' decoded from the mean of q(z given x), for any model with
        reconstruct(x) (VAE, Autoencoder, PCA)
        "elbo": for a VAE, reconstruction loss + KL, an upper bound of -log p(x)
        "likelihood": -log p(x), by importance sampling for a VAE, exact for a model that has it (FVBN, Flow)
    x : (N, D)        k : draws of z per example, for "elbo" and "likelihood"        rng : Generator or seed

    returns : (N,) float64, squared units of x for "reconstruction", else nats.
    Raises ValueError or TypeError for an unknown kind, a model that cannot give it, a wrong shape, NaN.
    """
    score, k = checks.choice("kind", kind, KINDS), checks.whole_number("k", k)
    if kind == "elbo" and not isinstance(model, VAE):
        raise TypeError(f"model: got {model!r}, expected a VAE for kind='elbo', which needs p(x given z) and "
                        "q(z given x); kind='reconstruction' takes any model with reconstruct(x)")
    return score(model, x, k, rng)


def purify(model, x, rounds=1):
    """x through encoder and decoder, rounds times: nearer to what the model has learnt. Lecture p31, note 4.

    x : (N, D) in the units of the training data; noise may leave [0, 1], even for a Bernoulli model: clipping would
        give the noise a mean, which the encoder takes for a part of the picture
    rounds : 1 is reconstruct; more go on from there. Each loses detail as well, so that more is not always better

    returns : (N, D), the mean of p(x given z) at the mean of q(z given x). Memory for the model does not grow with N.
    Raises ValueError or TypeError for a model without reconstruct, rounds below 1, a wrong shape, NaN.
    """
    rounds = checks.whole_number("rounds", rounds)
    evaluation.refuse_without_reconstruct(model)
    x = checks.float_array("x", x, getattr(model, "data_dim", None))
    # x' = decode(E[z given x]),  then x'' = decode(E[z given x']), ...
    for _ in range(rounds):
        x = np.concatenate([_decoded_mean(model, x[start:start + evaluation.RECONSTRUCTED])
                            for start in range(0, len(x), evaluation.RECONSTRUCTED)])
    return x


def _decoded_mean(model, x):
    if not isinstance(model, VAE):
        return model.reconstruct(x)
    mu, _ = model._encode(x.astype(model.dtype, copy=False))       # not encode, which asks for data of the likelihood
    return model.decode(mu)
