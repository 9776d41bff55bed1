"""Finding a model: a folder, a part of a pipeline's folder, or a repository of the hub; and checking it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from rtbci.errors import UsageError
from training.hub import fetch
from training.targets.pictures import file_hash

_CONFIGS = ("config.json", "*/config.json")
_SMALL_FILES = ("*.json", "*.txt", "*.model")
T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """What is looked for.

    Attributes
    ----------
    what : str
        In words.
    kinds : tuple of str
        What its ``config.json`` may say that it is.
    weights : str
        Name of the weights' file, without ``.safetensors``.
    folder : str
        Where it lies in a pipeline's folder.
    beside : str
        Folder of a pipeline with what goes with it, such as the tokenizer.
    """

    what: str
    kinds: tuple[str, ...]
    weights: str
    folder: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Model:
    """A model that was found and is of the right kind; its weights are not read yet.

    Attributes
    ----------
    name : str
        As it was asked for.
    kind : str
        What its configuration says.
    folder, beside : Path
        Of configuration and weights, and of what goes with them.
    files : tuple of Path
        All that decides what it gives.
    """

    name: str
    kind: str
    folder: Path
    beside: Path
    files: tuple[Path, ...]

    def identity(self) -> dict[str, Any]:
        """Kind, and hashes of the files."""
        hashes = {str(path.relative_to(self.folder.parent)): file_hash(path) for path in self.files}
        # The folder's own name says nothing of the model.
        prefix = f"{self.folder.name}/"
        return {"kind": self.kind, "files": {k.removeprefix(prefix): v for k, v in sorted(hashes.items())}}


def find_model(name: str, part: Part) -> Model:
    """Find a model.

    Parameters
    ----------
    name : str
        A folder with ``config.json`` and ``.safetensors`` weights, a folder with a whole pipeline, or a
        repository of the Hugging Face hub (``owner/name``, ``owner/name@revision``), which is fetched.
    part : Part

    Raises
    ------
    UsageError
        If it is not there, or not what is needed.
    """
    root = Path(name).expanduser()
    if not root.is_dir():
        root = _fetch(name, part)
    folder = root
    if not (folder / "config.json").is_file() and part.folder:
        folder = root / part.folder
    kind = _kind(name, folder, part)
    weights = sorted(folder.glob(f"{part.weights}.safetensors"))
    if not weights:
        weights = sorted(folder.glob(f"{part.weights}-*-of-*.safetensors"))
    if not weights:
        raise UsageError(
            f"{folder} has no weights {part.weights}.safetensors; save the model there with save_pretrained, "
            "which writes them."
        )
    beside = root / part.beside if part.beside and folder != root else folder
    small = {path for place in (folder, beside) for glob in _SMALL_FILES for path in place.glob(glob)}
    return Model(name, kind, folder, beside, (*sorted(small), *weights))


def load_whole(model: Model, load: Callable[[], Any]) -> Any:
    """Load weights; a model of which any is missing is refused.

    Parameters
    ----------
    model : Model
        For the sentence.
    load : callable
        Calls ``from_pretrained`` with ``output_loading_info=True``, whose typing does not know that.
    """
    loaded, info = guarded(model, load)
    missing = sorted(info["missing_keys"])
    if missing:
        raise UsageError(
            f"The weights in {model.folder} lack {len(missing)} that a {model.kind} has, such as "
            f"{missing[0]}; copy the model again."
        )
    return loaded


def guarded(model: Model, load: Callable[[], T]) -> T:
    """Do what loads a part of a model, and say in one sentence why it cannot be done."""
    try:
        return load()
    except Exception as error:  # whatever the readers of all these formats raise
        raise UsageError(
            f"The model in {model.folder} cannot be loaded ({first_line(error)}); copy it again."
        ) from error


def quieten_transformers() -> None:
    """No bars of transformers' own, no lists of what else a model's file holds; what lacks is an error."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()


def first_line(error: Exception) -> str:
    """What an error says, for a sentence of our own."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def best_device(name: str | None = None) -> torch.device:
    """The device that was asked for, or else a GPU if there is one.

    Raises
    ------
    UsageError
        If there is no such device.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"torch cannot use the device '{name}' here; leave it out, or name cpu.") from error
    return device


def _kind(name: str, folder: Path, part: Part) -> str:
    path = folder / "config.json"
    if not path.is_file():
        raise UsageError(f"{name} holds no {part.what} (there is no {path}); name a folder that does.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        kind = str(config.get("_class_name") or config.get("model_type"))
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} is no model's configuration; copy the model again.") from error
    if kind not in part.kinds:
        raise UsageError(
            f"{name} is a model of the kind '{kind}', not {part.what} ({' or '.join(part.kinds)}); "
            "name another."
        )
    return kind


def _fetch(name: str, part: Part) -> Path:
    """Fetch what is needed of a repository, and no other part of a pipeline."""
    root = fetch(name, part.what, _CONFIGS)
    folder = "" if (root / "config.json").is_file() else f"{part.folder}/"
    beside = f"{part.beside}/" if folder and part.beside else folder
    wanted = [f"{place}{glob}" for place in {folder, beside} for glob in _SMALL_FILES]
    wanted += [f"{folder}{part.weights}.safetensors", f"{folder}{part.weights}-*-of-*.safetensors"]
    # A snapshot's folder is named by its commit: what follows is of the same one.
    return fetch(name, part.what, wanted, root.name)
