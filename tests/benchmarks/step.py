"""One training step of 784-500-20-500-784 beside its own five large matrix products, and where its time goes."""

import contextlib
import statistics
import time

import numpy as np

from tinyvae import VAE, Adam, gaussian
from tinyvae.layers import Activation, Dense
from tinyvae.likelihood import Bernoulli

B, D, H, L = 100, 784, 500, 20
ROUNDS, REPEATS = 15, 20


def seconds(function, repeats=REPEATS):
    """Seconds per call."""
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - start) / repeats


def matrix_products():
    """The five products that any implementation must do: no gradient with respect to x is needed."""
    rng = np.random.default_rng(0)
    x, h, a, W1, W4 = (rng.random(shape, dtype=np.float32) for shape in ((B, D), (B, H), (B, D), (D, H), (H, D)))
    dW1, dW4 = np.empty_like(W1), np.empty_like(W4)

    def products():
        x @ W1                               # encoder, forward
        h @ W4                               # decoder, forward
        np.matmul(h.T, a, out=dW4)           # decoder, dW
        a @ W4.T                             # decoder, dh
        np.matmul(x.T, h, out=dW1)           # encoder, dW
    return products


def training_step():
    """What fit does for each minibatch."""
    model, optimizer = VAE(D, (H,), L, "bernoulli", activation="tanh"), Adam()
    x = (np.random.default_rng(0).random((B, D)) < 0.2).astype(np.float32)
    rng = np.random.default_rng(1)

    def step():
        model.loss(x, model.noise(rng, B))
        model.backward()
        optimizer.step(model.parameters.vector, model.gradients.vector)
    return step


PARTS = {"dense layers (matrix products, biases)": [(Dense, "forward"), (Dense, "backward")],
         "activations": [(Activation, "forward"), (Activation, "backward")],
         "loss, KL, reparameterisation": [(Bernoulli, "check"), (Bernoulli, "nll"), (Bernoulli, "nll_backward"),
                                          (gaussian, "reparameterise"), (gaussian, "reparameterise_backward"),
                                          (gaussian, "kl_per_dimension"), (gaussian, "kl_standard_normal_backward")],
         "optimiser": [(Adam, "step")]}


@contextlib.contextmanager
def timed(spent):
    """Add the time spent in each of PARTS to spent, while the block runs."""
    before = [(owner, name, getattr(owner, name)) for places in PARTS.values() for owner, name in places]

    def wrap(part, function):
        def timed_function(*arguments, **options):
            start = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                spent[part] += time.perf_counter() - start
        return timed_function
    for part, places in PARTS.items():
        for owner, name in places:
            setattr(owner, name, wrap(part, getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def shares():
    """Part to share of one step's time, "rest" included."""
    spent, step = dict.fromkeys(PARTS, 0.0), training_step()
    step()
    with timed(spent):
        whole = seconds(step, 100) * 100
    return {part: value / whole for part, value in spent.items()} | {"rest": 1 - sum(spent.values()) / whole}


def framework_step():
    """The same step in another framework, for comparison only; None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    from torch import nn
    encoder = nn.Sequential(nn.Linear(D, H), nn.Tanh(), nn.Linear(H, 2 * L))
    decoder = nn.Sequential(nn.Linear(L, H), nn.Tanh(), nn.Linear(H, D))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], foreach=True)
    x = (torch.rand(B, D) < 0.2).float()

    def step():
        mu, logvar = encoder(x).chunk(2, dim=1)
        a = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        nll = nn.functional.binary_cross_entropy_with_logits(a, x, reduction="sum")
        loss = (nll + 0.5 * (mu**2 + torch.expm1(logvar) - logvar).sum()) / B
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return step


def report():
    """Print medians over rounds in which the contestants take turns, and their ratios within each round."""
    products, step, other = matrix_products(), training_step(), framework_step()
    contestants = {"five large matrix products": products, "training step": step}
    if other:
        contestants["the same step in PyTorch"] = other
    for function in contestants.values():
        seconds(function)
    rounds = [{name: seconds(function) for name, function in contestants.items()} for _ in range(ROUNDS)]
    for name in contestants:
        ratio = statistics.median(r[name] / r["five large matrix products"] for r in rounds)
        print(f"  {name:<40} {1e3 * statistics.median(r[name] for r in rounds):7.2f} ms   x {ratio:.2f}")
    for part, share in shares().items():
        print(f"    {part:<38} {share:7.0%}")
