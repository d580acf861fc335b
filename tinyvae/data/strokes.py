"""Handwriting-like digits from pen strokes: 28 x 28, no file, no download, every factor known.

A glyph is a few pen strokes; a stroke is a smooth curve through a few control points; a picture is the ink
the pen leaves. Six steps, the numbers at the places where the code takes them:

    1  curve     p = M c             a constant matrix M times the control points c, jittered for each image
    2  warp      p + u(p)            a smooth random displacement u bends what the glyph drew straight
    3  affine    A p                 aspect, then slant, then rotation
    4  place     scale to the wanted size in pixels, put the centre of mass where MNIST has it
    5  field     F[y, x] = sum_p w_p g(y - y_p) g(x - x_p)        one batched matrix product
    6  ink       a soft threshold of F: exactly 0 outside, exactly 1 inside, an edge one pixel wide between

x points right and y points DOWN, as the columns and rows of a picture do.
"""

from typing import NamedTuple

import numpy as np

from tinyvae.checks import generator, whole_number

SIDE = 28  # pixels
CENTRE = 14.0  # index of the row and the column on which MNIST puts the centre of mass

# Ways to write each digit: name, weight (how common it is), pen path. In a path, "x y" is a control point in
# percent of the digit's height, "," goes on to the next point, "/" lifts the pen. A point written twice is one
# point and moves as one: so strokes stay joined, a "/" at such a point is a sharp corner, and a stroke that
# ends where it began closes smoothly.
GLYPHS = {
    0: (
        ("round", 3, "42 0, 14 12, 0 48, 12 86, 42 100, 72 86, 84 50, 70 14, 42 0"),
        ("narrow", 2, "30 0, 10 18, 2 52, 10 86, 28 100, 44 84, 54 48, 48 14, 30 0"),
        ("overlapping", 2, "50 8, 26 4, 6 30, 2 64, 18 96, 44 96, 66 70, 68 32, 50 4, 32 8"),
    ),
    1: (
        ("bar", 8, "20 0, 20 50, 20 100"),
        ("flag", 1, "0 24, 14 13, 24 0 / 24 0, 24 50, 24 100"),
        ("flag and base", 1, "6 22, 20 13, 30 0 / 30 0, 30 50, 30 100 / 0 100, 30 100, 60 100"),
    ),
    2: (
        ("plain", 3, "2 22, 16 4, 42 0, 58 16, 52 42, 30 70, 2 97 / 2 97, 34 96, 70 96"),
        ("loop", 3, "4 18, 26 0, 52 6, 58 28, 44 56, 22 86, 6 98, 0 84, 16 74, 44 88, 78 96"),
        ("angular", 2, "4 10, 34 2, 62 8, 54 34, 28 66, 2 96 / 2 96, 34 98, 74 92"),
    ),
    3: (
        ("round", 3, "4 12, 26 0, 52 8, 54 28, 24 46 / 24 46, 54 56, 60 80, 36 99, 0 90"),
        ("flat top", 1, "2 4, 28 4, 56 4 / 56 4, 42 22, 26 42 / 26 42, 54 54, 60 80, 36 99, 0 90"),
        ("curl", 2, "4 10, 30 0, 52 14, 42 36, 24 46, 20 42, 32 43, 54 58, 56 82, 32 100, 0 88"),
    ),
    4: (
        ("open", 4, "10 4, 4 30, 10 50, 34 54, 62 46 / 58 0, 52 50, 48 100"),
        ("closed", 1, "46 0, 24 30, 0 64 / 0 64, 34 64, 70 62 / 46 0, 46 50, 46 100"),
        ("angular", 3, "16 2, 8 28, 0 54 / 0 54, 32 55, 68 52 / 52 4, 48 50, 44 100"),
    ),
    5: (
        ("print", 3, "14 4, 40 3, 66 0 / 14 4, 11 22, 8 42 / 8 42, 34 36, 58 52, 56 82, 30 100, 0 92"),
        ("script", 3, "72 2, 48 4, 24 8 / 24 8, 18 24, 14 40 / 14 40, 34 46, 52 62, 46 86, 24 100, 0 94"),
        ("one stroke", 1, "68 2, 42 2, 22 12, 18 32, 38 46, 54 66, 44 90, 20 100, 0 90"),
    ),
    6: (
        ("curved", 3, "48 0, 22 22, 4 54, 6 86, 28 100, 52 88, 52 64, 30 58, 8 76"),
        ("upright", 2, "26 0, 10 30, 2 64, 10 92, 32 100, 54 84, 46 62, 24 62, 6 80"),
        ("inner curl", 2, "40 0, 14 30, 2 66, 14 96, 40 96, 54 74, 42 56, 22 66, 20 86"),
    ),
    7: (
        ("plain", 4, "0 8, 30 6, 62 2 / 62 2, 44 46, 28 100"),
        ("crossed", 1, "0 8, 30 5, 60 4 / 60 4, 42 46, 26 100 / 12 54, 36 50, 62 48"),
        ("hooked", 2, "0 22, 6 6 / 6 6, 32 7, 60 2 / 60 2, 50 30, 38 62, 34 100"),
    ),
    8: (
        ("crossing", 4, "56 14, 34 0, 10 14, 18 36, 42 54, 54 78, 32 100, 8 82, 18 58, 42 38, 56 14"),
        ("two rings", 1, "30 0, 10 12, 12 34, 30 46, 48 34, 50 12, 30 0 / "
                         "30 46, 6 60, 6 88, 30 100, 54 88, 54 60, 30 46"),
        ("open top", 2, "62 8, 36 0, 12 14, 20 38, 42 56, 46 82, 26 100, 6 84, 20 60, 46 38, 64 16"),
    ),
    9: (
        ("straight tail", 3, "54 16, 42 2, 20 2, 4 20, 6 40, 26 48, 44 38, 54 16, 53 50, 46 100"),
        ("curved tail", 1, "56 18, 44 2, 22 2, 4 18, 6 40, 28 48, 48 38, 56 18 / 56 18, 57 50, 46 86, 22 100, 2 92"),
        ("one stroke", 3, "57 14, 46 1, 22 2, 5 18, 5 38, 24 46, 44 36, 56 18, 53 48, 42 78, 28 100"),
    ),
}
STYLES = {digit: tuple(name for name, _, _ in ways) for digit, ways in GLYPHS.items()}

# The factors: mean, standard deviation. Each is normal and cut off at three standard deviations.
FACTORS = {
    "slant": (0.15, 0.22),  # radians
    "size": (20.0, 0.9),  # pixels
    "aspect": (1.0, 0.13),  # ratio
    "rotation": (0.0, 0.08),  # radians
    "thickness": (2.5, 0.5),  # pixels
}
JITTER = 0.03  # standard deviation of a control point, in heights of the digit
WARP = 0.03  # standard deviation of the amplitude of one wave of the warp, in heights of the digit
WAVES = 3
MAX_POINTS = 16  # no glyph has more control points
SPACING = 0.6  # pixels between neighbouring points of a curve, at most about
BATCH = 256  # images drawn at once, so that the arrays stay small


class Digits(NamedTuple):
    """images (n, 784) float32 in [0, 1], labels (n,) int64, factors: a dict of (n,) arrays. See `digits`."""

    images: np.ndarray
    labels: np.ndarray
    factors: dict


def digits(n, seed=0):
    """n handwriting-like digits, 28 x 28 pixels, with the factors they were drawn from.

    n    : number of images, at least 1
    seed : a whole number, or a numpy Generator, which is moved on, so the next call gives other digits
    returns : Digits(images, labels, factors)
        images (n, 784) float32 in [0, 1], row after row, 0 background (exact) and 1 ink
        labels (n,) int64; each ten images that follow one another hold each digit once, in random order
        factors["style"]     (n,) int64, the way of writing: STYLES[label][style] is its name
        factors["slant"]     (n,) radians; a vertical line becomes one that leans right by this angle
        factors["size"]      (n,) pixels; the longer side of the box around the ink
        factors["aspect"]    (n,) ratio; the width is stretched by it, 1 is the glyph as designed
        factors["rotation"]  (n,) radians, counter-clockwise as seen; it comes after the slant
        factors["thickness"] (n,) pixels, the width of the pen's line
    Slant and rotation oppose each other: the stem of a 1 ends up leaning right by slant - rotation.
    Same seed, same numbers, and a shorter set is the beginning of a longer one: digits(n, 7) begins with digits(m, 7).
    Raises TypeError or ValueError that names n or seed.
    """
    n = whole_number("n", n)
    rng = generator("seed", seed)
    # One SeedSequence, one independent stream for each thing that is drawn: more images only lengthen a stream.
    root = np.random.SeedSequence(rng.integers(2**32, size=4).tolist())
    names = ["label", "style", *FACTORS, "jitter", "warp", "shift"]
    stream = {name: np.random.default_rng(child) for name, child in zip(names, root.spawn(len(names)))}

    tens = np.tile(np.arange(10), (-(-n // 10), 1))  # (ceil(n / 10), 10)
    labels = stream["label"].permuted(tens, axis=1).reshape(-1)[:n]
    factors = {"style": _choose_styles(labels, stream["style"].random(n))}
    for name, (mean, deviation) in FACTORS.items():
        factors[name] = mean + deviation * np.clip(stream[name].standard_normal(n), -3, 3)
    jitter = JITTER * stream["jitter"].standard_normal((n, MAX_POINTS, 2))
    warp = stream["warp"].random((n, WAVES, 5))
    shift = stream["shift"].uniform(-0.5, 0.5, (n, 2))

    images = np.empty((n, SIDE, SIDE), np.float32)
    for digit, ways in GLYPHS.items():
        for style, (_, _, path) in enumerate(ways):
            glyph = _glyph(path)
            rows = np.flatnonzero((labels == digit) & (factors["style"] == style))
            for start in range(0, len(rows), BATCH):
                b = rows[start:start + BATCH]
                images[b] = _write(glyph, {name: value[b] for name, value in factors.items()},
                                   jitter[b], warp[b], shift[b])
    return Digits(images.reshape(n, SIDE * SIDE), labels, factors)


def _choose_styles(labels, u):
    """labels (n,) and u (n,), uniform in [0, 1), to styles (n,): each as likely as its weight says."""
    styles = np.empty(len(labels), np.int64)
    for digit, ways in GLYPHS.items():
        weights = np.array([weight for _, weight, _ in ways])
        edges = np.cumsum(weights)[:-1] / weights.sum()
        styles[labels == digit] = np.searchsorted(edges, u[labels == digit], side="right")
    return styles


class _Glyph(NamedTuple):
    """control (K, 2) in heights of the digit; matrix (P, K) to the P curve points; joined (P-1,), 0 at a pen lift."""

    control: np.ndarray
    matrix: np.ndarray
    joined: np.ndarray


def _glyph(path):
    """The pen path of a glyph, parsed. Equal coordinates are one control point."""
    strokes = [[tuple(float(number) / 100 for number in point.split()) for point in stroke.split(",")]
               for stroke in path.split("/")]
    control = list(dict.fromkeys(point for stroke in strokes for point in stroke))
    blocks, joined = [], []
    for stroke in strokes:
        block = _stroke_matrix([control.index(point) for point in stroke], np.array(control))
        blocks.append(block)
        joined += [1.0] * (len(block) - 1) + [0.0]
    return _Glyph(np.array(control), np.concatenate(blocks), np.array(joined[:-1]))


def _stroke_matrix(index, control):
    """Rows of M for one stroke through the points control[index], so that M @ control lies on a smooth curve."""
    closed = index[0] == index[-1]
    points = np.eye(len(control))[index]  # (Q, K): row q picks the q-th point of the stroke
    # The curve between p1 and p2 asks for a neighbour on either side. A closed stroke has them; an open one is
    # prolonged in a straight line, p_(-1) = 2 p_0 - p_1.
    before = points[-2] if closed else 2 * points[0] - points[1]
    after = points[1] if closed else 2 * points[-1] - points[-2]
    points = np.concatenate([before[None], points, after[None]])
    rows = []
    for p0, p1, p2, p3 in zip(points, points[1:], points[2:], points[3:]):
        length = np.linalg.norm((p2 - p1) @ control) * FACTORS["size"][0]  # pixels
        u = np.arange(0, 1, 1 / np.ceil(length / SPACING + 1))[:, None]
        # Catmull-Rom: the cubic from p1 (u = 0) to p2 (u = 1) whose slopes there are (p2 - p0)/2 and (p3 - p1)/2
        # p(u) = 1/2 [(-u + 2u^2 - u^3) p0 + (2 - 5u^2 + 3u^3) p1 + (u + 4u^2 - 3u^3) p2 + (-u^2 + u^3) p3]
        rows.append(0.5 * ((-u + 2 * u**2 - u**3) * p0 + (2 - 5 * u**2 + 3 * u**3) * p1
                           + (u + 4 * u**2 - 3 * u**3) * p2 + (-u**2 + u**3) * p3))
    return np.concatenate([*rows, points[-2][None]])


def _write(glyph, factors, jitter, warp, shift):
    """B images (B, 28, 28) of one glyph. jitter (B, MAX_POINTS, 2), warp (B, WAVES, 5), shift (B, 2)."""
    # 1  p = M c
    control = glyph.control + jitter[:, :len(glyph.control)]  # (B, K, 2)
    p = glyph.matrix @ control  # (B, P, 2)
    # 2  p + u(p)
    p = p + _warp(p, warp)
    # 3  A p for each row p, so p A^T for all rows at once
    p = p @ _affine(factors).transpose(0, 2, 1)

    # 4  scale: the longer side of the path, plus half a pen on either side, is the size
    thickness = factors["thickness"][:, None]  # (B, 1)
    extent = p.max(axis=1) - p.min(axis=1)  # (B, 2)
    p *= ((factors["size"] - factors["thickness"]) / extent.max(axis=1))[:, None, None]
    # w_p: the length of curve that a point stands for, half of the piece before it and half of the piece after
    piece = np.linalg.norm(np.diff(p, axis=1), axis=2) * glyph.joined  # (B, P-1) pixels
    w = 0.5 * (np.pad(piece, ((0, 0), (1, 0))) + np.pad(piece, ((0, 0), (0, 1))))  # (B, P)
    # the centre of mass, sum_p w_p p / sum_p w_p, goes to (CENTRE, CENTRE); shift is the half pixel that MNIST, which
    # moves its pictures by whole pixels, leaves over
    mass = (w[:, None, :] @ p)[:, 0] / w.sum(axis=1, keepdims=True)  # (B, 2)
    p += (CENTRE + shift - mass)[:, None, :]
    # and back into the frame, should the edge of the ink reach past the outermost pixels
    inset = 0.5 * thickness + 0.5
    p += np.maximum(inset - p.min(axis=1), 0)[:, None, :]
    p -= np.maximum(p.max(axis=1) - (SIDE - 1 - inset), 0)[:, None, :]
    return draw(p[:, :, 0], p[:, :, 1], w, factors["thickness"])


def _warp(p, numbers):
    """Displacement (B, P, 2) of the points p: a few long waves. numbers (B, WAVES, 5), uniform in [0, 1)."""
    u = np.zeros_like(p)
    for k in range(WAVES):
        frequency, phase, amplitude = np.split(numbers[:, k], [2, 3], axis=1)  # (B, 2), (B, 1), (B, 2)
        # u(p) = a sin(f . p + phase): |f| at most one wave over the height, a of either sign
        frequency = 2 * np.pi * (2 * frequency - 1)
        amplitude = WARP * np.sqrt(12) * (amplitude - 0.5)
        u += amplitude[:, None, :] * np.sin(p @ frequency[:, :, None] + 2 * np.pi * phase[:, :, None])
    return u


def _affine(factors):
    """A (B, 2, 2) = rotation . slant . aspect, for y pointing down."""
    zero, one = np.zeros_like(factors["slant"]), np.ones_like(factors["slant"])
    cos, sin, tan = np.cos(factors["rotation"]), np.sin(factors["rotation"]), np.tan(factors["slant"])
    rotation = _matrices(cos, sin, -sin, cos)  # right turns up: counter-clockwise as seen
    slant = _matrices(one, -tan, zero, one)  # up (negative y) moves right
    aspect = _matrices(factors["aspect"], zero, zero, one)
    return rotation @ slant @ aspect


def _matrices(a, b, c, d):
    """Four (B,) entries to (B, 2, 2) [[a, b], [c, d]]."""
    return np.stack([a, b, c, d], axis=1).reshape(-1, 2, 2)


def draw(x, y, w, thickness):
    """The ink of a pen: B images (B, 28, 28) float32.

    x, y (B, P) pixels, the column and row of each curve point; w (B, P) pixels, the length of curve it stands for;
    thickness (B,) pixels, the width of the line, at least 1
    """
    # Width of the line. Along a straight line the field is a Gaussian of the distance d to it,
    #     q(d) = sqrt(2 pi) s F = sum_p w_p exp(-|r - p|^2 / 2s^2) / (sqrt(2 pi) s) = exp(-d^2 / 2s^2),
    # so the field measures the distance: d = s sqrt(-2 log q). A pixel at distance d from the middle of a line of
    # width t is covered by (t/2 - d) + 1/2, held between 0 and 1: one half at the edge, 1 half a pixel inside it.
    # Across the line that sums to t, the thickness, for any s. s only decides how strokes melt where they meet
    # and how round they end; s = t/3 looks like ink.
    t = np.asarray(thickness, np.float32)[:, None, None]  # (B, 1, 1)
    s = t / 3
    pixel = np.arange(SIDE, dtype=np.float32)[:, None]  # (28, 1)
    # 5  F[y, x] = sum_p w_p g(y - y_p) g(x - x_p), g(r) = exp(-r^2 / 2s^2) / (sqrt(2 pi) s)
    gx = np.exp(-0.5 * ((pixel - x[:, None, :].astype(np.float32)) / s) ** 2)  # (B, 28, P)
    gy = np.exp(-0.5 * ((pixel - y[:, None, :].astype(np.float32)) / s) ** 2)  # (B, 28, P)
    gy *= w[:, None, :].astype(np.float32)
    q = gy @ gx.transpose(0, 2, 1) / (np.float32(np.sqrt(2 * np.pi)) * s)  # (B, 28, 28)
    # 6  ink = clip(t/2 - d + 1/2, 0, 1); where strokes cross q may exceed 1, and d is 0
    d = s * np.sqrt(-2 * np.log(np.clip(q, np.float32(1e-30), 1)))
    return np.clip(t / 2 - d + 0.5, 0, 1)
