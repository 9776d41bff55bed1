"""Adapter and encoder as engines, and the encoder's weights beside them."""

import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export.graph import without_traces
from rtbci.montage import CHANNELS
from training.bundled import OUTPUTS, BundledEncoder, save_encoder
from training.cohort import fingerprint, load_prior
from training.decoder import Decoder, load_decoder
from training.decoder_settings import DecoderSettings
from training.evaluate_decoder import EVIDENCE_FILE
from training.latents import LatentHead, load_latent_head
from training.model_settings import WINDOW

log = logging.getLogger(__name__)

ADAPTER_FILE, ENCODER_FILE, PARITY_FILE = "adapter.onnx", "encoder.onnx", "parity.json"
ENCODER_WEIGHTS_FILE = "encoder.safetensors"
PRIOR_FILE = "prior_covariance.npy"
_OPSET = 18


class GenericAdapter(nn.Module):
    """The spatial layer for wearers that were never calibrated."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        # A column is what one electrode gives; those of dropped regions give nothing.
        self.weight = nn.Parameter(decoder.layers.weight[0] * decoder.encoder.kept.T)

    def forward(self, eeg: Tensor) -> Tensor:
        """(B, 62, 400) to the same."""
        return torch.matmul(self.weight, eeg)


@dataclass(frozen=True)
class Parity:
    """How closely the engines follow torch, and how fast they are on one thread.

    Attributes
    ----------
    adapter, encoder : float
        Largest absolute difference of any output.
    encoder_ms : float
        Median time of one window through the encoder.
    """

    adapter: float
    encoder: float
    encoder_ms: float


def export_module(module: nn.Module, outputs: tuple[str, ...], file: Path) -> None:
    """Write a module with input `eeg` (-1, 62, 400) and any batch size."""
    program = torch.onnx.export(
        module.eval(),
        (torch.zeros(2, len(CHANNELS), WINDOW),),
        input_names=["eeg"],
        output_names=list(outputs),
        dynamic_shapes={"eeg": {0: torch.export.Dim("n")}},
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch gave no ONNX program")
    graph = without_traces(program.model_proto)
    onnx.checker.check_model(graph, full_check=True)
    partial = file.with_suffix(".partial")
    onnx.save(graph, partial)
    partial.replace(file)


def session(file: Path) -> ort.InferenceSession:
    """An engine on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


@torch.no_grad()
def largest_difference(module: nn.Module, engine: ort.InferenceSession, eeg: NDArray[np.float32]) -> float:
    """Between torch's outputs and the engine's."""
    wanted = module.eval()(torch.from_numpy(eeg))
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    given = engine.run(None, {"eeg": eeg})
    return max(float(np.abs(a.numpy() - b).max()) for a, b in zip(wanted, given, strict=True))


def export_decoder(settings: DecoderSettings) -> Parity:
    """Write engines, the encoder's weights and the alignment's prior, and compare the engines with torch."""
    folder = Path(settings.folder)
    report = write_engines(folder, load_decoder(settings), load_latent_head(folder))
    prior = load_prior(Path(settings.cache) / fingerprint(settings))
    np.save(folder / PRIOR_FILE, prior, allow_pickle=False)
    return report


def write_engines(folder: Path, decoder: Decoder, latent: LatentHead | NDArray[np.float32]) -> Parity:
    """Write engines and weights where the run's temperatures are, and compare the engines with torch."""
    temperature = json.loads((folder / EVIDENCE_FILE).read_text(encoding="utf-8"))["temperature"]
    adapter, encoder = GenericAdapter(decoder), BundledEncoder(decoder.encoder, temperature, latent)
    export_module(adapter, ("eeg_out",), folder / ADAPTER_FILE)
    export_module(encoder, OUTPUTS, folder / ENCODER_FILE)
    save_encoder(encoder, folder / ENCODER_WEIGHTS_FILE)
    eeg = np.random.default_rng(0).standard_normal((7, len(CHANNELS), WINDOW)).astype(np.float32)
    engine = session(folder / ENCODER_FILE)
    report = Parity(
        adapter=largest_difference(adapter, session(folder / ADAPTER_FILE), eeg),
        encoder=largest_difference(encoder, engine, eeg),
        encoder_ms=_median_ms(engine, eeg[:1]),
    )
    (folder / PARITY_FILE).write_text(json.dumps(asdict(report), indent=1))
    return report


def _median_ms(engine: ort.InferenceSession, eeg: NDArray[np.float32]) -> float:
    times = []
    for _ in range(200):
        before = time.perf_counter()
        engine.run(None, {"eeg": eeg})
        times.append(1e3 * (time.perf_counter() - before))
    return float(np.median(times))
