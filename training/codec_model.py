"""The small autoencoder behind all pictures: 256 x 256 RGB to a latent of 8 x 16 x 16 and back.

No normalisation layers: their batch statistics would make one picture depend on others, and without them
each output pixel costs only convolutions, which is what onnxruntime does best on a CPU.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IMAGE_SIZE = 256
LATENT_SHAPE = (8, 16, 16)
LATENT_LIMIT = 4.0
"""No latent value lies beyond this: so int8 storing with one step a channel cannot clip."""


class Block(nn.Module):
    """Two 3 x 3 convolutions around a rectifier, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        # Near zero at the start: the network begins as a chain of identities and trains faster.
        nn.init.normal_(self.second.weight, std=1e-3)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (batch, width, h, w)."""
        return x + self.second(F.relu(self.first(F.relu(x))))


class Encoder(nn.Module):
    """Pictures (batch, 3, 256, 256) in [-1, 1] to latents (batch, 8, 16, 16) within `LATENT_LIMIT`."""

    def __init__(self, widths: tuple[int, int, int] = (64, 96, 128)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(48, fine, 3, padding=1),
            Block(fine),
            nn.Conv2d(fine, middle, 3, stride=2, padding=1),
            Block(middle),
            nn.Conv2d(middle, coarse, 3, stride=2, padding=1),
            Block(coarse),
            Block(coarse),
            nn.Conv2d(coarse, LATENT_SHAPE[0], 3, padding=1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Encode a batch."""
        return LATENT_LIMIT * torch.tanh(self.layers(pictures).float() / LATENT_LIMIT)


class Up(nn.Module):
    """Twice the size: a 1 x 1 convolution to the new width, then each value repeated.

    Narrowing before the repeat costs a ninth of a 3 x 3 convolution after it; the next block smooths.
    """

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(width_in, width_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, width_in, h, w) to (batch, width_out, 2 h, 2 w)."""
        return F.interpolate(self.narrow(x), scale_factor=2.0, mode="nearest")


class Decoder(nn.Module):
    """Latents (batch, 8, 16, 16) to pictures (batch, 3, 256, 256), about [-1, 1], not clipped."""

    def __init__(self, widths: tuple[int, int, int, int] = (128, 96, 48, 24)) -> None:
        super().__init__()
        w16, w32, w64, w128 = widths
        self.layers = nn.Sequential(
            nn.Conv2d(LATENT_SHAPE[0], w16, 3, padding=1),
            Block(w16),
            Block(w16),
            Up(w16, w32),
            Block(w32),
            Block(w32),
            Up(w32, w64),
            Block(w64),
            Block(w64),
            Up(w64, w128),
            Block(w128),
            nn.ReLU(),
            nn.Conv2d(w128, 12, 3, padding=1),
            nn.PixelShuffle(2),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """Decode a batch."""
        return self.layers(latents)


class Codec(nn.Module):
    """Encoder and decoder together."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
