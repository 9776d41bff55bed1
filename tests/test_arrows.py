"""Which way imports point: the house rule, checked on the source and in a fresh interpreter."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"torch", "training", "export", "devices", "diffusers", "transformers", "onnx", "sklearn"}
SHARED = {"montage", "signal", "stimuli", "bundle", "errors"}
ALLOWED = {
    "montage": {"montage", "errors"},
    "signal": {"montage", "signal", "bundle", "errors"},
    "bundle": {"montage", "stimuli", "bundle", "errors"},
    "stimuli": {"stimuli", "errors"},
    "stream": {"montage", "stream", "errors"},
    "decode": {"bundle", "decode", "wire", "errors"},
    "engines": {"engines", "bundle", "files", "errors"},
    "generate": {"bundle", "generate", "engines", "wire", "stimuli", "errors"},
    "wire": {"wire", "errors"},
    "record": {"record", "stream", "wire", "errors"},
    "wearers": {"wearers", "bundle", "montage", "stimuli", "files", "errors"},
    "calibrate": SHARED | {"calibrate", "stream", "record", "wearers", "files"},
    "reports": {"reports", "viewer", "wearers", "montage", "errors"},
    "viewer": {"viewer", "wire", "montage", "stimuli", "errors"},
    # A window of forms and pictures over what `calibrate` decides; drawn as the viewer and the reports are.
    "wizard": {
        "wizard",
        "calibrate",
        "viewer",
        "reports",
        "wearers",
        "stimuli",
        "signal",
        "montage",
        "errors",
    },
    "bench": {"bench", "bundle", "generate", "errors"},
    "live": SHARED | {"live", "stream", "decode", "generate", "wire", "record", "wearers"},
}


def imports(path: Path) -> set[str]:
    """Modules that a file imports, at any depth of its code, except for type checking alone."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(*parts: str) -> list[Path]:
    return sorted(ROOT.joinpath(*parts).rglob("*.py"))


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_rooms_of_the_runtime_import_only_what_they_may(room):
    assert files("rtbci", room)
    for path in files("rtbci", room):
        for module in imports(path):
            top, *rest = module.split(".")
            assert top not in HEAVY, f"{path.relative_to(ROOT)} imports {module}"
            if top == "rtbci" and rest and rest[0] != "__version__":
                assert rest[0] in ALLOWED[room], f"{path.relative_to(ROOT)} imports {module}"


@pytest.mark.parametrize("package", ["training", "export", "devices"])
def test_the_other_packages_know_only_the_shared_rooms(package):
    others = {"training": {"devices", "training"}, "export": {"export", "training"}, "devices": {"devices"}}
    for path in files(package):
        for module in imports(path):
            top, *rest = module.split(".")
            if top == "rtbci" and rest and rest[0] != "__version__":
                # The evidence model is fitted with the runtime's own filter (docs/decisions/0002).
                # A lab's own recordings are read, and their losses found, by what recorded them.
                # Reports of experiments are files, and look like those of calibrations.
                # What the generator draws is measured on itself, for the bundle's figures.
                # The full-size generator is timed beside it, in the same rows.
                # A run says what machine it was made on, as benchmarks do.
                # Adaptations by gradients are judged by the runtime's own rule (docs/decisions/0031).
                beside = {
                    "training": {
                        "decode",
                        "record",
                        "stream",
                        "files",
                        "reports",
                        "calibrate",
                        "wearers",
                        "bench",
                    },
                    "export": {"generate", "bench"},
                    "devices": set(),
                }
                allowed = SHARED | beside[package]
                assert rest[0] in allowed, f"{path.relative_to(ROOT)} imports {module}"
            if top in {"devices", "training", "export"}:
                assert top in others[package], f"{path.relative_to(ROOT)} imports {module}"


def test_every_room_is_listed():
    rooms = {p.name for p in (ROOT / "rtbci").iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert rooms - {"cli"} == set(ALLOWED)


@pytest.mark.parametrize(
    "module", ["rtbci.live", "rtbci.generate.worker", "rtbci.calibrate", "rtbci.viewer", "devices.simulate"]
)
def test_the_runtime_loads_without_torch_diffusers_or_mne(module):
    code = (
        f"import sys, {module}; "
        "heavy = ('torch', 'diffusers', 'mne', 'onnx', 'sklearn'); "
        "sys.exit(', '.join(m for m in heavy if m in sys.modules) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
