"""The autoencoder: an encoder, a code z, a decoder, and the squared error of the reconstruction. Notes on autoencoders.

    x --corruption--> x_seen --encoder--> z --decoder--> x_hat,   L = 1/B sum_b |x_hat_b - x_b|^2

Without a corruption x_seen is x. With one it is a denoising autoencoder: the target is still the clean x.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from tinyvae import checks
from tinyvae.convolution import Conv2d, ConvTranspose2d, MaxPool2d, MaxUnpool2d, Reshape
from tinyvae.corruption import make_corruption
from tinyvae.layers import Activation, Dense, Sequential, TransposedDense, mlp
from tinyvae.parameters import Model


def squared_error(x, x_hat):
    """The reconstruction error |x_hat - x|^2 of each example.

    x, x_hat : (B, D)        returns : (B,), in squared units of x
    """
    # e_b = sum_d (x_hat_bd - x_bd)^2
    return np.sum((x_hat - x)**2, axis=1)


def squared_error_backward(derror, x, x_hat):
    """Upstream derror (B,) to dx_hat (B, D). x is data, and gets no gradient."""
    # de_b/dx_hat_bd = 2 (x_hat_bd - x_bd)
    return derror[:, None] * 2 * (x_hat - x)


class Loss(NamedTuple):
    """The mean over the batch of the squared error, summed over the D numbers of an example."""

    total: Any


class EncoderDecoder(Model):
    """An autoencoder of any encoder and decoder, trained by tinyvae.fit.

    encoder : layer from x (B, D) to a code z        decoder : layer from z to x_hat (B, D)
    data_dim : D        corruption : None, or of tinyvae.corruption: its name, with level=, or an object
    dtype : float32 to train, float64 to check gradients

    The layers become part of the model: their arrays are views into its vector from now on. A TransposedDense in the
    decoder must take its W from a Dense of the encoder.
    """

    parts = ("encoder", "decoder")

    def __init__(self, encoder, decoder, data_dim, *, corruption=None, level=None, dtype=np.float32):
        self.encoder, self.decoder = encoder, decoder
        self.data_dim = checks.whole_number("data_dim", data_dim)
        self.corruption = make_corruption(corruption, level)
        self.tied_layers = [leaf for _, leaf in decoder.leaves() if isinstance(leaf, TransposedDense)]
        of_encoder = {id(leaf) for _, leaf in encoder.leaves()}
        if any(isinstance(leaf, TransposedDense) for _, leaf in encoder.leaves()):
            raise ValueError("encoder: got a TransposedDense; a tied layer belongs into the decoder")
        if any(id(leaf) in of_encoder for _, leaf in decoder.leaves()):
            raise ValueError("decoder: got a layer that is in the encoder too; make one layer for each place, or tie "
                             "them with TransposedDense")
        if any(id(layer.dense) not in of_encoder for layer in self.tied_layers):
            raise ValueError("decoder: got a TransposedDense whose dense layer is not in the encoder, so that its W "
                             "would never be trained; build it from a Dense of this encoder")
        self._backward_ready = False
        self.pack(dtype)

    def check(self, x, name="x"):
        """x as it is: a decoder of the reader's own may reach any finite target."""
        return x

    def _data(self, x):
        return checks.float_array("x", x, self.data_dim, self.dtype)

    def encode(self, x):
        """The code z of x.

        x : (B, D)        returns : (B, L), or the shape the encoder gives
        """
        self._backward_ready = False             # the layers keep the values of this pass, no longer those of a loss
        return self.encoder.forward(self._data(x))

    def decode(self, z):
        """The reconstruction from a code.

        z : (B, L)        returns : (B, D)
        """
        latent_dim = getattr(self, "latent_dim", None)                           # unknown for an encoder of any kind
        z = checks.float_array("z", z, latent_dim, self.dtype, ndim=2 if latent_dim else np.ndim(z))
        self._backward_ready = False
        return self.decoder.forward(z)

    def reconstruct(self, x):
        """x through encoder and decoder, without corruption. (B, D) to (B, D)"""
        return self.decode(self.encode(x))

    def noise(self, rng, batch_size):
        """The random numbers u (batch_size, D) that loss needs for the corruption; None without one."""
        if self.corruption is None:
            return None
        return self.corruption.draw(rng, (batch_size, self.data_dim), self.noise_dtype)

    def corrupt(self, x, rng):
        """x (B, D) as the encoder sees it in training, (B, D). rng : Generator or seed"""
        x = self._data(x)
        return self._seen(x, self.noise(checks.generator("rng", rng), len(x)))

    def _seen(self, x, u):
        if (self.corruption is None) != (u is None):
            raise TypeError("u: this autoencoder is denoising, call loss(x, model.noise(rng, len(x)))" if u is None else
                            f"u: got {type(u).__name__}, expected None: this autoencoder has no corruption")
        if u is None:
            return x
        u = checks.float_array("u", u, self.data_dim)
        if u.shape != x.shape:
            raise ValueError(f"u: got shape {u.shape}, expected {x.shape}, that of x")
        return self.corruption.apply(x, u)

    def loss(self, x, u=None):
        """The squared error between the clean x and the reconstruction of what the encoder sees.

        x : (B, D)        u : the random numbers of the corruption, (B, D), as noise gives them        returns : Loss

        Raises ValueError or TypeError for a wrong shape, NaN, an empty batch, u with no corruption or none with one.
        """
        # L = 1/B sum_b |x_hat_b - x_b|^2,   x_hat = decoder(encoder(x_seen))
        self._backward_ready = False
        self.x = self.check(self._data(x))                                       # (B, D), the target
        z = self.encoder.forward(self._seen(self.x, u))                          # (B, L)
        self.x_hat = self.decoder.forward(z)                                     # (B, D)
        if self.x_hat.shape != self.x.shape:
            raise ValueError(f"decoder: gave shape {self.x_hat.shape} for x of shape {self.x.shape}; its last layer "
                             "must give back what the encoder was given")
        self._backward_ready = True
        return Loss(np.mean(squared_error(self.x, self.x_hat)))

    def backward(self):
        """Fill the gradients of the last loss: its steps in reverse order."""
        if not self._backward_ready:
            raise RuntimeError("backward: call loss(x) first, backward needs what it kept")
        B = len(self.x)
        mean = np.full(B, 1 / B, self.dtype)                                     # d(mean over the batch)/d(each), (B,)
        dx_hat = squared_error_backward(mean, self.x, self.x_hat)                # (B, D)
        dz = self.decoder.backward(dx_hat)                                       # (B, L)
        self.encoder.backward(dz, input_gradient=False)
        # a tied W lies on two paths: the encoder has written its share into dW, the decoder's share is added
        for layer in self.tied_layers:
            layer.add_to_dense()

    def header(self):
        """What a file holds beside the parameter vector. The layers are not described: load needs into=model."""
        return {"model": "EncoderDecoder", "data_dim": self.data_dim, "dtype": self.dtype.name, **self._noise_header()}

    def _noise_header(self):
        if self.corruption is None:
            return {"corruption": None, "level": None}
        return {"corruption": self.corruption.name, "level": self.corruption.level}


class _Pictures(EncoderDecoder):
    """What the ready-made autoencoders share: a named last activation, and a header that builds them again."""

    def check(self, x, name="x"):
        """The target as it is; ValueError for numbers outside [0, 1], which a sigmoid at the output can never reach."""
        if self.output == "sigmoid":
            checks.grey_values(name, x, "for output='sigmoid'", ", or use output='linear'")
        return x

    def header(self):
        """What a file must hold, besides the parameter vector, to build this model again."""
        return {"model": type(self).__name__, "dtype": self.dtype.name, **self._noise_header(),
                **{name: getattr(self, name) for name in self.setting_names}}

    @classmethod
    def from_header(cls, header):
        """The model that header describes, untrained."""
        return cls(**{name: header[name] for name in (*cls.setting_names, "dtype", "corruption", "level")})


class Autoencoder(_Pictures):
    """An autoencoder of dense layers: linear, deep, tied, denoising.

    data_dim : D, numbers per example (784 for a 28x28 image)
    hidden : widths of the encoder's hidden layers; the decoder has them in reverse. () with linear code and output is
        the linear autoencoder, whose best is PCA
    latent_dim : L, numbers in the code
    activation : of the hidden layers; elu, relu, softplus, tanh, sigmoid or linear
    code, output : activations behind the code and behind the reconstruction; output is "linear" or "sigmoid"
    tied : True makes each weight of the decoder the transpose of the encoder's: one array, half the parameters
    corruption, level : "gaussian", "masking" or "salt-and-pepper" and its level make it a denoising autoencoder
    seed : initial weights        dtype : float32 to train, float64 to check gradients
    """

    setting_names = ("data_dim", "hidden", "latent_dim", "activation", "code", "output", "tied")

    def __init__(self, data_dim, hidden=(300, 300), latent_dim=10, *, activation="elu", code="linear", output="linear",
                 tied=False, corruption=None, level=None, seed=0, dtype=np.float32):
        self.hidden, self.latent_dim = checks.widths("hidden", hidden), checks.whole_number("latent_dim", latent_dim)
        self.activation, self.code, self.output, self.tied = activation, code, output, bool(tied)
        checks.choice("output", output, dict.fromkeys(("linear", "sigmoid")))
        rng = checks.generator("seed", seed)
        sizes = (checks.whole_number("data_dim", data_dim), *self.hidden, self.latent_dim)
        encoder = mlp(sizes, activation, rng, last=code)                         # x (B, D) to z (B, L)
        if tied:
            decoder = transposed(encoder, activation, output)                    # z (B, L) to x_hat (B, D)
        else:
            decoder = mlp(sizes[::-1], activation, rng, last=output)
        super().__init__(encoder, decoder, data_dim, corruption=corruption, level=level, dtype=dtype)


def transposed(encoder, activation, output):
    """The tied decoder of an mlp: its Dense layers in reverse order, each W transposed, with biases of its own."""
    layers = []
    for dense in [layer for layer in encoder.layers[::-1] if isinstance(layer, Dense)]:
        layers += [TransposedDense(dense), Activation(activation)]
    return Sequential(*layers[:-1], Activation(output))


class ConvAutoencoder(_Pictures):
    """The convolutional autoencoder of the notes: convolution and pooling, then unpooling and transposed convolution.

    image_shape : (C, H, W); data still come flat, x (B, C H W)
    channels : of each stage; a stage is convolution, activation, pooling of 2 x 2, and halves height and width
    latent_dim : L; None leaves out the dense layers, and the code is the flattened maps themselves
    kernel : odd width of the kernels
    unpool : True puts values back where pooling found its maxima, so decode needs the places of the last encode, which
        are information beside the code; False leaves them out: the transposed convolutions, with stride 2, do the
        enlarging, and the code is all the decoder gets
    activation, output, corruption, level, seed, dtype : as in Autoencoder
    """

    setting_names = ("image_shape", "channels", "latent_dim", "kernel", "activation", "output", "unpool")

    def __init__(self, image_shape=(1, 28, 28), channels=(16, 32), latent_dim=10, *, kernel=3, activation="relu",
                 output="linear", unpool=True, corruption=None, level=None, seed=0, dtype=np.float32):
        self.image_shape, self.channels = checks.widths("image_shape", image_shape), checks.widths("channels", channels)
        if len(self.image_shape) != 3:
            raise ValueError(f"image_shape: got {self.image_shape}, expected (channels, height, width), as (1, 28, 28)")
        self.kernel = checks.whole_number("kernel", kernel)
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel: got {kernel}, expected an odd width, so that the picture keeps its size")
        halvings = 2**len(self.channels)
        if not self.channels or any(side % halvings for side in self.image_shape[1:]):
            raise ValueError(f"channels: got {self.channels}, that is {len(self.channels)} poolings, which image_shape "
                             f"{self.image_shape} does not allow: expected at least one stage, and sides that are "
                             f"multiples of {halvings}; use fewer stages or pad the pictures")
        self.latent_dim = None if latent_dim is None else checks.whole_number("latent_dim", latent_dim)
        self.activation, self.output, self.unpool = activation, output, bool(unpool)
        checks.choice("output", output, dict.fromkeys(("linear", "sigmoid")))
        rng = checks.generator("seed", seed)
        encoder, pools = self._encoder(rng)
        super().__init__(encoder, self._decoder(rng, pools), math.prod(self.image_shape), corruption=corruption,
                         level=level, dtype=dtype)

    @property
    def _maps(self):
        """The shape (C, H, W) after the last pooling."""
        return (self.channels[-1], *(side // 2**len(self.channels) for side in self.image_shape[1:]))

    def _encoder(self, rng):
        """x (B, C H W) to z (B, L): its layers, and the pooling layers among them."""
        layers, pools = [Reshape(self.image_shape)], []                          # (B, C, H, W)
        for c_in, c_out in zip((self.image_shape[0], *self.channels), self.channels):
            pools.append(MaxPool2d(2))
            layers += [Conv2d(c_in, c_out, self.kernel, rng, padding=self.kernel // 2, activation=self.activation),
                       Activation(self.activation), pools[-1]]                   # height and width halve
        layers.append(Reshape((math.prod(self._maps),)))
        if self.latent_dim is not None:
            layers.append(Dense(math.prod(self._maps), self.latent_dim, rng))
        return Sequential(*layers), pools

    def _decoder(self, rng, pools):
        """z (B, L) to x_hat (B, C H W): the encoder's stages in reverse order."""
        layers = []
        if self.latent_dim is not None:
            layers += [Dense(self.latent_dim, math.prod(self._maps), rng, self.activation),
                       Activation(self.activation)]
        layers.append(Reshape(self._maps))
        sides = (self.image_shape[0], *self.channels)
        for c_out, c_in, pool in reversed(list(zip(sides, self.channels, pools))):
            behind = self.output if pool is pools[0] else self.activation
            if self.unpool:
                layers.append(MaxUnpool2d(pool))                                 # height and width double
            enlarging = {} if self.unpool else {"stride": 2, "output_padding": 1}
            layers += [ConvTranspose2d(c_in, c_out, self.kernel, rng, padding=self.kernel // 2, activation=behind,
                                       **enlarging), Activation(behind)]
        return Sequential(*layers, Reshape((math.prod(self.image_shape),)))
