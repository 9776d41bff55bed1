"""A generator that draws as `rtbci export generator` left it, before it is in a bundle; or in one."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from rtbci.bundle import MANIFEST_FILE as BUNDLE_FILE
from rtbci.bundle import Array, Bundle, Engine, load_bundle
from rtbci.bundle.engine import CPU, EngineSession
from rtbci.bundle.reader import open_array
from rtbci.bundle.schema import Precision
from rtbci.errors import BundleError
from rtbci.generate.draws import CONTROL, MEAN, SPREAD, STEP, DrawingGenerator, Flow
from rtbci.generate.exported import check_entries, read_exported
from rtbci.generate.picture import decoding

MANIFEST_FILE = "drawing.json"
SCHEMA_VERSION = 1


class DrawingManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `drawing.json`."""

    schema_version: int
    frames: int
    """Of a clip."""
    engines: dict[Precision, dict[str, Engine]]
    """By the precision of the stored weights, and by name: `draw_step` and `draw_control` of each."""
    arrays: dict[str, Array]


def load_drawing(folder: Path) -> DrawingManifest:
    """Check an exported generator that draws: its manifest and every byte of its files.

    Raises
    ------
    BundleError
        With one sentence for the first thing that is wrong.
    """
    where = f"the generator that draws in {folder}"
    manifest = read_exported(
        folder / MANIFEST_FILE,
        DrawingManifest,
        SCHEMA_VERSION,
        where,
        f"write it with `rtbci export generator --folder {folder}`, or give a bundle whose generator draws",
    )
    missing = [name for name in (MEAN, SPREAD) if name not in manifest.arrays]
    entries: list[Engine | Array] = [*manifest.arrays.values()]
    for engines in manifest.engines.values():
        missing += [name for name in (STEP, CONTROL) if name not in engines]
        entries += engines.values()
    if missing:
        raise BundleError(f"{where} has no '{missing[0]}'; export it again.")
    check_entries(folder, entries, where)
    return manifest


def drawing_precisions(folder: Path) -> tuple[str, ...]:
    """Say in which precisions a generator that draws is there, in a bundle or beside its weights.

    Raises
    ------
    BundleError
        If there is none, or it is damaged.
    """
    if not (folder / BUNDLE_FILE).is_file():
        return tuple(load_drawing(folder).engines)
    return (_draws(load_bundle(folder), folder).manifest.engines[STEP].precision,)


def open_drawing(
    folder: Path,
    decoders: Bundle,
    precision: str,
    *,
    steps: int | None = None,
    threads: int = 2,
    providers: Sequence[str] = CPU,
) -> DrawingGenerator:
    """Open a generator that draws.

    Parameters
    ----------
    folder : Path
        A bundle whose generator draws, or where `rtbci export generator` wrote.
    decoders : Bundle
        Whose engines turn latents into pictures where the folder is no bundle.
    precision : str
        One of `drawing_precisions`.
    steps : int, optional
        See `DrawingGenerator`.
    threads : int
        Of onnxruntime, for one picture.
    providers : sequence of str
        onnxruntime's provider names; an error if the first is not what runs.

    Raises
    ------
    BundleError
        If it is not there in this precision, is damaged, or would not run where it was to.
    GeneratorError
        If the network cannot draw in so many steps.
    """
    if (folder / BUNDLE_FILE).is_file():
        bundle = _draws(load_bundle(folder), folder)
        _check_precision(folder, precision, [bundle.manifest.engines[STEP].precision])
        return DrawingGenerator.from_bundle(bundle, threads, providers, steps)
    manifest = load_drawing(folder)
    _check_precision(folder, precision, list(manifest.engines))
    engines = next(engines for name, engines in manifest.engines.items() if name == precision)

    def opened(name: str) -> EngineSession:
        return EngineSession(folder / engines[name].file, engines[name], threads=threads, providers=providers)

    def decoder(name: str) -> EngineSession:
        return EngineSession.from_bundle(decoders, name, threads=threads, providers=providers)

    step = opened(STEP)
    shapes = [tensor.shape[1:] for tensor in engines[STEP].inputs if tensor.name.startswith("residual")]
    generator = DrawingGenerator(
        Flow(step, opened(CONTROL), shapes),
        np.asarray(open_array(folder / manifest.arrays[MEAN].file), dtype=np.float32),
        float(open_array(folder / manifest.arrays[SPREAD].file)[0]),
        manifest.frames,
        decoding(decoder("decoder")),
        decoding(decoder("preview")) if "preview" in decoders.manifest.engines else None,
        steps,
    )
    generator.provider = step.provider
    return generator


def _check_precision(folder: Path, wanted: str, there: Sequence[str]) -> None:
    if wanted not in there:
        raise BundleError(
            f"The generator that draws in {folder} is not there in {wanted}; choose {' or '.join(there)}."
        )


def _draws(bundle: Bundle, folder: Path) -> Bundle:
    if STEP not in bundle.manifest.engines:
        raise BundleError(
            f"The generator of the bundle {folder} does not draw, it remembers; give a bundle with the "
            f"engine '{STEP}', or a folder that `rtbci export generator` wrote."
        )
    return bundle
