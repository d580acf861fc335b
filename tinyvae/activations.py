"""Activation functions, each a pair f(x), f_backward(dy, x, y) with y = f(x).

All are elementwise: x, y, dy and the returned dx have one shape. All are stable for large |x|, and all accept
complex numbers, for the complex-step derivative. np.maximum compares complex numbers by their real part first and
keeps the whole number, so max(x, 0) stays analytic on either side of its kink.
"""

import numpy as np


def identity(x):
    """y = x."""
    return x


def identity_backward(dy, x, y):
    """dx = dy."""
    return dy


def tanh(x):
    """y = (e^x - e^-x) / (e^x + e^-x), between -1 and 1."""
    return np.tanh(x)


def tanh_backward(dy, x, y):
    """dy/dx = 1 - y^2, from the output y."""
    return dy * (1 - y**2)


def sigmoid(x):
    """y = 1 / (1 + e^-x), between 0 and 1."""
    # e^x overflows, tanh does not:  1 / (1 + e^-x) = (1 + tanh(x/2)) / 2
    return 0.5 * (1 + np.tanh(0.5 * x))


def sigmoid_backward(dy, x, y):
    """dy/dx = y (1 - y), from the output y."""
    return dy * y * (1 - y)


def relu(x):
    """y = max(x, 0)."""
    return np.maximum(x, 0)


def relu_backward(dy, x, y):
    """dy/dx = 1 where x > 0, else 0. At the kink x = 0 the derivative is taken as 0."""
    return dy * (x.real > 0)


def elu(x):
    """y = x for x > 0, e^x - 1 below (Clevert et al. 2016, alpha = 1)."""
    return np.maximum(x, 0) + np.expm1(np.minimum(x, 0))


def elu_backward(dy, x, y):
    """dy/dx = 1 for x > 0, e^x below."""
    return dy * np.exp(np.minimum(x, 0))


def softplus(x):
    """y = log(1 + e^x), a smooth max(x, 0)."""
    # log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), where nothing overflows;  -|x| = min(x, -x)
    return np.maximum(x, 0) + np.log1p(np.exp(np.minimum(x, -x)))


def softplus_backward(dy, x, y):
    """dy/dx = sigmoid(x)."""
    return dy * sigmoid(x)


ACTIVATIONS = {
    "linear": (identity, identity_backward),
    "tanh": (tanh, tanh_backward),
    "sigmoid": (sigmoid, sigmoid_backward),
    "relu": (relu, relu_backward),
    "elu": (elu, elu_backward),
    "softplus": (softplus, softplus_backward),
}
