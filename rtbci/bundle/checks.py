"""What a manifest must say before any file of its bundle is opened."""

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath

import msgspec

from rtbci.bundle.schema import SCHEMA_VERSION, Array, Engine, Manifest, Tensor
from rtbci.errors import BundleError
from rtbci.montage import CHANNELS
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPT_NAMES

_WINDOW = (-1, len(CHANNELS), 400)
_FLOATS = frozenset({"float32", "float64"})
_INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"})
_ANY_SIZE = -1


class _Version(msgspec.Struct):
    """The one field that every version of the schema shares."""

    schema_version: int


def parse_manifest(raw: bytes, where: str) -> Manifest:
    """Read the text of a `bundle.json`, the version first.

    Parameters
    ----------
    raw : bytes
        The file's content.
    where : str
        What to call the bundle in an error.

    Raises
    ------
    BundleError
        If it is no JSON, of another schema version, or has missing, unknown or ill-typed fields.
    """
    try:
        version = msgspec.json.decode(raw, type=_Version).schema_version
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(
            f"bundle.json of {where} cannot be read ({_plain(error)}); export or copy the bundle again."
        ) from error
    if version > SCHEMA_VERSION:
        raise BundleError(
            f"{where} has schema version {version}, newer than the {SCHEMA_VERSION} that this rtbci reads; "
            "update rtbci."
        )
    if version < SCHEMA_VERSION:
        raise BundleError(
            f"{where} has schema version {version}, older than the {SCHEMA_VERSION} that this rtbci reads; "
            "export the bundle again with this version."
        )
    try:
        return msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(
            f"bundle.json of {where} does not fit schema version {SCHEMA_VERSION} ({_plain(error)}); "
            "export the bundle again."
        ) from error


# Fields that came after the first bundles, at their defaults, which say nothing new: left out, so that those
# bundles, and the profiles fitted to them, keep their ids. Within a text the quotes would be escaped.
_LATER = (b',"whiten":true', b',"silent":[]', b',"weights":{}')


def content_id(manifest: Manifest, name: str) -> str:
    """Return the id that belongs to a manifest: its name and a digest of all that it says.

    The files' hashes are part of the manifest, so the id stands for every byte of the bundle, and a
    profile fitted to one id cannot meet another decoder.

    Parameters
    ----------
    manifest : Manifest
        Its own `id` is not looked at.
    name : str
        Readable part of the id.
    """
    canonical = msgspec.json.encode(msgspec.structs.replace(manifest, id=name), order="deterministic")
    for field in _LATER:
        canonical = canonical.replace(field, b"")
    return f"{name}-{hashlib.sha256(canonical).hexdigest()[:12]}"


def check_manifest(manifest: Manifest, where: str) -> None:
    """Refuse a manifest that this runtime cannot serve.

    Raises
    ------
    BundleError
        With one sentence for the first thing that does not fit.
    """
    name, _, digest = manifest.id.rpartition("-")
    if not name or content_id(manifest, name) != manifest.id:
        raise BundleError(
            f"bundle.json of {where} was changed after export: its id '{manifest.id}' does not match its "
            f"content (digest {digest or 'missing'}); export or copy the bundle again."
        )
    if not manifest.licence.strip():
        raise BundleError(f"{where} names no licence; export it again with one.")
    if manifest.montage != CHANNELS:
        raise BundleError(
            f"The montage of {where} is not the {len(CHANNELS)} channels that this rtbci decodes "
            f"({_first_difference(manifest.montage, CHANNELS)}); use a bundle made for them."
        )
    if manifest.concepts != CONCEPT_NAMES:
        raise BundleError(
            f"The concepts of {where} are not this rtbci's {len(CONCEPT_NAMES)} "
            f"({_first_difference(manifest.concepts, CONCEPT_NAMES)}); use a bundle made for them."
        )
    if manifest.attributes != ATTRIBUTES:
        raise BundleError(f"The attributes of {where} are not this rtbci's; use a bundle made for them.")
    for name in manifest.silent:
        if name not in (*ATTRIBUTES, "latent"):
            raise BundleError(
                f"{where} calls '{name}' silent, which is neither an attribute nor the latent; "
                "export the bundle again."
            )
    for engine in manifest.engines.values():
        check_file_name(engine.file, where)
    for array in manifest.arrays.values():
        check_file_name(array.file, where)
    for weights in manifest.weights.values():
        check_file_name(weights.file, where)
    latent, text = _check_engines(manifest.engines, where)
    _check_arrays(manifest.arrays, latent, text, where)


def check_file_name(name: str, where: str) -> None:
    """Refuse a file that would not lie directly in its bundle's folder, on every operating system.

    Raises
    ------
    BundleError
    """
    if name in ("", ".", "..") or PurePosixPath(name).name != name or PureWindowsPath(name).name != name:
        raise BundleError(
            f"{where} names the file '{name}' outside its own folder; do not use a bundle from this source."
        )


def _check_engines(engines: Mapping[str, Engine], where: str) -> tuple[tuple[int, ...], int]:
    """Check names, types and shapes of the engines; return the latent's shape and the text's size."""
    for name in ("adapter", "encoder", "decoder"):
        if name not in engines:
            raise BundleError(f"{where} has no engine '{name}'; export the bundle again with it.")
    heads = {"concept": len(CONCEPT_NAMES)} | {name: len(values) for name, values in ATTRIBUTES.items()}
    _tensor(engines, "adapter", "inputs", "eeg", "float32", _WINDOW, where)
    # A graph's output cannot bear its input's name, so the adapter's only output is known by its place.
    adapted = engines["adapter"].outputs
    if len(adapted) != 1 or adapted[0].dtype != "float32" or not _fits(adapted[0].shape, _WINDOW):
        raise BundleError(
            f"Engine 'adapter' of {where} must have one output, float32 {_WINDOW}; export the bundle again."
        )
    _tensor(engines, "encoder", "inputs", "eeg", "float32", _WINDOW, where)
    for head, size in heads.items():
        _tensor(engines, "encoder", "outputs", head, "float32", (-1, size), where)
    text = _tensor(engines, "encoder", "outputs", "text", "float32", (-1, _ANY_SIZE), where)
    latent = _tensor(engines, "encoder", "outputs", "latent", "float32", (-1, *[_ANY_SIZE] * 3), where)
    for name in {"decoder", "preview"} & engines.keys():
        _tensor(engines, name, "inputs", "latent", "float32", latent.shape, where)
        _tensor(engines, name, "outputs", "rgb", "uint8", (-1, _ANY_SIZE, _ANY_SIZE, 3), where)
    return latent.shape[1:], text.shape[1]


def _tensor(
    engines: Mapping[str, Engine],
    engine: str,
    side: str,
    name: str,
    dtype: str,
    shape: tuple[int, ...],
    where: str,
) -> Tensor:
    tensors: tuple[Tensor, ...] = getattr(engines[engine], side)
    found = next((tensor for tensor in tensors if tensor.name == name), None)
    if found is None or found.dtype != dtype or not _fits(found.shape, shape):
        what = "is missing" if found is None else f"is {found.dtype} {found.shape}"
        raise BundleError(
            f"'{name}' among the {side} of engine '{engine}' of {where} {what}, where {dtype} {shape} is "
            "needed; export the bundle again."
        )
    return found


def _check_arrays(arrays: Mapping[str, Array], latent: tuple[int, ...], text: int, where: str) -> None:
    """Check that the arrays are there and belong to the engines."""
    n = arrays["memory_concept"].shape[0] if "memory_concept" in arrays else 0
    wanted: dict[str, tuple[frozenset[str], tuple[int, ...]]] = {
        "prior_covariance": (_FLOATS, (len(CHANNELS), len(CHANNELS))),
        "text_concepts": (_FLOATS, (len(CONCEPT_NAMES), text)),
        "memory_latents": (frozenset({"int8"}), (n, _ANY_SIZE, *latent)),
        "memory_scale": (_FLOATS, (latent[0],)),
        "memory_concept": (_INTEGERS, (n,)),
        "memory_attributes": (_INTEGERS, (n, len(ATTRIBUTES))),
        "memory_seed": (_INTEGERS, (n,)),
    }
    for name, (dtypes, shape) in wanted.items():
        array = arrays.get(name)
        if array is None:
            raise BundleError(f"{where} has no array '{name}'; export the bundle again with it.")
        if array.dtype not in dtypes or not _fits(array.shape, shape):
            raise BundleError(
                f"Array '{name}' of {where} is {array.dtype} {array.shape}, where shape {shape} of "
                f"{' or '.join(sorted(dtypes))} is needed; export the bundle again."
            )


def _fits(shape: tuple[int, ...], pattern: tuple[int, ...]) -> bool:
    return len(shape) == len(pattern) and all(
        want in (_ANY_SIZE, have) for have, want in zip(shape, pattern, strict=True)
    )


def _first_difference(have: tuple[str, ...], want: tuple[str, ...]) -> str:
    if len(have) != len(want):
        return f"{len(have)} instead of {len(want)}"
    index = next(i for i, pair in enumerate(zip(have, want, strict=True)) if pair[0] != pair[1])
    return f"number {index + 1} is '{have[index]}' instead of '{want[index]}'"


def _plain(error: Exception) -> str:
    """Text of an error as part of a sentence."""
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]
