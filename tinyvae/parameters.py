"""The parameters of a model in one flat vector, their gradients in another.

A layer's W and b are views into the vector: writing into one writes into the other. So an optimiser is a few lines
on a vector, a gradient check compares two vectors, and a checkpoint is one array.
"""

import copy
import math

import numpy as np

from tinyvae import checks, storage


class Views(dict):
    """A dict from a name such as "encoder.0.W" to its array, each a view of one flat array, .vector."""

    def __init__(self, shapes, dtype):
        super().__init__()
        self.vector = np.zeros(sum(math.prod(shape) for shape in shapes.values()), dtype)
        start = 0
        for name, shape in shapes.items():
            size = math.prod(shape)
            self[name] = self.vector[start:start + size].reshape(shape)
            start += size


class Parametrised:
    """What layers and models share: named parameters and gradients, and a copy in another number type.

    leaves() yields (prefix, leaf); a leaf lists its parameters in parameter_names, keeps them as attributes
    (W, b) and their gradients as attributes too (dW, db).
    """

    parameter_names = ()

    def leaves(self):
        yield "", self

    def _named(self, before):
        return {prefix + name: getattr(leaf, before + name)
                for prefix, leaf in self.leaves() for name in leaf.parameter_names}

    @property
    def parameters(self):
        """Name to array, a view: writing into it changes the layer."""
        return self._named("")

    @property
    def gradients(self):
        """Name to the array that the last backward filled, of the parameter's shape."""
        return self._named("d")

    def astype(self, dtype):
        """A copy whose parameters have this dtype: float64 to check, complex128 for the complex step."""
        other = copy.deepcopy(self)
        for _, leaf in other.leaves():
            for name in leaf.parameter_names:
                setattr(leaf, name, getattr(leaf, name).astype(dtype))
                setattr(leaf, "d" + name, getattr(leaf, "d" + name).astype(dtype))
        return other


class Model(Parametrised):
    """A Parametrised whose parameters lie in one flat vector. Subclasses call pack(dtype) once their layers stand.

    parts : the names of the attributes that hold the layers
    """

    parts = ()

    def leaves(self):
        for part in self.parts:
            for prefix, leaf in getattr(self, part).leaves():
                yield f"{part}.{prefix}", leaf

    def pack(self, dtype):
        """Copy every leaf's parameters into one new vector, and make the leaf's attributes views into it."""
        dtype = np.dtype(dtype)
        if dtype not in (np.float32, np.float64, np.complex128):
            raise TypeError(f"dtype: got {dtype}, expected float32 to train, float64 to check or complex128 for the "
                            "complex step")
        old = self._named("")
        shapes = {name: array.shape for name, array in old.items()}
        self.dtype, self._parameters, self._gradients = dtype, Views(shapes, dtype), Views(shapes, dtype)
        for prefix, leaf in self.leaves():
            for name in leaf.parameter_names:
                self._parameters[prefix + name][...] = old[prefix + name]
                setattr(leaf, name, self._parameters[prefix + name])
                setattr(leaf, "d" + name, self._gradients[prefix + name])

    @property
    def parameters(self):
        """Name to view; .vector is the flat vector itself."""
        return self._parameters

    @property
    def gradients(self):
        """Name to view, filled by backward(); .vector is the flat vector itself."""
        return self._gradients

    def astype(self, dtype):
        other = copy.deepcopy(self)
        other.pack(dtype)
        return other

    def __copy__(self):
        return copy.deepcopy(self)               # two models cannot share layers: a layer's views have one vector

    def __setstate__(self, state):
        # copy.deepcopy and pickle copy every view into an array of its own: tie them to one vector again.
        self.__dict__.update(state)
        self.pack(self.dtype)

    @property
    def noise_dtype(self):
        """The type in which random numbers are drawn: the model's own, float64 for a complex model."""
        return np.float32 if self.dtype == np.float32 else np.float64

    def set_vector(self, vector):
        """Write the flat vector of another model of the same shapes into this one."""
        vector = checks.float_array("vector", vector, columns=self.parameters.vector.size, ndim=1)
        self.parameters.vector[...] = vector

    def save(self, path):
        """Write the model to one .npz file, whole or not at all; tinyvae.load reads it.

        Raises OSError, TypeError for a model without header(), which says what a file must hold.
        """
        if not hasattr(self, "header"):
            raise TypeError(f"save: a {type(self).__name__} has no header() to say what builds it again; keep its "
                            "parameters.vector with np.save")
        storage.write(path, "model", self.header(), {"vector": self.parameters.vector})


class Described(Model):
    """A Model whose file describes it: what its constructor was given it keeps as attributes of the same names.

    described_by : the names of these arguments, besides dtype
    """

    described_by = ()

    def header(self):
        """What a file must hold, besides the parameter vector, to build this model again."""
        return {"model": type(self).__name__, **{name: getattr(self, name) for name in self.described_by},
                "dtype": self.dtype.name}

    @classmethod
    def from_header(cls, header):
        """The model that header describes, untrained."""
        return cls(**{name: header[name] for name in (*cls.described_by, "dtype")})


def vector_of(views):
    """The flat vector behind views; for a plain dict of arrays (a model of the reader's own) a new vector."""
    if isinstance(views, Views):
        return views.vector
    return np.concatenate([np.ravel(array) for array in views.values()])


def write_back(vector, views):
    """Copy a vector from vector_of into a plain dict of arrays. Views need no copy: they are the vector."""
    if isinstance(views, Views):
        return
    start = 0
    for array in views.values():
        array[...] = vector[start:start + array.size].reshape(array.shape)
        start += array.size
