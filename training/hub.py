"""Fetching a model from the Hugging Face hub."""

from collections.abc import Sequence
from pathlib import Path

from rtbci.errors import UsageError

_LONGEST_QUOTE = 200


def fetch(name: str, what: str, patterns: Sequence[str], revision: str | None = None) -> Path:
    """Fetch files of a repository into the hub's own cache; without a network, give what lies there.

    Parameters
    ----------
    name : str
        ``owner/name`` or ``owner/name@revision``; no folder of this name is there.
    what : str
        What it shall be, in words with their article, for the sentences.
    patterns : sequence of str
        Which files, as globs.
    revision : str, optional
        In place of the name's own.

    Returns
    -------
    Path
        The snapshot's folder, which is named by its commit.

    Raises
    ------
    UsageError
        If it is no such name, or the hub does not give it or cannot be reached.
    """
    repository, _, asked = name.partition("@")
    if repository.count("/") != 1 or repository.startswith((".", "/", "~")):
        raise UsageError(
            f"There is no folder {name} with {what}; check the path, or name a repository of the hub as "
            "owner/name or owner/name@revision."
        )
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(
            huggingface_hub.snapshot_download(
                repository, revision=revision or asked or None, allow_patterns=list(patterns)
            )
        )
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise UsageError(
            f"There is no folder {name}, and the hub does not give such {what} ({_said(error)}); check the "
            "name, or name a folder to which the model was copied."
        ) from error
    except Exception as error:
        # The client lets errors of its HTTP library through: a proxy's refusal, a broken connection, a
        # proxy's address that is none. They have no base but this, and which library it is depends on the
        # client's version.
        raise UsageError(
            f"There is no folder {name}, and the hub cannot be reached ({type(error).__name__}: "
            f"{_said(error)}); check the network and the proxy's settings, or name a folder to which the "
            "model was copied."
        ) from error


def _said(error: Exception) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return said[:_LONGEST_QUOTE].rstrip(" .")
