"""The live runtime: from the stream to the wire."""

from rtbci.live.session import LiveSession, SessionOptions

__all__ = ["LiveSession", "SessionOptions"]
