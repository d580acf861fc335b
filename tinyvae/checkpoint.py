"""Checkpoints of a training run: everything that the next step depends on, so that resuming changes no bit."""

import json
import pathlib
import zlib

import numpy as np

from tinyvae import storage
from tinyvae.parameters import vector_of, write_back


def fingerprint(arrays):
    """A number that tells one data set from another."""
    code = 0
    for array in arrays:
        code = zlib.crc32(np.ascontiguousarray(array).data.cast("B"), code)
    return code


def refuse_overwriting(path):
    """FileExistsError when path holds something: a finished run is not to be lost to a second start."""
    if pathlib.Path(path).exists():
        raise FileExistsError(f"checkpoint: {path} exists; pass resume=True to go on from it, or give another path")


def described(model):
    """What model.header() says of the model; a model of the reader's own need not have one."""
    return model.header() if hasattr(model, "header") else {"model": None}


def save(path, run):
    """Write run (a training.Run) to path, whole or not at all."""
    header = {**described(run.model), "run": run.settings, "epoch": run.epoch, "batch": run.batch, "steps": run.steps,
              "rng": {name: rng.bit_generator.state for name, rng in run.rngs.items()},
              "last_good": run.last_good}
    arrays = {"vector": vector_of(run.model.parameters), "order": run.order}
    for prefix, values in (("optimizer.", run.optimizer.state), ("history.", run.history), ("sum.", run.sums)):
        arrays.update({prefix + name: np.asarray(value) for name, value in values.items()})
    storage.write(path, "checkpoint", header, arrays)


def restore(path, run):
    """Set run to the state that save wrote. ValueError when the file belongs to another run or is damaged."""
    header, arrays = storage.read(path, kinds=("checkpoint",))
    missing = {"run", "epoch", "batch", "steps", "rng", "last_good"} - set(header) | {"vector", "order"} - set(arrays)
    if missing:
        raise ValueError(f"resume: {path} lacks {', '.join(sorted(missing))}; it is damaged, use a copy or start anew")
    # beta may have been changed between epochs: it is restored, not compared
    now = {**json.loads(json.dumps({**described(run.model), "beta": header.get("beta")})), **run.settings}
    saved = {**header, **header["run"]}
    differing = [f"{name} was {saved.get(name)!r}, now {value!r}" for name, value in now.items()
                 if saved.get(name) != value]
    if differing:
        raise ValueError(f"resume: {path} belongs to another run: {'; '.join(differing)}; "
                         "use the same settings, or another checkpoint path")
    parameters = vector_of(run.model.parameters)
    if arrays["vector"].shape != parameters.shape:
        raise ValueError(f"resume: {path} holds {arrays['vector'].size} parameters, the model has {parameters.size}; "
                         "build the model as it was, or give another path")
    parameters[...] = arrays["vector"]
    if header.get("beta") is not None:
        run.model.beta = header["beta"]
    write_back(parameters, run.model.parameters)
    run.epoch, run.batch, run.steps = header["epoch"], header["batch"], header["steps"]
    run.last_good, run.order = header["last_good"], arrays["order"]
    for name, rng in run.rngs.items():
        rng.bit_generator.state = header["rng"][name]
    groups = {prefix: {name[len(prefix):]: value for name, value in arrays.items() if name.startswith(prefix)}
              for prefix in ("optimizer.", "history.", "sum.")}
    run.optimizer.state = groups["optimizer."]
    run.history.update({name: list(value) for name, value in groups["history."].items()})
    run.sums = groups["sum."]
