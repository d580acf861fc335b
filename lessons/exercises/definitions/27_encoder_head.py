"""The two halves of the encoder's last layer. Lesson 16."""

import numpy as np

from lessons.exercises.exercise import Exercise, gradient


def inputs(rng, B, H, L):
    return {"dmu": rng.standard_normal((B, L)), "dlogvar": rng.standard_normal((B, L)),
            "h": rng.standard_normal((B, H)), "W": rng.standard_normal((H, 2 * L))}


def truth(dmu, dlogvar, h, W):
    def loss(h, W, b):
        s, L = h @ W + b, dmu.shape[1]
        return np.sum(dmu * s[:, :L]) + np.sum(dlogvar * s[:, L:])
    return gradient(loss, "h", "W", "b")(h=h, W=W, b=np.zeros(W.shape[1]))


def terms(dmu, dlogvar, h, W):
    L = dmu.shape[1]
    return {"dh": {"through mu": dmu @ W[:, :L].T, "through logvar": dlogvar @ W[:, L:].T}}


def dense(ds, h, W):
    return ds @ W.T, h.T @ ds, ds.sum(axis=0)


def halves_exchanged(dmu, dlogvar, h, W):
    """The halves are exchanged: logvar stands before mu (lesson 16). Try: which columns of s are mu?"""
    return dense(np.concatenate([dlogvar, dmu], axis=1), h, W)


def halves_interleaved(dmu, dlogvar, h, W):
    """The columns alternate between mu and logvar (lesson 16). Try: mu is the first L columns, all of them."""
    return dense(np.stack([dmu, dlogvar], axis=2).reshape(len(h), -1), h, W)


def one_half_of_w(dmu, dlogvar, h, W):
    """dh uses the weights of mu for logvar as well (lesson 16). Try: logvar has columns of its own in W."""
    L, (_, dW, db) = dmu.shape[1], dense(np.concatenate([dmu, dlogvar], axis=1), h, W)
    return (dmu + dlogvar) @ W[:, :L].T, dW, db


def same_gradient_twice(dmu, dlogvar, h, W):
    """Both halves got the sum of the gradients (lesson 16). Try: the paths add where they meet, in h, not in s."""
    both = dmu + dlogvar
    return dense(np.concatenate([both, both], axis=1), h, W)


def bias_not_summed(dmu, dlogvar, h, W):
    """db lacks the sum over the batch (lessons 04 and 16). Try: how many routes lead from b_j to the loss?"""
    ds = np.concatenate([dmu, dlogvar], axis=1)
    return ds @ W.T, h.T @ ds, ds


def logvar_halved(dmu, dlogvar, h, W):
    """The gradient of logvar was halved once more; dlogvar is that of logvar already (lesson 16).

    Try: what is dlogvar the gradient of?
    """
    return dense(np.concatenate([dmu, dlogvar / 2], axis=1), h, W)


def means_over_the_batch(dmu, dlogvar, h, W):
    """dW and db are means over the batch; sums belong there (lessons 04 and 16).

    Try: every example is a route to the loss; what does the chain rule do with routes?
    """
    dh, dW, db = dense(np.concatenate([dmu, dlogvar], axis=1), h, W)
    return dh, dW / len(h), db / len(h)


def half_by_half(dmu, dlogvar, h, W):
    L = dmu.shape[1]
    dW = np.empty_like(W)
    dW[:, :L], dW[:, L:] = h.T @ dmu, h.T @ dlogvar
    return dmu @ W[:, :L].T + dlogvar @ W[:, L:].T, dW, np.r_[dmu.sum(axis=0), dlogvar.sum(axis=0)]


def with_hstack(dmu, dlogvar, h, W):
    ds = np.hstack((dmu, dlogvar))
    return np.einsum("bj,ij->bi", ds, W), np.einsum("bi,bj->ij", h, ds), np.einsum("bj->j", ds)


EXERCISE = Exercise(
    lesson="16", difficulty=2, minutes=15, function="encoder_head_backward", outputs=("dh", "dW", "db"),
    sizes={"B": (7, 5), "H": (11, 13), "L": (2, 3)}, inputs=inputs, truth=truth, terms=terms,
    mistakes=(halves_exchanged, halves_interleaved, one_half_of_w, same_gradient_twice, bias_not_summed, logvar_halved,
              means_over_the_batch),
    alternatives=(half_by_half, with_hstack),
    hints=("What is the gradient of the loss with respect to s, (B, 2L)?",
           "mu and logvar are columns of s: their gradients are the same columns of ds. Then it is a dense layer.",
           "ds = [dmu, dlogvar] side by side; dh = ds W^T, dW = h^T ds, db = the column sums of ds."))
