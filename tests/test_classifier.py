"""The generative classifier: Bayes' rule by counting, the estimates against exact densities, "none of these"."""

import numpy as np
import pytest

from tests.oracles import gaussian_log_density
from tinyvae import VAE, evaluation
from tinyvae.classifier import GenerativeClassifier, IndependentPixels, NeighbourCode
from tinyvae.conditional import ConditionalVAE

EVERY_X = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], float)               # (8, 3)


class Table:
    """An exact density of three binary pixels: p (8,), one number for each row of EVERY_X."""

    data_dim = 3

    def __init__(self, p):
        self.p = np.asarray(p) / np.sum(p)

    def log_likelihood(self, x):
        return np.log(self.p[(x @ [4, 2, 1]).astype(int)])


class Normal:
    """An exact density N(mean, sigma^2 I) of two numbers."""

    data_dim = 2

    def __init__(self, mean, sigma=1.0):
        self.mean, self.sigma = np.asarray(mean, float), sigma

    def log_likelihood(self, x):
        return gaussian_log_density(x, self.mean, self.sigma**2 * np.eye(2))


def tables(rng):
    return [Table(rng.exponential(size=8)) for _ in range(3)]


def test_bayes_rule_by_counting(rng):
    """Draw (y, x) as the models say, and count the classes among the draws with one x."""
    models, prior, n = tables(rng), np.array([0.5, 0.3, 0.2]), 200_000
    y = rng.choice(3, n, p=prior)
    x = np.empty(n, int)
    for k, model in enumerate(models):
        x[y == k] = rng.choice(8, np.sum(y == k), p=model.p)
    classifier = GenerativeClassifier(models, prior)
    probabilities, marginal = classifier.probabilities(EVERY_X), np.exp(classifier.log_marginal(EVERY_X))
    assert probabilities.shape == (8, 3) and marginal.sum() == pytest.approx(1, abs=1e-12)
    for row in range(8):
        counts = np.bincount(y[x == row], minlength=3)
        share, p = counts / counts.sum(), probabilities[row]
        assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / counts.sum())).all()
        assert abs(counts.sum() / n - marginal[row]) < 5 * np.sqrt(marginal[row] / n)


def test_the_joint_the_marginal_and_the_posterior_number_by_number(rng):
    models, prior = tables(rng), np.array([0.5, 0.3, 0.2])
    classifier = GenerativeClassifier(models, prior)
    joint = np.array([[prior[k] * models[k].p[row] for k in range(3)] for row in range(8)])
    np.testing.assert_allclose(np.exp(classifier.log_joint(EVERY_X)), joint, rtol=1e-12)
    np.testing.assert_allclose(np.exp(classifier.log_marginal(EVERY_X)), joint.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(classifier.probabilities(EVERY_X), joint / joint.sum(axis=1, keepdims=True), rtol=1e-12)
    np.testing.assert_array_equal(classifier.predict(EVERY_X), joint.argmax(axis=1))
    equal = GenerativeClassifier(models).log_joint(EVERY_X)
    np.testing.assert_allclose(np.exp(equal), joint / prior / 3, rtol=1e-12)


def test_no_rule_errs_less_than_bayes_rule(rng):
    """The share of errors is the least there is, 1 - sum_x max_y p(x, y), within 5 standard errors."""
    models, prior, n = tables(rng), np.array([0.5, 0.3, 0.2]), 50_000
    y = rng.choice(3, n, p=prior)
    x = np.array([rng.choice(8, n, p=model.p) for model in models])[y, np.arange(n)]
    right = np.mean(GenerativeClassifier(models, prior).predict(EVERY_X[x]) == y)
    best = sum(max(prior[k] * models[k].p[row] for k in range(3)) for row in range(8))
    assert abs(right - best) < 5 * np.sqrt(best * (1 - best) / n)


def linear_vae(seed, mean):
    """A linear VAE of two numbers and its exact marginal's mean and covariance; its q is near the posterior."""
    model = VAE(2, (), 1, "gaussian", sigma0=0.7, seed=seed, dtype=np.float64)
    w = np.random.default_rng(seed).standard_normal((1, 2))
    variance = 1 / (1 + np.sum(w**2) / 0.49)
    model.parameters["decoder.0.W"][...], model.parameters["decoder.0.b"][...] = w, mean
    model.parameters["encoder.0.W"][...] = np.hstack([w.T * variance / 0.49, np.zeros((2, 1))])
    model.parameters["encoder.0.b"][...] = [-np.sum(w * mean) * variance / 0.49, np.log(1.5 * variance)]
    return model, (np.array(mean), w.T @ w + 0.49 * np.eye(2))


def test_vaes_are_weighed_by_importance_sampling(rng):
    made = [linear_vae(seed, mean) for seed, mean in enumerate([[0.0, 1.0], [1.0, 0.0], [-1.0, -1.0]])]
    x, prior = rng.standard_normal((30, 2)), np.array([0.2, 0.3, 0.5])
    classifier = GenerativeClassifier([model for model, _ in made], prior, k=2000, rng=1)
    log_joint = classifier.log_joint(x)
    for k, (model, exact) in enumerate(made):
        error = evaluation.log_likelihood(model, x, k=2000, rng=2, return_error=True)[1]
        expected = gaussian_log_density(x, *exact) + np.log(prior[k])
        assert (np.abs(log_joint[:, k] - expected) < 5 * error).all() and error.max() < 0.05


def test_the_classes_of_a_conditional_vae(rng):
    model = ConditionalVAE(6, 3, (4,), 2, dtype=np.float64)
    x = rng.random((5, 6)).round()
    models = [model.given(k) for k in range(3)]
    log_joint = GenerativeClassifier(models, k=7, rng=3).log_joint(x)
    # every class is given the same noise: the seed that the classifier draws from its rng
    seed = int(np.random.default_rng(3).integers(2**63))
    for k in range(3):
        np.testing.assert_allclose(log_joint[:, k], evaluation.log_likelihood(models[k], x, 7, seed) - np.log(3),
                                   rtol=1e-12)


def test_the_same_pictures_get_the_same_answer(rng):
    models, x = [VAE(6, (4,), 2, seed=seed) for seed in range(3)], rng.random((9, 6)).round()
    classifier = GenerativeClassifier(models, k=2, rng=0)
    np.testing.assert_array_equal(classifier.log_joint(x), classifier.log_joint(x))
    again, other = (GenerativeClassifier(models, k=2, rng=np.random.default_rng(seed)) for seed in (0, 1))
    np.testing.assert_array_equal(classifier.log_joint(x), again.log_joint(x))
    assert not np.array_equal(classifier.log_joint(x), other.log_joint(x))


@pytest.mark.parametrize("keep", [0.99, 0.5, 0.013])
def test_the_threshold_keeps_the_share_and_no_more(rng, keep):
    classifier = GenerativeClassifier([Normal([0, 0]), Normal([3, 0])])
    assert (classifier.predict(100 * rng.standard_normal((50, 2))) >= 0).all()          # none is none of these at first
    x = rng.standard_normal((700, 2))
    threshold = classifier.reject_below(x, keep)
    kept = classifier.predict(x) >= 0
    assert kept.sum() == np.ceil(keep * 701 - 1e-9) and threshold == classifier.threshold
    assert threshold == classifier.log_marginal(x)[kept].min()


def test_none_of_these_far_from_every_class(rng):
    """On new points the threshold keeps the share keep, within 5 standard errors of both samples; far points go."""
    classifier = GenerativeClassifier([Normal([0, 0]), Normal([6, 0])])

    def draw(n):
        return np.array([6, 0]) * rng.integers(2, size=(n, 1)) + rng.standard_normal((n, 2))
    classifier.reject_below(draw(20_000), keep=0.95)
    kept = np.mean(classifier.predict(draw(20_000)) >= 0)
    assert abs(kept - 0.95) < 5 * np.sqrt(2 * 0.95 * 0.05 / 20_000)
    np.testing.assert_array_equal(classifier.predict(np.array([[0, 0.1], [6, 0], [3, 0], [0, 9], [60, 0]])),
                                  [0, 1, -1, -1, -1])


def test_a_background_takes_out_what_every_picture_has(rng):
    """A ratio: what the background finds as likely as the classes do is no evidence for them, however likely it is."""
    narrow, wide = Normal([0, 0], 1.0), Normal([0, 0], 3.0)
    # one density as class and as background: no evidence either way, wherever x is
    same = GenerativeClassifier([wide], background=[Normal([0, 0], 3.0)])
    np.testing.assert_allclose(same.evidence(10 * rng.standard_normal((9, 2))), 0, atol=1e-12)
    classifier = GenerativeClassifier([narrow], background=[wide])
    x = rng.standard_normal((9, 2))
    np.testing.assert_allclose(classifier.evidence(x), np.log(9) - np.sum(x**2, axis=1) * (1 - 1 / 9) / 2, rtol=1e-10)
    np.testing.assert_allclose(GenerativeClassifier([narrow]).evidence(x), narrow.log_likelihood(x), rtol=1e-12)
    # a class far out in a dense corner: p(x) of an ordinary point is small, and its ratio is large
    background = Table(np.r_[1000, np.ones(7)])
    classifier = GenerativeClassifier([Table([300, 1, 1, 1, 1, 1, 1, 50])], background=[background])
    log_p, evidence = classifier.log_marginal(EVERY_X), classifier.evidence(EVERY_X)
    assert log_p.argmax() == 0 and evidence.argmax() == 7
    classifier.reject_below(EVERY_X[[7]], keep=0.5)
    np.testing.assert_array_equal(classifier.predict(EVERY_X), [-1] * 7 + [0])


@pytest.mark.parametrize("settings, error, says", [
    ({"models": []}, ValueError, "models: got none"), ({"prior": [0.5, 0.5, 0.5]}, ValueError, "prior"),
    ({"prior": [0.5, 0.5]}, ValueError, r"prior: got shape \(2,\), expected \(3,\)"),
    ({"prior": [1.0, 0.0, 0.0]}, ValueError, "prior"), ({"k": 0}, ValueError, "k: got 0"),
    ({"models": [Normal([0, 0]), Table(np.ones(8))]}, ValueError, "models: got models of 2 and of 3"),
    ({"background": [Table(np.ones(8))]}, ValueError, "of 2 and of 3"),
    ({"background": Table(np.ones(8))}, TypeError, "background: got Table"),
    ({"rng": None}, TypeError, "rng: got None"),
    ({"models": Normal([0, 0])}, TypeError, "models: got Normal")])
def test_what_cannot_be_is_refused(settings, error, says):
    with pytest.raises(error, match=says):
        GenerativeClassifier(**{"models": [Normal([0, 0])] * 3, **settings})


def test_a_whole_conditional_vae_is_refused_with_the_way_out():
    with pytest.raises(TypeError, match=r"given\(y\) for y in range"):
        GenerativeClassifier(ConditionalVAE(6, 3, (4,), 2))


@pytest.mark.parametrize("x, keep, error, says", [
    (np.ones((3, 3)), 0.5, ValueError, r"x: got shape \(3, 3\), expected \(B, 2\)"),
    (np.array([[np.nan, 0]]), 0.5, ValueError, "NaN"), (np.ones((3, 2)), 0.0, ValueError, "keep"),
    (np.ones((3, 2)), 1.0, ValueError, "keep"), (np.ones((3, 2)), "all", TypeError, "keep"),
    (np.ones((3, 2)), 0.9, ValueError, "expected at least 9")])
def test_a_threshold_from_nonsense_is_refused(x, keep, error, says):
    classifier = GenerativeClassifier([Normal([0, 0])])
    with pytest.raises(error, match=says):
        classifier.reject_below(x, keep)
    assert classifier.threshold == -np.inf


def test_a_background_of_several_models_is_their_mixture(rng):
    models, backgrounds = tables(rng), tables(rng)[:2]
    evidence = GenerativeClassifier(models, background=backgrounds).evidence(EVERY_X)
    p, r = (np.mean([model.p for model in group], axis=0) for group in (models, backgrounds))
    np.testing.assert_allclose(evidence, np.log(p / r), rtol=1e-10, atol=1e-13)
    # Markov: of pictures from r at most the share e^-t has an evidence of t or more, exactly summed over every x
    for t in evidence:
        assert r[evidence >= t].sum() <= np.exp(-t) * (1 + 1e-12)


def pictures(side):
    """Every binary picture of side x side pixels."""
    return (np.arange(2**(side * side))[:, None] >> np.arange(side * side) & 1).astype(float)


def test_the_neighbour_code_by_laplaces_rule_pixel_by_pixel():
    x = pictures(3)
    expected = []
    for picture in x.reshape(-1, 3, 3).astype(int).tolist():
        seen, log_r = {}, 0.0
        for row in range(3):
            for column in range(3):
                left = picture[row][column - 1] if column else 0
                above = picture[row - 1][column] if row else 0
                n, k = seen.get((left, above), (0, 0))
                ink = picture[row][column]
                log_r += np.log((k + 1) / (n + 2) if ink else (n - k + 1) / (n + 2))
                seen[left, above] = n + 1, k + ink
        expected.append(log_r)
    log_r = NeighbourCode(3).log_likelihood(x)
    np.testing.assert_allclose(log_r, expected, rtol=1e-12)
    assert np.exp(log_r).sum() == pytest.approx(1, abs=1e-12)


def test_the_neighbour_code_finds_the_simple_likely(rng):
    empty, noise = np.zeros((1, 784)), rng.integers(0, 2, (20, 784)).astype(float)
    code = NeighbourCode()
    assert code.log_likelihood(empty)[0] == pytest.approx(-np.log(785))                  # one case, n = 784, k = 0
    assert (code.log_likelihood(noise) < -784 * np.log(2)).all()                         # nothing is learnt, at a cost
    with pytest.raises(ValueError, match="expected pixels 0 and 1"):
        code.log_likelihood(empty + 0.5)
    with pytest.raises(ValueError, match="side: got 0"):
        NeighbourCode(0)


def test_independent_pixels(rng):
    x = np.array([[0, 1, 1], [0, 1, 0], [1, 1, 0.5]])
    model = IndependentPixels(x)
    np.testing.assert_allclose(model.p, [2 / 5, 4 / 5, 2.5 / 5])
    assert np.exp(model.log_likelihood(EVERY_X)).sum() == pytest.approx(1, abs=1e-12)
    assert model.log_likelihood(np.array([[1, 1, 0]]))[0] == pytest.approx(np.log(0.4 * 0.8 * 0.5))
    with pytest.raises(ValueError, match=r"x: got values from 0 to 2"):
        IndependentPixels(2 * x)
