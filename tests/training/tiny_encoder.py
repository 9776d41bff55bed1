"""An encoder of a few thousand random weights, as a bundle holds it."""

import numpy as np
import torch

from training.bundled import BundledEncoder
from training.hrt import QUESTIONS, Hrt
from training.latents import LatentHead
from training.model_settings import ModelSettings

TINY_MODEL = ModelSettings(
    decimate=8,
    region_widths=(4, 4, 4, 4, 8),
    width=24,
    kernels=(5, 11, 21),
    stride=2,
    layers=1,
    heads=2,
    queries=2,
    trunk=32,
    dropout=0.1,
)


def tiny_bundled() -> BundledEncoder:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    latent = LatentHead(
        rng.standard_normal((128, 32)).astype(np.float32), rng.standard_normal(128).astype(np.float32)
    )
    temperature = {name: 1.0 + index for index, name in enumerate(QUESTIONS)}
    encoder = BundledEncoder(Hrt(TINY_MODEL), temperature, latent).eval().requires_grad_(False)
    # As after training: biases that are all zero would be one constant in a graph.
    for parameter in encoder.parameters():
        parameter += 0.05 * torch.randn_like(parameter)
    return encoder
