"""Which process draws the pictures of a live session."""

from pathlib import Path

from rtbci.cli.extras import need
from rtbci.errors import UsageError


def generator_process(full_size: Path | None, engine: str) -> tuple[str, ...]:
    """Give the module of the generator's process and its options, after a look at what they name.

    Parameters
    ----------
    full_size : Path or None
        Folder of engines, a TOML file of models, or None for the bundle's own generator.
    engine : str
        What runs a folder of engines.

    Raises
    ------
    RtbciError
        If there is no such engine, or no full-size generator there.
    """
    from rtbci.engines import opener
    from rtbci.generate.full_size.engines import MANIFEST_FILE
    from rtbci.live.pictures import MEMORY

    if full_size is None:
        return MEMORY
    if full_size.suffix == ".toml":
        need("run --full-size", "export,train", "torch", "diffusers", "transformers")
        if not full_size.is_file():
            raise UsageError(
                f"There is no file {full_size}; name a TOML file of models or a folder of engines."
            )
        return ("export.full_size.worker", "--models", str(full_size.resolve()))
    opener(engine)
    if not (full_size / MANIFEST_FILE).is_file():
        raise UsageError(
            f"There is no full-size generator at {full_size}; give a folder that `rtbci export full-size` "
            "wrote, or a TOML file of models."
        )
    return (*MEMORY, "--full-size", str(full_size.resolve()), "--engine", engine)
