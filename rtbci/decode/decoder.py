"""From one window to logits, text embedding and latent: adapter, then encoder."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.bundle.engine import EngineSession
from rtbci.errors import BundleError

REGRESSED = ("text", "latent")


class WearerAdapter(Protocol):
    """What a wearer's profile puts around the frozen encoder."""

    def spatial(self, eeg: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map windows (n, 62, 400) of this wearer to what the encoder knows."""
        ...

    def concept_logits(self, logits: NDArray[np.float64], eeg: NDArray[np.float32]) -> NDArray[np.float64]:
        """Map the encoder's concept logits (n, 40) and the windows (n, 62, 400) to this wearer's logits."""
        ...


@dataclass(frozen=True)
class Decoded:
    """What the encoder says of one window.

    Attributes
    ----------
    logits : dict of str to ndarray
        Logits of "concept" and of each attribute.
    values : dict of str to ndarray
        "text" (embedding) and "latent".
    """

    logits: dict[str, NDArray[np.float64]]
    values: dict[str, NDArray[np.float64]]


class Decoder:
    """The bundle's adapter and encoder, ready to run.

    Parameters
    ----------
    bundle : Bundle
        Where the engines are; all hashes were checked when it was loaded.
    adapter : WearerAdapter, optional
        A calibrated wearer's; without it the bundle's generic `adapter` engine runs.
    encoder : bytes, optional
        ONNX graph of the wearer's own encoder, with the inputs and outputs of the bundle's, in its place.
    threads : int
        Threads of onnxruntime for one window.
    """

    def __init__(
        self,
        bundle: Bundle,
        adapter: WearerAdapter | None = None,
        *,
        encoder: bytes | None = None,
        threads: int = 1,
    ) -> None:
        engines = bundle.manifest.engines
        for name in ("adapter", "encoder"):
            if name not in engines:
                raise BundleError(
                    f"The bundle {bundle.manifest.id} has no engine '{name}', without which EEG cannot be "
                    "decoded; export the bundle again."
                )
        self._wearer = adapter
        self._adapter = EngineSession.from_bundle(bundle, "adapter", threads=threads)
        self._encoder = EngineSession.from_bundle(bundle, "encoder", threads=threads, content=encoder)
        self.questions = {
            "concept": len(bundle.manifest.concepts),
            **{name: len(values) for name, values in bundle.manifest.attributes.items()},
        }
        self._check_outputs(bundle.manifest.id)
        channels, length = engines["encoder"].inputs[0].shape[1:]
        self.decode(np.zeros((channels, length), dtype=np.float32))  # the first run allocates

    def _check_outputs(self, bundle_id: str) -> None:
        missing = [name for name in (*self.questions, *REGRESSED) if name not in self._encoder.outputs]
        if missing:
            raise BundleError(
                f"The encoder of bundle {bundle_id} has no output '{missing[0]}'; export the bundle again."
            )

    def encode(self, z: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        """Run windows through adapter and encoder.

        Parameters
        ----------
        z : ndarray, shape (n, 62, 400), float32
            Normalised and aligned windows.

        Returns
        -------
        dict of str to ndarray
            Every output of the encoder, first axis n.
        """
        z = np.ascontiguousarray(z, dtype=np.float32)
        eeg = self._generic(z) if self._wearer is None else self._wearer.spatial(z)
        outputs = self._encoder.run(eeg=np.ascontiguousarray(eeg, dtype=np.float32))
        return {name: value.astype(np.float64) for name, value in outputs.items()}

    def _generic(self, z: NDArray[np.float32]) -> NDArray[np.generic]:
        # The adapter has one output, under any name: a graph's output cannot bear its input's.
        (eeg,) = self._adapter.run(eeg=z).values()
        return eeg

    def decode(self, z: NDArray[np.float32]) -> Decoded:
        """Decode one window.

        Parameters
        ----------
        z : ndarray, shape (62, 400), float32
            One normalised and aligned window.
        """
        out = self.encode(z[None])
        logits = {name: out[name][0] for name in self.questions}
        if self._wearer is not None:
            logits["concept"] = self._wearer.concept_logits(out["concept"], z[None])[0]
        return Decoded(logits, {name: out[name][0] for name in REGRESSED})
