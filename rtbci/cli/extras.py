"""Commands that need more than the base install say what to install."""

import importlib.util

from rtbci.errors import UsageError


def need(command: str, extra: str, *modules: str) -> None:
    """Make sure that the modules of an extra are there.

    Raises
    ------
    UsageError
        If one is missing; the sentence says what to install.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"`rtbci {command}` needs {', '.join(missing)}, which the base install leaves out; "
            f"run pip install 'rtbci[{extra}]' with the project's constraints.txt."
        )
