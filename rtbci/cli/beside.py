"""The viewer beside a live session: started with it, done without if it dies, ended with it."""

from pathlib import Path

import typer

from rtbci.cli.processes import Child, end_all
from rtbci.errors import UsageError

_END_S = 1.5
_PICTURE_S = 30.0
"""It may have only just begun, on a machine that is busy."""


class ViewerBeside:
    """A viewer in a process of its own. The session goes on if it dies: a text view takes a window's place.

    Parameters
    ----------
    endpoint : str
        Where the session's messages can be had.
    keys : Path or None
        The viewer's keys, where the session has keys.
    headless : bool
        A text view from the start.
    picture : Path or None
        Where a picture of the view goes at the end.

    Attributes
    ----------
    headless : bool
        Whether it is a text view by now.
    """

    def __init__(self, endpoint: str, keys: Path | None, headless: bool, picture: Path | None) -> None:
        self.headless = headless
        self._arguments = ["--endpoint", endpoint]
        self._arguments += ["--keys", str(keys)] if keys else []
        self._arguments += ["--picture", str(picture)] if picture else []
        self._picture = picture
        self._before = _changed(picture)
        self._gone = False
        self._child = self._start()

    def closed(self) -> bool:
        """Whether the user has closed the window."""
        code = self._child.ended
        if code is None or self._gone:
            return False
        if not self.headless and code == 0:
            return True
        if self.headless:
            typer.echo(f"The text view ended by itself (code {code}); the session goes on without.", err=True)
            self._gone = True
        else:
            typer.echo(f"The window ended by itself (code {code}); a text view takes its place.", err=True)
            self.headless = True
            # What the window could not be opened on can make no picture either.
            self._child = self._start({"QT_QPA_PLATFORM": "offscreen"})
        return False

    def ask_to_end(self) -> None:
        """Ask it to end; does not wait."""
        self._child.ask_to_end()

    def end(self) -> None:
        """End it and wait for that.

        Raises
        ------
        UsageError
            If a picture was wanted and is not there.
        """
        end_all([self._child], _PICTURE_S if self._picture else _END_S)
        if self._picture is not None and _changed(self._picture) == self._before:
            raise UsageError(
                f"The picture {self._picture} was not written; if the viewer had a reason, it is above."
            )

    def _start(self, environment: dict[str, str] | None = None) -> Child:
        options = ["--headless"] if self.headless else []
        return Child("view", *self._arguments, *options, environment=environment)


def _changed(file: Path | None) -> int | None:
    return file.stat().st_mtime_ns if file is not None and file.exists() else None
