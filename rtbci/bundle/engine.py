"""Opening an engine of a bundle in onnxruntime, with nothing left to chance."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from rtbci.bundle.reader import Bundle
from rtbci.bundle.schema import Engine
from rtbci.errors import BundleError

CPU = ("CPUExecutionProvider",)
PROVIDERS = {
    "cpu": CPU,
    "cuda": ("CUDAExecutionProvider",),
    # What TensorRT cannot take goes to CUDA, as onnxruntime's manual asks for.
    "tensorrt": ("TensorrtExecutionProvider", "CUDAExecutionProvider"),
}
"""Short names of onnxruntime's providers; the first of each must be the one that runs."""


class EngineSession:
    """An ONNX graph, opened with exactly the providers asked for.

    Parameters
    ----------
    path : Path
        The graph; its hash has been checked by the bundle's reader.
    engine : Engine
        What the manifest says of it; names of inputs and outputs are checked against the graph.
    threads : int
        Threads for one call. They sleep between calls, so that idle time costs nothing.
    providers : sequence of str
        onnxruntime's provider names. If the first cannot be had, that is an error, never a silent fall-back.
    content : bytes, optional
        The graph itself, where it is in no file of its own; `path` is only what errors call it then.

    Raises
    ------
    BundleError
        If the graph does not open, lacks a promised input or output, or runs on another provider.
    """

    def __init__(
        self,
        path: Path,
        engine: Engine,
        *,
        threads: int = 1,
        providers: Sequence[str] = CPU,
        content: bytes | None = None,
    ) -> None:
        if providers[0] not in ort.get_available_providers():
            raise BundleError(
                f"The engine {path.name} was to run on {providers[0]}, which the onnxruntime installed here"
                f" lacks (it has {', '.join(ort.get_available_providers())}); install the package that brings"
                " the provider or choose the CPU."
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = max(1, min(threads, os.cpu_count() or 1))
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.force_spinning_stop", "1")
        try:
            self._session = ort.InferenceSession(content or str(path), options, providers=list(providers))
        except Exception as error:  # onnxruntime raises a dozen classes that share no base but this
            first = str(error).splitlines()[0]
            raise BundleError(
                f"The engine {path.name} does not open in onnxruntime ({first}); "
                "export the bundle again or use another one."
            ) from error
        used = self._session.get_providers()[0]
        if used != providers[0]:
            raise BundleError(
                f"The engine {path.name} was to run on {providers[0]} but would run on {used}; "
                "install the package that brings the provider or choose the CPU."
            )
        self.outputs = tuple(tensor.name for tensor in engine.outputs)
        self._check_names(path, engine)
        self.provider = used

    @classmethod
    def from_bundle(
        cls,
        bundle: Bundle,
        name: str,
        *,
        threads: int = 1,
        providers: Sequence[str] = CPU,
        content: bytes | None = None,
    ) -> "EngineSession":
        """Open a bundle's engine by its name; the other parameters and the errors are the class's own.

        Raises
        ------
        BundleError
            If the bundle has no such engine, too.
        """
        path = bundle.engine_path(name)
        engine = bundle.manifest.engines[name]
        return cls(path, engine, threads=threads, providers=providers, content=content)

    def _check_names(self, path: Path, engine: Engine) -> None:
        for kind, promised, there in (
            ("input", engine.inputs, self._session.get_inputs()),
            ("output", engine.outputs, self._session.get_outputs()),
        ):
            missing = {tensor.name for tensor in promised} - {tensor.name for tensor in there}
            if missing:
                raise BundleError(
                    f"The engine {path.name} has no {kind} '{sorted(missing)[0]}' although bundle.json says "
                    "so; export the bundle again."
                )

    def run(self, **inputs: NDArray[np.generic]) -> dict[str, NDArray[np.generic]]:
        """Run the graph once.

        Parameters
        ----------
        **inputs
            One contiguous array for each input, by name.

        Returns
        -------
        dict of str to ndarray
            Every promised output, by name.
        """
        return dict(zip(self.outputs, self._session.run(list(self.outputs), inputs), strict=True))
