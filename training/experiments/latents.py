"""Picture latents of everything that a simulated cohort is shown, as targets."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtbci.stimuli.spec import clip_spec
from training.latents import coarse

Floats = NDArray[np.float32]


def corpus_latents(
    clips: Iterable[tuple[int, int]], codec: Path, cache: Path
) -> Mapping[tuple[int, int], Floats] | None:
    """Coarse latents (128,) of clips of the drawn corpus, by concept and seed.

    Parameters
    ----------
    clips : iterable of (int, int)
        Concept and seed.
    codec : Path
        Folder of the trained picture autoencoder.
    cache : Path
        Where to keep them.

    Returns
    -------
    mapping or None
        None if there is no autoencoder: latents are no target then.
    """
    weights = codec / "codec.safetensors"
    if not weights.is_file():
        return None
    from training.codec import encode_middles

    keys = sorted(clips)
    file = cache / f"latents-{weights.stat().st_size}-{int(weights.stat().st_mtime)}-{len(keys)}.npz"
    if file.is_file():
        with np.load(file, allow_pickle=False) as stored:
            if np.array_equal(stored["keys"], np.array(keys)):
                return dict(zip(keys, stored["latents"], strict=True))
    latents = coarse(encode_middles([clip_spec(concept, seed) for concept, seed in keys], codec))
    cache.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, keys=np.array(keys), latents=latents)
    partial.replace(file)
    return dict(zip(keys, latents, strict=True))
