"""Writing files so that they are there whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from rtbci.errors import UsageError


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a report so that it is there whole or not at all.

    Raises
    ------
    UsageError
        If the place cannot be written to.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent or Path(), prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        raise UsageError(
            f"The report cannot be written to {path} ({error.strerror}); "
            "name a file in a folder that you can write to."
        ) from error
