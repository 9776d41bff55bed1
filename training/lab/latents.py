"""The picture latents that a laboratory's clips have in the generator's own autoencoder, if they have any."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.errors import UsageError
from rtbci.stimuli.spec import clip_spec
from training.codec import WEIGHTS_FILE, encode_middles
from training.cohort import Windows
from training.decoder import Decoder
from training.experiments.latents import corpus_latents
from training.latents import CHANNELS, COARSE, FULL, coarse, features_of, fit_head, write_latent_head
from training.seed_dv import SeedDv
from training.source import Source
from training.targets import StoredTargets

Floats = NDArray[np.float32]
Key = tuple[int, int]

_CLEAR_SHARE = 0.7
_MOST_CLIPS = 3000
_PROBES = 4
_ALIKE = 0.05
"""Mean squared difference of latents, in units of their variance, that rounding to int8 stays far below."""


@dataclass(frozen=True, eq=False)
class Latents:
    """Coarse latents of clips.

    Attributes
    ----------
    table : mapping of (int, int) to ndarray, shape (16 c,), float32
        By concept and stimulus.
    shape : tuple of int
        Of a latent itself: (c, h, w).
    """

    table: Mapping[Key, Floats]
    shape: tuple[int, int, int] = (CHANNELS, FULL, FULL)


def generator_digest(bundle: Bundle) -> str:
    """Of what a bundle draws with: engines and arrays that are not the decoder's own."""
    manifest = bundle.manifest
    parts = [manifest.engines["decoder"].sha256, manifest.arrays["memory_latents"].sha256]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]


def clip_latents(
    source: Source,
    clips: Collection[Key],
    stored: StoredTargets | None,
    codec: Path,
    bundle: Bundle,
    cache: Path,
) -> tuple[Latents | None, str]:
    """Coarse latents of clips, and in words where they are from, or why there are none.

    Parameters
    ----------
    source : Source
    clips : collection of (int, int)
        Concept and stimulus of those of the training and validation blocks.
    stored : StoredTargets or None
        What `rtbci train targets` made of them.
    codec : Path
        Folder of the trained autoencoder, for clips of the drawn corpus.
    bundle : Bundle
        Whose generator shall draw.
    cache : Path
        Where latents are kept.

    Raises
    ------
    UsageError
        If the autoencoder is not the one of the bundle's generator.
    """
    keys = sorted(key for key in clips if key[1] >= 0)
    if len(keys) > _MOST_CLIPS:
        chosen = np.random.default_rng(0).permutation(len(keys))[:_MOST_CLIPS]
        keys = [keys[index] for index in sorted(chosen.tolist())]
    if stored is not None and stored.latents is not None:
        channels, height, width = stored.latents.values.shape[2:]
        if height % COARSE or width % COARSE:
            raise UsageError(
                f"The targets' latents are {height} x {width}, and must be multiples of {COARSE} along both "
                "sides; make them of pictures of another size."
            )
        middle = stored.latents.values.shape[1] // 2
        table = {
            key: coarse(stored.latents.of(np.array([key]))[:, middle])[0]
            for key in keys
            if key in stored.latents.row
        }
        return Latents(table, (channels, height, width)), "the targets"
    if isinstance(source, SeedDv):
        return None, "no latents of the films were made for this generator"
    if not keys:
        return None, "nothing says which clips were watched"
    if not (codec / WEIGHTS_FILE).is_file():
        return None, f"there is no autoencoder at {codec}"
    _check_codec(codec, bundle)
    encoded = corpus_latents(keys, codec, cache)
    return None if encoded is None else Latents(encoded), "the drawn clips"


def fit_clip_latents(
    folder: Path, decoder: Decoder, train: Windows, validation: Windows, latents: Latents
) -> float:
    """Fit the head on windows that one clip fills, and write it if it explains anything.

    Returns
    -------
    float
        Share of the validation windows' variance that it explains; at most 0 if nothing was written.
    """
    features, targets = [], []
    for windows in (train, validation):
        known = np.array([(int(c), int(s)) in latents.table for c, s in windows.clips[:, 0]], dtype=bool)
        kept = windows.where((windows.share >= _CLEAR_SHARE) & known)
        if not len(kept.x):
            return 0.0
        features.append(features_of(decoder, kept.x))
        targets.append(np.stack([latents.table[int(c), int(s)] for c, s in kept.clips[:, 0]]))
    head, report = fit_head(features[0], targets[0], features[1], targets[1])
    if report["explained"] > 0:
        write_latent_head(folder, replace(head, shape=latents.shape), report)
    return report["explained"]


def _check_codec(codec: Path, bundle: Bundle) -> None:
    """Refuse an autoencoder that the bundle's memory was not made with."""
    memory = bundle.array("memory_latents")
    middle = memory[:_PROBES, memory.shape[1] // 2] * bundle.array("memory_scale")[:, None, None]
    concepts, seeds = bundle.array("memory_concept"), bundle.array("memory_seed")
    specs = [clip_spec(int(concepts[i]), int(seeds[i])) for i in range(min(_PROBES, len(memory)))]
    apart = float(np.mean((encode_middles(specs, codec) - middle) ** 2) / max(float(middle.var()), 1e-9))
    if apart > _ALIKE:
        raise UsageError(
            f"The autoencoder at {codec} is not the one that the generator of {bundle.manifest.id} was made "
            "with; name its folder with --codec, or another bundle with --generator."
        )
