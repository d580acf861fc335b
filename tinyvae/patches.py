"""The fast form of convolution and pooling: k k shifted views of the images in place of a loop over their pixels.

A patch is what one output pixel sees. The patches are the columns of one matrix, and a convolution is one product:

    y[b,o,i,j] = b_o + sum_{c,u,v} W[o,c,u,v] x_padded[b,c,s i+u,s j+v]
    Y = W P + b        W (C_out, C_in k k)        P (C_in k k, H_out W_out B)        Y (C_out, H_out W_out B)

Chellapilla, Puri and Simard 2006. To the reader images are (B, C, H, W); in memory they lie as (C, H, W, B). Then the
matrix Y already is the images, no layer transposes anything, and each slice copy runs along the whole batch.

Measured on the training step of tests/benchmarks/convolution.py, one BLAS thread: with memory (C, B, H, W) it takes
1.25 times as long; with a product for each image, patches (B, C k k, H_out W_out), 1.4 times; with sliding_window_view
and tensordot 2.4 times. Patches kept from forward to backward, not made again, save 5 % of the time and hold k k times
the memory of x.
"""

import numpy as np

from tinyvae import checks


def check_images(name, x, channels=None):
    """ValueError unless x is (B, C, H, W), with C = channels when given."""
    expected = f"(B, {'C' if channels is None else channels}, H, W)"
    if np.ndim(x) != 4:
        raise ValueError(f"{name}: got shape {np.shape(x)}, expected images {expected}; flat pixels become images with "
                         "Reshape((C, H, W))")
    if channels is not None and x.shape[1] != channels:
        raise ValueError(f"{name}: got shape {x.shape}, {x.shape[1]} channels, expected {expected}")


def check_kernel(x, W, b, axis):
    """ValueError unless x (B, C_in, H, W) fits W, whose axis counts the channels of x, and b fits the other axis."""
    if np.ndim(W) != 4 or W.shape[2] != W.shape[3]:
        raise ValueError(f"W: got shape {np.shape(W)}, expected "
                         f"{('(C_in, C_out, k, k)', '(C_out, C_in, k, k)')[axis]}")
    check_images("x", x, channels=W.shape[axis])
    if np.shape(b) != (W.shape[1 - axis],):
        raise ValueError(f"b: got shape {np.shape(b)}, expected ({W.shape[1 - axis]},), one number per output channel")


def check_apart(kernel, stride):
    """ValueError when windows share pixels."""
    if stride < kernel:
        raise ValueError(f"stride: got {stride} with kernel {kernel}: the windows overlap, and two values could meet "
                         "in one pixel; pool with stride >= kernel to unpool")


def check_switches(name, y, indices):
    """ValueError unless there is one index for each value."""
    if np.shape(y) != np.shape(indices):
        raise ValueError(f"{name}: got shape {np.shape(y)}, expected {np.shape(indices)}, that of the last pooling; "
                         "pool the same batch first, with as many channels")


def output_size(shape, kernel, stride, padding=0):
    """(H_out, W_out) of a convolution or pooling of images (B, C, H, W) = shape. Raises ValueError.

    H_out = floor((H + 2 padding - kernel) / stride) + 1 places where the window fits. Dumoulin and Visin 2016,
    relationship 6. Rows at the bottom that no window reaches are not seen.
    """
    kernel, stride = checks.whole_number("kernel", kernel), checks.whole_number("stride", stride)
    padding = checks.whole_number("padding", padding, at_least=0)
    H, W = shape[2:]
    if min(H, W) + 2 * padding < kernel:
        raise ValueError(f"kernel: got {kernel} for images of {H} x {W} pixels with padding {padding}, expected at "
                         f"most {min(H, W) + 2 * padding}; take a smaller kernel or more padding")
    return (H + 2 * padding - kernel) // stride + 1, (W + 2 * padding - kernel) // stride + 1


def check_output_padding(output_padding, stride):
    """output_padding as an int below stride, else ValueError."""
    output_padding = checks.whole_number("output_padding", output_padding, at_least=0)
    if output_padding >= stride:
        raise ValueError(f"output_padding: got {output_padding}, expected less than stride = {stride}; take "
                         "(H_out + 2 padding - kernel) % stride")
    return output_padding


def transposed_size(shape, kernel, stride, padding=0, output_padding=0):
    """(H_out, W_out) of a transposed convolution of maps (B, C, H, W) = shape. Raises ValueError.

    H_out = (H - 1) stride + kernel - 2 padding + output_padding: of the sizes that a convolution floors to H, the one
    that output_padding names. Dumoulin and Visin 2016, relationship 14.
    """
    kernel, stride = checks.whole_number("kernel", kernel), checks.whole_number("stride", stride)
    padding = checks.whole_number("padding", padding, at_least=0)
    output_padding = check_output_padding(output_padding, stride)
    H_out, W_out = ((n - 1) * stride + kernel - 2 * padding + output_padding for n in shape[2:])
    if min(H_out, W_out) < 1:
        raise ValueError(f"padding: got {padding}, which leaves {H_out} x {W_out} pixels of maps of {shape[2]} x "
                         f"{shape[3]} with kernel {kernel} and stride {stride}; take less padding")
    return H_out, W_out


def zeros(shape, dtype):
    """Images (B, C, H, W) = shape of zeros, in memory (C, H, W, B)."""
    B, C, H, W = shape
    return np.zeros((C, H, W, B), dtype).transpose(3, 0, 1, 2)


def pad(x, padding):
    """x (B, C, H, W) with a frame of zeros, (B, C, H + 2 padding, W + 2 padding)."""
    if padding == 0:
        return x
    B, C, H, W = x.shape
    x_padded = zeros((B, C, H + 2 * padding, W + 2 * padding), x.dtype)
    crop(x_padded, padding)[...] = x
    return x_padded


def crop(x_padded, padding):
    """The images without the frame, a view. pad and crop are adjoint: each is the other's backward."""
    H, W = x_padded.shape[2:]
    return x_padded[:, :, padding:H - padding, padding:W - padding]


def shifted(x, kernel, stride, H_out, W_out):
    """k k views of x (B, C, H, W), for (u, v) = (0, 0), (0, 1) ... (k-1, k-1): view[b,c,i,j] = x[b,c,s i+u,s j+v]."""
    for u in range(kernel):
        for v in range(kernel):
            yield x[:, :, u:u + stride * H_out:stride, v:v + stride * W_out:stride]


def as_matrix(x):
    """Images (B, C, H, W) to the matrix (C, H W B); a view where they lie in memory as (C, H, W, B)."""
    return x.transpose(1, 2, 3, 0).reshape(x.shape[1], -1)


def as_images(matrix, B, H, W):
    """The matrix (C, H W B) to images (B, C, H, W), a view."""
    return matrix.reshape(-1, H, W, B).transpose(3, 0, 1, 2)


def patches(x, kernel, stride=1, padding=0):
    """x (B, C, H, W) to P (C k k, H_out W_out B): row (c,u,v) holds x_padded[b,c,s i+u,s j+v] for all b, i, j."""
    B, C = x.shape[:2]
    H_out, W_out = output_size(x.shape, kernel, stride, padding)
    P = np.empty((C, kernel * kernel, H_out, W_out, B), x.dtype)
    for n, view in enumerate(shifted(pad(x, padding), kernel, stride, H_out, W_out)):
        P[:, n] = view.transpose(1, 2, 3, 0)
    return P.reshape(C * kernel * kernel, -1)


def patches_backward(dP, shape, kernel, stride=1, padding=0):
    """dP (C k k, H_out W_out B) to dx of this shape (B, C, H, W): a pixel collects from every patch it is in."""
    B, C, H, W = shape
    H_out, W_out = output_size(shape, kernel, stride, padding)
    dP = dP.reshape(C, kernel * kernel, H_out, W_out, B)
    dx_padded = zeros((B, C, H + 2 * padding, W + 2 * padding), dP.dtype)
    for n, view in enumerate(shifted(dx_padded, kernel, stride, H_out, W_out)):
        view += dP[:, n].transpose(3, 0, 1, 2)
    return crop(dx_padded, padding)


def pool(x, kernel, stride):
    """max_pool2d of convolution.py, all windows at once: the maximum so far, against the next pixel of each window."""
    views = shifted(x, kernel, stride, *output_size(x.shape, kernel, stride))
    y = np.copy(next(views))
    indices = np.zeros_like(y, dtype=np.min_scalar_type(kernel * kernel))
    for n, view in enumerate(views, start=1):
        better = view.real > y.real                              # > and not >=: of equal pixels the first stays
        # of equal real parts np.maximum would take the larger imaginary part, and not the first pixel
        y = np.where(better, view, y) if np.iscomplexobj(x) else np.maximum(y, view)
        indices = np.maximum(indices, better * indices.dtype.type(n))    # n grows: the largest so far is the last
    return y, indices


def put(y, indices, shape, kernel, stride):
    """y (B, C, H_out, W_out), each added at pixel indices of its window, to (B, C, H, W) = shape; zero elsewhere."""
    x = zeros(shape, y.dtype)
    for n, view in enumerate(shifted(x, kernel, stride, *y.shape[2:])):
        view += y * (indices == n)                   # += and not =: overlapping windows meet in a pixel
    return x


def gather(x, indices, kernel, stride):
    """The adjoint of put: from each window of x (B, C, H, W) the pixel that indices names, (B, C, H_out, W_out)."""
    return sum(view * (indices == n) for n, view in enumerate(shifted(x, kernel, stride, *indices.shape[2:])))
