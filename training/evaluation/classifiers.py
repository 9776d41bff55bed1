"""Classifiers of pictures and clips: what the field's N-way scores look through."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.hub import fetch

Pictures = NDArray[np.uint8]
Scores = NDArray[np.float64]
Kind = Literal["frame", "video"]
_FILES = ("*.json", "*.safetensors")


class Classifier(Protocol):
    """Pictures or clips to class scores."""

    @property
    def name(self) -> str:
        """For reports."""
        ...

    @property
    def kind(self) -> Kind:
        """Whether it looks at single frames or at whole clips."""
        ...

    def scores(self, shown: Pictures) -> Scores:
        """Log-probabilities (n, classes) of pictures (n, h, w, 3) or clips (n, frames, h, w, 3)."""
        ...


class HubClassifier:
    """A classifier of transformers: any of images (ViT and others), or of videos (VideoMAE and others).

    The field's choices are ``google/vit-base-patch16-224`` and
    ``MCG-NJU/videomae-base-finetuned-kinetics``.

    Parameters
    ----------
    source : str or Path
        A local folder with ``config.json``, ``preprocessor_config.json`` and the weights, or a repository of
        the Hugging Face hub (``owner/name``, ``owner/name@revision``), which is fetched.
    kind : {"frame", "video"}
    batch : int
        Pictures, or clips, at a time.
    device : torch.device, optional
        The processor where it is left out.

    Raises
    ------
    UsageError
        If transformers is not installed or the model cannot be had or loaded.
    """

    def __init__(
        self, source: str | Path, kind: Kind, batch: int = 16, device: torch.device | None = None
    ) -> None:
        try:
            from transformers import (
                AutoImageProcessor,
                AutoModelForImageClassification,
                AutoModelForVideoClassification,
            )
        except ImportError as error:
            raise UsageError(
                f"A classifier from {source} needs transformers and Pillow; install rtbci[export]."
            ) from error
        auto: Any = AutoModelForImageClassification if kind == "frame" else AutoModelForVideoClassification
        folder = Path(source).expanduser()
        if not folder.is_dir():
            # Loading by name would ask the hub for each file, a minute and a half where there is no network.
            folder = fetch(str(source), f"a {kind} classifier", _FILES)
        try:
            # The processor that needs nothing but Pillow: the others differ by resampling alone.
            processors: Any = AutoImageProcessor
            self._processor = processors.from_pretrained(folder, backend="pil", local_files_only=True)
            self._model, found = auto.from_pretrained(folder, output_loading_info=True, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            said = " ".join(str(error).split())[:200]
            raise UsageError(
                f"The {kind} classifier {source} cannot be loaded ({said}); name a folder that "
                "save_pretrained wrote, model and image processor, or a model of the hub."
            ) from error
        if found["missing_keys"]:
            missing = sorted(found["missing_keys"])[0]
            raise UsageError(
                f"The weights of {source} lack {missing}, and a classifier that fills it by chance measures "
                "nothing; name a model that was trained to classify."
            )
        self._model.to(device or torch.device("cpu")).eval().requires_grad_(False)
        self.name, self.kind, self._batch = str(source), kind, batch
        self._frames = int(getattr(self._model.config, "num_frames", 1))

    @torch.no_grad()
    def scores(self, shown: Pictures) -> Scores:
        """Log-probabilities (n, classes); of clips, frames are repeated or left out to fit the model."""
        parts = []
        for start in range(0, len(shown), self._batch):
            some = shown[start : start + self._batch]
            pixels = self._processor(list(self._inputs(some)), return_tensors="pt")["pixel_values"]
            if self.kind == "video":
                pixels = pixels.reshape(len(some), self._frames, *pixels.shape[-3:])
            logits = self._model(pixel_values=pixels.to(self._model.device)).logits
            parts.append(logits.log_softmax(dim=1).double().cpu().numpy())
        return np.concatenate(parts)

    def _inputs(self, some: Pictures) -> Iterator[Pictures]:
        if self.kind == "frame":
            yield from some
            return
        for clip in some:
            yield from clip[evenly(len(clip), self._frames)]


def evenly(have: int, want: int) -> NDArray[np.int64]:
    """Indices of `want` frames at equal distances among `have`, some more than once where there are fewer."""
    return np.asarray((np.arange(want) + 0.5) * have / want, dtype=np.int64)
