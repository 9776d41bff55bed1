"""Running exported graphs by whatever engine was asked for, and never silently by another."""

from rtbci.engines.choose import ENGINES, opener

__all__ = ["ENGINES", "opener"]
