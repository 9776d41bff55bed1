"""Which generator a bundle holds."""

from rtbci.bundle import Bundle
from rtbci.generate.draws import STEP, DrawingGenerator
from rtbci.generate.generator import Generator, MemoryGenerator


def open_generator(bundle: Bundle, threads: int = 2) -> Generator:
    """Open a bundle's generator: the one that draws if the bundle has it, else the memory of scenes.

    Parameters
    ----------
    bundle : Bundle
    threads : int
        Threads of onnxruntime for one picture.

    Raises
    ------
    BundleError
        If the bundle is damaged.
    """
    if STEP in bundle.manifest.engines:
        return DrawingGenerator.from_bundle(bundle, threads=threads)
    return MemoryGenerator.from_bundle(bundle, threads=threads)
