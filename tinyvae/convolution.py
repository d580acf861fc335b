"""Convolution, pooling with indices, unpooling and transposed convolution of images (B, C, H, W), by hand.

First the formulas, written for reading: a loop over the pixels, and below each its backward. Then the layers, which
compute the same in the fast form of patches.py. Notes on autoencoders, CAE: an encoder of convolutions and poolings
that keep the place of each maximum; a decoder that puts values back at these places and convolves transposed.

B batch, C channels, H x W pixels, k kernel (k x k), s stride, p padding (a frame of p zeros). As in all networks, the
kernel is not turned round: strictly this is the cross-correlation.
"""

import math

import numpy as np

from tinyvae import checks
from tinyvae import patches as fast
from tinyvae.layers import INITIALISATIONS
from tinyvae.parameters import Parametrised
from tinyvae.patches import (check_apart, check_images, check_kernel, check_output_padding, check_switches, crop,
                             output_size, pad, transposed_size)


def conv2d(x, W, b, stride=1, padding=0):
    """Convolution: each output pixel is a weighted sum of the window of x below it. Dumoulin and Visin 2016, chapter 2.

    x : (B, C_in, H, W)        W : (C_out, C_in, k, k)        b : (C_out,)
    returns : y (B, C_out, H_out, W_out), H_out = floor((H + 2p - k) / s) + 1        Raises ValueError.
    """
    check_kernel(x, W, b, axis=1)
    (C_out, _, k, _), s = W.shape, stride
    H_out, W_out = output_size(x.shape, k, s, padding)
    x_padded = pad(x, padding)
    y = np.empty((len(x), C_out, H_out, W_out), np.result_type(x, W, b))
    # y[b,o,i,j] = b_o + sum_{c,u,v} W[o,c,u,v] x_padded[b,c,s i+u,s j+v]
    for i in range(H_out):
        for j in range(W_out):
            window = x_padded[:, :, s*i:s*i + k, s*j:s*j + k]                        # (B, C_in, k, k)
            y[:, :, i, j] = b + np.einsum("ocuv,bcuv->bo", W, window)
    return y


def conv2d_backward(dy, x, W, stride=1, padding=0):
    """Upstream dy (B, C_out, H_out, W_out) to dx (B, C_in, H, W), dW (C_out, C_in, k, k), db (C_out,)."""
    k, s = W.shape[2], stride
    x_padded = pad(x, padding)
    expected = (len(x), len(W), *output_size(x.shape, k, s, padding))
    if dy.shape != expected:
        raise ValueError(f"dy: got shape {dy.shape}, expected {expected}, that of conv2d(x, W, b)")
    dx_padded, dW = np.zeros(x_padded.shape, np.result_type(dy, W)), np.zeros(W.shape, np.result_type(dy, x))
    # In the sum for y[b,o,i,j] stands W[o,c,u,v] x_padded[b,c,s i+u,s j+v]. So dy[b,o,i,j] goes
    #   to x_padded[b,c,s i+u,s j+v] with the factor W[o,c,u,v]                      (summed over o, and where windows
    #   to W[o,c,u,v] with the factor x_padded[b,c,s i+u,s j+v]                       overlap; summed over b, i, j)
    #   to b_o with the factor 1                                                     (summed over b, i, j)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            window = np.s_[:, :, s*i:s*i + k, s*j:s*j + k]
            dx_padded[window] += np.einsum("bo,ocuv->bcuv", dy[:, :, i, j], W)
            dW += np.einsum("bo,bcuv->ocuv", dy[:, :, i, j], x_padded[window])
    return crop(dx_padded, padding), dW, np.sum(dy, axis=(0, 2, 3))


def conv_transpose2d(x, W, b, stride=1, padding=0, output_padding=0):
    """Transposed convolution: each pixel of x paints the kernel, times its value. Dumoulin and Visin 2016, chapter 4.

    With the same array W, no b and the output_padding that restores the size it is the adjoint of conv2d:
    <conv2d(x), y> = <x, conv_transpose2d(y)>. It is not the inverse: it restores the size, not the values.

    x : (B, C_in, H, W)        W : (C_in, C_out, k, k)        b : (C_out,)
    returns : y (B, C_out, H_out, W_out), H_out = (H - 1) s + k - 2p + output_padding        Raises ValueError.
    """
    check_kernel(x, W, b, axis=0)
    (_, C_out, k, _), s = W.shape, stride
    H_out, W_out = transposed_size(x.shape, k, s, padding, output_padding)
    y_padded = np.zeros((len(x), C_out, H_out + 2 * padding, W_out + 2 * padding), np.result_type(x, W, b))
    # y_padded[b,o,s i+u,s j+v] = sum over all i, j, u, v that meet there, and c, of W[c,o,u,v] x[b,c,i,j];  y: + b_o
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            y_padded[:, :, s*i:s*i + k, s*j:s*j + k] += np.einsum("couv,bc->bouv", W, x[:, :, i, j])
    return crop(y_padded, padding) + b[:, None, None]


def conv_transpose2d_backward(dy, x, W, stride=1, padding=0):
    """Upstream dy (B, C_out, H_out, W_out) to dx (B, C_in, H, W), dW (C_in, C_out, k, k), db (C_out,)."""
    k, s = W.shape[2], stride
    dy_padded = pad(dy, padding)
    dx, dW = np.empty(x.shape, np.result_type(dy, W)), np.zeros_like(W)
    # In the sum for y_padded[b,o,s i+u,s j+v] stands W[c,o,u,v] x[b,c,i,j]. So x[b,c,i,j] collects from the window it
    # painted, dx[b,c,i,j] = sum_{o,u,v} W[c,o,u,v] dy_padded[b,o,s i+u,s j+v]: a convolution; and
    #   dW[c,o,u,v] = sum_{b,i,j} x[b,c,i,j] dy_padded[b,o,s i+u,s j+v]
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            window = dy_padded[:, :, s*i:s*i + k, s*j:s*j + k]                       # (B, C_out, k, k)
            dx[:, :, i, j] = np.einsum("couv,bouv->bc", W, window)
            dW += np.einsum("bc,bouv->couv", x[:, :, i, j], window)
    return dx, dW, np.sum(dy, axis=(0, 2, 3))


def max_pool2d(x, kernel, stride=None):
    """The largest pixel of each window, and which it was: of equal ones the first, row by row.

    x : (B, C, H, W); complex numbers are compared by their real part        stride : the kernel by default
    returns : y (B, C, H_out, W_out), and indices of the same shape, 0 to k k - 1: pixel (u, v) of its window has the
        index k u + v. Notes on autoencoders, CAE; the switches of Zeiler et al. 2011.        Raises ValueError.
    """
    check_images("x", x)
    k, s = kernel, kernel if stride is None else stride
    H_out, W_out = output_size(x.shape, k, s)
    y = np.empty((*x.shape[:2], H_out, W_out), x.dtype)
    indices = np.empty(y.shape, int)
    # y[b,c,i,j] = max_{u,v} x[b,c,s i+u,s j+v]
    for i in range(H_out):
        for j in range(W_out):
            window = x[:, :, s*i:s*i + k, s*j:s*j + k].reshape(*x.shape[:2], k * k)
            which = window.real.argmax(axis=2)                                       # (B, C), the first of equal ones
            indices[:, :, i, j] = which
            y[:, :, i, j] = np.take_along_axis(window, which[:, :, None], axis=2)[:, :, 0]
    return y, indices


def max_pool2d_backward(dy, indices, shape, kernel, stride=None):
    """Upstream dy (B, C, H_out, W_out) to dx of the shape (B, C, H, W): all of dy goes to the pixel that was largest.

    A pixel that is the largest of several overlapping windows collects from each.
    """
    k, s = kernel, kernel if stride is None else stride
    dx = np.zeros(shape, dy.dtype)
    # dy[b,c,i,j] / dx[b,c,s i+u,s j+v] = 1 for k u + v = indices[b,c,i,j], else 0
    for b, c, i, j in np.ndindex(dy.shape):
        u, v = divmod(indices[b, c, i, j], k)
        dx[b, c, s*i + u, s*j + v] += dy[b, c, i, j]
    return dx


def max_unpool2d(y, indices, shape, kernel, stride=None):
    """Each value back to the place its maximum had, zero elsewhere. Zeiler et al. 2011; notes on autoencoders, CAE.

    y, indices : (B, C, H_out, W_out), indices from max_pool2d        shape : (B, C, H, W) of what was pooled
    returns : x of this shape. Raises ValueError when windows overlap (stride < kernel): two values could meet.
    """
    k, s = kernel, kernel if stride is None else stride
    check_apart(k, s)
    check_switches("y", y, indices)
    if np.shape(y) != (*shape[:2], *output_size(shape, k, s)):
        raise ValueError(f"shape: got {shape}, expected (B, C, H, W) whose pooling gives {np.shape(y)}; pass the shape "
                         "of what was pooled")
    # x[b,c,s i+u,s j+v] = y[b,c,i,j] for k u + v = indices[b,c,i,j], else 0: no two windows share a pixel
    return max_pool2d_backward(y, indices, shape, k, s)


def max_unpool2d_backward(dx, indices, kernel, stride=None):
    """Upstream dx (B, C, H, W) to dy (B, C, H_out, W_out): each value gathers from where it was put."""
    k, s = kernel, kernel if stride is None else stride
    dy = np.empty(indices.shape, dx.dtype)
    # dx[b,c,s i+u,s j+v] / dy[b,c,i,j] = 1 for k u + v = indices[b,c,i,j], else 0
    for b, c, i, j in np.ndindex(dy.shape):
        u, v = divmod(indices[b, c, i, j], k)
        dy[b, c, i, j] = dx[b, c, s*i + u, s*j + v]
    return dy


def initial_kernel(initialise, c_in, c_out, kernel, rng, stride=1):
    """(k, k, C_in, C_out), with the variance that initialise gives fan_in = C_in k k / s s, fan_out = C_out k k.

    fan_in counts the terms of the sum for one output pixel. With stride 1 these are C_in k k. A transposed convolution
    of stride s spreads H W kernels over s H x s W pixels: on average C_in k k / s s terms meet.
    """
    # Every initialisation has a variance that halves when both widths double:
    #   variance(C_in k k / s s, C_out k k) = (s / k)^2 variance(C_in, C_out s s)
    draws = [initialise(c_in, c_out * stride**2, rng)[:, :c_out] for _ in range(kernel**2)]
    return stride / kernel * np.reshape(draws, (kernel, kernel, c_in, c_out))


class Conv2d(Parametrised):
    """conv2d as a layer: y = W * x + b, in the fast form.

    c_in, c_out : channels        kernel, stride, padding : whole numbers, the same in both directions
    rng : Generator or seed for W (b starts at 0)        dtype : float32 to train, float64 to check
    activation : the name of the activation that follows; it chooses the initialisation
    """

    parameter_names = ("W", "b")

    def __init__(self, c_in, c_out, kernel, rng, stride=1, padding=0, activation="linear", dtype=np.float32):
        c_in, c_out = checks.whole_number("c_in", c_in), checks.whole_number("c_out", c_out)
        self.kernel, self.stride = checks.whole_number("kernel", kernel), checks.whole_number("stride", stride)
        self.padding = checks.whole_number("padding", padding, at_least=0)
        initialise = checks.choice("activation", activation, INITIALISATIONS)
        W = initial_kernel(initialise, c_in, c_out, self.kernel, checks.generator("rng", rng))
        self.W = np.ascontiguousarray(W.transpose(3, 2, 0, 1), dtype)                    # (C_out, C_in, k, k)
        self.b = np.zeros(c_out, dtype)                                                  # (C_out,)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        """x (B, C_in, H, W) to y (B, C_out, H_out, W_out)."""
        check_images("x", x, channels=self.W.shape[1])
        self.x = x
        P = fast.patches(x, self.kernel, self.stride, self.padding)                      # (C_in k k, H_out W_out B)
        Y = self.W.reshape(len(self.W), -1) @ P                                          # (C_out, H_out W_out B)
        Y += self.b[:, None]
        return fast.as_images(Y, len(x), *output_size(x.shape, self.kernel, self.stride, self.padding))

    def backward(self, dy, input_gradient=True):
        """dy (B, C_out, H_out, W_out) to dx (B, C_in, H, W), or to None without input_gradient; fills dW, db."""
        # Y = W P + b:  dW = dY P^T,  dP = W^T dY.  P is made anew: kept, it would hold k k times the memory of x
        P = fast.patches(self.x, self.kernel, self.stride, self.padding)
        dY = fast.as_matrix(dy)                                                          # (C_out, H_out W_out B)
        self.dW[...] = (dY @ P.T).reshape(self.W.shape)
        np.sum(dY, axis=1, out=self.db)
        if not input_gradient:
            return None
        dP = self.W.reshape(len(self.W), -1).T @ dY
        return fast.patches_backward(dP, self.x.shape, self.kernel, self.stride, self.padding)


class ConvTranspose2d(Parametrised):
    """conv_transpose2d as a layer, in the fast form: the adjoint of Conv2d, plus b. Arguments as there.

    output_padding : less than stride; the rows at the bottom and the columns at the right that restore a size which
        stride does not divide
    """

    parameter_names = ("W", "b")

    def __init__(self, c_in, c_out, kernel, rng, stride=1, padding=0, output_padding=0, activation="linear",
                 dtype=np.float32):
        c_in, c_out = checks.whole_number("c_in", c_in), checks.whole_number("c_out", c_out)
        self.kernel, self.stride = checks.whole_number("kernel", kernel), checks.whole_number("stride", stride)
        self.padding = checks.whole_number("padding", padding, at_least=0)
        self.output_padding = check_output_padding(output_padding, self.stride)
        initialise = checks.choice("activation", activation, INITIALISATIONS)
        W = initial_kernel(initialise, c_in, c_out, self.kernel, checks.generator("rng", rng), self.stride)
        self.W = np.ascontiguousarray(W.transpose(2, 3, 0, 1), dtype)                    # (C_in, C_out, k, k)
        self.b = np.zeros(c_out, dtype)                                                  # (C_out,)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        """x (B, C_in, H, W) to y (B, C_out, H_out, W_out)."""
        check_images("x", x, channels=len(self.W))
        self.shape, self.X = x.shape, fast.as_matrix(x)                                  # (C_in, H W B)
        H_out, W_out = transposed_size(x.shape, self.kernel, self.stride, self.padding, self.output_padding)
        P = self.W.reshape(len(self.W), -1).T @ self.X                                   # (C_out k k, H W B)
        y = fast.patches_backward(P, (len(x), len(self.b), H_out, W_out), self.kernel, self.stride, self.padding)
        return y + self.b[:, None, None]

    def backward(self, dy, input_gradient=True):
        """dy (B, C_out, H_out, W_out) to dx (B, C_in, H, W), or to None without input_gradient; fills dW, db."""
        # P = W^T X, and y adds the patches up:  dP are the patches of dy,  dW = X dP^T,  dX = W dP
        dP = fast.patches(dy, self.kernel, self.stride, self.padding)                    # (C_out k k, H W B)
        self.dW[...] = (self.X @ dP.T).reshape(self.W.shape)
        np.sum(fast.as_matrix(dy), axis=1, out=self.db)
        if not input_gradient:
            return None
        B, _, H, W = self.shape
        return fast.as_images(self.W.reshape(len(self.W), -1) @ dP, B, H, W)


class MaxPool2d(Parametrised):
    """max_pool2d as a layer. Keeps .indices, which of its k k pixels was each window's largest, for MaxUnpool2d."""

    def __init__(self, kernel, stride=None):
        self.kernel = checks.whole_number("kernel", kernel)
        self.stride = self.kernel if stride is None else checks.whole_number("stride", stride)
        self.shape = self.indices = None

    def forward(self, x):
        """x (B, C, H, W) to y (B, C, H_out, W_out)."""
        check_images("x", x)
        y, self.indices = fast.pool(x, self.kernel, self.stride)
        self.shape = x.shape
        return y

    def backward(self, dy, input_gradient=True):
        """dy (B, C, H_out, W_out) to dx (B, C, H, W): each to the pixel that was the largest."""
        return fast.put(dy, self.indices, self.shape, self.kernel, self.stride)


class MaxUnpool2d(Parametrised):
    """max_unpool2d as a layer: undoes the last forward of pool in size, and in place of each maximum.

    pool : a MaxPool2d whose windows do not overlap
    """

    def __init__(self, pool):
        if not isinstance(pool, MaxPool2d):
            raise TypeError(f"pool: got {type(pool).__name__}, expected the MaxPool2d whose indices are used")
        check_apart(pool.kernel, pool.stride)
        self.pool = pool

    def forward(self, x):
        """x (B, C, H_out, W_out), shaped as what pool gave, to y (B, C, H, W), shaped as what it was given."""
        pool = self.pool
        if pool.indices is None:
            raise ValueError("pool: it has not pooled yet; call its forward before the unpooling")
        check_switches("x", x, pool.indices)
        self.indices = pool.indices
        return fast.put(x, pool.indices, pool.shape, pool.kernel, pool.stride)

    def backward(self, dy, input_gradient=True):
        """dy (B, C, H, W) to dx (B, C, H_out, W_out)."""
        return fast.gather(dy, self.indices, self.pool.kernel, self.pool.stride)


class Reshape(Parametrised):
    """(B, ...) to (B, *shape): flat pixels to images, or maps to a vector.

    shape : whole numbers, such as (1, 28, 28), without the batch
    """

    def __init__(self, shape):
        self.to = checks.widths("shape", shape)

    def forward(self, x):
        """x (B, ...) to (B, *shape)."""
        if math.prod(x.shape[1:]) != math.prod(self.to):
            raise ValueError(f"x: got shape {x.shape}, {math.prod(x.shape[1:])} numbers per example, expected "
                             f"{math.prod(self.to)}, to become (B, *{self.to})")
        self.shape = x.shape
        return x.reshape(len(x), *self.to)

    def backward(self, dy, input_gradient=True):
        """dy (B, *shape) to dx (B, ...)."""
        return dy.reshape(self.shape)
