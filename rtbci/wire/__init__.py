"""The messages, publisher, subscriber and encryption between the runtime and whoever watches it."""

from rtbci.wire.endpoint import DEFAULT_ENDPOINT, from_here
from rtbci.wire.publisher import Publisher
from rtbci.wire.security import (
    PublisherKeys,
    ViewerKeys,
    admit_another,
    make_keys,
    read_publisher_keys,
    read_viewer_keys,
)
from rtbci.wire.subscriber import Received, Subscriber

__all__ = [
    "DEFAULT_ENDPOINT",
    "Publisher",
    "PublisherKeys",
    "Received",
    "Subscriber",
    "ViewerKeys",
    "admit_another",
    "from_here",
    "make_keys",
    "read_publisher_keys",
    "read_viewer_keys",
]
