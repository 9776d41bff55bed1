"""Reading settings from TOML: whatever is wrong with a file is one sentence."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from rtbci.errors import UsageError

T = TypeVar("T")


def read_toml(file: Path, what: str = "settings") -> dict[str, Any]:
    """What a TOML file says.

    Parameters
    ----------
    file : Path
    what : str
        What the file is called in sentences.

    Raises
    ------
    UsageError
        If it cannot be read, is no TOML in UTF-8, or one of its numbers is not finite.
    """
    try:
        content: dict[str, Any] = msgspec.toml.decode(file.read_bytes())
    except UnicodeDecodeError as error:
        raise UsageError(
            f"The {what} {file} cannot be used (byte {error.start} is not UTF-8); save the file as UTF-8."
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise _unusable(what, file, error) from error
    # TOML knows nan and inf, and no range of msgspec's refuses nan.
    odd = next(_not_finite(content, "$"), None)
    if odd is not None:
        raise UsageError(f"The {what} {file} cannot be used (`{odd}` is not a finite number); mend the file.")
    return content


def settings_of(content: dict[str, Any], kind: type[T], file: Path, what: str = "settings") -> T:
    """Typed settings from what a file says.

    Raises
    ------
    UsageError
        If a setting is missing, unknown, of the wrong type or out of its range, or does not go with another.
    """
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise _unusable(what, file, error) from error


def _unusable(what: str, file: Path, error: Exception) -> UsageError:
    return UsageError(f"The {what} {file} cannot be used ({error}); mend the file.")


def _not_finite(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _not_finite(part, f"{path}.{name}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _not_finite(part, f"{path}[{place}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield path
