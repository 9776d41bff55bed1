"""The checks that `rtbci doctor` makes, one function each."""

import importlib.metadata
import importlib.util
import os
import platform
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    what : str
        What was looked at.
    verdict : str
        good, optional (absent, and needed by some uses only) or missing.
    found : str
        What is there.
    mend : str
        What to do; empty where nothing needs doing.
    """

    what: str
    verdict: Literal["good", "optional", "missing"]
    found: str
    mend: str = ""


def python() -> Finding:
    """Python."""
    good = sys.version_info >= (3, 11)
    return Finding(
        "Python",
        "good" if good else "missing",
        f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "" if good else "install Python 3.11 or newer",
    )


def liblsl() -> Finding:
    """LSL's library."""
    import pylsl

    version = pylsl.library_version()
    return Finding("liblsl", "good", f"{version // 100}.{version % 100}, pylsl {_version('pylsl')}")


def loopback() -> Finding:
    """A stream sent and found again on this machine."""
    import pylsl

    source = f"rtbci-doctor-{uuid.uuid4().hex}"
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("rtbci doctor", "test", 1, 0, "string", source))
    began = time.monotonic()
    seen = pylsl.resolve_byprop("source_id", source, timeout=5.0)
    seconds = time.monotonic() - began
    del outlet
    if seen:
        return Finding("LSL on this machine", "good", f"own stream found after {seconds:.2f} s")
    return Finding(
        "LSL on this machine",
        "missing",
        "a stream sent here was not seen here within 5 s",
        "allow UDP 16571-16604 and TCP 16572-16604 in the firewall, or set the LSL scope to 'machine'",
    )


def stray_configuration() -> Finding:
    """A stray LSL configuration."""
    named = os.environ.get("LSLAPICFG")
    here = [path for path in (Path("lsl_api.cfg"), Path.home() / "lsl_api" / "lsl_api.cfg") if path.exists()]
    if named or here:
        where = named or str(here[0])
        return Finding("LSL configuration", "optional", f"read from {where}", "make sure that it is meant")
    return Finding("LSL configuration", "good", "the default")


def bundle() -> Finding:
    """The default bundle."""
    from rtbci.bundle import load_bundle

    manifest = load_bundle().manifest
    return Finding("default bundle", "good", f"{manifest.id}, every hash right")


def onnxruntime() -> Finding:
    """onnxruntime, and only one of it."""
    import onnxruntime as ort

    names = [name for name in ("onnxruntime", "onnxruntime-gpu") if _version(name)]
    providers = ", ".join(p.removesuffix("ExecutionProvider") for p in ort.get_available_providers())
    if len(names) > 1:
        return Finding(
            "onnxruntime",
            "missing",
            "onnxruntime and onnxruntime-gpu are both installed, which silently leaves the CPU alone",
            "pip uninstall onnxruntime onnxruntime-gpu, then install one of them",
        )
    return Finding("onnxruntime", "good", f"{ort.__version__} ({providers})")


def window() -> Finding:
    """A display for the viewer."""
    from rtbci.cli.extras import QT_LIBRARIES, need_qt
    from rtbci.errors import UsageError
    from rtbci.viewer.display import has_display

    try:
        need_qt()
    except UsageError as error:
        found = f"Qt cannot be loaded ({error.__cause__}); neither windows nor PNGs, text views only"
        return Finding("display", "optional", found, f"apt-get install {QT_LIBRARIES}")
    if has_display():
        return Finding("display", "good", f"there is one; PySide6 {_version('PySide6-Essentials')}")
    return Finding(
        "display",
        "optional",
        "none; text views and PNGs stand in for windows",
        "run on a desktop, or watch from another machine with `rtbci view --endpoint`",
    )


def profiles() -> Finding:
    """Where wearers' profiles are kept."""
    from rtbci.wearers import home

    folder = home()
    parent = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(parent, os.W_OK):
        return Finding("wearers' profiles", "good", str(folder))
    return Finding(
        "wearers' profiles",
        "missing",
        f"{folder} cannot be written to",
        "set RTBCI_HOME to a folder of your own",
    )


def _extra(module: str, what: str, extra: str, use: str) -> Callable[[], Finding]:
    def check() -> Finding:
        if importlib.util.find_spec(module) is not None:
            return Finding(what, "good", _version(what) or "installed")
        return Finding(what, "optional", f"not installed; needed for {use}", f"pip install 'rtbci[{extra}]'")

    check.__doc__ = what
    return check


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


CHECKS: tuple[Callable[[], Finding], ...] = (
    python,
    liblsl,
    loopback,
    stray_configuration,
    bundle,
    onnxruntime,
    window,
    profiles,
    _extra("torch", "torch", "train", "training and for calibration by gradients"),
    _extra("onnx", "onnx", "export", "exporting bundles"),
    _extra("tensorrt", "tensorrt", "tensorrt", "TensorRT engines on an NVIDIA GPU"),
    _extra("brainflow", "brainflow", "hardware", "amplifiers without an LSL sender of their own"),
)
