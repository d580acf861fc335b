"""Models that several lessons need are trained once: kept in <out>/trained with the settings that made them.

The name of a file is a hash of everything the trained numbers depend on: the model and its first parameters, the data,
the settings of fit, the source of the library and the version of numpy. So a kept model is the one that training would
give again on this machine, and a changed line of tinyvae trains anew.
"""

import hashlib
import json
import pathlib

import numpy as np

import tinyvae
from tinyvae import storage
from tinyvae.training import History, as_optimizer


def fit(folder, model, x, *, optimizer=None, **settings):
    """tinyvae.fit without a progress bar, or what an earlier call with the same arguments left in folder.

    Sets the parameters of model and the state of optimizer, as training does. Returns the History.
    Raises TypeError for before_epoch, a function: what it does cannot be compared, so call tinyvae.fit itself.
    """
    if "before_epoch" in settings or not hasattr(model, "header"):
        raise TypeError("Lesson.fit keeps models with a header() and without before_epoch; call tinyvae.fit instead")
    optimizer = as_optimizer(optimizer)
    made_by = {"model": model.header(), "fit": {**settings, "validation": settings.get("validation") is not None},
               "optimizer": optimizer.settings, "numpy": np.__version__, "library": library_digest()}
    made_by = json.loads(json.dumps(made_by))
    arrays = [model.parameters.vector, *as_tuple(x), *as_tuple(settings.get("validation")), *optimizer.state.values()]
    made_by["data"] = digest(*(f"{array.dtype} {array.shape}".encode() + array.tobytes()
                               for array in map(np.asarray, arrays)))
    path = pathlib.Path(folder) / f"{type(model).__name__}-{digest(json.dumps(made_by).encode())}.npz"
    history = read(path, made_by, model, optimizer)
    if history is None:
        history = tinyvae.fit(model, x, optimizer=optimizer, progress=False, **settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        values = {"vector": model.parameters.vector}
        values.update({"history." + name: value for name, value in history.items()})
        values.update({"optimizer." + name: np.asarray(value) for name, value in optimizer.state.items()})
        storage.write(path, "trained", {"made_by": made_by}, values)
    return history


def read(path, made_by, model, optimizer):
    """The history in path, with the model and the optimiser set to what they became; None when there is none."""
    try:
        header, arrays = storage.read(path, kinds=("trained",))
    except (OSError, ValueError):                       # not there, or damaged: train
        return None
    if header.get("made_by") != made_by:
        return None
    model.set_vector(arrays["vector"])
    groups = {prefix: {name[len(prefix):]: value for name, value in arrays.items() if name.startswith(prefix)}
              for prefix in ("history.", "optimizer.")}
    optimizer.state = groups["optimizer."]
    return History(groups["history."])


def as_tuple(x):
    return x if isinstance(x, tuple) else () if x is None else (x,)


def digest(*parts):
    """16 hexadecimal digits that tell these bytes from others."""
    code = hashlib.sha256()
    for part in parts:
        code.update(len(part).to_bytes(8, "little") + part)
    return code.hexdigest()[:16]


def library_digest():
    """Of the source of tinyvae, but for its figures."""
    root = pathlib.Path(tinyvae.__file__).parent
    return digest(*(path.read_bytes() for path in sorted(root.rglob("*.py")) if path.parent.name != "plots"))


def start_at_mean(model, x):
    """Set the last bias of a Bernoulli's decoder so that, untrained, it decodes z = 0 to the mean of x (N, D)."""
    # sigmoid(b) = p for b = log p / (1 - p); p stays between 1 % and 99 %, where b is finite
    p = np.clip(x.mean(axis=0, dtype=np.float64), 0.01, 0.99)
    last = [name for name in model.parameters if name.startswith("decoder.") and name.endswith(".b")][-1]
    model.parameters[last][...] = np.log(p / (1 - p))
    return model


def standard_images(lesson):
    """The pictures that lessons 17 to 22 share."""
    if lesson.quick:
        return lesson.images(2000, 500)
    return lesson.images(*((60_000, 10_000) if lesson.data == "mnist" else (10_000, 2000)))


def standard_vae(lesson, images, latent_dim=10):
    """The VAE that lessons 17 to 20 share, trained on images.train. Returns the model and its History.

    Training starts at the mean picture: lesson 18 measures what that spares the latents.
    """
    model = tinyvae.VAE(784, (200,), latent_dim, "bernoulli", seed=lesson.seed)
    start_at_mean(model, images.train)
    epochs = 10 if lesson.data == "mnist" and not lesson.quick else 30
    return model, lesson.fit(model, images.train, epochs=epochs, seed=lesson.seed, binarize=True)
