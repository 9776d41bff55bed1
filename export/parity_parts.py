"""The default bundle's engines as torch has them, with held-out EEG and pictures to judge them on."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.codec import PREVIEW_SHRINK, PictureDecoder, example_latents
from export.encoder import GenericAdapter
from export.parity import Outputs, Part
from rtbci.errors import UsageError
from training.bundled import OUTPUTS, BundledEncoder
from training.codec import encode_frames, load_codec
from training.codec_data import held_out
from training.cohort import Windows, load_windows, make_cohort
from training.decoder import WEIGHTS_FILE, load_decoder
from training.decoder_settings import DecoderSettings
from training.evaluate_decoder import EVIDENCE_FILE
from training.latents import load_latent_head
from training.metrics.ssim import psnr

Pictures = NDArray[np.uint8]


def picture_parts(codec_folder: Path, pictures: int = 40, examples: int = 32) -> list[Part]:
    """Give the picture decoder and its preview, judged by PSNR on drawn scenes that nothing was trained on.

    Raises
    ------
    UsageError
        If no autoencoder was trained.
    """
    codec = load_codec(codec_folder)
    truth = held_out(1)[:pictures]
    latents = encode_frames(codec, truth)
    others = example_latents(codec, examples)

    def part(name: str, shrink: int) -> Part:
        small = _shrunk(truth, shrink)
        module = PictureDecoder(codec.decoder, shrink).eval().requires_grad_(False)
        return Part(
            name=name,
            module=module,
            given="latent",
            made=("rgb",),
            inputs=latents,
            examples=others,
            task="PSNR, dB",
            figure=lambda made: float(psnr(small, made["rgb"].astype(np.uint8)).mean()),
        )

    return [part("decoder", 1), part("preview", PREVIEW_SHRINK)]


def encoder_parts(settings: DecoderSettings, windows: int = 400, examples: int = 100) -> list[Part]:
    """Give adapter and encoder, judged on single windows of simulated wearers that they never met.

    Raises
    ------
    UsageError
        If no decoder was trained.
    """
    folder = Path(settings.folder)
    if not (folder / WEIGHTS_FILE).is_file():
        raise UsageError(f"There is no trained decoder at {folder}; train one with `rtbci train decoder`.")
    decoder = load_decoder(settings)
    temperature = json.loads((folder / EVIDENCE_FILE).read_text(encoding="utf-8"))["temperature"]
    wearers = (settings.cohort.unseen[0], settings.cohort.fitting[0])
    cache = make_cohort(settings, wearers)
    decimate = settings.model.decimate
    judged, others = (_clear(load_windows(cache, (w,), decimate)) for w in wearers)
    eeg, more = (_full_rate(w, decimate) for w in (judged, others))
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(eeg))[:windows]
    more = more[rng.permutation(len(more))[:examples]]
    concept = judged.clips[rows, 0, 0]

    def right(made: Outputs) -> float:
        return 100 * float((made["concept"].argmax(axis=1) == concept).mean())

    common = {"given": "eeg", "inputs": eeg[rows], "examples": more}
    bundled = BundledEncoder(decoder.encoder, temperature, load_latent_head(folder))
    encoder = bundled.eval().requires_grad_(False)
    adapter = GenericAdapter(decoder).eval().requires_grad_(False)
    return [
        Part(name="adapter", module=adapter, made=("eeg_out",), **common),
        Part(name="encoder", module=encoder, made=OUTPUTS, task="window top-1, %", figure=right, **common),
    ]


def _clear(windows: Windows) -> Windows:
    """Only windows that one clip fills, of the clearest EEG."""
    return windows.where((windows.share > 0.9) & ~windows.null & (windows.snr == windows.snr.max()))


def _full_rate(windows: Windows, decimate: int) -> NDArray[np.float32]:
    # They are kept averaged; repeated, the encoder's own averaging gives them back.
    return np.repeat(windows.x.astype(np.float32), decimate, axis=2)


def _shrunk(pictures: Pictures, factor: int) -> Pictures:
    if factor == 1:
        return pictures
    n, height, width, _ = pictures.shape
    blocks = pictures.reshape(n, height // factor, factor, width // factor, factor, 3)
    return np.asarray(np.rint(blocks.mean(axis=(2, 4))), dtype=np.uint8)
