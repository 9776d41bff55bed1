"""Which generator draws: a bundle's own, or a full-size one."""

from pathlib import Path

from rtbci.bundle import Bundle
from rtbci.engines import opener
from rtbci.generate.draws import STEP, DrawingGenerator
from rtbci.generate.full_size.engines import open_full_size
from rtbci.generate.generator import Generator, MemoryGenerator


def open_generator(
    bundle: Bundle, threads: int = 2, full_size: Path | None = None, engine: str = "onnxruntime-cpu"
) -> Generator:
    """Open a bundle's generator, or the full-size one of a folder for it.

    A bundle's is the one that draws if the bundle has it, else the memory of scenes.

    Parameters
    ----------
    bundle : Bundle
    threads : int
        Threads of onnxruntime for one picture.
    full_size : Path, optional
        Folder of a full-size generator's engines.
    engine : str
        What runs those; one of `rtbci.engines.ENGINES`.

    Raises
    ------
    RtbciError
        If anything is damaged, does not fit, or would not run where it was to.
    """
    if full_size is not None:
        generator = open_full_size(full_size, opener(engine, threads=threads))
        generator.serve(bundle)
        return generator
    if STEP in bundle.manifest.engines:
        return DrawingGenerator.from_bundle(bundle, threads=threads)
    return MemoryGenerator.from_bundle(bundle, threads=threads)
