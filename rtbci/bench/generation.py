"""How long a bundle's generator takes for each grade of picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from rtbci.bench.rows import Row, summary, timed
from rtbci.bundle import Bundle, Metric, load_bundle
from rtbci.bundle.engine import PROVIDERS
from rtbci.generate import DecodedEvidence, MemoryGenerator

STRENGTHS = (0.25, 0.5, 0.75, 1.0)
"""Taken in turn: weak evidence costs a blur that strong evidence does not."""
BACKEND = "memory"
"""Name of the default generator, for what it is: a memory of drawn scenes."""
_CONFIDENCE = 0.9


def measure_generator(
    bundle_path: Path | None, provider: str = "cpu", *, threads: int = 2, repeats: int = 60
) -> list[Row]:
    """Time preview, keyframe and clip of a bundle's generator, in this process.

    Each is drawn from evidence for another stored scene in a context of its own, so that nothing is reused.

    Parameters
    ----------
    bundle_path : Path or None
        The bundle's folder; the default bundle where None.
    provider : str
        One of `rtbci.bundle.engine.PROVIDERS`.
    threads : int
        Threads of onnxruntime.
    repeats : int
        How many of each grade are timed; of clips a quarter of it.

    Raises
    ------
    BundleError
        If the bundle is damaged, or the provider is not the one that would run.
    """
    with threadpool_limits(1, "blas"):
        bundle = load_bundle(bundle_path)
        generator = MemoryGenerator.from_bundle(bundle, threads=threads, providers=PROVIDERS[provider])
        given = scene_evidence(generator, bundle, repeats + 2)
        small, large = (draw(given[0]).shape[1] for draw in (generator.preview, generator.keyframe))
        times = {
            "preview": timed(lambda k: generator.preview(given[k]), repeats),
            "keyframe": timed(lambda k: generator.keyframe(given[k]), repeats),
            "clip": timed(lambda k: list(generator.clip(given[k])), max(2, repeats // 4)),
        }
    engines = bundle.manifest.engines
    rows = []
    for grade, taken in times.items():
        preview = grade == "preview"
        stated = stated_quality(bundle, grade)
        engine = engines["preview" if preview and "preview" in engines else "decoder"]
        row = Row(
            grade=grade,
            backend=BACKEND,
            provider=generator.provider,
            precision=engine.precision,
            steps=0,
            size=small if preview else large,
            threads=threads,
            quality=stated.value if stated else None,
            quality_ci95=stated.ci95 if stated else None,
            **summary(taken, generator.frames if grade == "clip" else 1),
        )
        rows.append(row)
    return rows


def stated_quality(bundle: Bundle, grade: str) -> Metric | None:
    """Share of scenes named right in pictures of a grade, from the bundle's metrics; None if not there.

    A clip has its keyframe for its middle frame, so the keyframe's share stands for a clip's where the bundle
    has none for clips.
    """
    metrics = {metric.name: metric for metric in bundle.manifest.metrics}
    own = metrics.get(f"{grade}_named_strength1")
    return metrics.get("keyframe_named_strength1") if own is None and grade == "clip" else own


def scene_evidence(
    generator: MemoryGenerator, bundle: Bundle, count: int, seed: int = 0
) -> Sequence[DecodedEvidence]:
    """Evidence for scenes of the memory, a new context each, of the strengths in turn."""
    memory, rng = generator.memory, np.random.default_rng(seed)
    concepts = len(bundle.manifest.concepts)
    found = []
    for k in range(count):
        entry = int(rng.integers(len(memory.concepts)))
        posterior = rng.dirichlet(np.full(concepts, 0.15)) * (1 - _CONFIDENCE)
        posterior[memory.concepts[entry]] += _CONFIDENCE
        attributes = {}
        for name, values in bundle.manifest.attributes.items():
            attributes[name] = rng.dirichlet(np.ones(len(values)))
        found.append(
            DecodedEvidence(
                posterior=posterior,
                attributes=attributes,
                latent=memory.clip(entry)[memory.keyframe],
                strength=STRENGTHS[k % len(STRENGTHS)],
                confidence=_CONFIDENCE,
                window=k,
                context=k,
            )
        )
    return found
