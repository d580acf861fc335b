"""The learning rate of the long trainings: half a cosine, from its start down to 0."""

import math


def falling(optimizer, epochs):
    """before_epoch for fit; it depends on the epoch alone."""
    lr = optimizer.lr

    def schedule(epoch):
        optimizer.lr = lr * 0.5 * (1 + math.cos(math.pi * epoch / epochs))
    return schedule
