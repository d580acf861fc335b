"""The generated digits: what they promise, whether the picture shows it, whether they are digits at all."""

import gzip
import os
import time
from pathlib import Path

import numpy as np
import pytest

from tinyvae.data.strokes import FACTORS, GLYPHS, SIDE, STYLES, WAVES, _glyph, _write, digits, draw

N = 4000


@pytest.fixture(scope="module")
def sample():
    return digits(N, seed=1)


# ---------------------------------------------------------------------------------------------------------------------
# Form


def test_shapes_and_types(sample):
    images, labels, factors = sample
    assert images.shape == (N, 784) and images.dtype == np.float32
    assert labels.shape == (N,) and labels.dtype == np.int64
    assert set(factors) == {"style", "slant", "size", "aspect", "rotation", "thickness"}
    for name, values in factors.items():
        assert values.shape == (N,), name
        assert values.dtype == (np.int64 if name == "style" else np.float64), name


def test_background_is_exactly_zero_and_ink_exactly_one(sample):
    images = sample.images.reshape(N, SIDE, SIDE)
    assert images.min() == 0.0 and images.max() == 1.0
    # The longest digit, about 75 pixels of line, 4 wide, with an edge of one pixel, covers less than half of 784.
    assert np.mean(images == 0, axis=(1, 2)).min() > 0.5
    # A line of 2.5 pixels is 1.5 pixels of full ink with two edges of one pixel: 1.5 of 3.5, and more at crossings.
    assert 0.3 < np.sum(images == 1) / np.sum(images > 0) < 0.7
    # No ink is lost at the frame.
    assert images[:, [0, -1], :].max() == 0 and images[:, :, [0, -1]].max() == 0


def test_same_seed_same_numbers():
    a, b, c = digits(50, seed=3), digits(50, seed=3), digits(50, seed=4)
    assert np.array_equal(a.images, b.images) and np.array_equal(a.labels, b.labels)
    assert not np.array_equal(a.labels, c.labels)
    for name in a.factors:
        assert np.array_equal(a.factors[name], b.factors[name]), name
        assert not np.array_equal(a.factors[name], c.factors[name]), name
    assert np.array_equal(digits(5).images, digits(5, seed=0).images)


def test_a_generator_is_a_seed_and_moves_on():
    rng = np.random.default_rng(3)
    first, second = digits(20, rng), digits(20, rng)
    assert np.array_equal(first.images, digits(20, seed=3).images)
    assert not np.array_equal(first.images, second.images)


@pytest.mark.parametrize("m", [1, 7, 300, 3001])
def test_a_short_set_begins_a_long_one(sample, m):
    short = digits(m, seed=1)
    assert np.array_equal(short.labels, sample.labels[:m])
    for name in short.factors:
        assert np.array_equal(short.factors[name], sample.factors[name][:m]), name
    assert np.allclose(short.images, sample.images[:m], atol=1e-4)


def test_labels_are_balanced_and_shuffled(sample):
    tens = sample.labels.reshape(-1, 10)
    assert np.array_equal(np.sort(tens, axis=1), np.tile(np.arange(10), (N // 10, 1)))
    # Each place in the ten holds each digit one time in ten: standard error sqrt(0.1 * 0.9 / 400) = 0.015
    share = np.mean(tens[:, :, None] == np.arange(10), axis=0)  # (10 places, 10 digits)
    assert np.abs(share - 0.1).max() < 5 * 0.015


@pytest.mark.parametrize("digit", range(10))
def test_every_style_occurs_as_often_as_its_weight_says(sample, digit):
    weights = np.array([weight for _, weight, _ in GLYPHS[digit]])
    styles = sample.factors["style"][sample.labels == digit]
    assert len(STYLES[digit]) == len(set(STYLES[digit])) == len(weights) >= 2
    assert np.array_equal(np.unique(styles), np.arange(len(weights)))
    for style, p in enumerate(weights / weights.sum()):
        assert abs(np.mean(styles == style) - p) < 5 * np.sqrt(p * (1 - p) / len(styles))


def test_factors_have_their_mean_and_deviation_and_are_independent(sample):
    values = np.array([sample.factors[name] for name in FACTORS])
    mean, deviation = np.array(list(FACTORS.values())).T
    # Standard errors: deviation / sqrt(N) of a mean, deviation / sqrt(2N) of a deviation, 1 / sqrt(N) of a correlation.
    assert np.all(np.abs(values.mean(axis=1) - mean) < 5 * deviation / np.sqrt(N))
    # The cut at three deviations takes 1.4 % off the deviation.
    assert np.all(np.abs(values.std(axis=1) - 0.986 * deviation) < 5 * deviation / np.sqrt(2 * N))
    correlation = np.corrcoef(np.vstack([values, sample.labels, sample.factors["style"] == 0])[:-1])
    assert np.abs(correlation - np.eye(len(correlation))).max() < 5 / np.sqrt(N)


@pytest.mark.parametrize("n, seed, error, names", [
    (0, 0, ValueError, "n: got 0"), (-3, 0, ValueError, "n: got -3"), (2.0, 0, TypeError, "n: got 2.0"),
    ("10", 0, TypeError, "n: got '10'"), (True, 0, TypeError, "n: got True"), (None, 0, TypeError, "n: got None"),
    (5, -1, ValueError, "seed: got -1"), (5, 1.5, TypeError, "seed: got 1.5"), (5, None, TypeError, "seed: got None"),
])
def test_bad_arguments_are_refused_by_name(n, seed, error, names):
    with pytest.raises(error, match=f"^{names}"):
        digits(n, seed)


# ---------------------------------------------------------------------------------------------------------------------
# The pen, against measures that know nothing of the Gaussian field


def straight_bar(length, angle, thickness, offset=(0.0, 0.0), spacing=0.5):
    """One picture of a straight bar about the middle of the frame."""
    along = np.linspace(-length / 2, length / 2, int(length / spacing) + 1)
    w = np.full(len(along), length / (len(along) - 1))
    w[[0, -1]] /= 2
    x, y = 13.3 + offset[0] + along * np.cos(angle), 13.6 + offset[1] - along * np.sin(angle)
    return draw(x[None], y[None], w[None], np.array([thickness]))[0]


@pytest.mark.parametrize("thickness", [1.0, 1.7, 2.5, 4.0])
@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4, np.pi / 2])
def test_a_straight_bar_is_as_wide_as_its_thickness(thickness, angle):
    # Ink over length. The two ends are the same for a long and a short bar, so the difference has none. A slanting
    # edge catches more or fewer pixel centres as the bar moves by a part of a pixel: the mean over 5 x 5 such moves.
    moves = [(i / 5, j / 5) for i in range(5) for j in range(5)]
    ink = np.array([[straight_bar(length, angle, thickness, move).sum() for move in moves] for length in (20, 12)])
    width = (ink[0] - ink[1]) / 8
    assert width.mean() == pytest.approx(thickness, rel=0.005)
    assert np.abs(width - thickness).max() < 0.15


def test_a_straight_bar_is_the_covered_part_of_each_pixel():
    # Upright bar of width 2.5 about x = 13.3: it covers 12.05 to 14.55, and a pixel i covers i - 1/2 to i + 1/2.
    row = straight_bar(20, np.pi / 2, 2.5)[14]
    expected = np.zeros(SIDE)
    expected[12], expected[13], expected[14], expected[15] = 0.45, 1.0, 1.0, 0.05
    assert np.allclose(row, expected, atol=0.01)
    assert np.all(row[expected == 0] == 0)


def test_a_crossing_is_full_ink_and_no_more():
    along = np.linspace(-8, 8, 33)
    x, y = np.concatenate([14 + along, 14 + 0 * along]), np.concatenate([14 + 0 * along, 14 + along])
    image = draw(x[None], y[None], np.full((1, 66), 0.5), np.array([2.0]))[0]
    assert image[14, 14] == 1 and image.max() == 1


def test_the_curve_goes_through_its_points_and_lifts_the_pen():
    glyph = _glyph("0 0, 20 50, 60 40, 80 100 / 30 70, 90 70")
    p = glyph.matrix @ glyph.control
    for point in glyph.control:
        assert np.abs(p - point).max(axis=1).min() < 1e-12
    steps = np.linalg.norm(np.diff(p, axis=0), axis=1)
    assert np.sum(glyph.joined == 0) == 1 and steps[glyph.joined == 0][0] > 0.5
    assert steps[glyph.joined == 1].max() < 0.06  # a pixel or so


def test_a_stroke_of_points_on_a_line_is_straight():
    p = (lambda glyph: glyph.matrix @ glyph.control)(_glyph("10 0, 20 20, 30 40, 40 60"))
    assert np.allclose(p[:, 1], 2 * (p[:, 0] - 0.1), atol=1e-12)
    # Even control points give even steps, up to both ends.
    assert np.allclose(np.diff(p, axis=0), (p[-1] - p[0]) / (len(p) - 1), atol=1e-12)


def test_a_closed_stroke_is_smooth_where_it_closes():
    # A regular octagon of control points: Catmull-Rom gives nearly a circle, and nowhere a corner.
    angle = 2 * np.pi * np.arange(9) / 8
    path = ", ".join(f"{50 + 50 * np.cos(a):.6f} {50 + 50 * np.sin(a):.6f}" for a in angle)
    p = (lambda glyph: glyph.matrix @ glyph.control)(_glyph(path))
    assert len(_glyph(path).control) == 8
    assert np.allclose(np.hypot(*(p - 0.5).T), 0.5, atol=0.005)


# ---------------------------------------------------------------------------------------------------------------------
# The factors are true of the picture


def picture(path, slant=0.0, size=20.0, aspect=1.0, rotation=0.0, thickness=2.0):
    """One undisturbed picture (28, 28) of a pen path."""
    factors = dict(slant=slant, size=size, aspect=aspect, rotation=rotation, thickness=thickness)
    still = np.full((1, WAVES, 5), 0.5)  # amplitudes in the middle: no wave
    return _write(_glyph(path), {name: np.array([value]) for name, value in factors.items()},
                  np.zeros((1, 16, 2)), still, np.zeros((1, 2)))[0]


def moments(images):
    """Centre and second moments of the ink, y pointing UP: mass, x, y, sxx, sxy, syy, each (B,)."""
    up, x = 27.0 - np.arange(SIDE), np.arange(SIDE)
    images = images.reshape(-1, SIDE, SIDE).astype(float)
    mass = images.sum(axis=(1, 2))
    cx, cy = images.sum(axis=1) @ x / mass, images.sum(axis=2) @ up / mass
    dx, dy = x - cx[:, None], up - cy[:, None]  # (B, 28)
    sxx = np.sum(images.sum(axis=1) * dx**2, axis=1) / mass
    syy = np.sum(images.sum(axis=2) * dy**2, axis=1) / mass
    sxy = np.einsum("byx,by,bx->b", images, dy, dx) / mass
    return mass, cx, cy, sxx, sxy, syy


def box(images):
    """Height and width (B,) of the box around the ink of at least half a pixel."""
    on = images.reshape(-1, SIDE, SIDE) >= 0.5
    return on.any(axis=2).sum(axis=1), on.any(axis=1).sum(axis=1)


def lean(image):
    """Angle in radians by which the upright main axis of the ink leans to the right."""
    _, _, _, sxx, sxy, syy = moments(image)
    return 0.5 * np.arctan2(2 * sxy, syy - sxx)[0]


STEM, LINE = "0 0, 0 50, 0 100", "0 50, 50 50, 100 50"


@pytest.mark.parametrize("angle", [-0.4, -0.1, 0.2, 0.5])
def test_slant_leans_a_stem_right_and_leaves_a_line_level(angle):
    assert lean(picture(STEM, slant=angle)) == pytest.approx(angle, abs=0.01)
    assert np.pi / 2 - abs(lean(picture(LINE, slant=angle))) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("angle", [-0.3, 0.1, 0.3])
def test_rotation_turns_everything_counter_clockwise(angle):
    assert lean(picture(STEM, rotation=angle)) == pytest.approx(-angle, abs=0.01)
    _, _, _, sxx, sxy, _ = moments(picture(LINE, rotation=angle))
    assert np.arctan(sxy / sxx)[0] == pytest.approx(angle, abs=0.02)  # the right end of a level line goes up


def test_rotation_comes_after_the_slant():
    # Slant then rotation: a level line is level after the slant, then turned. The other order would slant it too.
    _, _, _, sxx, sxy, _ = moments(picture(LINE, slant=0.5, rotation=0.3))
    assert np.arctan(sxy / sxx)[0] == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("aspect", [0.7, 1.0, 1.4])
def test_aspect_stretches_the_width(aspect):
    # A rectangle half as wide as high, measured from the middle of one line to the middle of the other.
    height, width = box(picture("0 0, 50 0 / 50 0, 50 100 / 50 100, 0 100 / 0 100, 0 0", aspect=aspect))
    assert (width[0] - 2) / (height[0] - 2) == pytest.approx(0.5 * aspect, abs=0.06)


@pytest.mark.parametrize("thickness", [1.0, 2.5, 4.0])
def test_thickness_is_the_width_of_a_stem(thickness):
    # Ink over length, once more, now of a whole glyph: the longer stem has 8 pixels more of it.
    # 2 % are lost by the thinnest pen, between whose points, half a pixel apart, the field dips.
    ink = [picture(STEM, size=size, thickness=thickness).sum() for size in (22.0, 14.0)]
    assert (ink[0] - ink[1]) / 8 == pytest.approx(thickness, rel=0.03)


@pytest.mark.parametrize("size", [16.0, 20.0, 23.0])
@pytest.mark.parametrize("path", ["25 0, 0 50, 25 100, 50 50, 25 0", "50 0, 0 25, 50 50, 100 25, 50 0"])
def test_size_is_the_longer_side_in_pixels(size, path):
    # Whether high or wide; a pixel of tolerance, since the box is counted in whole pixels.
    assert abs(max(box(picture(path, size=size)))[0] - size) <= 1


def test_the_centre_of_mass_is_where_mnist_has_it(sample):
    _, x, y, _, _, _ = moments(picture("0 0, 40 0 / 40 0, 20 100", thickness=2.5))
    assert x[0] == pytest.approx(14, abs=0.3) and 27 - y[0] == pytest.approx(14, abs=0.3)
    # In the sample, up to the uniform shift of half a pixel, deviation 0.29, and to crossings that count once as ink.
    _, x, y, _, _, _ = moments(sample.images)
    assert abs(x.mean() - 14) < 0.1 and abs(27 - y.mean() - 14) < 0.1
    assert 0.25 < x.std() < 0.4 and 0.25 < y.std() < 0.45


def test_stems_of_the_sample_lean_by_slant_minus_rotation(sample):
    images, labels, factors = sample
    bars = np.flatnonzero((labels == 1) & (factors["style"] == STYLES[1].index("bar")))
    angle = np.array([lean(images[b]) for b in bars])
    A = np.column_stack([factors["slant"][bars], factors["rotation"][bars], np.ones(len(bars))])
    (slant, rotation, constant), residual, *_ = np.linalg.lstsq(A, angle, rcond=None)
    # Jitter and warp leave a deviation of 0.08 radians; the standard error of a coefficient is that
    # over (deviation of the factor * sqrt(number of bars)).
    deviation = np.sqrt(residual[0] / len(bars))
    assert deviation < 0.1
    error = deviation / np.sqrt(len(bars))
    assert abs(slant - 1) < 5 * error / FACTORS["slant"][1]
    assert abs(rotation + 1) < 5 * error / FACTORS["rotation"][1]
    assert abs(constant) < 5 * error * 1.3


def test_factors_of_the_sample_show_in_the_picture(sample):
    images, labels, factors = sample
    mass, _, _, sxx, sxy, syy = moments(images)
    height, width = box(images)
    # Within one way of writing, so that the differences between glyphs do not count.
    group = labels * 10 + factors["style"]
    _, index = np.unique(group, return_inverse=True)

    def correlation(a, b):
        a, b = (v - (np.bincount(index, v) / np.bincount(index))[index] for v in (a, b))
        return np.corrcoef(a, b)[0, 1]

    # Measured: 0.91, 0.81, 0.88, 0.76, 0.64; from seed to seed they move by 0.02.
    assert correlation(sxy / syy, factors["slant"]) > 0.85  # the shear of the ink, in the direction of the slant
    assert correlation(mass, factors["thickness"]) > 0.75
    assert correlation(np.maximum(height, width), factors["size"]) > 0.82
    assert correlation(height, factors["size"]) > 0.65  # some digits are wider than high
    # the width without the slant's share: of the moments, var(x) - cov(x, y)^2 / var(y)
    assert correlation(np.sqrt((sxx - sxy**2 / syy) / syy), factors["aspect"]) > 0.55


def test_pictures_of_one_digit_and_style_differ_in_shape_not_only_in_the_factors():
    # An undisturbed 3 from the same factors, beside the 3 of the sample: how far apart, as a part of its length?
    # Measured 0.51; with the jitter alone 0.40, with the warp alone 0.44, with the half-pixel shift alone 0.25.
    images, labels, factors = digits(2000, seed=5)
    rows = np.flatnonzero((labels == 3) & (factors["style"] == 0))
    still = np.array([picture(GLYPHS[3][0][2], **{name: factors[name][r] for name in FACTORS}).ravel() for r in rows])
    distance = np.linalg.norm(images[rows] - still, axis=1) / np.linalg.norm(still, axis=1)
    assert 0.47 < np.mean(distance) < 0.6


# ---------------------------------------------------------------------------------------------------------------------
# They are digits: not too hard, not trivial, and readable to one who has learnt from real handwriting


@pytest.fixture(scope="module")
def train():
    return digits(8000, seed=11)


@pytest.fixture(scope="module")
def unseen():
    return digits(2000, seed=12)


def test_nearest_neighbour_reads_them(train, unseen):
    # 98.6 % measured; the standard error of a share of 0.97 among 2000 is 0.4 %.
    squares = np.sum(train.images**2, axis=1) - 2 * unseen.images @ train.images.T  # (2000, 8000), |a - b|^2 - |a|^2
    assert np.mean(train.labels[squares.argmin(axis=1)] == unseen.labels) >= 0.97


def fit_classifier(x, labels, hidden, steps, rng, batch=200, rate=2e-3):
    """Softmax regression (hidden = 0) or one hidden ReLU layer, Adam; returns the function from images to labels."""
    sizes = [x.shape[1], 10] if hidden == 0 else [x.shape[1], hidden, 10]
    layers = [[rng.standard_normal((a, b)).astype(np.float32) * np.float32(np.sqrt(2 / a)), np.zeros(b, np.float32)]
              for a, b in zip(sizes, sizes[1:])]
    state = [[(np.zeros_like(p), np.zeros_like(p)) for p in layer] for layer in layers]

    def activations(x):
        out = [x]
        for W, b in layers[:-1]:
            out.append(np.maximum(out[-1] @ W + b, 0))
        W, b = layers[-1]
        return out, out[-1] @ W + b

    for step in range(1, steps + 1):
        rows = rng.integers(len(x), size=batch)
        inputs, logits = activations(x[rows])
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        d = (p / p.sum(axis=1, keepdims=True) - np.eye(10, dtype=np.float32)[labels[rows]]) / batch
        for layer, moment, a in zip(layers[::-1], state[::-1], inputs[::-1]):
            gradients = a.T @ d, d.sum(axis=0)
            if a is not inputs[0]:
                d = (d @ layer[0].T) * (a > 0)
            for parameter, (m, v), g in zip(layer, moment, gradients):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                correction = np.float32(np.sqrt(1 - 0.999**step) / (1 - 0.9**step))
                parameter -= np.float32(rate * (1 - step / (steps + 1))) * correction * m / (np.sqrt(v) + 1e-8)
    return lambda x: activations(x)[1].argmax(axis=1)


def test_softmax_regression_is_not_enough(train, unseen):
    # 97.8 % measured, standard error 0.3 %. Below 99 %, so that a deeper model has something to win; and the classifier
    # is trained to its end, as the training images show.
    classify = fit_classifier(train.images, train.labels, 0, 1000, np.random.default_rng(0), rate=1e-2)
    assert 0.9 < np.mean(classify(unseen.images) == unseen.labels) < 0.99
    assert np.mean(classify(train.images) == train.labels) > 0.985


def test_a_reader_of_real_handwriting_reads_them(unseen):
    folder = os.environ.get("TINYVAE_DATA")
    if not folder:
        pytest.skip("TINYVAE_DATA is not set: no MNIST to learn from")
    folder = Path(folder) / "mnist"
    files = folder / "train-images-idx3-ubyte.gz", folder / "train-labels-idx1-ubyte.gz"
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        pytest.skip(f"no MNIST to learn from: {', '.join(missing)} not found")
    pixels, labels = (gzip.decompress(file.read_bytes()) for file in files)
    images = np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 784)[:10000] / np.float32(255)
    labels = np.frombuffer(labels, np.uint8, offset=8)[:10000]
    classify = fit_classifier(images, labels, 100, 1500, np.random.default_rng(0))
    right = classify(unseen.images) == unseen.labels
    # 94 % measured, the worst digit 86 %; after all of MNIST and more steps, 98 % and 95 %.
    # Nine good glyphs must not hide one bad.
    assert np.mean(right) >= 0.88
    for digit in range(10):
        assert np.mean(right[unseen.labels == digit]) >= 0.75, digit


def test_they_are_drawn_fast():
    # The requirement is 10,000 in 3 s, this is 2,000 in 1.5 s, the best of three on a machine that may be busy.
    seconds = []
    for seed in range(3):
        start = time.perf_counter()
        digits(2000, seed)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1.5
