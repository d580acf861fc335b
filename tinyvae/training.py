"""Training: shuffled minibatches, an optimiser, a history; checkpoints that resume bit for bit. Lecture p27.

fit trains anything that has
    loss(x, eps) -> a NamedTuple of means over the batch, whose field total is minimised
    backward()   fills the gradients of the last loss
    parameters, gradients   dicts from name to array, of the same shapes
    noise(rng, batch_size)  optional: the eps that loss is given; without it fit calls loss(x)
    check(x, name)          optional: raises ValueError for data the model cannot take, before training starts
With several arrays, fit(model, (x, y)), it calls loss(x, y, eps); check_others(name, y) is then the optional check.
"""

import contextlib
import math
import signal
import threading

import numpy as np

from tinyvae import checkpoint as checkpoints
from tinyvae import checks
from tinyvae.optimizer import Adam
from tinyvae.parameters import vector_of, write_back
from tinyvae.progress import Progress, stream_for

VALIDATION_CHUNK = 1000      # examples at a time: large enough for fast products, small enough for the memory


class History(dict):
    """Name to array with one row an epoch: total, reconstruction, kl, kl_per_dimension (epochs, L), and the same
    with validation_ in front. Training values are means over the epoch's steps, as they were met."""


class TrainingDiverged(FloatingPointError):
    """The loss or the parameters turned NaN or infinite. step, last_good and cause tell the story."""

    def __init__(self, step, last_good, cause):
        super().__init__(f"training diverged at step {step}: the last good loss was "
                         f"{'none' if last_good is None else format(last_good, '.6g')}. Likely cause: {cause}")
        self.step, self.last_good, self.cause = step, last_good, cause


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C: raised after the running step, with the checkpoint saved. The model keeps what it has learnt."""

    def __init__(self, step, history, path):
        saved = f"; saved to {path}, go on with resume=True" if path else "; no checkpoint path was given"
        super().__init__(f"interrupted after step {step}{saved}")
        self.step, self.history = step, history


class Run:
    """The state of one training: what a step reads and writes, and what a checkpoint holds."""

    def __init__(self, model, data, optimizer, batch_size, binarize, seed):
        self.model, self.data, self.optimizer = model, data, optimizer
        self.batch_size, self.binarize = batch_size, binarize
        self.n = len(data[0])
        self.settings = {"examples": self.n, "batch_size": batch_size, "binarize": binarize, "seed": seed,
                         **optimizer.settings}
        streams = np.random.SeedSequence(seed).spawn(4)
        self.rngs = {name: np.random.default_rng(stream)
                     for name, stream in zip(("shuffling", "noise", "binarisation"), streams)}
        self.validation_stream = streams[3]
        self.epoch, self.batch, self.steps, self.last_good = 0, 0, 0, None
        self.order, self.sums, self.history = np.arange(0), {}, History()

    @property
    def batches(self):
        return math.ceil(self.n / self.batch_size)       # the last one may be smaller

    def loss(self, data, noise_rng, binarise_rng):
        """model.loss on arrays, with fresh noise and, if asked for, freshly binarised pixels."""
        x, *others = data
        if self.binarize:
            x = (binarise_rng.random(x.shape, dtype=np.float32) < x).astype(x.dtype)
        if hasattr(self.model, "noise"):
            others.append(self.model.noise(noise_rng, len(x)))
        return self.model.loss(x, *others)

    def step(self):
        """One minibatch: loss, backward, update. Returns the size of the batch and its total loss."""
        if self.batch == 0:
            self.order = self.rngs["shuffling"].permutation(self.n)
        rows = self.order[self.batch * self.batch_size:(self.batch + 1) * self.batch_size]
        loss = self.loss([array[rows] for array in self.data], self.rngs["noise"], self.rngs["binarisation"])
        if not np.isfinite(loss.total):
            raise TrainingDiverged(self.steps + 1, self.last_good, self.likely_cause())
        self.model.backward()
        theta = vector_of(self.model.parameters)
        self.optimizer.step(theta, vector_of(self.model.gradients))
        write_back(theta, self.model.parameters)
        for name, value in loss._asdict().items():
            self.sums[name] = self.sums.get(name, 0) + np.asarray(value, np.float64) * len(rows)
        self.last_good = float(loss.total)
        self.batch, self.steps = self.batch + 1, self.steps + 1
        return len(rows), self.last_good

    def validate(self, data):
        """Mean losses on data, with the same noise after every epoch, so that the curve moves by learning alone."""
        noise_rng, binarise_rng = (np.random.default_rng([self.validation_stream.generate_state(1)[0], i])
                                   for i in range(2))
        sums, n = {}, len(data[0])
        for start in range(0, n, VALIDATION_CHUNK):
            chunk = [array[start:start + VALIDATION_CHUNK] for array in data]
            for name, value in self.loss(chunk, noise_rng, binarise_rng)._asdict().items():
                sums[name] = sums.get(name, 0) + np.asarray(value, np.float64) * len(chunk[0])
        return {"validation_" + name: value / n for name, value in sums.items()}

    def refuse_nan(self):
        """TrainingDiverged when a parameter is NaN or infinite: such a model is never saved."""
        if not np.isfinite(vector_of(self.model.parameters)).all():
            raise TrainingDiverged(self.steps, self.last_good, self.likely_cause())

    def end_epoch(self, validation):
        """Add the epoch to the history. Returns its single numbers."""
        self.refuse_nan()
        means = {name: value / self.n for name, value in self.sums.items()}
        if validation is not None:
            means.update(self.validate(validation))
        for name, value in means.items():
            self.history.setdefault(name, []).append(value)
        self.epoch, self.batch, self.sums = self.epoch + 1, 0, {}
        return {name: float(value) for name, value in means.items() if np.ndim(value) == 0}

    def likely_cause(self):
        """One sentence for a learner whose loss is no number any more."""
        if self.steps == 0:
            return "the very first loss is not finite, so no update is to blame; scale the inputs to about 1 (x / 255)"
        lr = self.optimizer.lr
        gradient = np.abs(vector_of(self.model.gradients)).max()
        for name, array in self.model.parameters.items():
            if not np.isfinite(array).all():
                return (f"the update before made {name} NaN or infinite (largest gradient {gradient:.3g}, lr={lr:g}); "
                        f"the learning rate is too large: try lr={lr / 10:g}")
        logvar = getattr(self.model, "logvar", None)
        if logvar is not None and np.size(logvar) and np.nanmax(logvar) > 80:
            return (f"logvar reached {np.nanmax(logvar):.3g}, and exp(logvar) overflows; the learning rate lr={lr:g} "
                    f"is too large: try lr={lr / 10:g}, or inputs scaled to about 1")
        name, array = max(self.model.parameters.items(), key=lambda item: np.abs(item[1]).max())
        return (f"values too large for {array.dtype} (largest parameter {np.abs(array).max():.3g} in {name}); "
                f"try lr={lr / 10:g}, or inputs scaled to about 1")


@contextlib.contextmanager
def interruption():
    """Yields a list that Ctrl-C fills, so that the running step can end. A second Ctrl-C interrupts at once."""
    pressed = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def handler(number, frame):
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.signal(signal.SIGINT, handler)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def as_arrays(name, data, model, binarize):
    """data as a list of arrays of one length, checked once so that training does not stop half way."""
    try:
        arrays = [np.asarray(array) for array in (data if isinstance(data, tuple) else (data,))]
    except ValueError:
        raise TypeError(f"{name}: got rows of different lengths, expected an array; several arrays are given as a "
                        "tuple, (x, y)") from None
    for array in arrays:
        if array.ndim == 0 or len(array) == 0 or len(array) != len(arrays[0]):
            raise ValueError(f"{name}: got shapes {[a.shape for a in arrays]}, expected arrays with the same number "
                             "of rows, at least one")
    x, *others = arrays
    width = getattr(model, "data_dim", None)
    checks.float_array(name, x, columns=width, ndim=x.ndim if width is None else 2)
    for array in others:
        if array.dtype.kind not in "iu":                 # whole-number labels have no NaN
            checks.float_array(name, array, ndim=array.ndim)
    if binarize:
        checks.grey_values(name, x, "to binarise")
    if hasattr(model, "check") and not binarize:
        model.check(x, name)
    if hasattr(model, "check_others"):
        model.check_others(name, *others)
    arrays[0] = x if x.dtype.kind == "f" else x.astype(np.float64)
    return arrays


def refuse_without_loss(model):
    """TypeError for a model that has nothing to minimise."""
    if isinstance(model, type) or not all(hasattr(model, name) for name in ("loss", "backward")):
        raise TypeError(f"model: got {model!r}, expected an object with loss, backward, parameters and gradients, such "
                        "as a VAE; the two players of a GAN are trained by tinyvae.gan.fit_gan")


def as_optimizer(optimizer):
    """Adam() for None; TypeError for anything without step, settings and state, a class or a name among them."""
    if optimizer is None:
        return Adam()
    needed = ("step", "settings", "state", "lr")
    if isinstance(optimizer, type) or not all(hasattr(optimizer, name) for name in needed):
        raise TypeError(f"optimizer: got {optimizer!r}, expected an object such as Adam(1e-3), SGD(0.1) or "
                        "Momentum(0.01), or one with step, settings, state and lr")
    return optimizer


def fit(model, x, *, epochs=10, batch_size=100, optimizer=None, seed=0, validation=None, binarize=False,
        checkpoint=None, checkpoint_every=1, resume=False, progress=True, before_epoch=None):
    """Train model on x, in place.

    x : (N, D), or a tuple of arrays with N rows each        validation : the same, measured after each epoch
    optimizer : Adam() by default; one that has trained before keeps its moments
    seed : shuffling, noise, binarisation
    binarize : draw each pixel anew as 0 or 1 with its grey value as probability, each time it is met
    checkpoint : a path, written every checkpoint_every epochs, at the end and at Ctrl-C
    resume : go on from the checkpoint if it exists, bit for bit as if never stopped
    progress : True prints to standard error, False nothing, or a stream
    before_epoch : called with the epoch's index (from 0) before its first step, and again when a run resumes inside
        it: set model.beta or optimizer.lr there, to values that depend on the epoch alone

    returns : History
    Raises ValueError or TypeError for bad input, TrainingDiverged when the loss turns NaN, TrainingInterrupted after
    Ctrl-C, FileExistsError when checkpoint exists and resume is False, OSError when it cannot be written.
    """
    refuse_without_loss(model)
    epochs, batch_size = checks.whole_number("epochs", epochs), checks.whole_number("batch_size", batch_size)
    checkpoint_every = checks.whole_number("checkpoint_every", checkpoint_every)
    data = as_arrays("x", x, model, binarize)
    validation = None if validation is None else as_arrays("validation", validation, model, binarize)
    if validation is not None and len(validation) != len(data):
        raise ValueError(f"validation: got {len(validation)} arrays, expected {len(data)} as in x")
    if resume and checkpoint is None:
        raise ValueError("resume: got True without a checkpoint; give the path of the checkpoint to go on from")
    run = Run(model, data, as_optimizer(optimizer), batch_size, bool(binarize),
              checks.whole_number("seed", seed, at_least=0))
    run.settings["validation"] = validation is not None
    if checkpoint is not None:
        _start_from(checkpoint, run, resume)
    shown = Progress(epochs, run.n, stream_for(progress), done=run.epoch * run.n + run.batch * batch_size)
    with interruption() as pressed, np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        while run.epoch < epochs:
            if before_epoch is not None:
                before_epoch(run.epoch)
            while run.batch < run.batches:
                shown.advance(run.epoch, *run.step())
                if pressed:
                    _stop(run, checkpoint, shown)
            shown.end_epoch(run.epoch, run.end_epoch(validation))
            if checkpoint is not None and (run.epoch % checkpoint_every == 0 or run.epoch == epochs):
                checkpoints.save(checkpoint, run)
            if pressed:
                _stop(run, checkpoint, shown)
    return finished(run.history)


def _start_from(checkpoint, run, resume):
    run.settings["data"] = checkpoints.fingerprint(run.data)
    if not resume:
        checkpoints.refuse_overwriting(checkpoint)
        checkpoints.save(checkpoint, run)      # a folder that cannot be written shows now, not after an hour
    else:
        try:
            checkpoints.restore(checkpoint, run)
        except FileNotFoundError:
            checkpoints.save(checkpoint, run)


def _stop(run, checkpoint, shown):
    run.refuse_nan()
    if checkpoint is not None:
        checkpoints.save(checkpoint, run)
    interrupted = TrainingInterrupted(run.steps, finished(run.history), checkpoint)
    shown.message(str(interrupted))
    raise interrupted


def finished(history):
    """The history with its lists as arrays."""
    return History({name: np.array(values) for name, values in history.items()})
