"""What a source's clips should be answered with, in the words that a bundle has."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.text import concept_embeddings, embed
from training.hrt import QUESTIONS
from training.source import Source, stimuli
from training.targets import ClipTable, StoredTargets

Floats = NDArray[np.float32]
Key = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Labels:
    """Targets of a source's clips.

    Attributes
    ----------
    table : ClipTable
        Answers to those of `training.hrt.QUESTIONS` that the clips say anything of; a row of zeros where a
        clip does not. The text is what the loss takes: `text_scale` times it plus `text_mean` is the
        embedding itself.
    text_scale : float
    text_mean : ndarray, shape (W,), float32
    text_concepts : ndarray, shape (40, W), float32
        Each concept's embedding.
    """

    table: ClipTable
    text_scale: float
    text_mean: Floats
    text_concepts: Floats


def source_labels(source: Source, learnt: Collection[Key], stored: StoredTargets | None = None) -> Labels:
    """Gather captions and attributes of all clips; whatever is learnt of them comes from `learnt`.

    Parameters
    ----------
    source : Source
    learnt : collection of (int, int)
        Concept and stimulus of the clips in the training blocks.
    stored : StoredTargets, optional
        Text embeddings of large models, in place of the small ones.
    """
    shown = stimuli(source)
    keys = sorted(shown)
    train = np.array([key in learnt for key in keys])
    # Where nobody says which clip it was, nobody knows more of it than the concept.
    named = [key[1] >= 0 for key in keys]
    concept = np.eye(len(CONCEPTS), dtype=np.float32)[[key[0] for key in keys]]
    answers = {"concept": np.concatenate([np.full((1, len(CONCEPTS)), 1 / len(CONCEPTS)), concept])}
    for name, values in ATTRIBUTES.items():
        given = np.zeros((len(keys), len(values)), dtype=np.float32)
        for row, key in enumerate(keys):
            value = shown[key].attributes.get(name)
            if named[row] and value in values:
                given[row, values.index(value)] = 1.0
        # One value only teaches nothing.
        if (given[train].sum(axis=0) > 0).sum() > 1:
            marginal = given[train].sum(axis=0) / given[train].sum()
            answers[name] = np.concatenate([marginal[None], given])
    if stored is None or stored.text is None:
        captions = [shown[key].caption if known else "" for key, known in zip(keys, named, strict=True)]
        text = np.stack([embed(c or CONCEPTS[k[0]].name) for c, k in zip(captions, keys, strict=True)])
        scale, mean, concepts = 1.0, np.zeros(text.shape[1], dtype=np.float32), concept_embeddings()
    else:
        text, scale, mean, concepts = _stored_text(stored, keys, train)
    table = ClipTable(
        answers={name: answers[name].astype(np.float32) for name in QUESTIONS if name in answers},
        text=np.concatenate([text[train].mean(axis=0, keepdims=True), text]).astype(np.float32),
        row={key: index + 1 for index, key in enumerate(keys)},
    )
    return Labels(table, scale, mean, concepts.astype(np.float32))


def _stored_text(
    stored: StoredTargets, keys: list[Key], train: NDArray[np.bool_]
) -> tuple[Floats, float, Floats, Floats]:
    """Embeddings less their mean, of mean squared length 1: so the loss weighs the same for any model."""
    assert stored.text is not None
    there = np.array([key in stored.text.row for key in keys])
    embedded = stored.text.of(np.array(keys)[there]).reshape(int(there.sum()), -1)
    mean = embedded[train[there]].mean(axis=0) if (train & there).any() else embedded.mean(axis=0)
    text = np.zeros((len(keys), embedded.shape[1]), dtype=np.float32)
    text[there] = embedded - mean
    scale = float(np.sqrt(np.square(text[train]).sum(axis=1).mean() + 1e-12))
    concept = np.array([key[0] for key in keys])
    concepts = np.stack(
        [
            mean + (text[mine].mean(axis=0) if (mine := train & (concept == c.index)).any() else 0.0)
            for c in CONCEPTS
        ]
    )
    return text / np.float32(scale), scale, mean, concepts


def silent_attributes(labels: Labels) -> tuple[str, ...]:
    """Attributes of a bundle that the clips say nothing of."""
    return tuple(name for name in ATTRIBUTES if name not in labels.table.answers)
