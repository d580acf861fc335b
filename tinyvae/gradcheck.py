"""The comparison of a hand-written gradient with the numeric one (tinyvae/derivatives.py), variable by variable."""

import inspect
from typing import Any, NamedTuple

import numpy as np

from tinyvae import checks
from tinyvae.derivatives import METHODS, as_float64, directional_derivative, entries, numeric_gradients

__all__ = ["check_gradients", "numeric_gradients", "relative_error", "GradientError", "Report", "Row"]

TOLERANCES = {"complex": 1e-10, "central": 1e-6, "forward": 1e-4}
# Entries smaller than this share of their array's largest are judged as if they were that large: a difference
# quotient has the same absolute rounding error everywhere, so its small entries have lost more digits.
SCALES = {"complex": 1e-3, "central": 1e-1, "forward": 1e-1}


class GradientError(AssertionError):
    """A gradient is wrong; the message is the report."""


class Row(NamedTuple):
    """One variable of a report. ratio is backward / numeric where that is one number everywhere, else None."""

    name: str
    shape: tuple
    error: float
    where: Any
    backward: float
    numeric: float
    ratio: Any
    ok: bool


class Report:
    """The outcome of check_gradients: rows, ok, worst (the largest relative error), and a table as str()."""

    def __init__(self, rows, method, tolerance, notes):
        self.rows, self.method, self.tolerance, self.notes = rows, method, tolerance, notes
        self.worst = max(row.error for row in rows)
        self.ok = all(row.ok for row in rows)

    def __str__(self):
        table = [("variable", "shape", "rel. error", "at", "backward", "numeric", "")]
        for row in self.rows:
            verdict = "ok" if row.ok else "WRONG" + (f", x {row.ratio:.6g} everywhere" if row.ratio is not None else "")
            where = row.where if isinstance(row.where, str) else str(row.where).replace(" ", "")
            table.append((row.name, str(row.shape).replace(" ", ""), f"{row.error:.1e}", where,
                          f"{row.backward:+.6e}", f"{row.numeric:+.6e}", verdict))
        widths = [max(len(line[i]) for line in table) for i in range(7)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in table]
        head = f"gradient check, {self.method}: {'passed' if self.ok else 'FAILED'}, " \
               f"largest relative error {self.worst:.1e}, allowed {self.tolerance:.0e}"
        return "\n".join([head, *lines, *(f"note: {note}" for note in self.notes)])


def relative_error(backward, numeric, method="complex", rounding=0.0):
    """|a - n| / max(|a|, |n|, scale), entry by entry.

    scale keeps entries that are tiny beside their array from being judged by rounding: a share of the largest entry
    (SCALES), and the size at which the rounding of the difference quotient alone would use up the tolerance.
    """
    size = np.maximum(np.abs(backward), np.abs(numeric))
    scale = SCALES[method] * size.max(initial=0.0) + np.asarray(rounding) / TOLERANCES[method]
    denominator = np.maximum(size, scale)
    error = np.abs(backward - numeric) / np.where(denominator > 0, denominator, 1)
    return np.where(np.isfinite(error), error, np.inf)


def compare(name, shape, places, backward, numeric, rounding, method, tolerance):
    """One Row from the entries at places: backward, numeric and rounding are 1-D arrays of the same length."""
    error = relative_error(backward, numeric, method, rounding)
    worst = int(np.argmax(error))
    ok = bool(error[worst] <= tolerance)
    return Row(name, shape, float(error[worst]), places[worst], float(backward[worst]), float(numeric[worst]),
               None if ok else constant_ratio(backward, numeric), ok)


def constant_ratio(backward, numeric):
    """backward / numeric when it is the same number wherever numeric is not tiny, else None."""
    large = np.abs(numeric) > 1e-3 * np.abs(numeric).max(initial=0.0)
    if not large.any() or not np.isfinite(backward).all():
        return None
    ratios = backward[large] / numeric[large]
    ratio = np.median(ratios)
    small_ones_fit = np.abs(backward - ratio * numeric).max() <= 1e-5 * np.abs(numeric).max() * max(1, abs(ratio))
    return float(ratio) if small_ones_fit and np.ptp(ratios) <= 1e-5 * max(1, abs(ratio)) else None


class Variable(NamedTuple):
    """What is checked: a value, the gradient backward gave, and the scalar loss as a function of the value."""

    name: str
    value: np.ndarray
    gradient: np.ndarray
    loss_of: Any


def check_gradients(target, *inputs, wrt=None, method="complex", step=None, tolerance=None, rng=0, full=2000,
                    raises=True):
    """Compare a hand-written gradient with the numeric one, for every input and every parameter.

    target : a pair (f, f_backward), with f_backward(dout, *inputs) returning one gradient per name in wrt;
             a layer, with forward(x), backward(dy), parameters and gradients (every input and every parameter);
             or a model, with loss(*inputs).total, backward(), parameters and gradients (every parameter)
    inputs : arrays; float64 where a gradient is checked. A float32 layer or model is checked as its float64 copy, and
        a note says so
    wrt : for a pair, the names of the differentiable arguments of f (all by default)
    method : complex, central or forward      step, tolerance : by default those of the method
    rng : Generator or seed, for the upstream gradient and, in large checks, the sampled places
    full : up to this many entries per variable each one is checked; above, 3 random directions and 20 entries

    returns : Report        Raises GradientError with the report when a gradient is wrong and raises is True.
    """
    checks.choice("method", method, dict.fromkeys(METHODS))
    rng = checks.generator("rng", rng).spawn(1)[0]       # a stream of its own: the data may come from the same seed
    notes = []
    if method == "complex" and not isinstance(target, tuple) and not hasattr(target, "astype"):
        method = "central"
        notes.append(f"{type(target).__name__} has no astype(complex128): central differences instead of the complex "
                     "step")
    tolerance = tolerance or TOLERANCES[method]
    complex_numbers = method == "complex"
    if isinstance(target, tuple):
        variables = _pair_variables(target, inputs, wrt, rng)
    elif hasattr(target, "forward"):
        variables = _layer_variables(target, inputs, rng, complex_numbers, notes)
    elif hasattr(target, "loss"):
        variables = _model_variables(target, inputs, complex_numbers, notes)
    else:
        raise TypeError(f"target: got {type(target).__name__}, expected a pair (f, f_backward), a layer with forward "
                        "and backward, or a model with loss and backward")
    rows = [_check(variable, method, step, tolerance, rng, full, notes) for variable in variables]
    report = Report(rows, method, tolerance, notes)
    if raises and not report.ok:
        raise GradientError("\n" + str(report))
    return report


NOT_ANALYTIC = ("central differences, because the forward is not analytic for complex numbers (np.abs, .real, "
                "a comparison?)")


def _check(variable, method, step, tolerance, rng, full, notes):
    """The Row of one variable. A complex step that cannot be trusted gives way to central differences."""
    name, value, gradient, loss_of = variable
    gradient = np.asarray(gradient)
    if gradient.shape != value.shape:
        notes.append(f"{name}: the gradient has shape {gradient.shape}, the variable {value.shape}")
        return Row(name, value.shape, np.inf, "-", np.nan, np.nan, None, False)
    if method != "complex":
        return _compared(variable, method, step, tolerance, rng, full, notes)
    try:
        complex_answer = np.iscomplexobj(loss_of(value.astype(complex)))
        row = _compared(variable, method, step, tolerance, rng, full, notes) if complex_answer else None
    except TypeError:                            # a function such as np.logaddexp that refuses complex numbers
        row = None
    if row is not None and row.ok:
        return row
    central = _compared(variable, "central", None, max(tolerance, TOLERANCES["central"]), rng, full, notes)
    if row is None or central.ok:
        notes.append(f"{name}: {NOT_ANALYTIC}")
        return central
    return row


def _compared(variable, method, step, tolerance, rng, full, notes):
    name, value, gradient, loss_of = variable
    gradient = np.asarray(gradient)
    places, directions = list(np.ndindex(value.shape)), []
    if value.size > full:
        chosen = rng.choice(value.size, min(19, value.size), replace=False).tolist()
        chosen.append(int(np.abs(gradient).argmax()))
        places = [tuple(int(i) for i in np.unravel_index(index, value.shape)) for index in chosen]
        directions = [rng.choice([-1.0, 1.0], value.shape) for _ in range(3)]
        notes.append(f"{name}: {value.size} entries, checked along 3 random directions and at {len(places)} entries")
    numeric, rounding = entries(loss_of, value, places, method, step)
    row = compare(name, value.shape, places, np.array([gradient[place] for place in places]), numeric, rounding,
                  method, tolerance)
    if directions:
        along = [directional_derivative(loss_of, value, d, method, step) for d in directions]
        backward = np.array([np.sum(gradient * d) for d in directions])
        row_along = compare(name, value.shape, [f"direction {i}" for i in range(3)], backward,
                            *np.array(along).T, method, tolerance)
        row = max(row, row_along, key=lambda r: r.error)
    return row


def _pair_variables(pair, inputs, wrt, rng):
    f, f_backward = pair
    names = _names(f, inputs)
    wrt = names if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt)
    if not wrt or not set(wrt) <= set(names):
        raise ValueError(f"wrt: got {wrt}, expected names among {names}")
    inputs = [as_float64(name, array) if name in wrt else array for name, array in zip(names, inputs)]
    dout = rng.standard_normal(np.shape(f(*inputs)))
    # copies: a backward that writes into what it was given must not change the numbers it is held against
    gradients = f_backward(np.copy(dout), *(np.copy(array) for array in inputs))
    gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
    if len(gradients) != len(wrt):
        raise ValueError(f"wrt: the backward returned {len(gradients)} gradients for {wrt}; name the arguments it "
                         "differentiates, as in wrt=('mu', 'logvar')")
    return [Variable(name, inputs[names.index(name)], gradient,
                     _loss_of_one(lambda *arrays: np.sum(dout * f(*arrays)), inputs, names.index(name)))
            for name, gradient in zip(wrt, gradients)]


def _names(function, inputs):
    """A name for each input: those of the function's parameters."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return [f"input {i}" for i in range(len(inputs))]
    names = [parameter.name for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    if not 0 < len(inputs) <= len(names):
        raise ValueError(f"inputs: got {len(inputs)}, expected 1 to {len(names)}: {', '.join(names)}")
    return names[:len(inputs)]


def _loss_of_one(loss, inputs, i):
    """loss as a function of input i alone."""
    return lambda value: loss(*inputs[:i], value, *inputs[i + 1:])


def _copies(target, inputs, complex_numbers, notes):
    """A float64 copy, whose gradient is judged, and the copy in which parameters move (complex for complex steps)."""
    dtypes = {array.dtype for array in target.parameters.values()}
    if dtypes - {np.dtype(np.float64)}:
        notes.append(f"parameters of dtype {', '.join(sorted(map(str, dtypes)))}: a float64 copy was checked, because "
                     "float32 holds 7 digits, of which a difference quotient keeps 2 or 3")
    labels = hasattr(target, "loss")                     # whole numbers are labels to a model, an oversight to a layer
    inputs = [array if labels and np.asarray(array).dtype.kind in "iu" else as_float64(f"input {i}", array)
              for i, array in enumerate(inputs)]
    if not hasattr(target, "astype"):
        for name, array in target.parameters.items():
            as_float64(name, array)
        return target, target, inputs
    exact = target.astype(np.float64)
    return exact, target.astype(np.complex128 if complex_numbers else np.float64), inputs


def _parameter_variables(exact, moving, loss):
    def loss_with(name):
        def loss_of(value):
            parameter = moving.parameters[name]
            before = parameter.copy()
            parameter[...] = value
            try:
                return loss()
            finally:
                parameter[...] = before
        return loss_of
    return [Variable(name, array.copy(), exact.gradients[name].copy(), loss_with(name))
            for name, array in exact.parameters.items()]


def _layer_variables(layer, inputs, rng, complex_numbers, notes):
    exact, moving, inputs = _copies(layer, inputs, complex_numbers, notes)
    names = _names(exact.forward, inputs)
    dy = rng.standard_normal(np.shape(exact.forward(*(array.copy() for array in inputs))))
    dx = exact.backward(dy.copy())
    dx = dx if isinstance(dx, (tuple, list)) else (dx,)
    if len(dx) != len(inputs):
        raise ValueError(f"target: backward returned {len(dx)} gradients, expected one for each input: {names}")

    def loss(*arrays):
        return np.sum(dy * moving.forward(*arrays))
    variables = [Variable(name, array, gradient, _loss_of_one(loss, inputs, i))
                 for i, (name, array, gradient) in enumerate(zip(names, inputs, dx))]
    return variables + _parameter_variables(exact, moving, lambda: loss(*inputs))


def _model_variables(model, inputs, complex_numbers, notes):
    exact, moving, inputs = _copies(model, inputs, complex_numbers, notes)
    exact.loss(*inputs)
    exact.backward()
    return _parameter_variables(exact, moving, lambda: moving.loss(*inputs).total)
