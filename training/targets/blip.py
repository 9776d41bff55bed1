"""Captions by BLIP, for a lab that wants its own: what the middle of each clip shows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.targets.models import Model, Part, find_model, guarded, load_whole

PART = Part("a BLIP captioner", ("blip",), "model")
MOST_TOKENS = 40
BEAMS = 3


class Captioner:
    """BLIP with its processor.

    Parameters
    ----------
    model : Model
        From `find_captioner`.
    device : torch.device
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        from transformers import AutoTokenizer, BlipForConditionalGeneration, BlipImageProcessorPil

        self.model = model
        self._tokenizer: Any = guarded(
            model, lambda: AutoTokenizer.from_pretrained(model.beside, local_files_only=True)
        )
        # Without torchvision, so that the pictures are scaled alike wherever it runs.
        self._processor: Any = guarded(
            model, lambda: BlipImageProcessorPil.from_pretrained(model.beside, local_files_only=True)
        )
        self._model: Any = load_whole(
            model,
            lambda: BlipForConditionalGeneration.from_pretrained(
                model.folder,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
                dtype=torch.float32,
            ),
        )
        self._model.to(device).eval()

    @torch.inference_mode()
    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Caption pictures (n, height, width, 3).

        Returns
        -------
        ndarray, shape (n, MOST_TOKENS), int32
            Tokens for `texts`; -1 beyond the end. Beam search: the same pictures get the same captions.
        """
        values = self._processor(list(pictures), return_tensors="pt")["pixel_values"].to(self._model.device)
        ids = self._model.generate(
            pixel_values=values, max_length=MOST_TOKENS, num_beams=BEAMS, do_sample=False
        )
        tokens = np.full((len(pictures), MOST_TOKENS), -1, dtype=np.int32)
        tokens[:, : ids.shape[1]] = ids.cpu().numpy()[:, :MOST_TOKENS]
        return tokens

    def texts(self, tokens: NDArray[np.int32]) -> list[str]:
        """Captions of tokens, each on one line."""
        # Published tokenizers do not know the token with which the model begins.
        begin = self._model.config.text_config.bos_token_id
        rows: Sequence[Any] = [row[(row >= 0) & (row != begin)].tolist() for row in tokens]
        return [" ".join(self._tokenizer.decode(row, skip_special_tokens=True).split()) for row in rows]


def find_captioner(name: str) -> Model:
    """Find a BLIP captioner: a folder or a repository of the hub."""
    return find_model(name, PART)
