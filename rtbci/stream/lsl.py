"""LSL's own configuration, which must be set before the first LSL call of the process."""

import atexit
import os
import tempfile
from pathlib import Path

from rtbci.errors import StreamError

SCOPES = ("machine", "link", "site", "organization", "global")


def configure_lsl(
    session_id: str | None = None, scope: str | None = None, *, ipv6: bool = True, log_level: int = -3
) -> None:
    """Set how far this process and its children see and are seen, before its first LSL call.

    Without this, liblsl reads whatever ``lsl_api.cfg`` lies in the working folder or the home folder. An
    operator's own file named by the environment variable ``LSLAPICFG`` wins over everything here; so does,
    in a child process, what its parent configured.

    Parameters
    ----------
    session_id
        Only streams with the same session id see each other. It keeps experiments apart; it is no security.
    scope
        How far streams are sought: one of `SCOPES`. None: LSL's default, the site.
    ipv6
        Whether IPv6 is used as well.
    log_level
        Verbosity of liblsl on the error output, -3 (only what is fatal) to 9.

    Raises
    ------
    StreamError
        If the scope is unknown or the session id has a line break.
    """
    if os.environ.get("LSLAPICFG"):
        return
    if scope is not None and scope not in SCOPES:
        raise StreamError(f"The LSL scope {scope!r} is unknown: use one of {', '.join(SCOPES)}.")
    if session_id is not None and not session_id.isprintable():
        raise StreamError(
            f"The LSL session id {session_id!r} cannot be written to a file: use letters and digits."
        )
    lines = ["[ports]", f"IPv6 = {'allow' if ipv6 else 'disable'}", "[log]", f"level = {log_level}"]
    if scope is not None:
        lines += ["[multicast]", f"ResolveScope = {scope}"]
    if session_id is not None:
        lines += ["[lab]", f"SessionID = {session_id}"]
    with tempfile.NamedTemporaryFile("w", prefix="rtbci-lsl-", suffix=".cfg", delete=False) as file:
        file.write("\n".join(lines) + "\n")
    atexit.register(Path(file.name).unlink, missing_ok=True)
    os.environ["LSLAPICFG"] = file.name


def quieten_lsl() -> None:
    """Silence what liblsl says on the error output, unless the user has a configuration of LSL of their own.

    liblsl reads one file only, so a file of ours would hide theirs; where there is one, it stands.
    """
    usual = (Path("lsl_api.cfg"), Path.home() / "lsl_api" / "lsl_api.cfg", Path("/etc/lsl_api/lsl_api.cfg"))
    if not any(path.exists() for path in usual):
        configure_lsl()
