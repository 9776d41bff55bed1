"""How long exported full-size engines take for each grade of picture."""

from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from rtbci.bench.rows import Row, draw, summary, timed
from rtbci.generate import DecodedEvidence
from rtbci.generate.full_size.engines import Open, load_full_size, open_full_size
from rtbci.generate.full_size.networks import Sizes
from rtbci.generate.sharpness import sharpness

BACKEND = "full size"
STRENGTHS = (0.25, 1.0)
"""The fewest steps that are taken at all, without guidance; and the most, with it."""
_CLIPS = 8
"""A clip is timed for so many keyframes."""


def measure_full_size(
    folder: Path, open_engine: Open, *, threads: int = 2, repeats: int = 60, within_s: float = 60.0
) -> list[Row]:
    """Time preview, keyframe and clip of a full-size generator, in this process.

    Keyframe and clip are timed at each of `STRENGTHS`, since steps and guidance follow the evidence. A clip's
    time is that of its keyframe and its frames. Each is drawn in a context of its own, so that nothing is
    reused.

    Parameters
    ----------
    folder : Path
        As `rtbci export full-size` wrote it.
    open_engine : callable
        Opens one graph, as `rtbci.engines.opener` gives it.
    threads : int
        That `open_engine` was made with; only told.
    repeats : int
        How many previews and keyframes are timed; of clips an eighth of it.
    within_s : float
        After which no more of a row are begun.

    Raises
    ------
    BundleError
        If the folder is damaged, or an engine does not run where it was to.
    """
    manifest = load_full_size(folder)
    generator = open_full_size(folder, open_engine, manifest)
    concepts = manifest.arrays["concepts"].shape[0]
    rows = []
    for grade, strength in (("preview", 1.0), *product(("keyframe", "clip"), STRENGTHS)):
        clip = grade == "clip"
        count = max(2, repeats // _CLIPS) if clip else repeats
        given = random_evidence(manifest.sizes, concepts, strength, count + 2)
        times = timed(partial(draw, generator, grade, given), count, within_s=within_s)
        rows.append(
            Row(
                grade=grade,
                backend=BACKEND,
                provider=generator.provider,
                precision=manifest.engines["clip" if clip else "keyframe"].precision,
                steps=0 if grade == "preview" else sharpness(strength).steps,
                size=generator.preview(given[0]).shape[1],
                threads=threads,
                **summary(times, generator.frames if clip else 1),
            )
        )
    return rows


def random_evidence(
    sizes: Sizes, concepts: int, strength: float, count: int, seed: int = 0
) -> Sequence[DecodedEvidence]:
    """Evidence for nothing, of one strength, a new context each: time does not depend on what is drawn."""
    rng = np.random.default_rng(seed)
    return [
        DecodedEvidence(
            posterior=rng.dirichlet(np.full(concepts, 0.15)),
            attributes={},
            latent=rng.standard_normal(sizes.latent, dtype=np.float32),
            strength=strength,
            confidence=strength,
            window=k,
            context=k,
        )
        for k in range(count)
    ]
