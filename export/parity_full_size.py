"""How closely a full-size generator's engines follow torch, on few samples: each may take minutes."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from export.full_size.models import Models
from export.full_size.modules import ClipStep, KeyframeStep, LatentDecoder
from export.parity import Row
from rtbci.bundle import Engine
from rtbci.bundle.engine import EngineSession
from rtbci.generate.full_size.engines import ARRAYS, FullSizeManifest, load_full_size
from training.metrics.ssim import psnr

SAME_PICTURES = "PSNR to torch's pictures, dB"
_STRENGTH = 0.35
"""Share of the schedule at whose noise the networks are asked: that of weak evidence."""
_MORE_S = 20.0
"""After which an engine is timed no more."""

Arrays = dict[str, NDArray[np.generic]]


def compare_full_size(
    folder: Path,
    models: Models,
    *,
    keyframe_at: int = 0,
    own_decoder: bool = True,
    repeats: int = 5,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Row]:
    """Compare each engine with torch in the models' own precision, on one sample.

    What such pictures are for is measured with a decoder of EEG that gives their latents, which is not at
    hand when they are exported. In its place stands how near they come to torch's: what is left without the
    noise that each found, decoded by the folder's own decoder; of a clip, its first frame.

    Parameters
    ----------
    folder : Path
        As `export.full_size.write.write_full_size` wrote it.
    models : Models
        What it was made of, on the CPU.
    keyframe_at : int
        Which frame of a clip the keyframe is.
    own_decoder : bool
        Whether the decoder is that of `models`; another one has no module in torch, and gets no row.
    repeats : int
        How often each engine is timed at most: no more once that has taken 20 s.
    progress : callable, optional
        Is told which engine is being compared.
    """
    tell = progress or (lambda what: None)
    manifest = load_full_size(folder)
    given = _samples(folder, manifest, models)
    modules: dict[str, torch.nn.Module] = {
        "keyframe": KeyframeStep(models.unet),
        "clip": ClipStep(models.motion, models.control, manifest.sizes.frames, keyframe_at),
    }
    if own_decoder:
        modules["decoder"] = LatentDecoder(models.vae)
    decoder = _opened(folder, manifest.engines["decoder"])
    for name, module in modules.items():
        tell(name)
        engine = manifest.engines[name]
        # Pictures are decoded from clean latents; the networks are asked about noisy ones.
        clean = {"latent": given["keyframe"]} if name == "decoder" else {}
        inputs = {tensor.name: (given | clean)[tensor.name] for tensor in engine.inputs}
        with torch.inference_mode():
            wanted = module(**{key: torch.from_numpy(value) for key, value in inputs.items()}).numpy()
        session = decoder if name == "decoder" else _opened(folder, engine)
        made, times = _timed(session, inputs, repeats)
        apart = np.abs(made.astype(np.float64) - wanted)
        pictures = [
            noise if name == "decoder" else _picture(decoder, manifest, inputs, noise)
            for noise in (wanted, made)
        ]
        yield Row(
            engine=name,
            precision=engine.precision,
            batch="one",
            bytes=_size(folder, engine),
            max_error=float(apart.max()),
            mean_error=float(apart.mean()),
            task=SAME_PICTURES,
            figure=float(psnr(*pictures).mean()),
            change=None,
            min_ms=round(times[0], 3),
            p50_ms=round(times[len(times) // 2], 3),
        )


def _samples(folder: Path, manifest: FullSizeManifest, models: Models) -> Arrays:
    """Inputs by name: the mean latent and noise, at the time step of weak evidence, and a concept's text."""
    concepts, _, mean = (np.load(folder / manifest.arrays[name].file) for name in ARRAYS)
    rng, sizes = np.random.default_rng(0), manifest.sizes
    (when,) = models.schedule.times(1, _STRENGTH)
    keyframe = mean + 0.3 * rng.standard_normal(mean.shape, dtype=np.float32)
    clip = np.repeat(keyframe[:, None], sizes.frames, axis=1)

    def noised(clean: NDArray[np.float32]) -> NDArray[np.float32]:
        noise = rng.standard_normal(clean.shape, dtype=np.float32)
        return models.schedule.noised(clean, noise, when)[None]

    return {
        "latent": noised(keyframe),
        "latents": noised(clip),
        "time": np.array([when]),
        "text": concepts[:1],
        "keyframe": keyframe[None],
    }


def _picture(
    decoder: EngineSession, manifest: FullSizeManifest, inputs: Arrays, noise: NDArray[np.generic]
) -> NDArray[np.generic]:
    """Take the noise away and decode what is left; of a clip its first frame."""
    noisy = inputs["latents"] if "latents" in inputs else inputs["latent"]
    clean = manifest.schedule.cleaned(noisy, noise, int(inputs["time"][0]))
    first = clean[:, :, 0] if clean.ndim == 5 else clean
    return decoder.run(latent=np.ascontiguousarray(first, dtype=np.float32))["rgb"]


def _opened(folder: Path, engine: Engine) -> EngineSession:
    return EngineSession(folder / engine.file, engine)


def _timed(session: EngineSession, inputs: Arrays, repeats: int) -> tuple[NDArray[np.generic], list[float]]:
    """What it gives, and how long it took, milliseconds, the least first."""
    taken: list[float] = []
    while not taken or (len(taken) < repeats and sum(taken) < 1e3 * _MORE_S):
        began = time.perf_counter()
        (made,) = session.run(**inputs).values()
        taken.append(1e3 * (time.perf_counter() - began))
    return made, sorted(taken)


def _size(folder: Path, engine: Engine) -> int:
    """Bytes of the graph, and of its weights where they lie beside it."""
    graph = folder / engine.file
    weights = graph.with_suffix(".weights")
    return graph.stat().st_size + (weights.stat().st_size if weights.is_file() else 0)
