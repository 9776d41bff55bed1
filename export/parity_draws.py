"""How closely the engines of the generator that draws follow torch, and whether they draw the same."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.bundle_writer import describe_engine
from export.codec import DECODER_FILE
from export.draws_torch import Call, example_evidence, recorded_calls, residual_shapes, torch_flow
from export.obeyed import Told, keyframes_of, obeyed, told_of, trained_judge
from export.parity import Row
from rtbci.bundle.engine import EngineSession
from rtbci.errors import UsageError
from rtbci.generate.draws import CONTROL, MEAN, SPREAD, STEP, DrawingGenerator, Flow
from rtbci.generate.draws_folder import load_drawing
from rtbci.generate.picture import Decode, decoding
from training.codec import load_codec
from training.draws.train import load_drawer
from training.evaluation.corpus_classifiers import FrameClassifier
from training.metrics.ssim import psnr

OBEYED = "concept obeyed, %"
SAME_PICTURES = "PSNR to torch's pictures, dB"
_PRECISIONS = {"fp32": "fp32", "fp16": "fp32-half-weights", "int8": "int8"}
"""As `export.parity` calls them: weights in half precision are computed with in single."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What the generator is to draw, and who looks at it.

    Attributes
    ----------
    told : Told
    decode : callable
        Turns latents into pictures.
    judge : FrameClassifier or None
        None where only torch's pictures are there to compare with.
    """

    told: Told
    decode: Decode
    judge: FrameClassifier | None


def trial_of(folder: Path, codec: Path, judges: Path, per_concept: int = 1) -> Trial:
    """Prepare the scoreboard's own question: one scene of each concept, its judge if it is trained.

    Parameters
    ----------
    folder : Path
        Of the generator.
    codec : Path
        Of the trained autoencoder with its exported decoder.
    judges : Path
        Where the networks that judge are kept; none is trained.
    per_concept : int

    Raises
    ------
    UsageError
        If there is no autoencoder, or it has not been exported; or no trained generator.
    """
    trained, decoder, mean = load_codec(codec), codec / DECODER_FILE, folder / f"{MEAN}.npy"
    if not decoder.is_file():
        raise UsageError(f"There is no {decoder}; export the autoencoder with `rtbci export default`.")
    if not mean.is_file():
        raise UsageError(f"There is no {mean}; train with `rtbci train generator --folder {folder}`.")
    told = told_of(trained, np.load(mean), per_concept)
    decode = decoding(EngineSession(decoder, describe_engine(decoder)))
    return Trial(told, decode, trained_judge(judges))


def compare_draws(
    folder: Path,
    trial: Trial | None = None,
    *,
    repeats: int = 10,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Row]:
    """Compare every exported engine with torch, on what the networks meet while they draw.

    The step's task is the concept obeyed in keyframes, or where nobody judges how near they come to torch's;
    the control's is how near a clip comes to torch's.

    Parameters
    ----------
    folder : Path
        Where `export.draws.export_draws` wrote.
    trial : Trial, optional
        Left out, nothing is drawn and the rows have no figures.
    repeats : int
        How often each engine is timed: the step for one picture, the control for a clip.
    progress : callable, optional
        Is told what is being compared.
    """
    tell = progress or (lambda what: None)
    drawer, manifest = load_drawer(folder), load_drawing(folder)
    mean, spread = (np.load(folder / f"{name}.npy") for name in (MEAN, SPREAD))
    tell("torch")
    calls = recorded_calls(drawer, mean, example_evidence(mean))
    shapes = residual_shapes(drawer)

    def figures(flow: Flow) -> "_Pictures | None":
        if trial is None:
            return None
        generator = DrawingGenerator(flow, mean, float(spread[0]), manifest.frames, trial.decode)
        clip = np.stack(list(generator.clip(trial.told.evidence[0])))
        return _Pictures(keyframes_of(generator, trial.told), clip)

    wanted = figures(torch_flow(drawer))
    for precision, engines in manifest.engines.items():
        tell(_PRECISIONS[precision])
        sessions = {name: EngineSession(folder / engines[name].file, engines[name]) for name in engines}
        made = figures(Flow(sessions[STEP], sessions[CONTROL], shapes))
        for name in (STEP, CONTROL):
            task, figure, change = _figure(name, trial, made, wanted)
            largest, mean_error = _errors(sessions[name], calls[name])
            yield Row(
                engine=name,
                precision=_PRECISIONS[precision],
                batch="one",
                bytes=(folder / engines[name].file).stat().st_size,
                max_error=largest,
                mean_error=mean_error,
                task=task,
                figure=figure,
                change=change,
                **_times(sessions[name], calls[name], repeats),
            )


@dataclass(frozen=True, eq=False)
class _Pictures:
    keyframes: NDArray[np.uint8]
    clip: NDArray[np.uint8]


def _figure(
    name: str, trial: Trial | None, made: _Pictures | None, wanted: _Pictures | None
) -> tuple[str, float | None, float | None]:
    """What an engine is for, how well it does it, and how much better than torch."""
    if trial is None or made is None or wanted is None:
        return "", None, None
    if name == CONTROL:
        return SAME_PICTURES, float(psnr(wanted.clip, made.clip).mean()), None
    if trial.judge is None:
        return SAME_PICTURES, float(psnr(wanted.keyframes, made.keyframes).mean()), None
    ours, theirs = (100 * obeyed(trial.judge, p.keyframes, trial.told).value for p in (made, wanted))
    return OBEYED, ours, ours - theirs


def _errors(session: EngineSession, calls: Sequence[Call]) -> tuple[float, float]:
    apart = []
    for call in calls:
        made = session.run(**call.inputs)
        apart += [
            np.abs(made[name].astype(np.float64) - wanted).ravel() for name, wanted in call.outputs.items()
        ]
    whole = np.concatenate(apart)
    return float(whole.max()), float(whole.mean())


def _times(session: EngineSession, calls: Sequence[Call], repeats: int) -> dict[str, float]:
    fewest = min(call.frames for call in calls)
    inputs = next(call.inputs for call in calls if call.frames == fewest)
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        session.run(**inputs)
        taken.append(1e3 * (time.perf_counter() - began))
    taken.sort()
    return {"min_ms": round(taken[0], 3), "p50_ms": round(taken[len(taken) // 2], 3)}
