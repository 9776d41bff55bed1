"""What every test shares: LSL kept to this machine and this run, Qt without a screen, the real recordings."""

import os
import signal
import tempfile
import uuid
from pathlib import Path

import pytest
from hypothesis import settings

# No test may depend on how fast the machine is.
settings.register_profile("rtbci", deadline=None)
settings.load_profile("rtbci")

# A shell starts what runs in the background with Ctrl-C ignored, and child processes would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# liblsl reads its configuration at the first call in the process, and child processes inherit the
# environment: so it is set here, before any test module can import pylsl.
_LSL_FOLDER = tempfile.mkdtemp(prefix="rtbci-lsl-")
_LSL_CONFIG = Path(_LSL_FOLDER) / "lsl_api.cfg"
_LSL_CONFIG.write_text(
    "[ports]\nIPv6 = disable\n\n[multicast]\nResolveScope = machine\n\n[log]\nlevel = -2\n"
    f"\n[lab]\nSessionID = test-{uuid.uuid4().hex}\n"
)
os.environ["LSLAPICFG"] = str(_LSL_CONFIG)
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real recordings; the test is skipped, saying so, where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("RTBCI_SHARED", default))
    if not folder.is_dir():
        pytest.skip(f"the shared recordings are not at {folder}; set RTBCI_SHARED to their folder")
    return folder


@pytest.fixture
def source_id() -> str:
    """A source id that no other stream has."""
    return f"test-{uuid.uuid4().hex}"
