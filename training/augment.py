"""What is done to a batch of EEG before the encoder sees it in training."""

import torch
from torch import Tensor

_BLENDED = 6


class Augment:
    """Noise and silent channels (SAM-Net), and nulls: EEG in which nothing is to be found.

    The noise is another window with its phases redrawn, so that no window's own noise can be learnt by heart:
    white noise did not prevent that, and faint windows were decoded with too much confidence.

    The nulls teach the encoder what it may not be sure of. A third are blends of six windows with all phases
    redrawn, alike for all channels: the spectrum and covariance of EEG with answers in it, of no one clip.
    A third are Gaussian noise with the batch's mean spectrum, and a third are such noise with the spectrum
    tilted and the channels mixed at random, for heads and caps unlike the cohort's. Single windows are not
    scrambled: their power, which scrambling keeps, is part of the answer.

    Parameters
    ----------
    generator : torch.Generator
        Source of chance.
    noise : float
        Most noise that is added, as a multiple of the EEG; each window gets a share of it.
    drop_channels : int
        Most channels that are silenced in a window.
    null_share : float
        Part of the batch that becomes nulls.
    """

    def __init__(
        self, generator: torch.Generator, noise: float, drop_channels: int, null_share: float
    ) -> None:
        self._random = generator
        self._noise = noise
        self._drop = drop_channels
        self._null_share = null_share
        # Drawing noise costs more than the encoder's first layer: cut it from a pool instead.
        self._pool = torch.randn(8_000_000, generator=generator)

    def __call__(self, eeg: Tensor) -> tuple[Tensor, Tensor]:
        """Augment a batch.

        Parameters
        ----------
        eeg : Tensor, shape (B, 62, T)
            It is not changed.

        Returns
        -------
        eeg : Tensor, shape (B, 62, T)
        null : Tensor, shape (B,), bool
            Which windows became nulls.
        """
        batch, channels, _ = eeg.shape
        count = round(self._null_share * batch)
        eeg = eeg.clone()
        null = torch.zeros(batch, dtype=torch.bool)
        if count >= 3:
            third = count // 3
            blend = self._blend(eeg, count - 2 * third)
            eeg[: 2 * third] = self._spectral_noise(eeg, 2 * third)
            eeg[:third] = self._strange(eeg[:third])
            eeg[2 * third : count] = blend
            null[:count] = True
        loudness = self._noise * torch.rand(batch, 1, 1, generator=self._random) ** 2
        order = torch.randperm(batch, generator=self._random)
        eeg = (eeg + loudness * self._new_phases(eeg[order])) / (1.0 + loudness**2).sqrt()
        silent = torch.rand(batch, channels, generator=self._random)
        share = self._drop / channels * torch.rand(batch, 1, generator=self._random) ** 2
        return eeg.mul_((silent >= share)[:, :, None]), null

    def _normal(self, shape: torch.Size) -> Tensor:
        start = int(torch.randint(len(self._pool) - shape.numel(), (1,), generator=self._random))
        return self._pool[start : start + shape.numel()].view(shape)

    def _spectral_noise(self, eeg: Tensor, count: int) -> Tensor:
        amplitude = torch.fft.rfft(eeg, dim=2).abs().square().mean(dim=0).sqrt()
        white = torch.fft.rfft(self._normal(torch.Size((count, *eeg.shape[1:]))), dim=2) / eeg.shape[2] ** 0.5
        return torch.fft.irfft(white * amplitude, n=eeg.shape[2], dim=2)

    def _new_phases(self, eeg: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(eeg, dim=2)
        turns = torch.rand(len(eeg), 1, spectrum.shape[2], generator=self._random)
        return torch.fft.irfft(spectrum * torch.exp(2j * torch.pi * turns), n=eeg.shape[2], dim=2)

    def _blend(self, eeg: Tensor, count: int) -> Tensor:
        chosen = torch.randint(len(eeg), (count * _BLENDED,), generator=self._random)
        turned = self._new_phases(eeg[chosen])
        return turned.reshape(count, _BLENDED, *eeg.shape[1:]).sum(dim=1) / _BLENDED**0.5

    def _strange(self, eeg: Tensor) -> Tensor:
        count, channels, length = eeg.shape
        spectrum = torch.fft.rfft(eeg, dim=2)
        hertz = torch.arange(1, spectrum.shape[2] + 1) / spectrum.shape[2]
        tilt = hertz ** (2.0 * torch.rand(count, 1, 1, generator=self._random) - 1.0)
        coloured = torch.fft.irfft(spectrum * tilt, n=length, dim=2)
        mixing = torch.randn(count, channels, 6, generator=self._random) / 6**0.5
        common = torch.randn(count, 6, channels, generator=self._random) / channels**0.5
        mixed = coloured + torch.bmm(mixing, torch.bmm(common, coloured))
        loudness = 0.5 + torch.rand(count, 1, 1, generator=self._random)
        return mixed / mixed.std(dim=(1, 2), keepdim=True) * eeg.std(dim=(1, 2), keepdim=True) * loudness
