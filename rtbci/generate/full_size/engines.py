"""The networks as exported engines, in one checked folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Array, Engine
from rtbci.bundle.engine import EngineSession
from rtbci.bundle.reader import open_array
from rtbci.bundle.schema import Weights
from rtbci.errors import BundleError
from rtbci.generate.exported import check_entries, read_exported
from rtbci.generate.full_size.generator import FullSizeGenerator, Prompts
from rtbci.generate.full_size.networks import Floats, Sizes
from rtbci.generate.full_size.schedule import Schedule

MANIFEST_FILE = "full_size.json"
SCHEMA_VERSION = 1
ENGINES = ("keyframe", "clip", "decoder")
ARRAYS = ("concepts", "unconditional", "mean_latent")


class FullSizeManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `full_size.json`."""

    schema_version: int
    description: str
    licence: str
    sizes: Sizes
    schedule: Schedule
    engines: dict[str, Engine]
    weights: tuple[Weights, ...]
    arrays: dict[str, Array]


class Session(Protocol):
    """An opened engine, whatever runs it."""

    provider: str

    def run(self, **inputs: NDArray[np.generic]) -> dict[str, NDArray[np.generic]]:
        """Run it once, with one array for each input."""
        ...


Open = Callable[[Path, Engine], Session]


class EngineNetworks:
    """The three networks as engines.

    Parameters
    ----------
    folder : Path
        As `export.full_size.write_full_size` wrote it, and checked.
    manifest : FullSizeManifest
    open_engine : callable
        Opens one graph; onnxruntime on the CPU where it is left out.

    Raises
    ------
    BundleError
        If an engine does not open, or not where it was to run.
    """

    def __init__(self, folder: Path, manifest: FullSizeManifest, open_engine: Open = EngineSession) -> None:
        opened = {
            name: open_engine(folder / manifest.engines[name].file, manifest.engines[name])
            for name in ENGINES
        }
        self.sizes = manifest.sizes
        self.provider = opened["keyframe"].provider
        self._keyframe, self._clip, self._decoder = (opened[name] for name in ENGINES)

    def denoise_picture(self, noisy: Floats, time: int, text: Floats) -> Floats:
        """Find the noise in one picture's latent."""
        made = self._keyframe.run(latent=noisy[None], time=np.array([time]), text=text[None])
        return np.asarray(made["noise"][0], dtype=np.float32)

    def denoise_clip(self, noisy: Floats, time: int, text: Floats, keyframe: Floats) -> Floats:
        """Find the noise in the latents of a clip that a keyframe stands in."""
        latents = np.ascontiguousarray(noisy.swapaxes(0, 1)[None])
        made = self._clip.run(
            latents=latents, time=np.array([time]), text=text[None], keyframe=keyframe[None]
        )
        return np.ascontiguousarray(made["noise"][0].swapaxes(0, 1), dtype=np.float32)

    def decode(self, latent: Floats) -> NDArray[np.uint8]:
        """Draw one latent (c, h, w) as a picture (H, W, 3)."""
        return np.asarray(self._decoder.run(latent=latent[None])["rgb"][0], dtype=np.uint8)


def load_full_size(folder: Path) -> FullSizeManifest:
    """Check a folder of full-size engines: its manifest and every byte of its files.

    Raises
    ------
    BundleError
        With one sentence for the first thing that is wrong.
    """
    where = f"the full-size generator {folder}"
    manifest = read_exported(
        folder / MANIFEST_FILE,
        FullSizeManifest,
        SCHEMA_VERSION,
        where,
        "give a folder that `rtbci export full-size` wrote",
    )
    for kind, needed, there in (
        ("engine", ENGINES, manifest.engines),
        ("array", ARRAYS, manifest.arrays),
    ):
        missing = [name for name in needed if name not in there]
        if missing:
            raise BundleError(f"{where} has no {kind} '{missing[0]}'; export it again.")
    entries: list[Engine | Array | Weights] = [
        *manifest.engines.values(),
        *manifest.arrays.values(),
        *manifest.weights,
    ]
    check_entries(folder, entries, where)
    return manifest


def open_full_size(
    folder: Path, open_engine: Open = EngineSession, manifest: FullSizeManifest | None = None
) -> FullSizeGenerator:
    """Open the generator that a folder of full-size engines holds.

    Parameters
    ----------
    folder : Path
    open_engine : callable
        Opens one graph; onnxruntime on the CPU where it is left out.
    manifest : FullSizeManifest, optional
        As `load_full_size` gave it, whose check of gigabytes is not done again then.

    Raises
    ------
    BundleError
        If the folder is damaged, or an engine does not run where it was to.
    GeneratorError
        If its parts do not fit each other.
    """
    manifest = manifest or load_full_size(folder)
    prompts = Prompts(*(np.asarray(open_array(folder / manifest.arrays[name].file)) for name in ARRAYS))
    return FullSizeGenerator(EngineNetworks(folder, manifest, open_engine), prompts, manifest.schedule)
