"""Candidates of a calibration that need the extra `train`, handed to `rtbci.calibrate`: it has no torch."""

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtbci.bundle import Bundle
    from rtbci.calibrate import NotTried
    from rtbci.calibrate.candidates import Candidate

_NAMES = ("layer by gradient", "finetune")
_NET = "new2source net"
_NO_PAIRS = (
    "New2Source with the net as published needs known wearers' EEG of the same clips, which no bundle holds; "
    "`rtbci train calibration` compares it offline."
)


def with_gradients(bundle: "Bundle") -> "tuple[tuple[Candidate, ...], tuple[NotTried, ...]]":
    """Return the candidates that follow gradients, and those that cannot be tried here, with the reason."""
    from rtbci.calibrate import NotTried

    never = NotTried(_NET, _NO_PAIRS)
    weights = bundle.weights_path("encoder")
    missing = [name for name in ("torch", "safetensors", "onnx") if importlib.util.find_spec(name) is None]
    why = ""
    if missing:
        why = (
            f"It needs {', '.join(missing)}, which the base install leaves out; run pip install "
            "'rtbci[train]' with the project's constraints.txt."
        )
    elif weights is None:
        why = "The bundle holds no weights of its encoder; export it again."
    if why or weights is None:
        return (), (*(NotTried(name, why) for name in _NAMES), never)

    import torch

    from export.retuned import retuned_encoder
    from training.bundled import BundledEncoder, load_encoder
    from training.mappers.live import gradient_candidates

    # Windows of 50 averaged samples: a second thread would wait more than it works.
    torch.set_num_threads(1)

    def to_graph(learnt: BundledEncoder) -> bytes:
        return retuned_encoder(bundle.engine_path("encoder"), load_encoder(weights), learnt)

    return gradient_candidates(weights, to_graph), (never,)
