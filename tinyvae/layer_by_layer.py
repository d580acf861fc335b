"""Greedy layer-by-layer training of a deep autoencoder. Bengio et al. 2007; notes on autoencoders, stacked."""

import copy

from tinyvae.autoencoder import Autoencoder, EncoderDecoder
from tinyvae.layers import Sequential
from tinyvae.training import fit


def fit_layer_by_layer(model, x, *, epochs=10, optimizer=None, validation=None, **options):
    """Train each layer of the encoder with its mirror in the decoder, from the outside in; then fine-tune with fit.

    Stage i is an autoencoder of one layer: it learns to reconstruct the codes h of stage i - 1 (h = x at first), and
    hands on its own codes. The layers of the stages before stay as they are.

    model : Autoencoder, changed in place        x : (N, D)
    epochs : for each stage, as are the options of fit; without those of checkpoints
    optimizer : each stage begins with a copy of it        validation : (M, D), encoded alongside

    returns : list of History, one per stage. A corruption acts on the pixels, so only in the first stage.
    Raises TypeError when model is no Autoencoder, and what fit raises.
    """
    unfit = {"checkpoint", "checkpoint_every", "resume"} & set(options)
    if unfit:
        raise TypeError(f"{min(unfit)}: got it here, where every stage is another model; give it to the fit that "
                        "fine-tunes")
    if not isinstance(model, Autoencoder):
        raise TypeError(f"model: got {type(model).__name__}, expected a tinyvae Autoencoder, whose decoder mirrors its "
                        "encoder layer by layer")
    h, histories = x, []
    for i, layers in enumerate(stages(model)):
        encoder, decoder = copy.deepcopy(layers)             # together: a tied pair keeps its one W
        corruption = model.corruption if i == 0 else None
        stage = EncoderDecoder(Sequential(*encoder), Sequential(*decoder), data_dim=len(encoder[0].W),
                               corruption=corruption, dtype=model.dtype)
        histories.append(fit(stage, h, epochs=epochs, optimizer=copy.deepcopy(optimizer), validation=validation,
                             **options))
        for own, trained in zip((*layers[0], *layers[1]), (*encoder, *decoder)):
            for name in own.parameter_names:
                getattr(own, name)[...] = getattr(trained, name)
        h = stage.encode(h)
        validation = None if validation is None else stage.encode(validation)
    return histories


def stages(model):
    """(encoder layers, decoder layers) of each stage: a Dense with its activation, and its mirror with its own."""
    return list(zip(blocks(model.encoder), reversed(blocks(model.decoder))))


def blocks(network):
    """The layers of a network in groups: each layer that has parameters, and the activation behind it."""
    groups = []
    for layer in network.layers:
        if layer.parameter_names:
            groups.append([])
        groups[-1].append(layer)
    return groups
