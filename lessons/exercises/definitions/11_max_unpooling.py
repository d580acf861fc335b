"""Max-unpooling of 2 x 2 windows, backwards: gather from the switches. Lesson 08."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, N, C, H):
    shape = (N, C, H, H + 1)
    return {"dx": rng.standard_normal((N, C, 2 * H, 2 * (H + 1))), "indices": rng.integers(0, 4, shape)}


def unpool(y, indices):
    x = np.zeros((*y.shape[:2], 2 * y.shape[2], 2 * y.shape[3]), y.dtype)
    for place in np.ndindex(y.shape):
        u, v = divmod(indices[place], 2)
        x[place[0], place[1], 2 * place[2] + u, 2 * place[3] + v] = y[place]
    return x


def truth(dx, indices):
    return gradient(lambda y: np.sum(dx * unpool(y, indices)), "y")(y=np.zeros(indices.shape))


def terms(dx, indices):
    return {}


def gathered(dx, u, v):
    """dx at pixel (u, v) of every window; u and v may be arrays (N, C, H, Q)."""
    N, C, H, Q = np.ogrid[:dx.shape[0], :dx.shape[1], :dx.shape[2] // 2, :dx.shape[3] // 2]
    return dx[N, C, 2 * H + u, 2 * Q + v]


def rows_and_columns_exchanged(dx, indices):
    """The row and column in the window are exchanged (lesson 08). Try: index 1 is the second pixel of the first row."""
    return gathered(dx, indices % 2, indices // 2)


def sum_of_the_window(dx, indices):
    """The four pixels of the window are added; three of them never saw y (lesson 08). Try: where was y put?"""
    return sum(gathered(dx, u, v) for u in (0, 1) for v in (0, 1))


def mean_of_the_window(dx, indices):
    """The mean of the window is taken, as for average pooling (lesson 08).

    Try: where was y put, and with which factor?
    """
    return sum_of_the_window(dx, indices) / 4


def largest_gradient(dx, indices):
    """The largest gradient of the window is taken; the switch says which pixel (lesson 08).

    Try: was it dx that decided where y was put, or something before it?
    """
    return np.max([gathered(dx, u, v) for u in (0, 1) for v in (0, 1)], axis=0)


def upper_left(dx, indices):
    """The switches are ignored: always the upper left pixel (lesson 08). Try: what do the indices say?"""
    return gathered(dx, 0, 0)


def not_gathered(dx, indices):
    """The gradient keeps the large shape, with zeros where no value was put (lesson 08). Try: y is (N, C, H, Q)."""
    return dx * unpool(np.ones(indices.shape), indices)


def with_masks(dx, indices):
    return sum(gathered(dx, n // 2, n % 2) * (indices == n) for n in range(4))


def with_reshape(dx, indices):
    N, C, H, Q = indices.shape
    window = dx.reshape(N, C, H, 2, Q, 2).transpose(0, 1, 2, 4, 3, 5).reshape(N, C, H, Q, 4)
    return np.take_along_axis(window, indices[..., None], axis=-1)[..., 0]


EXERCISE = Exercise(
    lesson="08", difficulty=2, minutes=15, function="max_unpool_backward", outputs=("dy",),
    sizes={"N": (2, 3), "C": (3, 2), "H": (5, 7)}, inputs=inputs, truth=truth, terms=terms,
    mistakes=(rows_and_columns_exchanged, sum_of_the_window, mean_of_the_window, largest_gradient, upper_left,
              not_gathered),
    alternatives=(with_masks, with_reshape),
    hints=("Follow one number y[n,c,i,j]. To which pixel did it go, and how was it changed on the way?",
           "It went to one pixel of its window, unchanged. The pixel is row 2i + u, column 2j + v.",
           "u and v are the quotient and the rest of the index by 2; dy[n,c,i,j] = dx[n,c,2i+u,2j+v]."),
    library="convolution.max_unpool2d_backward")
