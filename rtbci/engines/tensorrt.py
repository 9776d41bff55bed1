"""Running a graph in TensorRT itself, on the GPU."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Engine
from rtbci.engines.tensorrt_build import PACKAGES, build, cache_folder, cached, load_package
from rtbci.errors import BundleError

__all__ = ["PACKAGES", "Gpu", "TensorRtSession"]


class Gpu:
    """The GPU that CUDA finds first, with one stream of work.

    Attributes
    ----------
    name : str
        Product, compute capability and driver: what an engine is built for.

    Raises
    ------
    BundleError
        If there is none, or it cannot be used.
    """

    def __init__(self) -> None:
        try:
            self._cuda: Any = importlib.import_module("cuda.bindings.runtime")
        except ImportError as error:
            raise BundleError(
                f"TensorRT needs NVIDIA's CUDA bindings, which cannot be loaded ({error}); run pip install "
                "'cuda-bindings', or choose onnxruntime-cpu."
            ) from error
        found, count = self._cuda.cudaGetDeviceCount()
        if found != self._cuda.cudaError_t.cudaSuccess or not count:
            raise BundleError(
                f"TensorRT runs on an NVIDIA GPU only and there is none to be used here ({found.name}); "
                "install its driver, or choose onnxruntime-cpu."
            )
        about = self.call("cudaGetDeviceProperties", 0)
        driver = self.call("cudaDriverGetVersion")
        self.name = f"{about.name.decode()} {about.major}.{about.minor} driver {driver}"
        self.stream = self.call("cudaStreamCreate")

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of CUDA's runtime and give its result.

        Raises
        ------
        BundleError
            If it fails.
        """
        status, *results = getattr(self._cuda, name)(*arguments)
        if status != self._cuda.cudaError_t.cudaSuccess:
            raise BundleError(
                f"The GPU failed at {name} ({status.name}); free its memory, or choose onnxruntime-cpu."
            )
        return results[0] if results else None

    def copy_in(self, to: int, array: NDArray[Any]) -> None:
        """Copy a contiguous array to the GPU's memory, in turn with the stream."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self.call("cudaMemcpyAsync", to, array.ctypes.data, array.nbytes, kind, self.stream)

    def copy_out(self, array: NDArray[Any], source: int) -> None:
        """Copy the GPU's memory to a contiguous array, in turn with the stream."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self.call("cudaMemcpyAsync", array.ctypes.data, source, array.nbytes, kind, self.stream)


class TensorRtSession:
    """A graph in TensorRT, with the same `run` as `rtbci.bundle.engine.EngineSession`.

    Parameters
    ----------
    path : Path
        The graph; its hash has been checked by who read the folder.
    engine : Engine
        What the manifest says of it.
    package : str
        One of `PACKAGES`.
    cache : Path, optional
        Folder of built engines; the user's cache where it is left out.

    Raises
    ------
    BundleError
        If the package or a GPU is missing, the graph cannot be built, or lacks a promised input or output.
    """

    def __init__(
        self, path: Path, engine: Engine, *, package: str = "tensorrt", cache: Path | None = None
    ) -> None:
        trt = load_package(package)
        # First, for a graph takes long to build.
        self._gpu = Gpu()
        file = cached(cache or cache_folder(), package, path, self._gpu.name, lambda: build(package, path))
        logger = trt.Logger(trt.Logger.ERROR)
        self._runtime = trt.Runtime(logger)
        self._engine = self._runtime.deserialize_cuda_engine(file.read_bytes())
        if self._engine is None:
            file.unlink()
            raise BundleError(
                f"The engine that {package} had built from {path.name} cannot be opened; start again, and it "
                "is built anew."
            )
        self._context = self._engine.create_execution_context()
        names = [self._engine.get_tensor_name(number) for number in range(self._engine.num_io_tensors)]
        self._dtypes = {name: np.dtype(trt.nptype(self._engine.get_tensor_dtype(name))) for name in names}
        for tensor in (*engine.inputs, *engine.outputs):
            if tensor.name not in names:
                raise BundleError(
                    f"The engine {path.name} has no '{tensor.name}' although its manifest says so; "
                    "export it again."
                )
        self.outputs = tuple(tensor.name for tensor in engine.outputs)
        self.provider = f"{package} {trt.__version__} on {self._gpu.name}"
        self._memory: dict[str, tuple[int, int]] = {}

    def run(self, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Run the graph once.

        Parameters
        ----------
        **inputs
            One array for each input, by name.

        Returns
        -------
        dict of str to ndarray
            Every promised output, by name.

        Raises
        ------
        BundleError
            If the GPU fails.
        """
        # Kept until the stream is done: the copies read them meanwhile.
        given = {name: np.ascontiguousarray(value, self._dtypes[name]) for name, value in inputs.items()}
        for name, value in given.items():
            self._context.set_input_shape(name, value.shape)
            self._gpu.copy_in(self._room(name, value.nbytes), value)
        made = {
            name: np.empty(tuple(self._context.get_tensor_shape(name)), self._dtypes[name])
            for name in self.outputs
        }
        for name, value in made.items():
            self._room(name, value.nbytes)
        if not self._context.execute_async_v3(int(self._gpu.stream)):
            raise BundleError(
                "TensorRT could not run the graph; free the GPU's memory, or choose onnxruntime-cpu."
            )
        for name, value in made.items():
            self._gpu.copy_out(value, self._memory[name][0])
        self._gpu.call("cudaStreamSynchronize", self._gpu.stream)
        return made

    def _room(self, name: str, size: int) -> int:
        """Give an input or output so much of the GPU's memory, kept from call to call."""
        address, held = self._memory.get(name, (0, 0))
        if held < size:
            if held:
                self._gpu.call("cudaFree", address)
            address = int(self._gpu.call("cudaMalloc", size))
            self._memory[name] = (address, size)
        self._context.set_tensor_address(name, address)
        return address
