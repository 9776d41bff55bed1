"""Opening a bundle: every hash is checked before anything loads."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle.checks import check_manifest, parse_manifest
from rtbci.bundle.schema import Array, Engine, Manifest, Weights
from rtbci.errors import BundleError

MANIFEST_FILE = "bundle.json"


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. Make it with `load_bundle`.

    Attributes
    ----------
    folder : Path
        Where it lies.
    manifest : Manifest
        What its `bundle.json` says.
    """

    folder: Path
    manifest: Manifest

    def array(self, name: str) -> NDArray[Any]:
        """Return one array, mapped from its file and read-only.

        Raises
        ------
        BundleError
            If the bundle has no such array.
        """
        entry = self.manifest.arrays.get(name)
        if entry is None:
            raise BundleError(
                f"Bundle {self.manifest.id} has no array '{name}'; it has {_listed(self.manifest.arrays)}."
            )
        return open_array(self.folder / entry.file)

    def engine_path(self, name: str) -> Path:
        """Return the path of one ONNX graph.

        Raises
        ------
        BundleError
            If the bundle has no such engine.
        """
        entry = self.manifest.engines.get(name)
        if entry is None:
            raise BundleError(
                f"Bundle {self.manifest.id} has no engine '{name}'; it has {_listed(self.manifest.engines)}."
            )
        return self.folder / entry.file

    def weights_path(self, name: str) -> Path | None:
        """Return the path of an engine's weights as torch keeps them; None if the bundle is without."""
        entry = self.manifest.weights.get(name)
        return None if entry is None else self.folder / entry.file


def default_folder() -> Path:
    """Return the folder of the bundle that ships with the package."""
    return Path(str(resources.files("rtbci.bundle"))) / "default"


def load_bundle(path: Path | None = None) -> Bundle:
    """Open a bundle after checking all of it.

    Parameters
    ----------
    path : Path, optional
        The bundle's folder; the one that ships with the package where it is left out.

    Raises
    ------
    BundleError
        If the folder or a file is missing, a byte was changed, the schema version is another, or shapes,
        montage, concepts or licence are not what this runtime needs.
    """
    folder = default_folder() if path is None else Path(path)
    where = "the default bundle" if path is None else f"the bundle {folder}"
    manifest_path = folder / MANIFEST_FILE
    if not manifest_path.is_file():
        mend = (
            "install rtbci again, or give another bundle with --bundle FOLDER"
            if path is None
            else "give a folder that `rtbci export` wrote"
        )
        raise BundleError(f"There is no {MANIFEST_FILE} at {folder}, where {where} should be; {mend}.")
    try:
        raw = manifest_path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{MANIFEST_FILE} of {where} cannot be read ({error.strerror}); export or copy the bundle again."
        ) from error
    manifest = parse_manifest(raw, where)
    check_manifest(manifest, where)
    for engine in manifest.engines.values():
        check_file(folder, engine, where)
    for array in manifest.arrays.values():
        check_file(folder, array, where)
    for weights in manifest.weights.values():
        check_file(folder, weights, where)
    for name, array in manifest.arrays.items():
        _check_array(folder, name, array, where)
    return Bundle(folder, manifest)


def check_file(folder: Path, entry: Engine | Array | Weights, where: str) -> None:
    """Refuse a file that is missing, lies elsewhere, or is not the one that was written.

    Raises
    ------
    BundleError
    """
    file = folder / entry.file
    if not file.is_file():
        raise BundleError(f"{entry.file} is missing from {where}; export or copy the bundle again.")
    if not file.resolve().is_relative_to(folder.resolve()):
        raise BundleError(
            f"{entry.file} of {where} is a link out of its folder; do not use a bundle from this source."
        )
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != entry.sha256:
        raise BundleError(
            f"{entry.file} of {where} is damaged or was changed (its sha256 is {digest[:12]}…, not "
            f"{entry.sha256[:12]}…); export or copy the bundle again."
        )


def _check_array(folder: Path, name: str, entry: Array, where: str) -> None:
    try:
        array = open_array(folder / entry.file)
    except (ValueError, EOFError) as error:
        raise BundleError(
            f"{entry.file} of {where} is no plain npy file ({str(error).rstrip('.')}); "
            "export the bundle again."
        ) from error
    if array.shape != entry.shape or array.dtype.name != entry.dtype:
        raise BundleError(
            f"Array '{name}' of {where} is {array.dtype.name} {array.shape} in its file, but "
            f"{entry.dtype} {entry.shape} in {MANIFEST_FILE}; export the bundle again."
        )


def open_array(file: Path) -> NDArray[Any]:
    """Map a plain npy file, read-only."""
    # Unlike np.load, this takes nothing but a plain npy: no zip, no pickle, no objects.
    return np.lib.format.open_memmap(file, mode="r")


def _listed(entries: dict[str, Any]) -> str:
    return ", ".join(sorted(entries)) or "none"
