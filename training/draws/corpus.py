"""Latents of drawn clips, made once and mapped from their file: what the generator that draws learns from."""

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.errors import UsageError
from rtbci.files import write_json
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.draw import draw_clip
from rtbci.stimuli.spec import ClipSpec, clip_spec
from training.codec import WEIGHTS_FILE, load_codec, to_tensor
from training.codec_model import LATENT_LIMIT, LATENT_SHAPE
from training.draws.evidence import Labels

log = logging.getLogger(__name__)

_STEP = LATENT_LIMIT / 127
"""Value of one step of a stored byte: the autoencoder's latents lie within its limit."""
_AT_ONCE = 2


class Corpus:
    """Clips of all concepts in turn, each from a seed of its own.

    Parameters
    ----------
    folder : Path
        Where ``NAME.npy``, int8 (clips, frames, 8, 16, 16), and ``NAME.json`` lie or shall lie.
    name : str
    codec : Path
        Folder of the autoencoder.
    clips, frames : int
        How many, and how long.
    seeds : range
        The first clips of it.

    Raises
    ------
    UsageError
        If there is no autoencoder, or the latents that are there are another one's.
    """

    def __init__(self, folder: Path, name: str, codec: Path, clips: int, frames: int, seeds: range) -> None:
        self._codec = codec
        self._file, self._about = folder / f"{name}.npy", folder / f"{name}.json"
        self._seeds, self.clips, self.frames = seeds, clips, frames
        load_codec(codec)
        with (codec / WEIGHTS_FILE).open("rb") as weights:
            made_by = hashlib.file_digest(weights, "sha256").hexdigest()
        self._kind = {"autoencoder": made_by, "clips": clips, "frames": frames, "first_seed": seeds.start}
        folder.mkdir(parents=True, exist_ok=True)
        self.filled = 0
        shape = (clips, frames, *LATENT_SHAPE)
        if self._about.is_file():
            about = json.loads(self._about.read_text(encoding="utf-8"))
            self.filled = about.pop("filled")
            if about != self._kind:
                raise UsageError(
                    f"{self._file} holds latents of another autoencoder, or another number of clips or "
                    "frames; delete it with its .json, or choose another folder."
                )
            self.latents = np.lib.format.open_memmap(self._file, mode="r+")
        else:
            self.latents = np.lib.format.open_memmap(self._file, mode="w+", dtype=np.int8, shape=shape)
            self._note()

    def fill(self, go_on: Callable[[], bool], progress: Callable[[int, int], None], device: str) -> None:
        """Draw and encode what is missing, until all is there or it is to stop; a kill loses little.

        Parameters
        ----------
        go_on : callable
            Is asked after each round of all concepts, the first excepted: without any of them, nothing could
            be learnt.
        progress : callable
            Is told how many clips are there, of how many.
        device : str
            That encodes.
        """
        if self.filled >= self.clips:
            return
        encoder = load_codec(self._codec).encoder.to(device)
        while self.filled < self.clips and (self.filled == 0 or go_on()):
            last = min(self.filled + len(CONCEPTS), self.clips)
            for first in range(self.filled, last, _AT_ONCE):
                which = range(first, min(first + _AT_ONCE, last))
                drawn = np.concatenate([draw_clip(self.spec(k), self.frames) for k in which])
                with torch.no_grad(), torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
                    found = encoder(to_tensor(drawn).to(device)).float().cpu().numpy()
                stored = np.round(found / _STEP).astype(np.int8)
                self.latents[which.start : which.stop] = stored.reshape(-1, self.frames, *LATENT_SHAPE)
            self.latents.flush()
            self.filled = last
            self._note()
            progress(self.filled, self.clips)

    def spec(self, index: int) -> ClipSpec:
        """What a clip shows."""
        return clip_spec(index % len(CONCEPTS), self._seeds[index])

    def labels(self) -> Labels:
        """What all clips that are there show."""
        return Labels.of([self.spec(k) for k in range(self.filled)])

    def clip_latents(self, which: NDArray[np.intp]) -> NDArray[np.float32]:
        """Latents (n, frames, 8, 16, 16) of some clips."""
        return self.latents[which].astype(np.float32) * np.float32(_STEP)

    def middles(self, which: NDArray[np.intp]) -> NDArray[np.float32]:
        """Latents (n, 8, 16, 16) of some clips' middle pictures."""
        return self.latents[which, self.frames // 2].astype(np.float32) * np.float32(_STEP)

    def spread(self, mean: NDArray[np.float32]) -> float:
        """Root mean square of the middle pictures' departure from their mean, of at most 1024 of them."""
        some = np.linspace(0, self.filled - 1, min(self.filled, 1024)).astype(int)
        return float(np.sqrt(np.mean((self.middles(some) - mean) ** 2)))

    def mean(self) -> NDArray[np.float32]:
        """Mean (8, 16, 16) of the middle pictures that are there."""
        total = np.zeros(LATENT_SHAPE)
        for start in range(0, self.filled, 1024):
            total += self.middles(np.arange(start, min(start + 1024, self.filled))).sum(axis=0)
        return np.asarray(total / self.filled, dtype=np.float32)

    def _note(self) -> None:
        write_json(self._about, {**self._kind, "filled": self.filled})
