"""Backpropagation by hand (needed by slide p25).

Before: linear algebra (matrix product, transpose), the chain rule; at the end mean, variance and normal density.
After: you can write the backward of a layer and trust it only after a check, read what a check prints when a gradient
is wrong, choose its step and its number type, and say what no gradient check can tell you.
"""

# %%
# Slide p25 asks how backpropagation can pass a random draw. To see what is cut there, one must have seen what flows
# everywhere else. This lesson needs one rule, the chain rule, and one network small enough to print:
#
# .. math::
#    h_1 = x W_1 + b_1, \quad y_1 = \tanh h_1, \quad h_2 = y_1 W_2 + b_2, \quad
#    \mathcal{L} = \frac{1}{2B} \sum_{b,k} (h_{2,bk} - t_{bk})^2
#
# :math:`x` goes in, :math:`t` is what should come out. For every symbol ``name`` we want ``dname``, the gradient of the
# loss with respect to it, in the shape of ``name``. Add a small **nudge** to one entry of ``name``: the loss moves by
# the nudge times ``dname`` at that entry. Backpropagation finds all these numbers in one pass, without nudging.

import decimal
import math

import numpy as np

from lessons.course import Lesson
from tinyvae import activations, gaussian, layers
from tinyvae.derivatives import STEPS, numeric_gradients
from tinyvae.gradcheck import check_gradients, relative_error
from tinyvae.plots import backprop

lesson = Lesson("04_backpropagation_by_hand", "Backpropagation by hand", "p25, which needs this lesson")
net_rng, check_rng, kink_rng, sample_rng = map(np.random.default_rng, np.random.SeedSequence(lesson.seed).spawn(4))
B, D, H, K = 7, 3, 5, 2                    # distinct primes: an array transposed by mistake does not fit
SHAPES = {"x": (B, D), "t": (B, K), "W1": (D, H), "b1": (H,), "W2": (H, K), "b2": (K,)}


def random_network(rng):
    """Data and weights by name, in numbers that float32 holds exactly too. No bias is 0, where a fault could hide."""
    return {name: np.float64(np.float32(0.6 * rng.standard_normal(shape))) for name, shape in SHAPES.items()}


# %%
# **Forward, the long form.** Each elementary operation is a step with a name. tanh is cut into pieces too: numerator
# and denominator of :math:`(e^h - e^{-h}) / (e^h + e^{-h})` times :math:`e^{-h}` make it
# :math:`(1 - e^{-2h}) / (1 + e^{-2h})`. Only ``+ - * / exp`` occur, so the same lines run on float64, float32, complex
# numbers and decimals of 60 digits. We shall need all four.

def forward(net, nudge=None):
    """The loss, and every step by its name. nudge : name to an array that is added to that step."""
    v = {}

    def keep(name, value):                                # remember the step, nudged if somebody asked for it
        v[name] = value + (nudge or {}).get(name, 0)
        return v[name]

    x, t, W1, b1, W2, b2 = (keep(name, value) for name, value in net.items())
    h1 = keep("h1", x @ W1 + b1)                          # (B, H)
    u = keep("u", -2 * h1)                                # (B, H)
    e = keep("e", np.exp(u))                              # (B, H)   e^(-2 h1)
    n = keep("n", 1 - e)                                  # (B, H)
    d = keep("d", 1 + e)                                  # (B, H)
    r = keep("r", 1 / d)                                  # (B, H)
    y1 = keep("y1", n * r)                                # (B, H)   tanh h1
    h2 = keep("h2", y1 @ W2 + b2)                         # (B, K)
    g = keep("g", h2 - t)                                 # (B, K)
    s = keep("s", g * g)                                  # (B, K)
    return np.sum(s, axis=(-2, -1)) / (2 * B), v


# %%
# **Backward, the long form.** Each line is one line of the forward, from the last to the first: what came from above,
# times the derivative of that line. Two things deserve a look. ``e`` was used twice, in ``n`` and in ``d``: a nudge of
# it reaches the loss along two routes, and **routes are added**. And a dense layer gives three gradients; the cell
# after next derives them.

def backward(v):
    """dname for every step, from the forward's values v, in the order in which they are found."""
    ds = np.full_like(v["s"], 1 / (2 * B))                # loss = sum(s) / 2B
    dg = ds * 2 * v["g"]                                  # s = g g
    dh2 = dg                                              # g = h2 - t
    dW2 = v["y1"].T @ dh2                                 # h2 = y1 W2 + b2
    db2 = dh2.sum(axis=0)
    dy1 = dh2 @ v["W2"].T
    dn = dy1 * v["r"]                                     # y1 = n r
    dr = dy1 * v["n"]
    dd = dr * -v["r"]**2                                  # r = 1 / d
    de = -dn + dd                                         # n = 1 - e   and   d = 1 + e: two routes
    du = de * v["e"]                                      # e = exp(u)
    dh1 = -2 * du                                         # u = -2 h1
    dW1 = v["x"].T @ dh1                                  # h1 = x W1 + b1
    db1 = dh1.sum(axis=0)
    dx = dh1 @ v["W1"].T
    return {name[1:]: value for name, value in locals().items() if name != "v"}


# %%
# Is it right? Nudge and see. The nudge is imaginary, which looks odd and is the best idea of this lesson. Taylor's
# theorem for a function that accepts complex numbers says
#
# .. math::
#    f(x + i h) = f(x) + i h f'(x) - \frac{h^2}{2} f''(x) - i \frac{h^3}{6} f'''(x) + \dots
#    \quad \Rightarrow \quad \frac{\operatorname{Im} f(x + i h)}{h} = f'(x) - \frac{h^2}{6} f'''(x) + \dots
#
# Nothing is subtracted, so no digit is lost, and with :math:`h = 10^{-30}` the rest is far below rounding. (Take it on
# trust for now; the section on the step measures it.) One row for each step, in the order of the backward pass, with
# the largest relative error of its entries, :math:`|a - n| / \max(|a|, |n|)` for backward :math:`a` and numeric
# :math:`n`. **The first wrong row holds the fault**, those after it inherit it.

def losses(net, name, steps):
    """The loss after entry 0 of name alone moved by steps[0], after entry 1 alone by steps[1], and so on: (n,)."""
    shape = SHAPES.get(name) or forward(net)[1][name].shape
    shape = shape if len(shape) == 2 else (1, *shape)     # a bias as a row, which the batch shares
    nudges = np.diag(steps).reshape(len(steps), *shape)   # n nudges, stacked; NumPy runs the forward on all of them
    return forward(net, {name: nudges})[0]


def complex_step(net, name, h=1e-30):
    """d loss/d name by an imaginary nudge of each entry, in the shape of name."""
    shape = forward(net)[1][name].shape
    return (losses(net, name, np.full(math.prod(shape), 1j * h)).imag / h).reshape(shape)


net = random_network(net_rng)
loss, v = forward(net)
by_hand = backward(v)
careless = dict(by_hand, h1=by_hand["y1"])                # somebody forgot the slope of tanh; dx, dW1, db1 inherit it
careless["x"], careless["W1"] = careless["h1"] @ v["W1"].T, v["x"].T @ careless["h1"]
careless["b1"] = careless["h1"].sum(axis=0)
errors = []
print("\nstep   shape    relative error   the same, where the slope of tanh was forgotten")
for name, gradient in by_hand.items():
    right, wrong = (relative_error(found[name], complex_step(net, name)).max() for found in (by_hand, careless))
    errors.append(right)
    print(f"d{name:<5} {str(gradient.shape):<8} {right:.1e}          {wrong:.1e}{'  WRONG' if wrong > 1e-10 else ''}")
lesson.claim("Every row of the long form is the numeric gradient: largest relative error", max(errors), 0,
             within=1e-10, source="complex step through the forward; rounding only")

# %%
# **The dense layer**, index by index: :math:`y_{bj} = \sum_i x_{bi} W_{ij} + b_j`. Suppose somebody gave us
# :math:`dy_{bj} = \partial \mathcal{L} / \partial y_{bj}`. Write :math:`[m = i]` for 1 where true and 0 elsewhere.
#
# .. math::
#    \begin{aligned}
#    dW_{ij} = \frac{\partial \mathcal{L}}{\partial W_{ij}}
#    &= \sum_b \sum_k \frac{\partial \mathcal{L}}{\partial y_{bk}} \frac{\partial y_{bk}}{\partial W_{ij}}
#       && \text{chain rule: add the routes through every } y_{bk} \\
#    &= \sum_b \sum_k dy_{bk} \sum_m x_{bm} \frac{\partial W_{mk}}{\partial W_{ij}}
#       && \text{derivative of a sum; } x \text{ and } b \text{ stay} \\
#    &= \sum_b \sum_k dy_{bk} \sum_m x_{bm} [m = i] [k = j] && \text{a weight depends on itself alone} \\
#    &= \sum_b x_{bi} \, dy_{bj} && \text{one } m \text{ and one } k \text{ remain, every } b \text{ does} \\
#    &= (x^T dy)_{ij} && \text{definition of the matrix product}
#    \end{aligned}
#
# The same moves for the other two. **A bias reaches every example, so its gradient is a sum over the batch. An input
# reaches every output of its example, so its gradient is a sum over the outputs:**
#
# .. math::
#    db_j = \sum_b \sum_k dy_{bk} \frac{\partial y_{bk}}{\partial b_j} = \sum_b \sum_k dy_{bk} [k = j] = \sum_b dy_{bj}
#
# .. math::
#    dx_{bi} = \sum_c \sum_j dy_{cj} \frac{\partial y_{cj}}{\partial x_{bi}} = \sum_c \sum_j dy_{cj} W_{ij} [c = b]
#    = \sum_j dy_{bj} W_{ij} = (dy \, W^T)_{bi}

i, j = np.unravel_index(np.abs(by_hand["W1"]).argmax(), (D, H))   # one entry of W1; the layer is x -> h1
dh1 = complex_step(net, "h1")                                     # dy of this layer, (B, H)
nudge = np.zeros((D, H), complex)
nudge[i, j] = 1e-30j
response = forward(net, {"W1": nudge})[1]["h1"].imag / 1e-30      # d y_bk / d W_ij for every b and k, (B, H)
lesson.derivation("Every line of dW_ij of a dense layer is the same number", [
    ("dL/dW_ij", "what we want, by a nudge", complex_step(net, "W1")[i, j]),
    ("sum_b sum_k dL/dy_bk dy_bk/dW_ij", "chain rule, every factor by a nudge", np.sum(dh1 * response)),
    ("sum_b sum_k dy_bk sum_m x_bm [m = i][k = j]", "derivative of a sum",
     np.sum(dh1 * (v["x"] @ (np.arange(D) == i))[:, None] * (np.arange(H) == j))),
    ("sum_b x_bi dy_bj", "one m and one k remain", sum(v["x"][b, i] * dh1[b, j] for b in range(B))),
    ("(x^T dy)_ij", "matrix product", (v["x"].T @ dh1)[i, j]),
], within=1e-13, source="rounding of sums of 35 numbers of size 1")

# %%
# As loops, the way one writes it in C: **each multiplication of the forward becomes two in the backward**, and what was
# read many times collects its gradient with ``+=``. The matrix products are these loops, collapsed.

def dense_loops(x, W, b, dy):
    """y = x W + b and, for upstream dy, the gradients dx, dW, db: one number at a time."""
    y, dx, dW, db = np.zeros_like(dy), np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
    for row in range(len(x)):
        for j in range(len(b)):
            y[row, j] = b[j]
            db[j] += dy[row, j]
            for i in range(len(W)):
                y[row, j] += x[row, i] * W[i, j]
                dx[row, i] += dy[row, j] * W[i, j]
                dW[i, j] += x[row, i] * dy[row, j]
    return y, dx, dW, db


def dense(x, W, b):
    return x @ W + b


def dense_backward(dy, x, W, b):
    """dx, dW, db."""
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


# %%
# **The activation, collapsed.** Put the lines of tanh into one another, for one entry (all indices are the same):
#
# .. math::
#    \begin{aligned}
#    dh = -2 \, du = -2 e \, de &= -2 e \, (-dn + dd) && \text{the last three lines, two routes} \\
#    &= -2 e \, (-r \, dy - r^2 \, dr) && dn = r \, dy, \quad dd = -r^2 \, dr \\
#    &= 2 e r \, (1 + n r) \, dy && dr = n \, dy; \text{ take } r \, dy \text{ out} \\
#    &= 2 e r \, (1 + y) \, dy && y = n r \\
#    &= (1 - y) (1 + y) \, dy && 1 - y = (d - n) \, r = 2 e r, \text{ since } 1 = d r \\
#    &= (1 - y^2) \, dy && \text{product of sum and difference}
#    \end{aligned}
#
# Six lines became one, which needs only the output. The sigmoid :math:`y = 1 / (1 + e^{-h})` goes the same way:
# :math:`dy/dh = e^{-h} / (1 + e^{-h})^2 = y (1 - y)`, since :math:`1 - y = e^{-h} / (1 + e^{-h})`. ReLU is the larger
# of :math:`h` and 0: slope 1 above 0, slope 0 below.

e, n, r, y = (v[name][2, 4] for name in ("e", "n", "r", "y1"))                # one unit of one example
dn, dd, dr, dy = (by_hand[name][2, 4] for name in ("n", "d", "r", "y1"))
lesson.derivation("The long form of tanh collapses to (1 - y^2) dy: every line is the same number", [
    ("dh", "what we want, by a nudge", dh1[2, 4]),
    ("-2 e (-dn + dd)", "two routes", -2 * e * (-dn + dd)),
    ("-2 e (-r dy - r^2 dr)", "y = n r and r = 1/d", -2 * e * (-r * dy - r**2 * dr)),
    ("2 e r (1 + n r) dy", "dr = n dy", 2 * e * r * (1 + n * r) * dy),
    ("2 e r (1 + y) dy", "y = n r", 2 * e * r * (1 + y) * dy),
    ("(1 - y)(1 + y) dy", "1 - y = 2 e r", (1 - y) * (1 + y) * dy),
    ("(1 - y^2) dy", "collapsed", (1 - y**2) * dy),
], within=1e-13, source="rounding of numbers of size 1")


def collapsed(net):
    """The gradients of the whole network in eight lines."""
    x, t, W1, b1, W2, b2 = net.values()
    y1 = np.tanh(dense(x, W1, b1))
    h2 = dense(y1, W2, b2)
    dh2 = (h2 - t) / B
    dy1, dW2, db2 = dense_backward(dh2, y1, W2, b2)
    dh1 = dy1 * (1 - y1**2)
    dx, dW1, db1 = dense_backward(dh1, x, W1, b1)
    return {"x": dx, "W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


layer = v["x"], v["W1"], v["b1"]
loops, products = dense_loops(*layer, dh1), (dense(*layer), *dense_backward(dh1, *layer))
short = collapsed(net)
lesson.claim("Loops and long form against their collapsed forms: largest relative difference",
             max([relative_error(a, b).max() for a, b in zip(loops, products)]
                 + [relative_error(short[name], by_hand[name]).max() for name in short]), 0,
             within=1e-10, source="same sums in another order; rounding only")

# %%
# **From lesson to library.** ``tinyvae/layers.py``: ``Dense`` and ``Activation`` are these lines as objects.
# ``forward`` keeps what backward needs, ``backward(dy)`` returns dx and fills dW and db, ``Sequential`` calls the
# layers in reverse. Backpropagation is the chain rule, and each layer knows its own line of it.

model = layers.mlp((D, H, K), "tanh", rng=0, dtype=float)         # Dense, tanh, Dense
for parameter, name in zip(model.parameters.values(), ("W1", "b1", "W2", "b2")):
    parameter[...] = net[name]
dx = model.backward((model.forward(net["x"]) - net["t"]) / B)
library = dict(zip(("W1", "b1", "W2", "b2"), model.gradients.values()), x=dx)
points = np.linspace(-3, 3, 13)                           # 0 among them: the slope of ReLU there is taken as 0
slopes = {"tanh": 1 - np.tanh(points)**2, "sigmoid": np.exp(-points) / (1 + np.exp(-points))**2, "relu": points > 0}
difference = [relative_error(library[name], short[name]).max() for name in short]
for name, slope in slopes.items():
    f, f_backward = activations.ACTIVATIONS[name]
    difference.append(relative_error(f_backward(np.ones(13), points, f(points)), slope).max())
lesson.claim("The library's layers and activations give the lesson's gradients: largest relative difference",
             max(difference), 0, within=1e-10, source="tinyvae/layers.py and activations.py; rounding only")

# %%
# **What a wrong gradient looks like.** ``check_gradients`` (``tinyvae/gradcheck.py``) nudges every input and every
# parameter, as above. A layer has many outputs and no loss, so it takes :math:`\sum dy \cdot y` as the loss, with a
# random :math:`dy`. Three faults that everybody makes once: a factor 2 lost on paper; a sum over the batch forgotten
# (then db has not even the right shape; dW has, if the first example stands for the sum); :math:`W` for :math:`W^T`,
# which fits only where a layer is as wide as its input.

backwards = {
    "right": dense_backward,
    "factor 2 in dW": lambda dy, x, W, b: (dy @ W.T, 2 * x.T @ dy, dy.sum(axis=0)),
    "no sum over the batch": lambda dy, x, W, b: (dy @ W.T, np.outer(x[0], dy[0]), dy),
    "$W$ for $W^T$ in dx": lambda dy, x, W, b: (dy @ W, x.T @ dy, dy.sum(axis=0))}
planted = {"right": (), "factor 2 in dW": ("W",), "no sum over the batch": ("W", "b"), "$W$ for $W^T$ in dx": ("x",)}
lesson.predict("For which of the three does the wrong gradient stay proportional to the right one?")
arrays = [check_rng.standard_normal(shape) for shape in ((B, H), (H, H), (H,))]               # x, W, b: a square W
dy = check_rng.standard_normal((B, H))
numeric = numeric_gradients(lambda x, W, b: np.sum(dy * dense(x, W, b)), *arrays)
panels, verdicts, reports = {}, [], {}
for fault, wrong_backward in backwards.items():
    reports[fault] = check_gradients((dense, wrong_backward), *arrays, rng=check_rng, raises=False)
    print(f"\n{fault.replace('$', '')}: {reports[fault]}")
    verdicts += [row.ok == (row.name not in planted[fault]) for row in reports[fault].rows]
    shown = 0 if "x" in planted[fault] else 1                                                 # dx or dW
    panels[fault] = numeric[shown], wrong_backward(dy, *arrays)[shown]
print("Answer: the factor. The report says so (x 2 everywhere); in the figure it is another straight line.")
lesson.claim("Each fault is found, and no right gradient accused: verdicts as planted, of 12", sum(verdicts), 12,
             within=0, source="4 backwards, 3 variables each")
lesson.claim("The relative error of a doubled gradient", reports["factor 2 in dW"].worst, 0.5, within=1e-10,
             source="|2g - g| / |2g|")
lesson.figure(backprop.wrong_gradients(
    panels, "A right gradient lies on the line; a factor makes another line, a missing sum or a transposition a cloud"),
    "wrong_gradients")

# %%
# A check can be fooled by its inputs: with a symmetric :math:`W` the transposed backward is right, near :math:`h = 0`
# tanh has slope 1, with a batch of 1 no sum is missing. So check with random numbers, no zeros, and sizes that differ:
# with those NumPy refuses :math:`W` for :math:`W^T` at once.

x, W, b = arrays
fooled = check_gradients((dense, backwards["$W$ for $W^T$ in dx"]), x, W + W.T, b)
print(f"\nW for W^T, checked with a symmetric W: largest relative error {fooled.worst:.1e}, passed")

# %%
# **The step.** The quotients without complex numbers, by Taylor's theorem:
#
# .. math::
#    \frac{f(x + h) - f(x)}{h} = f' + \frac{h}{2} f'' + \frac{h^2}{6} f''' + \dots, \qquad
#    \frac{f(x + h) - f(x - h)}{2h} = f' + \frac{h^2}{6} f''' + \frac{h^4}{120} f^{(5)} + \dots
#
# In the second, the **central** one, the even terms cancel. But every value of :math:`f` is rounded, by about
# :math:`\epsilon |f|`, and that is divided by :math:`h`. As :math:`h` falls, truncation falls and rounding rises. Their
# sum is least where its derivative with respect to :math:`h` is 0:
#
# .. math::
#    \text{forward: } \frac{h}{2} |f''| + \frac{\epsilon |f|}{h}, \quad h \sim \epsilon^{1/2},
#    \text{ error} \sim \epsilon^{1/2}; \qquad
#    \text{central: } \frac{h^2}{6} |f'''| + \frac{\epsilon |f|}{h}, \quad h \sim \epsilon^{1/3},
#    \text{ error} \sim \epsilon^{2/3}
#
# To measure errors we need derivatives better than any float64. With 60 digits rounding is no enemy: differences with
# :math:`h = 10^{-9}` give :math:`f'` to about 18 digits, and :math:`f'', f''', f^{(5)}` as well.

lesson.predict("The step of a central difference goes from 1e-5 to 1e-10. Is the gradient better or worse?")
nets, names = [random_network(net_rng) for _ in range(2 if lesson.quick else 20)], ("W1", "b1", "W2", "b2")
to_decimal = np.frompyfunc(lambda number: decimal.Decimal(float(number)), 1, 1)
# order: (divisor, weights of f(x - 3h), ..., f(x + 3h)); their sum over divisor h^order is the derivative of that order
stencils = {1: (2, [0, 0, -1, 0, 1, 0, 0]), 2: (1, [0, 0, 1, -2, 1, 0, 0]), 3: (2, [0, -1, 2, 0, -2, 1, 0]),
            5: (2, [-1, 4, -5, 0, 5, -4, 1])}
exact = {order: [] for order in stencils}
with decimal.localcontext() as context:
    context.prec, tiny = 60, decimal.Decimal("1e-9")
    for network in nets:
        network = {name: to_decimal(array) for name, array in network.items()}
        for name in names:
            values = [losses(network, name, np.full(network[name].size, k * tiny)) for k in range(-3, 4)]
            for order, (divisor, weights) in stencils.items():
                total = sum(weight * value for weight, value in zip(weights, values))
                exact[order].append(np.float64(total / (divisor * tiny**order)))
exact = {order: np.concatenate(parts) for order, parts in exact.items()}      # (weights of all networks,)


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def quotient(net, name, h, method):
    """d loss/d name, entry by entry (n,), in the number type of net and h."""
    w = net[name].ravel()
    if method == "complex":
        return losses(net, name, np.full(w.size, 1j * h)).imag / h
    above, below = w + h, (w - h if method == "central" else w)       # rounded: divide by the step really taken
    return (losses(net, name, above - w) - losses(net, name, below - w)) / (above - below)


def error_curve(hs, method, dtype):
    """The root mean square error over the weights of all networks, over that of the gradient itself: (len(hs),)."""
    typed = [{name: array.astype(dtype) for name, array in network.items()} for network in nets]
    found = [np.concatenate([quotient(network, name, h, method) for network in typed for name in names])
             for h in hs.astype(dtype)]
    return np.array([rms(np.float64(values) - exact[1]) for values in found]) / rms(exact[1])


hs = {np.float64: 10.0 ** (-np.arange(0, 53) / 4), np.float32: 10.0 ** (-np.arange(0, 25) / 4)}
curves = {dtype: {method: error_curve(hs[dtype], method, dtype) for method in ("forward", "central", "complex")}
          for dtype in hs}
for method, k in (("central", 20), ("central", 40), ("complex", 40)):
    print(f"{method} h = {hs[np.float64][k]:.0e}: relative error {curves[np.float64][method][k]:.1e}")
print("Answer: worse, by far; the complex step does not mind.")

# %%
# The slopes are fitted where theory says that they can be seen: from the step where rounding (at most 60 roundings in
# a row, each :math:`\epsilon / 2`, in each of two values) is 1 % of the truncation, to the step where the next Taylor
# term is. So each point lies within 2 % of its power law, and a least-squares slope within 2 % times
# :math:`\sum |u| / \sum u^2`, with :math:`u` the centred logarithms of the steps.

eps, f_max = np.finfo(float).eps, max(forward(network)[0] for network in nets)
truncation = {"forward": rms(exact[2]) / 2 / rms(exact[1]), "central": rms(exact[3]) / 6 / rms(exact[1])}
rounding = 60 * eps * f_max / rms(exact[1])               # times 1/h; half of it for central, which divides by 2h
ranges = {"forward": ((rounding / (0.01 * truncation["forward"])) ** (1 / 2),
                      0.01 * 3 * rms(exact[2]) / rms(exact[3])),                     # h^2/6 f3 is 1 % of h/2 f2
          "central": ((rounding / 2 / (0.01 * truncation["central"])) ** (1 / 3),
                      math.sqrt(0.01 * 20 * rms(exact[3]) / rms(exact[5])))}         # h^4/120 f5 is 1 % of h^2/6 f3
for method, order in (("forward", 1), ("central", 2)):
    inside = (hs[np.float64] >= ranges[method][0]) & (hs[np.float64] <= ranges[method][1])
    log_h, log_error = np.log(hs[np.float64][inside]), np.log(curves[np.float64][method][inside])
    u = log_h - log_h.mean()
    lesson.claim(f"The error of {method} differences falls as h^{order}: log-log slope over {inside.sum()} steps",
                 u @ log_error / (u @ u), order, within=0.02 * np.abs(u).sum() / (u @ u), source="Taylor, range above")
    lesson.claim(f"The error of {method} differences has the size of Taylor's next term: ratio",
                 np.exp(np.mean(log_error - order * log_h)) / truncation[method], 1, within=0.02,
                 source="second and third derivatives from 60 digits")
floor = [curves[dtype]["complex"][hs[dtype] <= largest].max() / np.finfo(dtype).eps
         for dtype, largest in ((np.float64, 1e-9), (np.float32, 1e-5))]
lesson.claim("The complex step is exact to rounding, in float64 and in float32: largest error over machine epsilon",
             max(floor), at_most=60, source="at most 60 roundings in a row; steps with h^2 far below epsilon")

# %%
# **float32** has :math:`\epsilon = 2^{-23}`, float64 :math:`2^{-52}`. Theory says with which power of :math:`\epsilon`
# the best step moves, and the error that is left there.

lesson.predict("float64 leaves an error near 1e-11 at the best central step. What is left in float32, with 7 digits?")
ratio = np.log(np.finfo(np.float32).eps / eps)
tolerance = np.log(2 * 10**0.5) / ratio    # a grid step of h for each type; rounding 4 times as large, so its root
best = {method: {dtype: np.argmin(curves[dtype][method]) for dtype in hs} for method in ("forward", "central")}
for method, of_step, of_error in (("forward", 1 / 2, 1 / 2), ("central", 1 / 3, 2 / 3)):
    step, error = np.array([(hs[dtype][k], curves[dtype][method][k]) for dtype, k in best[method].items()]).T
    print(f"{method:8}" + "".join(f"  {dtype.__name__}: best step {step[k]:.0e}, error {error[k]:.0e}"
                                  for k, dtype in enumerate(hs)))
    lesson.claim(f"{method.capitalize()} differences: the best step goes with this power of epsilon",
                 np.log(step[1] / step[0]) / ratio, of_step, within=tolerance, source="least sum of the two errors")
    lesson.claim(f"{method.capitalize()} differences: the error at the best step goes with this power of epsilon",
                 np.log(error[1] / error[0]) / ratio, of_error, within=tolerance, source="that sum at its minimum")
usual = {"float64": STEPS["central"], "float32": hs[np.float32][best["central"][np.float32]]}
print(f"Answer: some {error[1]:.0e}, four or five digits; with the step 1e-5 that serves float64, "
      f"{curves[np.float32]['central'][20]:.0e}.\nA gradient wrong by 1 in 100 000 would pass. Of a float32 layer "
      "check_gradients says:")
print("   ", check_gradients(layers.Dense(D, H, 0), net["x"]).notes[0])
lesson.figure(backprop.step_size(
    {dtype.__name__: (hs[dtype], curves[dtype]) for dtype in hs}, truncation,
    "A smaller step helps until rounding takes over; the complex step subtracts nothing and reaches machine epsilon"),
    "step_size")

# %%
# **Kinks.** ReLU has no derivative at 0. Its one-sided derivatives are 0 and 1.

lesson.predict("What does a central difference say about the slope of ReLU at 0, with a step of 1e-2, 1e-5, 1e-9?")
relu, relu_backward = activations.ACTIVATIONS["relu"]
h = np.array([1e-2, 1e-5, 1e-9])
central = (relu(h) - relu(-h)) / (2 * h)
print(f"Answer: one half, each time. Left {relu(-h)[0] / 1e-2:.0f}, right {relu(h)[0] / 1e-2:.0f}, central {central}, "
      f"complex {np.imag(relu(np.array(1e-30j))) / 1e-30:.0f}, backward {relu_backward(1.0, np.array(0.0), 0.0):.0f}")
lesson.claim("The central difference of ReLU at 0 is 1/2, whatever the step: largest distance",
             np.abs(central - 0.5).max(), 0, within=1e-15, source="mean of the one-sided derivatives 0 and 1")

# %%
# No answer is right there; the backward's 0 is a convention. Zero biases and black pixels make a pre-activation exactly
# 0, one more reason to check with other numbers. Near the kink a check needs luck: moving a bias by :math:`\pm h`
# carries every pre-activation :math:`a` with :math:`|a| < h` over 0. When the :math:`a` are independent draws of
# N(0, 1), a batch of :math:`B` meets at least one kink with probability
#
# .. math::
#    P = 1 - \left( 1 - P(|a| < h) \right)^B, \qquad P(|a| < h) = \operatorname{erf} (h / \sqrt{2})
#    \approx h \sqrt{2 / \pi}
#
# (:math:`x` from N(0, I) and orthonormal columns in :math:`W` make them so.) The complex step moves no real part.

units, batch, repeats = 40, 20, 60 if lesson.quick else 1000
kink_steps = 10.0 ** -np.arange(3, 0.9, -0.5)             # 1e-3 to 1e-1
off = {"central": np.zeros(len(kink_steps)), "complex": np.zeros(len(kink_steps))}
for _ in range(repeats):
    W = np.linalg.qr(kink_rng.standard_normal((units, units)))[0]
    x_kink, dy_kink = kink_rng.standard_normal((2, batch, units))
    a = x_kink @ W
    db = relu_backward(dy_kink, a, relu(a)).sum(axis=0)   # one bias for each unit; units do not meet: check all at once
    for k, h in enumerate(kink_steps):
        central = np.sum(dy_kink * (relu(a + h) - relu(a - h)), axis=0) / (2 * h)
        imaginary = np.sum(dy_kink * relu(a + 1j * h), axis=0).imag / h
        off["central"][k] += np.sum(np.abs(central - db) > 1e-8)
        off["complex"][k] += np.sum(np.abs(imaginary - db) > 1e-8)


def meets_kink(h):
    return 1 - (1 - math.erf(h / math.sqrt(2)))**batch


share, expected = off["central"] / (repeats * units), np.array([meets_kink(h) for h in kink_steps])
standard_error = np.sqrt(expected * (1 - expected) / (repeats * units))
lesson.claim("A central check of a bias is off as often as a kink is met: largest distance in standard errors",
             np.abs((share - expected) / standard_error).max(), at_most=5,
             source="1 - (1 - erf(h / sqrt 2))^B, independent units, binomial standard error")
lesson.claim("The complex step never meets one: checks that were off", off["complex"].sum(), 0, within=0,
             source="no real part moves")
print(f"With the usual step of each type and a batch of {batch}, checks of one bias that meet a kink:",
      ", ".join(f"{name} {100 * meets_kink(h):.2g} %" for name, h in usual.items()))
lesson.figure(backprop.kinks(kink_steps, share, meets_kink, usual,
                             "Over a kink the central difference takes the mean slope; a large step meets kinks often"),
              "kinks")

# %%
# **What a gradient check cannot see.** A check compares a backward with the forward *it belongs to*. Whether that
# forward computes what it should, nobody asked. The sampler of a VAE (p26, lesson 15) shall draw from
# :math:`N(\mu, \sigma^2)`, and its input is :math:`\ell = \log \sigma^2`. Two well-known public codebases use
# :math:`e^{\ell}`, the variance, as the standard deviation:
#
# .. math::
#    \text{right: } z = \mu + e^{\ell / 2} \varepsilon, \qquad \text{faulty: } z = \mu + e^{\ell} \varepsilon, \qquad
#    \varepsilon \sim N(0, 1)

def faulty(mu, logvar, eps):
    return mu + np.exp(logvar) * eps


def faulty_backward(dz, mu, logvar, eps):
    """dmu, dlogvar, deps: perfectly right, for the wrong function."""
    return dz, dz * np.exp(logvar) * eps, dz * np.exp(logvar)


lesson.predict("Will check_gradients refuse the faulty sampler?")
report = check_gradients((faulty, faulty_backward), *sample_rng.standard_normal((3, B, D)), raises=False)
print(f"faulty sampler: {report}\nAnswer: it passes, as it must. Only a test of the forward can tell: draw, and look.")
lesson.claim("The faulty sampler passes the gradient check: largest relative error", report.worst, at_most=1e-10,
             source="its backward is the derivative of its forward")
draws = 20_000 if lesson.quick else 400_000
mu, logvar, eps = np.array([0.7, -0.4, 1.1]), np.array([-1.0, 0.0, 0.8]), sample_rng.standard_normal((draws, 3))
samplers = {"right": gaussian.reparameterise, "faulty": faulty}
samples = {name: sampler(mu, logvar, eps) for name, sampler in samplers.items()}
off_by = {name: (z.var(axis=0, ddof=1) / np.exp(logvar) - 1) / np.sqrt(2 / (draws - 1)) for name, z in samples.items()}
print("Sample variance less e^l, in standard errors:")
for name, distances in off_by.items():
    print(f"    {name:7}" + "".join(f"  l = {l:+.1f}: {distance:+7.1f}" for l, distance in zip(logvar, distances)))
lesson.claim("The library's sampler has variance e^l: largest distance in standard errors",
             np.abs(off_by["right"]).max(), at_most=5, source="a Gaussian's sample variance has error sqrt(2/(n-1))")
lesson.claim("The faulty one has not: largest distance in standard errors", np.abs(off_by["faulty"]).max(), at_least=5,
             source="the same test")

# %%
# At :math:`\ell = 0` both samplers are the same, and an untrained encoder puts out numbers near 0: a test there sees
# nothing. The KL by Monte Carlo finds the fault too. (The KL is the mean of :math:`\log q(z) - \log p(z)` over draws of
# :math:`q`, here :math:`N(\mu, \sigma^2)`, with :math:`p = N(0, 1)`; lesson 14 derives its closed form.) With faulty
# draws that mean is off by an amount that theory knows, since then :math:`(z - \mu)^2` has mean :math:`\sigma^4`:
#
# .. math::
#    \begin{aligned}
#    \mathbb{E}[\log q(z) - \log p(z)]
#    &= \mathbb{E} \left[ -\frac{1}{2} \ell - \frac{(z - \mu)^2}{2 \sigma^2} + \frac{z^2}{2} \right]
#       && \text{two normal densities, } 2 \pi \text{ cancels} \\
#    &= -\frac{1}{2} \ell - \frac{\sigma^4}{2 \sigma^2} + \frac{\mu^2 + \sigma^4}{2}
#       && \text{linearity, moments of } z \\
#    &= \frac{1}{2} (\mu^2 + \sigma^2 - 1 - \ell) + \frac{1}{2} (\sigma^4 - 2 \sigma^2 + 1)
#       && \text{add and take away } \sigma^2 - 1 \\
#    &= D_{KL} + \frac{1}{2} (\sigma^2 - 1)^2 && \text{a square}
#    \end{aligned}

grid = np.linspace(-2, 1, 13)[:, None]                    # logvar (13, 1), with mu = 0.7
closed, gap = gaussian.kl_standard_normal(0.7 + 0 * grid, grid), (np.exp(grid[:, 0]) - 1)**2 / 2
estimates = {}
for name, theory, words in (("right", closed, "KL"), ("faulty", closed + gap, "KL + (s^2 - 1)^2 / 2")):
    z = samplers[name](0.7, grid, eps[:, 0])                                              # (13, draws)
    terms = -0.5 * grid - (z - 0.7)**2 / (2 * np.exp(grid)) + z**2 / 2                    # log q - log p
    estimates[name] = terms.mean(axis=1), terms.std(axis=1) / np.sqrt(draws)
    lesson.claim(f"The mean of log q - log p over draws of the {name} sampler is {words}: distance in standard errors",
                 np.abs((estimates[name][0] - theory) / estimates[name][1]).max(), at_most=5,
                 source="largest of 13 values of logvar, gaussian.kl_standard_normal")
lesson.figure(backprop.blind(samples["faulty"][:, 2], mu[2], logvar[2], grid[:, 0], closed, estimates,
                             "A sampler that passes every gradient check and does not draw from the Gaussian it names"),
              "blind")
print("\nSo: write the backward; check it in float64, by the complex step, away from zeros and kinks; then test the "
      "forward\nagainst something that is not itself. A right gradient of a wrong function leads to the wrong place.")
lesson.end()
