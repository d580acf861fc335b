"""Adam against its definition as weighted means of all gradients so far, in exact fractions. Lesson 16."""

from fractions import Fraction

import numpy as np

from lessons.exercises.exercise import Exercise, of_term


def inputs(rng, P, t):
    beta1, beta2 = 0.75, 0.875                       # exact in binary, so that fractions and floats agree
    history = rng.standard_normal((t, P))
    m, v = (sum((1 - b) * b**(t - 2 - i) * h[i] for i in range(t - 1))
            for b, h in ((beta1, history), (beta2, history**2)))
    return {"theta": rng.standard_normal(P), "m": np.zeros(P) + m, "v": np.zeros(P) + v, "g": history[-1], "t": t,
            "lr": 0.1, "beta1": beta1, "beta2": beta2, "eps": 0.01}


def truth(theta, m, v, g, t, lr, beta1, beta2, eps):
    """Number by number: m and v in fractions, and the correction by the sum of the weights, one weight per step."""
    rows = []
    for theta_j, m_j, v_j, g_j in zip(theta, m, v, g):
        (b1, b2), g_j = map(Fraction, (beta1, beta2)), Fraction(float(g_j))
        new_m, new_v = b1 * Fraction(float(m_j)) + (1 - b1) * g_j, b2 * Fraction(float(v_j)) + (1 - b2) * g_j**2
        weights1, weights2 = (sum((1 - b) * b**i for i in range(t)) for b in (b1, b2))
        move = float(new_m / weights1) / (float(new_v / weights2)**0.5 + eps)
        rows.append((theta_j - lr * move, float(new_m), float(new_v)))
    return dict(zip(("theta_new", "m_new", "v_new"), np.array(rows).T))


def terms(theta, m, v, g, t, lr, beta1, beta2, eps):
    new_m, new_v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    move = new_m / (1 - beta1**t) / (np.sqrt(new_v / (1 - beta2**t)) + eps)
    return {"theta_new": {"theta before": theta, "the move": -lr * move},
            "m_new": {"m before": beta1 * m, "the gradient": (1 - beta1) * g},
            "v_new": {"v before": beta2 * v, "the squared gradient": (1 - beta2) * g**2}}


def step(theta, m, v, g, t, lr, beta1, beta2, eps, correct=(True, True), eps_inside=False, root=True, power=None):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**(power or t)) if correct[0] else m
    v_hat = v / (1 - beta2**(power or t)) if correct[1] else v
    below = np.sqrt(v_hat + eps) if eps_inside else np.sqrt(v_hat) + eps if root else v_hat + eps
    return theta - lr * m_hat / below, m, v


def no_correction(**inputs):
    """The bias correction is missing (lesson 16). Try: m and v started at 0; how large are they after one step?"""
    return step(**inputs, correct=(False, False))


def only_the_first_moment(**inputs):
    """v is not corrected, only m is (lesson 16). Try: both started at 0."""
    return step(**inputs, correct=(True, False))


def only_the_second_moment(**inputs):
    """m is not corrected, only v is (lesson 16). Try: both started at 0."""
    return step(**inputs, correct=(False, True))


def counted_from_zero(**inputs):
    """In the correction t + 1 stands where t belongs (lesson 16). Try: which number has the first step?"""
    return step(**inputs, power=inputs["t"] + 1)


def power_forgotten(**inputs):
    """The correction divides by 1 - beta, without the power t (lesson 16). Try: should it fade as t grows?"""
    return step(**inputs, power=1)


def eps_under_the_root(**inputs):
    """eps is added under the root; Adam adds it to the root (lesson 16).

    Try: read the third line of the question once more.
    """
    return step(**inputs, eps_inside=True)


def no_root(**inputs):
    """The root of v is missing (lesson 16). Try: v is a mean of squares; what has the unit of a gradient?"""
    return step(**inputs, root=False)


def corrected_moments_kept(theta, m, v, g, t, lr, beta1, beta2, eps):
    """The corrected means are handed on, and get corrected again (lesson 16). Try: which m does the next step need?"""
    new, m, v = step(theta, m, v, g, t, lr, beta1, beta2, eps)
    return new, m / (1 - beta1**t), v / (1 - beta2**t)


def moved(theta, m, v, t, lr, beta1, beta2, eps):
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def means_of_the_step_before(theta, m, v, g, t, lr, beta1, beta2, eps):
    """theta moves by the means of the step before (lesson 16). Try: which line comes first?"""
    new = step(theta, m, v, g, t, lr, beta1, beta2, eps)
    return moved(theta, m, v, t, lr, beta1, beta2, eps)[0], *new[1:]


def weights_exchanged(theta, m, v, g, t, lr, beta1, beta2, eps):
    """beta and 1 - beta are exchanged (lesson 16). Try: beta is near 1; should a mean jump to the newest gradient?"""
    m, v = (1 - beta1) * m + beta1 * g, (1 - beta2) * v + beta2 * g**2
    return moved(theta, m, v, t, lr, beta1, beta2, eps)


@of_term("the squared gradient")
def gradient_not_squared(theta, m, v, g, t, lr, beta1, beta2, eps):
    """v averages |g|, not g^2 (lesson 16). Try: v stands under a root in the move; which unit must it have?"""
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * np.abs(g)
    return moved(theta, m, v, t, lr, beta1, beta2, eps)


def in_increments(theta, m, v, g, t, lr, beta1, beta2, eps):
    m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
    return theta - lr * m / (1 - beta1**t) / (eps + (v / (1 - beta2**t))**0.5), m, v


def with_one_scale(theta, m, v, g, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    root = np.sqrt(1 - beta2**t)
    return theta - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root), m, v


EXERCISE = Exercise(
    lesson="16", difficulty=2, minutes=15, function="adam_step", outputs=("theta_new", "m_new", "v_new"),
    sizes={"P": (7, 5), "t": (2, 3)}, inputs=inputs, truth=truth, terms=terms,
    mistakes=(no_correction, only_the_first_moment, only_the_second_moment, counted_from_zero, power_forgotten,
              eps_under_the_root, no_root, corrected_moments_kept, means_of_the_step_before,
              weights_exchanged, gradient_not_squared),
    alternatives=(in_increments, with_one_scale),
    hints=("Three lines: the two means, their correction, the move. In this order.",
           "The correction is used for the move only; m and v are handed on as they are.",
           "theta - lr m_hat / (sqrt(v_hat) + eps), with m_hat = m / (1 - beta1^t), v_hat = v / (1 - beta2^t)."),
    library="optimizer.Adam.step")
