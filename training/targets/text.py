"""Text embeddings as Stable Diffusion 1.x takes them: the CLIP text encoder's states of all 77 tokens."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.targets.models import Model, Part, find_model, guarded, load_whole

PART = Part("a CLIP text encoder", ("clip_text_model", "clip"), "model", "text_encoder", "tokenizer")


class TextEncoder:
    """A CLIP text encoder with its tokenizer.

    Parameters
    ----------
    model : Model
        From `find_text_encoder`.
    device : torch.device

    Attributes
    ----------
    shape : tuple of int
        Of one embedding: tokens and width, (77, 768) for Stable Diffusion 1.x.
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        from transformers import CLIPTextModel, CLIPTokenizer

        self.model = model
        self._tokenizer: Any = guarded(
            model, lambda: CLIPTokenizer.from_pretrained(model.beside, local_files_only=True)
        )
        self._model: Any = load_whole(
            model,
            lambda: CLIPTextModel.from_pretrained(
                model.folder,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
                dtype=torch.float32,
            ),
        )
        config: Any = self._model.config
        if len(self._tokenizer) > config.vocab_size:
            raise UsageError(
                f"The tokenizer in {model.beside} knows {len(self._tokenizer)} tokens and the text encoder "
                f"in {model.folder} {config.vocab_size}; take both from one model."
            )
        self._model.to(device).eval()
        self.shape = (int(config.max_position_embeddings), int(config.hidden_size))

    def truncated(self, captions: Sequence[str]) -> int:
        """How many captions have more tokens than the encoder takes; their ends are cut off."""
        return sum(len(ids) > self.shape[0] for ids in self._tokenizer(list(captions))["input_ids"])

    @torch.inference_mode()
    def __call__(self, captions: Sequence[str]) -> NDArray[np.float32]:
        """Encode captions.

        Returns
        -------
        ndarray, shape (n, tokens, width), float32
            The last hidden states, after the final layer norm. Padding is not masked, as the U-Net was
            trained.
        """
        tokens = self._tokenizer(
            list(captions),
            padding="max_length",
            truncation=True,
            max_length=self.shape[0],
            return_tensors="pt",
        )
        states = self._model(tokens["input_ids"].to(self._model.device)).last_hidden_state
        return np.asarray(states.float().cpu().numpy())


def find_text_encoder(name: str) -> Model:
    """Find a CLIP text encoder: its own folder or repository, a whole CLIP, or a pipeline."""
    return find_model(name, PART)
