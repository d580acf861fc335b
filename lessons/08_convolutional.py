"""The convolutional autoencoder (notes on autoencoders and VAE, section on CAE).

Before: lesson 04 (backpropagation by hand), lesson 05 (autoencoder and PCA).
After: you can derive the gradients of a convolution, write it as a matrix, say what a transposed convolution does and
does not undo, and judge an autoencoder whose decoder is told the places of the maxima.
"""

# %%
# The notes describe the CAE in a few sentences: the encoder convolves and pools, and keeps the index of each maximum;
# the decoder puts values back at these places (unpooling) and convolves transposed. Here is each part by hand.
#
# **Convolution.** :math:`N` pictures :math:`x` of :math:`C` channels, a kernel :math:`W` of :math:`k \times k` weights
# for each pair of channels, stride :math:`s`, a frame of :math:`p` zeros around the picture (the padding). For picture
# :math:`n`, output channel :math:`o`, place :math:`(i, j)`:
#
# .. math::
#    y_{n,o,i,j} = b_o + \sum_{c} \sum_{u=0}^{k-1} \sum_{v=0}^{k-1} W_{o,c,u,v} \, \bar{x}_{n,c,\,si+u,\,sj+v}
#
# where :math:`\bar{x}` is :math:`x` with its frame (``x_padded``). Lay the kernel over the picture, multiply what lies
# on top of each other, add up, move on by :math:`s`. The window at :math:`i` ends at row :math:`si + k`, which must be
# at most :math:`H + 2p`: so there are :math:`H_{out} = \lfloor (H + 2p - k) / s \rfloor + 1` rows of places.
# Mathematicians turn the kernel round first and call the formula above a cross-correlation; networks do not, and nor do
# we.

import math

import numpy as np

from lessons.course import Lesson
from tinyvae import Autoencoder, ConvAutoencoder, convolution, fit, plots
from tinyvae.autoencoder import squared_error
from tinyvae.convolution import Conv2d, ConvTranspose2d, MaxPool2d, MaxUnpool2d
from tinyvae.derivatives import numeric_gradients
from tinyvae.gradcheck import relative_error
from tinyvae.optimizer import Adam
from tinyvae.patches import pad
from tinyvae.pca import PCA
from tinyvae.plots import convolutions

lesson = Lesson("08_convolutional", "The convolutional autoencoder", "notes on autoencoders and VAE, CAE")
data_seed, training_seed = np.random.SeedSequence(lesson.seed).spawn(2)
rng = np.random.default_rng(data_seed)
n_train, n_test, side = (400, 200, 14) if lesson.quick else (2500, 500, 28)
images = lesson.images(n_train, n_test)
shrink = 28 // side                                       # a quick run sees means of 2 x 2 pixels
train, test = (array.reshape(-1, side, shrink, side, shrink).mean(axis=(2, 4)).reshape(-1, side**2)
               for array in (images.train, images.test))


def convolve(x, W, b, s=1, p=0):
    """y (N, O, H_out, W_out) by the formula: one product after another."""
    (O, C, k, _), x_padded = W.shape, pad(x, p)
    H_out, W_out = ((side - k) // s + 1 for side in x_padded.shape[2:])
    y = np.zeros((len(x), O, H_out, W_out), np.result_type(x, W, b))
    for n, o, i, j in np.ndindex(y.shape):                # all of them, one after another
        y[n, o, i, j] = b[o]
        for c, u, v in np.ndindex(C, k, k):
            y[n, o, i, j] += W[o, c, u, v] * x_padded[n, c, s*i + u, s*j + v]
    return y


# %%
# A picture to do on paper, 4 x 4, without a frame, stride 1. The kernel takes its right column from its left one: large
# values of :math:`y` say "brighter on the left than on the right".

picture = np.array([[0, 1, 2, 0],
                    [1, 3, 1, 0],
                    [0, 2, 4, 1],
                    [2, 0, 1, 1]], float)
kernel = np.array([[1, 0, -1],
                   [2, 0, -2],
                   [1, 0, -1]], float)
lesson.predict("Lay the kernel over the top left corner of the picture (the lesson's text has both). With b = 1, what "
               "is y[0,0]?")
x1, W1, b1 = picture[None, None], kernel[None, None], np.array([1.0])         # N = C = O = 1
y1 = convolve(x1, W1, b1)
print("Answer: 1 + (1*0 + 0*1 - 1*2) + (2*1 + 0*3 - 2*1) + (1*0 + 0*2 - 1*4) = 1 - 2 + 0 - 4 = -5\n")
print("picture       kernel       y")
for i in range(4):
    rows = (array.astype(int)[i] if i < len(array) else "" for array in (picture, kernel, y1[0, 0]))
    print("{!s:<13} {!s:<12} {!s}".format(*rows).rstrip())
on_paper = np.array([[1 - 2 + 0 - 4, 1 + 1 + 6 + 1], [1 + 0 - 8 + 1, 1 + 3 + 2 - 1]])
lesson.claim("The library's conv2d gives the four numbers done on paper", np.abs(
    convolution.conv2d(x1, W1, b1) - on_paper).max(), 0, within=0, source="whole numbers, row by row of the kernel")

# %%
# **Backward.** Given :math:`dy_{n,q,i,j} = \partial \mathcal{L} / \partial y_{n,q,i,j}`; write :math:`[a = b]` for 1
# where true, else 0. The kernel:
#
# .. math::
#    \begin{aligned}
#    dW_{o,c,u,v}
#    &= \sum_{n,q,i,j} dy_{n,q,i,j} \frac{\partial y_{n,q,i,j}}{\partial W_{o,c,u,v}}
#       && \text{chain rule: add the routes through every output} \\
#    &= \sum_{n,q,i,j} dy_{n,q,i,j} \sum_{c',u',v'} \frac{\partial W_{q,c',u',v'}}{\partial W_{o,c,u,v}}
#       \bar{x}_{n,c',si+u',sj+v'} && \text{derivative of a sum; } b \text{ and } x \text{ stay} \\
#    &= \sum_{n,q,i,j} dy_{n,q,i,j} \sum_{c',u',v'} [q = o][c' = c][u' = u][v' = v] \, \bar{x}_{n,c',si+u',sj+v'}
#       && \text{a weight depends on itself alone} \\
#    &= \sum_{n,i,j} dy_{n,o,i,j} \, \bar{x}_{n,c,si+u,sj+v} && \text{one } q, c', u', v' \text{ remain}
#    \end{aligned}
#
# The bias enters every place of its channel with the factor 1, and pixel :math:`(m, l)` of :math:`\bar{x}` every window
# that covers it:
#
# .. math::
#    db_o = \sum_{n,q,i,j} dy_{n,q,i,j} \frac{\partial y_{n,q,i,j}}{\partial b_o}
#    = \sum_{n,q,i,j} dy_{n,q,i,j} [q = o] = \sum_{n,i,j} dy_{n,o,i,j}
#
# .. math::
#    \begin{aligned}
#    d\bar{x}_{n,c,m,l}
#    &= \sum_{n',o,i,j} dy_{n',o,i,j} \frac{\partial y_{n',o,i,j}}{\partial \bar{x}_{n,c,m,l}} && \text{chain rule} \\
#    &= \sum_{n',o,i,j} dy_{n',o,i,j} \sum_{c',u,v} W_{o,c',u,v} [n' = n][c' = c][si + u = m][sj + v = l]
#       && \text{derivative of a sum; a pixel depends on itself alone} \\
#    &= \sum_{o,i,j,u,v} dy_{n,o,i,j} \, W_{o,c,u,v} [si + u = m][sj + v = l] && \text{one } n', c' \text{ remain} \\
#    &= \sum_{o,i,j} dy_{n,o,i,j} \, W_{o,c,\,m-si,\,l-sj}
#       && u = m - si, v = l - sj; \text{ 0 where outside the kernel}
#    \end{aligned}
#
# The frame is no data, so :math:`dx` is :math:`d\bar{x}` without it. Pixels that no window reaches have gradient 0.
# Every line as a number, for one weight and one pixel; :math:`\mathcal{L} = \sum dy \, y` with a random :math:`dy`. The
# derivatives on the first two lines are measured by an imaginary nudge (lesson 04).

N, C, O, k, s, p = 2, 2, 3, 3, 2, 1
x, W, b = rng.standard_normal((N, C, 5, 7)), rng.standard_normal((O, C, k, k)), rng.standard_normal(O)
dy = rng.standard_normal(convolve(x, W, b, s, p).shape)                       # (2, 3, 3, 4)
x_padded = pad(x, p)                                                          # (2, 2, 7, 9)
places = list(np.ndindex(dy.shape))
window = list(np.ndindex(C, k, k))
o, c, u, v = 1, 0, 2, 1
nudge = np.zeros(W.shape, complex)
nudge[o, c, u, v] = 1e-30j
response = convolve(x, W + nudge, b, s, p).imag / 1e-30                       # dy[n,q,i,j]/dW[o,c,u,v]
lesson.derivation("Every line of dW of a convolution is the same number", [
    ("dL/dW[o,c,u,v]", "what we want, by a nudge", np.sum(dy * convolve(x, W + nudge, b, s, p)).imag / 1e-30),
    ("sum_nqij dL/dy[n,q,i,j] dy[n,q,i,j]/dW[o,c,u,v]", "chain rule", sum(dy[at] * response[at] for at in places)),
    ("sum_nqij dy[n,q,i,j] sum_c'u'v' [q=o][c'u'v'=cuv] x_padded[n,c',si+u',sj+v']", "a weight depends on itself alone",
     sum(dy[n, q, i, j] * (q == o) * ((c_, u_, v_) == (c, u, v)) * x_padded[n, c_, s*i + u_, s*j + v_]
         for n, q, i, j in places for c_, u_, v_ in window)),
    ("sum_nij dy[n,o,i,j] x_padded[n,c,si+u,sj+v]", "one q, c', u', v' remain",
     np.sum(dy[:, o] * x_padded[:, c, u:u + 2*s + 1:s, v:v + 3*s + 1:s])),
], within=1e-12, source="rounding of sums of at most 1296 numbers of size 1")

n, c, m, l = 1, 1, 4, 6                                                       # pixel (3, 5) of x, which has no frame
nudge = np.zeros(x.shape, complex)
nudge[n, c, m - p, l - p] = 1e-30j
response = convolve(x + nudge, W, b, s, p).imag / 1e-30
lesson.derivation("Every line of dx of a convolution is the same number", [
    ("dL/dx_padded[n,c,m,l]", "what we want, by a nudge", np.sum(dy * convolve(x + nudge, W, b, s, p)).imag / 1e-30),
    ("sum_n'oij dL/dy[n',o,i,j] dy[n',o,i,j]/dx_padded[n,c,m,l]", "chain rule",
     sum(dy[at] * response[at] for at in places)),
    ("sum_n'oij dy[n',o,i,j] sum_c'uv W[o,c',u,v] [n'=n][c'=c][si+u=m][sj+v=l]", "a pixel depends on itself alone",
     sum(dy[n_, o, i, j] * W[o, c_, u, v] * (n_ == n) * (c_ == c) * (s*i + u == m) * (s*j + v == l)
         for n_, o, i, j in places for c_, u, v in window)),
    ("sum_oijuv dy[n,o,i,j] W[o,c,u,v] [si+u=m][sj+v=l]", "one n', c' remain",
     sum(dy[n, o, i, j] * W[o, c, u, v] * (s*i + u == m) * (s*j + v == l)
         for o, i, j in np.ndindex(dy.shape[1:]) for u, v in np.ndindex(k, k))),
    ("sum_oij dy[n,o,i,j] W[o,c,m-si,l-sj]", "u = m - si, v = l - sj",
     sum(dy[n, o, i, j] * W[o, c, m - s*i, l - s*j] for o, i, j in np.ndindex(dy.shape[1:])
         if 0 <= m - s*i < k and 0 <= l - s*j < k)),
], within=1e-12, source="rounding of sums of at most 1296 numbers of size 1")

# %%
# As code it is shorter: go through the forward's products again, and let each give its two shares. What was used many
# times collects with ``+=``.

def convolve_backward(dy, x, W, s=1, p=0):
    """dx, dW, db for upstream dy: the loops of convolve, read backwards."""
    x_padded, dW, db = pad(x, p), np.zeros_like(W), np.zeros(len(W))
    dx_padded = np.zeros_like(x_padded)
    for n, o, i, j in np.ndindex(dy.shape):
        db[o] += dy[n, o, i, j]
        for c, u, v in np.ndindex(W.shape[1:]):
            dW[o, c, u, v] += dy[n, o, i, j] * x_padded[n, c, s*i + u, s*j + v]
            dx_padded[n, c, s*i + u, s*j + v] += dy[n, o, i, j] * W[o, c, u, v]
    return dx_padded[:, :, p:x_padded.shape[2] - p, p:x_padded.shape[3] - p], dW, db


numeric = numeric_gradients(lambda x, W, b: np.sum(dy * convolve(x, W, b, s, p)), x, W, b)
errors = [relative_error(hand, number).max() for hand, number in zip(convolve_backward(dy, x, W, s, p), numeric)]
lesson.claim("The long-form gradients are the numeric ones: largest relative error", max(errors), 0, within=1e-10,
             source="complex step through the forward, every entry")

# %%
# **From lesson to library, and the fast form.** ``tinyvae/convolution.py`` holds ``conv2d`` and ``conv2d_backward``,
# which take a window at a time; the layer ``Conv2d`` is fast, by ``tinyvae/patches.py``. Its idea in three lines:
#
# 1. for each :math:`(u, v)` the picture, shifted by it, holds the factor of :math:`W_{o,c,u,v}` for all places at once;
# 2. write these views below each other: a matrix :math:`P` of :math:`C k^2` rows, a column for each place;
# 3. then :math:`Y = W P + b`, one matrix product in place of a small sum for each place.
#
# The multiplications are the same; what is saved are the steps of Python: 9 views in place of 784 windows for a
# 3 x 3 kernel on a digit. ``tests/benchmarks/convolution.py`` measures the times.

differences = []
for s, p in ((1, 0), (2, 1), (3, 2)):
    y = convolve(x, W, b, s, p)
    dy = rng.standard_normal(y.shape)
    P = np.array([pad(x, p)[:, :, u:u + s*y.shape[2]:s, v:v + s*y.shape[3]:s] for u, v in np.ndindex(k, k)])
    P = P.transpose(2, 0, 1, 3, 4).reshape(C * k * k, -1)                     # (C k k, N H_out W_out)
    Y = (W.reshape(O, -1) @ P + b[:, None]).reshape(O, N, *y.shape[2:]).swapaxes(0, 1)
    layer = Conv2d(C, O, k, rng, stride=s, padding=p, dtype=float)
    layer.W[...], layer.b[...] = W, b
    forwards = [Y, convolution.conv2d(x, W, b, s, p), layer.forward(x)]
    backwards = convolution.conv2d_backward(dy, x, W, s, p), (layer.backward(dy), layer.dW, layer.db)
    differences += [relative_error(other, y).max() for other in forwards]
    differences += [relative_error(other, hand).max() for library in backwards
                    for other, hand in zip(library, convolve_backward(dy, x, W, s, p))]
lesson.claim("Long form, matrix product, conv2d, Conv2d and their gradients agree: largest relative difference",
             max(differences), 0, within=1e-10, source="three strides and paddings; the same sums in another order")

# %%
# **A convolution is a matrix.** Write picture and map as columns, row by row. Then :math:`y = M x` (without :math:`b`),
# and the formula says which number stands where: pixel :math:`(m, l)` meets place :math:`(i, j)` with the weight
#
# .. math::
#    M_{(i,j),(m,l)} = W_{m + p - si, \; l + p - sj} \text{ where that is in the kernel, else } 0

def matrix(K, shape, s=1, p=0):
    """M (H_out W_out, H W) of the kernel K (k, k) on pictures of this shape (H, W)."""
    (H, width), k = shape, len(K)
    H_out, W_out = (H + 2*p - k) // s + 1, (width + 2*p - k) // s + 1
    M = np.zeros((H_out, W_out, H, width))
    for i, j, m, l in np.ndindex(M.shape):
        u, v = m + p - s*i, l + p - s*j
        if 0 <= u < k and 0 <= v < k:
            M[i, j, m, l] = K[u, v]
    return M.reshape(H_out * W_out, H * width)


lesson.predict("A dense layer has a weight of its own in each cell of its matrix. How many different weights has M, "
               "for a 3 x 3 kernel on 4 x 4 pixels, and in how many of its 4 x 16 cells does one of them stand?")
print("Answer: 9 weights, each 4 times: 36 of 64 cells. Few weights (shared), and local (zeros elsewhere).")
which = np.int64(matrix(np.arange(1, 10).reshape(3, 3), (4, 4)))
lesson.figure(convolutions.matrix_pattern(
    which, 3, 4, 2, "A convolution as a matrix: every row holds the same 9 weights, shifted, and zeros"), "matrix")

# %%
# **Transposed convolution** is :math:`x' = M^T y`. Row :math:`(i, j)` of :math:`M` is the kernel laid at place
# :math:`(i, j)`; in :math:`M^T` it is a column, so pixel :math:`y_{i,j}` paints the kernel there, times its value, and
# where paintings overlap they add up. For every :math:`x` and :math:`y`, with
# :math:`\langle a, b \rangle = \sum_m a_m b_m`,
#
# .. math::
#    \begin{aligned}
#    \langle M x, y \rangle &= \sum_r \left( \sum_m M_{rm} x_m \right) y_r && \text{definition of both products} \\
#    &= \sum_m x_m \left( \sum_r M_{rm} y_r \right) && \text{order of summation} \\
#    &= \langle x, M^T y \rangle && (M^T y)_m = \sum_r M_{rm} y_r
#    \end{aligned}
#
# Such a pair is called **adjoint**. We have met it already: the backward of :math:`y = M x` is :math:`dx = M^T dy`.
# Sizes go back too, up to what the floor has cut off; ``output_padding`` says how many rows and columns that were.

differences, transposed = [], []
zero = np.zeros(1)
for shape, s, p in (((7, 5), 1, 0), ((7, 5), 2, 1), ((8, 6), 2, 1)):
    one, K = rng.standard_normal((1, 1, *shape)), rng.standard_normal((3, 3))
    M, y = matrix(K, shape, s, p), convolution.conv2d(one, K[None, None], zero, s, p)
    painted = convolution.conv_transpose2d(y, K[None, None], zero, s, p, output_padding=(shape[0] + 2*p - 3) % s)
    differences.append(relative_error(M @ one.ravel(), y.ravel()).max())
    dx = convolution.conv2d_backward(y, one, K[None, None], s, p)[0]                      # y in the place of dy
    transposed += [relative_error(M.T @ y.ravel(), other.ravel()).max() for other in (painted, dx)]
lesson.claim("M x is conv2d(x): largest relative difference", max(differences), 0, within=1e-10,
             source="M from its formula, entry by entry")
lesson.claim("M^T y is conv_transpose2d(y), and the dx of conv2d for dy = y: largest relative difference",
             max(transposed), 0, within=1e-10, source="the same M, transposed")
gaps = []
for s, p in ((1, 0), (2, 1), (1, 2)):              # channels too: x (2, 2, 5, 7), W (3, 2, 3, 3)
    y = convolution.conv2d(x, W, 0 * b, s, p)
    dy = rng.standard_normal(y.shape)
    layer = ConvTranspose2d(O, C, k, rng, stride=s, padding=p, dtype=float)
    layer.W[...] = W
    other = layer.forward(dy)
    gaps.append(abs(np.sum(y * dy) - np.sum(x * other)) / (np.linalg.norm(y) * np.linalg.norm(dy)))
lesson.claim("<conv(x), y> = <x, conv_transpose(y)>: largest difference / (|conv(x)| |y|)", max(gaps), 0, within=1e-12,
             source="M and its transpose, with channels: the layer ConvTranspose2d with the array W of conv2d")

# %%
# **The reverse operation?** "Convolution makes the image smaller; transposed convolution is the reverse operation of
# convolution, which restores the size", say the notes. Both are loose. A convolution of stride 1 makes the image
# smaller only without a frame: 28 pixels become :math:`28 + 2p - 3 + 1`, which is 26 for :math:`p = 0` and 28 for
# :math:`p = 1`. And the transpose restores the size, not the values: :math:`M^T` is not :math:`M^{-1}`. Send one white
# pixel there and back. The kernel above is a column (1, 2, 1) times a row (1, 0, -1). What comes back is each of them
# against its own shifts: (1, 4, 6, 4, 1) times (-1, 0, 2, 0, -1).

lesson.predict("One white pixel (value 1) goes through the convolution with this kernel and back through the "
               "transposed convolution. Which value has it then?")
white = np.zeros((1, 1, 7, 7))
white[0, 0, 3, 3] = 1


def there_and_back(x):
    """conv_transpose(conv(x)) with the kernel of the example."""
    return convolution.conv_transpose2d(convolution.conv2d(x, W1, zero), W1, zero)


back = there_and_back(white)[0, 0]
print("Answer: the sum of the squared weights, 12. And it is no longer alone:")
print("\n".join("    " + " ".join(f"{value:3.0f}" for value in row[1:6]) for row in back[1:6]))
lesson.claim("conv_transpose(conv(white pixel)) is the kernel against its own shifts, 12 in the middle",
             np.abs(back[1:6, 1:6] - np.outer([1, 4, 6, 4, 1], [-1, 0, 2, 0, -1])).max(), 0, within=0,
             source="done on paper: (M^T M)_mm = sum of W[u,v]^2")

# %%
# No other operation could do it, where :math:`y` has 4 numbers and :math:`x` 16. What :math:`M^T` paints is a
# combination of the rows of :math:`M`. The combination nearest to :math:`x` is :math:`M^+ M x` (pseudo-inverse, least
# squares); what is missing there is lost. With a frame :math:`M` is square, and an inverse may exist: it is not the
# transpose either.

M = matrix(kernel, (4, 4))
flat = picture.ravel()
returned = there_and_back(x1).ravel()
scale = returned @ flat / (returned @ returned)                               # the best of all multiples
residual = np.linalg.norm(flat - scale * returned) / np.linalg.norm(flat)
lost = np.linalg.norm(flat - np.linalg.pinv(M) @ M @ flat) / np.linalg.norm(flat)
print(f"4 x 4 to 2 x 2 and back: the best multiple of conv_transpose(conv(x)) misses x by {residual:.0%} of its "
      f"length;\n{lost:.0%} is lost whatever one paints with this kernel.")
lesson.claim("No multiple of conv_transpose(conv(x)) is nearer to x than the lost part allows", residual, at_least=lost,
             source="|x - M^+ M x| is the least distance from x to the rows of M")
square = matrix(rng.standard_normal((3, 3)), (4, 4), p=1)                     # (16, 16)
inverted, painted = np.linalg.solve(square, square @ flat), square.T @ square @ flat
painted *= painted @ flat / (painted @ painted)
misses = [np.linalg.norm(flat - guess) / np.linalg.norm(flat) for guess in (inverted, painted)]
print(f"With a frame, 16 numbers to 16: the inverse misses by {misses[0]:.0e}, the transpose by {misses[1]:.0%}.")

# %%
# **Weight sharing.** Each row of :math:`M` is the row before, shifted. So a shifted picture gives shifted maps:
#
# .. math::
#    y'_{i,j} = \sum_{u,v} W_{u,v} \, x'_{i+u, j+v} = \sum_{u,v} W_{u,v} \, x_{i+u-2, j+v-3} = y_{i-2, j-3}
#    \quad \text{for } x'_{m,l} = x_{m-2, l-3}
#
# away from the border, where the frame and the pixels that fell out make a difference. This is called **equivariance**.
# With stride 2, or after pooling of 2 x 2, it holds for shifts by multiples of 2 only.

X = rng.standard_normal((1, 1, 28, 28))
layer = Conv2d(1, 8, 3, rng, padding=1, dtype=float)
layer.b[...] = rng.standard_normal(8)
maps, shifted_maps = layer.forward(X), layer.forward(np.roll(X, (2, 3), axis=(2, 3)))
inside = np.abs(shifted_maps[:, :, 3:-1, 4:-1] - maps[:, :, 1:-3, 1:-4]).max()
lesson.claim("Shift the picture by (2, 3) and the maps shift by (2, 3), away from the border: largest difference",
             inside, 0, within=1e-12, source="weight sharing; the same sums at another place")
pooled = {d: MaxPool2d(2).forward(layer.forward(np.roll(X, d, axis=3))) for d in (0, 1, 2)}
by_2 = np.abs(pooled[2][..., 3:-1] - pooled[0][..., 2:-2]).max()
by_1 = min(np.abs(pooled[1][..., 2 + d:d - 2] - pooled[0][..., 2:-2]).max() for d in (0, 1))
print(f"After pooling: picture shifted by 2, pooled maps by 1, difference {by_2:.1f}.\nPicture shifted by 1: the "
      f"pooled maps fit neither unshifted nor shifted by 1, difference {by_1:.1f}.")
n_dense, n_conv = 784 * maps.size + maps.size, layer.W.size + layer.b.size
print(f"28 x 28 pixels to 8 maps of 28 x 28: {n_conv} parameters; a dense layer for the same maps {n_dense:,}, "
      f"{n_dense // n_conv:,} times as many.")

# %%
# **Pooling and unpooling.** :math:`y_{i,j} = \max_{u,v} x_{2i+u, \, 2j+v}` with :math:`u, v` from 0 and 1, and the
# index :math:`2u + v` of the winner: 0, 1, 2 or 3. Of equal pixels the first wins, row by row. **Unpooling** puts
# :math:`y_{i,j}` at the place that the index names, and 0 elsewhere. The backward of pooling does the same with
# :math:`dy`: :math:`\partial y / \partial x` is 1 at the winner and 0 at the others.

def pool(x):
    """The maxima of windows of 2 x 2 and their indices, (N, C, H/2, W/2) each."""
    N, C, H, width = x.shape
    windows = x.reshape(N, C, H // 2, 2, width // 2, 2).swapaxes(3, 4).reshape(N, C, H // 2, width // 2, 4)
    indices = windows.argmax(axis=4)
    return windows.max(axis=4), indices


def unpool(y, indices):
    """(N, C, H/2, W/2) to (N, C, H, W)."""
    N, C, h, w = y.shape
    windows = y[..., None] * (indices[..., None] == np.arange(4))             # (N, C, h, w, 4)
    return windows.reshape(N, C, h, w, 2, 2).swapaxes(3, 4).reshape(N, C, 2 * h, 2 * w)


maps = maps - maps.min() + 1                                                  # positive, so that 0 means "nothing here"
y, indices = pool(maps)
layer = MaxPool2d(2)
values = layer.forward(maps)
kept = MaxUnpool2d(layer).forward(values)
brute = np.where(maps == y.repeat(2, axis=2).repeat(2, axis=3), maps, 0)      # pixels equal to their window's maximum
ways = kept, unpool(y, indices), convolution.max_unpool2d(*convolution.max_pool2d(maps, 2), maps.shape, 2)
lesson.claim("unpool(pool(x)) is x at the maxima and 0 elsewhere: largest difference",
             max(np.abs(way - brute).max() for way in ways), 0, within=0,
             source="each pixel against its window's maximum; MaxUnpool2d, max_unpool2d and the lines above")
tied = np.array([[[[2.0, 5.0], [5.0, 1.0]]]])
value, index = convolution.max_pool2d(tied, 2)
gradient = convolution.max_pool2d_backward(np.ones_like(value), index, tied.shape, 2).ravel()
print(f"A tie, window 2 5 / 5 1: value {value.item():.0f}, index {index.item()}, gradient {gradient}.\nNudge one of "
      "the 5s: the maximum follows upwards, not downwards. There is no gradient; taking the first is a choice.")
example = test[0].reshape(side, side)
y, indices = pool(example[None, None])
lesson.figure(convolutions.pooling(
    example, y[0, 0], indices[0, 0], unpool(y, indices)[0, 0],
    "Pooling forgets where in its window each maximum was; unpooling puts it back, because it is told"), "pooling")

# %%
# **The autoencoders.** ``ConvAutoencoder`` (``tinyvae/autoencoder.py``): convolution, ELU (:math:`h` above 0,
# :math:`e^h - 1` below), pooling of 2 x 2 (twice; once in a quick run), a dense layer to a code of 10 numbers; back by
# a dense layer, unpooling and transposed convolution of stride 1. The places that unpooling needs are called
# **switches**. With ``unpool=False`` there are none, and transposed convolutions of stride 2 do the enlarging.
#
# Against them dense autoencoders with a code of the same size: one with about as many parameters, one with about as
# many multiplications; and PCA, the best linear autoencoder (lesson 05). All are trained on the same pictures with as
# many updates. ELU or ReLU, and the learning rate between 0.001 and 0.01, were chosen beforehand for each by a few
# trials on test error with seed 0; no search was exhaustive, and differences of a few per cent mean nothing.

L, D, channels = 10, side**2, (6,) if lesson.quick else (8, 16)
epochs, batch, runs = (8, 20, 4) if lesson.quick else (8, 50, 3)


def multiplications(model):
    """Of a weight with a number, for one picture: each weight counts as often as there are places to use it."""
    total, x = 0, np.zeros((1, D), np.float32)
    for layer in model.encoder.layers + model.decoder.layers:
        y = layer.forward(x)
        if layer.parameter_names:
            total += layer.W.size * math.prod((x if isinstance(layer, ConvTranspose2d) else y).shape[2:])
        x = y
    return total


def conv(seed, unpool=True):
    return ConvAutoencoder((1, side, side), channels, L, activation="elu", unpool=unpool, seed=seed)


narrow = math.ceil((conv(0).parameters.vector.size - D - L) / (2 * D + 2 * L + 2))
# the dense ones have 2 (D + L + 1) h + D + L parameters and 2 (D + L) h multiplications
wide = round(multiplications(conv(0)) / (2 * D + 2 * L))
wide_activation = "elu" if lesson.quick else "relu"
models = {                                                                    # how to build one, learning rate
    "dense, same parameters": (lambda seed: Autoencoder(D, (narrow,), L, activation="elu", seed=seed),
                               1e-2 if lesson.quick else 5e-3),
    "dense, same multiplications": (lambda seed: Autoencoder(D, (wide,), L, activation=wide_activation, seed=seed),
                                    5e-3 if lesson.quick else 2e-3),
    "conv, no switches": (lambda seed: conv(seed, unpool=False), 1e-2),
    "conv, own switches": (conv, 1e-2)}

# %%
# **The switches.** Unpooling, say the notes, "helps to restore the picture as close to the original as possible". It
# does, and they leave out why: the switches go from the encoder to the decoder **beside the code**. Each is one of 4
# places, at most :math:`\log_2 4 = 2` bits.

switches = sum(channel * (side // 2**stage)**2 for stage, channel in enumerate(channels, 1))
print(f"\nCode: {L} numbers of 32 bits, {32 * L} bits. Switches: {switches} windows of at most 2 bits, {2 * switches} "
      f"bits. The picture, one byte a pixel: {8 * D} bits.")
lesson.predict("The decoder gets the code of a picture and the switches of another one. What does it draw?")
errors, drawn = {}, {"original": test[:10]}
others = np.roll(test, 1, axis=0)                                             # to each picture the one before it
to_others = []                                                                # errors to the pictures of the switches


def keep(way, x_hat):
    errors.setdefault(way, []).append(squared_error(test, x_hat).mean(dtype=float))
    drawn.setdefault(way, x_hat[:10])                                         # of the first training


for name, (build, rate) in models.items():
    for seed in map(int, training_seed.generate_state(runs)):
        model = build(seed)
        fit(model, train, epochs=epochs, batch_size=batch, seed=seed, optimizer=Adam(rate), progress=False)
        keep(name, model.reconstruct(test))
        if name == "conv, own switches":
            z, mean_code = model.encode(test), model.encode(train).mean(axis=0)
            model.encode(test)                                                # the pooling layers keep its switches
            keep("own switches, mean code", model.decode(np.tile(mean_code, (n_test, 1))))
            model.encode(others)                                              # now theirs
            keep("own code, other switches", model.decode(z))
            to_others.append(squared_error(others, model.decode(z)).mean(dtype=float))
    print(f"{name:<28} {model.parameters.vector.size:>8,} parameters, {multiplications(model):>8,} multiplications")
errors = {way: np.array(values) for way, values in errors.items()}
drawn["... those of this picture"] = others[:10]

# %%
# The bars to beat: PCA, and the mean of the training pictures, the best guess of anybody who is told nothing. The
# figure shows every training; it has no unit but squared grey levels, where black is 1.

plane = PCA(train, L)
pca = squared_error(test, plane.reconstruct(test)).mean()
nothing = squared_error(test, plane.mean).mean()
print(f"\nSquared error of a test picture, mean of {runs} trainings and its standard error")
for way, values in errors.items():
    print(f"{way:<28} {values.mean():6.2f} +- {values.std(ddof=1) / np.sqrt(runs):.2f}")
print(f"{'PCA':<28} {pca:6.2f}\n{'the mean picture':<28} {nothing:6.2f}")
foreign = errors["own code, other switches"]
print(f"Answer: something more like the other picture: error {foreign.mean():.1f} to the picture of the code, "
      f"{np.mean(to_others):.1f} to that of the switches.")
lesson.figure(plots.picture_rows(drawn, "With the same 10 numbers of code, the switches decide what is drawn"),
              "reconstructions")
lesson.figure(convolutions.error_bars(
    errors, {f"PCA, {L} numbers": pca, "mean picture, no code": nothing},
    "The decoder with switches is so good because it is told more than the code"), "errors")


def gap(larger, smaller):
    """By how much the mean of one error over the trainings exceeds that of another, and 5 standard errors of it."""
    variance = sum(np.var(errors, ddof=1) / runs for errors in (larger, smaller) if np.size(errors) > 1)
    return np.mean(larger) - np.mean(smaller), 5 * np.sqrt(variance)


over_trainings = f"5 standard errors of the means over {runs} trainings"
difference, least = gap(errors["conv, no switches"], errors["conv, own switches"])
lesson.claim("The switches help: without them the error is larger by", difference, at_least=least,
             source=over_trainings)
difference, least = gap(nothing, errors["own switches, mean code"])
lesson.claim("The switches alone, with one code for all pictures, beat the mean picture by", difference, at_least=least,
             source=over_trainings + "; no constant picture beats the mean by more than chance")
difference, least = gap(foreign, errors["conv, no switches"])
lesson.claim("The code alone does not serve this decoder: with other switches its error exceeds that of a decoder that "
             "never had any by", difference, at_least=least, source=over_trainings)
if not lesson.quick:                                                          # in a quick run it is less than certain
    difference, least = gap(foreign, np.array(to_others))
    lesson.claim("With the code of one picture and the switches of another it draws nearer to that of the switches, by",
                 difference, at_least=least, source=over_trainings)

# %%
# How much do the switches really say? A window that is always empty has always the same winner. From the frequencies
# :math:`f_q` of the four places, :math:`-\sum_q f_q \log_2 f_q` bits a window; windows depend on one another, so the
# sum over all of them is still an upper bound.

model.encode(train)
bits = 0.0
for layer in model.encoder.layers:
    if isinstance(layer, MaxPool2d):
        f = np.array([(layer.indices == q).mean(axis=0) for q in range(4)])   # (4, C, h, w)
        bits -= np.sum(f * np.log2(f, where=f > 0, out=np.zeros_like(f)))
print(f"Window by window the switches hold at most {bits:.0f} bits, {bits / (32 * L):.1f} times the bits of the code.")
layer, x = model.encoder.layers[1], test[:1].reshape(1, 1, side, side)
lesson.figure(convolutions.kernels_and_maps(
    x[0, 0], layer.W[:, 0], layer.forward(x)[0],
    "The learned kernels of the first layer, and below each what it makes of the picture"), "kernels")

# %%
# **What to keep.** The decoder with the switches reconstructs best by far, and the comparison is not fair: it is told
# more than the code. In a full run the switches without the code do at least as well as the code without the switches,
# and with the switches of another picture the drawing is nearer to that picture: the switches say where the strokes
# are, and the code is left with the rest.
#
# Convolution pays without them too, by what it shares. In a full run it is far better than a dense autoencoder of as
# many parameters, better than PCA, and about as good as a dense one of as many multiplications and thirty times the
# parameters; which of these two is ahead changed with the seed and the data. That is what we saw and no claim: the
# trainings differ too much for 5 standard errors. A quick run has too few updates; PCA, which needs none, wins there.
#
# For compression count everything that passes from encoder to decoder. And a generator (lesson 17) starts from a code
# alone: no picture is there that could give the switches, so a decoder that needs them cannot generate.

lesson.end()
