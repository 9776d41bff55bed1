"""The picture decoder as an engine: latents in, finished uint8 pictures out.

It computes in eight bits: on a CPU more than twice as fast as in single precision, and a quarter of its size
(docs/decisions/0045).
"""

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from export.eight_bits import quantise
from export.graph import without_traces
from training.codec import encode_frames
from training.codec_data import draw_random
from training.codec_model import LATENT_SHAPE, Codec, Decoder

DECODER_FILE = "decoder.onnx"
PREVIEW_FILE = "preview.onnx"
PREVIEW_SHRINK = 2
"""What EEG says of the layout is coarser by far, and a quarter of the pixels takes a quarter of the time."""
OPSET = 18


class PictureDecoder(nn.Module):
    """The decoder with the last steps that a runtime would else do itself.

    Parameters
    ----------
    decoder : Decoder
    shrink : int
        How many places of the latent are averaged along each axis before, and so by how much smaller the
        pictures are.
    """

    def __init__(self, decoder: Decoder, shrink: int = 1) -> None:
        super().__init__()
        self.decoder = decoder
        self.shrink = shrink

    def forward(self, latent: Tensor) -> Tensor:
        """Latents (n, 8, 16, 16) to pictures (n, 256 / shrink, 256 / shrink, 3), uint8."""
        if self.shrink > 1:
            latent = F.avg_pool2d(latent, self.shrink)
        levels = self.decoder(latent) * 127.5 + 128.0  # 127.5 for the centre, 0.5 to round
        return levels.clamp(0.0, 255.0).permute(0, 2, 3, 1).to(torch.uint8)


def example_latents(codec: Codec, count: int = 32) -> NDArray[np.float32]:
    """Encode some drawn pictures, for the ranges of eight bits."""
    return encode_frames(codec, draw_random(np.random.default_rng(0), count))


def export_decoder(codec: Codec, file: Path, examples: NDArray[np.float32], shrink: int = 1) -> None:
    """Write the decoder with input `latent`, output `rgb` and any batch size.

    Parameters
    ----------
    codec : Codec
    file : Path
    examples : ndarray, shape (n, 8, 16, 16), float32
        Latents that the ranges of eight bits are taken from.
    shrink : int
        See `PictureDecoder`.
    """
    model = (
        PictureDecoder(codec.decoder, shrink)
        .eval()
        .requires_grad_(False)
        .to(memory_format=torch.contiguous_format)
    )
    program = torch.onnx.export(
        model,
        (torch.zeros(2, *LATENT_SHAPE),),
        input_names=["latent"],
        output_names=["rgb"],
        dynamic_shapes={"latent": {0: torch.export.Dim("n")}},
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    single = file.with_suffix(".single")
    onnx.save(without_traces(program.model_proto), single)
    try:
        quantise(single, file, examples, end_single=True)
    finally:
        single.unlink()
    onnx.checker.check_model(onnx.load(file), full_check=True)
