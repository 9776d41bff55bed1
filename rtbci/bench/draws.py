"""How long the generator that draws takes, in a number of steps and a precision."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from rtbci.bench.rows import Row, draw, summary, timed
from rtbci.bundle import Bundle, load_bundle
from rtbci.bundle.engine import PROVIDERS
from rtbci.generate import DecodedEvidence
from rtbci.generate.draws import DrawingGenerator
from rtbci.generate.draws_folder import open_drawing

BACKEND = "draws"
STEPS = (1, 2, 4)
"""What the curve of sharpness makes of weak, moderate and strong evidence."""
_CONFIDENCE = 0.9


def measure_draws(
    folder: Path,
    bundle_path: Path | None,
    precision: str,
    steps: int,
    provider: str = "cpu",
    *,
    threads: int = 2,
    repeats: int = 60,
    within_s: float = 60.0,
) -> list[Row]:
    """Time keyframe and clip of a generator that draws, in this process.

    The evidence is the strongest, whatever the number of steps, so that steps alone make the difference:
    there is guidance, which asks the network twice at each step. A clip's time is that of its keyframe and
    its frames. Each is drawn in a context of its own, so that nothing is reused. The preview is the bundle's
    own, which `measure_generator` times.

    Parameters
    ----------
    folder : Path
        As `rtbci.generate.draws_folder.open_drawing` takes it.
    bundle_path : Path or None
        The bundle whose engines turn latents into pictures, where the folder is none; the default one where
        None.
    precision : str
        Of the networks' stored weights.
    steps : int
        Of the flow.
    provider : str
        One of `rtbci.bundle.engine.PROVIDERS`.
    threads : int
        Threads of onnxruntime.
    repeats : int
        How many keyframes are timed; of clips a quarter of it.
    within_s : float
        After which no more of a row are begun.

    Raises
    ------
    BundleError
        If anything is damaged, or the provider is not the one that would run.
    GeneratorError
        If the network cannot draw in so many steps.
    """
    with threadpool_limits(1, "blas"):
        bundle = load_bundle(bundle_path)
        generator = open_drawing(
            folder, bundle, precision, steps=steps, threads=threads, providers=PROVIDERS[provider]
        )
        rows = []
        for grade, count in (("keyframe", repeats), ("clip", max(2, repeats // 4))):
            given = noise_evidence(generator, bundle, count + 2)
            times = timed(partial(draw, generator, grade, given), count, within_s=within_s)
            rows.append(
                Row(
                    grade=grade,
                    backend=BACKEND,
                    provider=generator.provider,
                    precision=precision,
                    steps=steps,
                    size=generator.keyframe(given[0]).shape[1],
                    threads=threads,
                    **summary(times, generator.frames if grade == "clip" else 1),
                )
            )
    return rows


def noise_evidence(
    generator: DrawingGenerator, bundle: Bundle, count: int, seed: int = 0
) -> Sequence[DecodedEvidence]:
    """Strong evidence for nothing, a new context each: time does not depend on what is drawn."""
    rng, about = np.random.default_rng(seed), bundle.manifest
    return [
        DecodedEvidence(
            posterior=rng.dirichlet(np.full(len(about.concepts), 0.15)),
            attributes={
                name: rng.dirichlet(np.ones(len(values))) for name, values in about.attributes.items()
            },
            latent=generator.mean + rng.standard_normal(generator.mean.shape, dtype=np.float32),
            strength=1.0,
            confidence=_CONFIDENCE,
            window=k,
            context=k,
        )
        for k in range(count)
    ]
