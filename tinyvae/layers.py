"""Layers: forward(x) computes y, backward(dy) returns dx and fills the gradients of the parameters.

Batch first: x (B, n_in), y (B, n_out). forward keeps what backward needs (x itself, not a copy: do
not write into it before backward); backward overwrites dW and db (it does not
add to them) and never changes a parameter or its input.
"""

import numpy as np

from tinyvae import checks
from tinyvae.activations import ACTIVATIONS
from tinyvae.parameters import Parametrised


def lecun_normal(n_in, n_out, rng):
    """W (n_in, n_out), normal with variance 1 / n_in. LeCun et al. 1998 (Efficient BackProp), equation 16.

    For linear layers: y has the variance of x. For ELU too, which lets through about two thirds of the variance.
    """
    return rng.normal(0, np.sqrt(1 / n_in), (n_in, n_out))


def glorot_uniform(n_in, n_out, rng):
    """W (n_in, n_out), uniform with variance 2 / (n_in + n_out). Glorot and Bengio 2010, equation 16.

    For tanh and sigmoid: forward signal and backward gradient both keep about their size.
    """
    limit = np.sqrt(6 / (n_in + n_out))          # Var(U(-a, a)) = a^2 / 3
    return rng.uniform(-limit, limit, (n_in, n_out))


def he_normal(n_in, n_out, rng):
    """W (n_in, n_out), normal with variance 2 / n_in. He et al. 2015, equation 10.

    For ReLU, which lets through half of the variance, and its smooth relative softplus.
    """
    return rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))


INITIALISATIONS = {"linear": lecun_normal, "elu": lecun_normal, "tanh": glorot_uniform, "sigmoid": glorot_uniform,
                   "relu": he_normal, "softplus": he_normal}


class Dense(Parametrised):
    """y = x W + b.

    n_in, n_out : widths            rng : Generator or seed for W (b starts at 0)
    activation : the name of the activation that follows; it chooses the initialisation
    dtype : float32 to train, float64 to check
    """

    parameter_names = ("W", "b")

    def __init__(self, n_in, n_out, rng, activation="linear", dtype=np.float32):
        n_in, n_out = checks.whole_number("n_in", n_in), checks.whole_number("n_out", n_out)
        initialise = checks.choice("activation", activation, INITIALISATIONS)
        self.W = initialise(n_in, n_out, checks.generator("rng", rng)).astype(dtype)      # (n_in, n_out)
        self.b = np.zeros(n_out, dtype)                                                   # (n_out,)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        """x (B, n_in) to y (B, n_out)."""
        if x.ndim != 2 or x.shape[1] != len(self.W):
            raise ValueError(f"x: got shape {x.shape}, expected (B, {len(self.W)})")
        self.x = x
        y = x @ self.W
        y += self.b
        return y

    def backward(self, dy, input_gradient=True):
        """dy (B, n_out) to dx (B, n_in); fills dW, db.

        input_gradient : False in a model's first layer, where nobody asks for dx, saves a matrix product; returns None
        """
        # y_bj = sum_i x_bi W_ij + b_j
        np.matmul(self.x.T, dy, out=self.dW)      # dW_ij = sum_b x_bi dy_bj         (n_in, n_out)
        np.sum(dy, axis=0, out=self.db)           # db_j  = sum_b dy_bj              (n_out,)
        if not input_gradient:
            return None
        return dy @ self.W.T                      # dx_bi = sum_j dy_bj W_ij         (B, n_in)


class TransposedDense(Parametrised):
    """y = x W^T + b with the W of another Dense: the layer of a tied decoder. Notes on autoencoders, tied weights.

    dense : the layer whose W (n_in, n_out) is used; x has n_out numbers, y has n_in. The one array W then lies on two
    paths, and its gradient is the sum of both. backward keeps the share of this path in dW_here; add_to_dense adds it
    once the backward of dense has written the other share.
    """

    parameter_names = ("b",)

    def __init__(self, dense):
        self.dense = dense
        self.b = np.zeros(len(dense.W), dense.W.dtype)                                    # (n_in,)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        """x (B, n_out of dense) to y (B, n_in of dense)."""
        if x.ndim != 2 or x.shape[1] != self.dense.W.shape[1]:
            raise ValueError(f"x: got shape {x.shape}, expected (B, {self.dense.W.shape[1]})")
        self.x = x
        y = x @ self.dense.W.T
        y += self.b
        return y

    def backward(self, dy, input_gradient=True):
        """dy (B, n_in of dense) to dx (B, n_out of dense); fills db and dW_here."""
        # y_bi = sum_j x_bj W_ij + b_i
        self.dW_here = dy.T @ self.x              # dW_ij = sum_b dy_bi x_bj         (n_in, n_out)
        np.sum(dy, axis=0, out=self.db)           # db_i  = sum_b dy_bi              (n_in,)
        if not input_gradient:
            return None
        return dy @ self.dense.W                  # dx_bj = sum_i dy_bi W_ij         (B, n_out)

    def add_to_dense(self):
        """dW = the encoder's share + the decoder's share. After the backward of dense, which overwrites dW."""
        self.dense.dW += self.dW_here


class Activation(Parametrised):
    """y = f(x), elementwise. name : one of linear, tanh, sigmoid, relu, elu, softplus."""

    def __init__(self, name):
        self.function, self.function_backward = checks.choice("activation", name, ACTIVATIONS)

    def forward(self, x):
        """x to y of the same shape."""
        self.x, self.y = x, self.function(x)
        return self.y

    def backward(self, dy, input_gradient=True):
        """dy to dx = dy f'(x)."""
        return self.function_backward(dy, self.x, self.y)


class Sequential(Parametrised):
    """Layers one after the other: y = f_n(... f_2(f_1(x)))."""

    def __init__(self, *layers):
        if not layers:
            raise ValueError("layers: got none, expected at least one layer")
        if len(set(map(id, layers))) < len(layers):
            raise ValueError("layers: got the same object twice; make one layer for each place, since each keeps what "
                             "its own backward needs")
        self.layers = layers

    def leaves(self):
        for i, layer in enumerate(self.layers):
            for prefix, leaf in layer.leaves():
                yield f"{i}.{prefix}", leaf

    def forward(self, x):
        """x (B, n_in of the first layer) to y (B, n_out of the last)."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy, input_gradient=True):
        """The chain rule, from the last layer to the first: each turns the gradient of its output into that of its
        input."""
        for layer in self.layers[:0:-1]:
            dy = layer.backward(dy)
        return self.layers[0].backward(dy, input_gradient)


def mlp(sizes, activation, rng, dtype=np.float32, last="linear"):
    """A multilayer perceptron: Dense and activation in turn.

    sizes : (n_in, hidden ..., n_out)        last : the activation behind the last Dense
    """
    checks.choice("activation", activation, ACTIVATIONS)
    layers = []
    for n_in, n_out in zip(sizes[:-2], sizes[1:-1]):
        layers += [Dense(n_in, n_out, rng, activation, dtype), Activation(activation)]
    layers.append(Dense(sizes[-2], sizes[-1], rng, last, dtype))
    if last != "linear":
        layers.append(Activation(last))
    return Sequential(*layers)
