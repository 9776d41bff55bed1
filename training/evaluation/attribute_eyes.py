"""Small networks that name colour and number of drawn pictures, trained once and kept.

They learn from seeds that nobody watches or remembers. Colour is that of the main object, often a small part
of the picture: how often they are right on true pictures is measured, and is the ceiling of what they say.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.spec import CLIP_SECONDS, clip_spec
from training.codec_seeds import CODEC_TRAINING
from training.evaluation.corpus_classifiers import CACHE, CorpusSettings, fingerprint, fogged
from training.evaluation.guesser import Guesser, named, small, train_guesser

log = logging.getLogger(__name__)

SEEN_BY_EYES = ("colour", "number")
_FIRST = CODEC_TRAINING.start + 2**22


class EyeSettings(msgspec.Struct, frozen=True):
    """How much is learnt from."""

    pictures: int = 4000
    epochs: int = 6
    seed: int = 0


@dataclass(frozen=True, eq=False)
class AttributeEye:
    """Names an attribute's value."""

    attribute: str
    guesser: Guesser

    def named(self, pictures: NDArray[np.uint8]) -> NDArray[np.intp]:
        """What it takes pictures (n, h, h, 3) for, as indices of the attribute's values."""
        return named(self.guesser, pictures)


def attribute_eyes(cache: Path = CACHE, settings: EyeSettings | None = None) -> list[AttributeEye]:
    """Load the eyes, or train them if these have not been trained before.

    Parameters
    ----------
    cache : Path
        Folder in which they are kept, under a fingerprint of the settings and of what the corpus looks like.
    settings : EyeSettings, optional
    """
    settings = settings or EyeSettings()
    looks = fingerprint(CorpusSettings())
    file = cache / f"eyes-{looks}-{settings.pictures}-{settings.epochs}-{settings.seed}.safetensors"
    if not file.is_file():
        log.info("training the eyes for %s, once, into %s", " and ".join(SEEN_BY_EYES), file)
        cache.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        save_file(_trained(settings), partial)
        partial.replace(file)
    state = load_file(file)
    eyes = []
    for name in SEEN_BY_EYES:
        guesser = Guesser(len(ATTRIBUTES[name]))
        own = {k.removeprefix(f"{name}."): v for k, v in state.items() if k.startswith(f"{name}.")}
        guesser.load_state_dict(own)
        eyes.append(AttributeEye(name, guesser.eval().requires_grad_(False)))
    return eyes


def _trained(settings: EyeSettings) -> dict[str, torch.Tensor]:
    specs = [clip_spec(k % len(CONCEPTS), _FIRST + k) for k in range(settings.pictures)]
    pictures = np.concatenate([small(draw_frame(spec, CLIP_SECONDS / 2)[None]) for spec in specs])
    both = np.concatenate([pictures, pictures[:, :, ::-1]])
    state = {}
    for name in SEEN_BY_EYES:
        values = np.tile(np.array([getattr(spec, name) for spec in specs]), 2)
        guesser = train_guesser(
            both, values, settings.epochs, fogged, settings.seed, classes=len(ATTRIBUTES[name])
        )
        state |= {f"{name}.{key}": value.contiguous() for key, value in guesser.state_dict().items()}
    return state
