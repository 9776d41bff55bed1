"""Which process draws the pictures of a live session."""

from pathlib import Path

from rtbci.cli.extras import need
from rtbci.errors import UsageError

DEFAULT_ENGINE = "onnxruntime-cpu"


def check_engine(full_size: Path | None, engine: str | list[str] | None) -> None:
    """Make sure that an engine is only named together with what it shall run.

    Raises
    ------
    UsageError
        If there is nothing for it to run.
    """
    if engine and full_size is None:
        raise UsageError("--engine says what runs --full-size; name its folder too, or leave it out.")


def generator_process(full_size: Path | None, engine: str | None) -> tuple[str, ...]:
    """Give the module of the generator's process and its options, after a look at what they name.

    Parameters
    ----------
    full_size : Path or None
        Folder of engines, a TOML file of models, or None for the bundle's own generator.
    engine : str or None
        What runs a folder of engines; None for onnxruntime on the processor.

    Raises
    ------
    RtbciError
        If there is no such engine, no full-size generator there, or an engine and no generator.
    """
    from rtbci.engines import opener
    from rtbci.generate.full_size.engines import MANIFEST_FILE
    from rtbci.live.pictures import MEMORY

    check_engine(full_size, engine)
    if full_size is None:
        return MEMORY
    if full_size.suffix == ".toml":
        need("run --full-size", "export,train", "torch", "diffusers", "transformers")
        if not full_size.is_file():
            raise UsageError(
                f"There is no file {full_size}; name a TOML file of models or a folder of engines."
            )
        return ("export.full_size.worker", "--models", str(full_size.resolve()))
    engine = engine or DEFAULT_ENGINE
    opener(engine)
    if not (full_size / MANIFEST_FILE).is_file():
        raise UsageError(
            f"There is no full-size generator at {full_size}; give a folder that `rtbci export full-size` "
            "wrote, or a TOML file of models."
        )
    return (*MEMORY, "--full-size", str(full_size.resolve()), "--engine", engine)
