"""A card that is painted, and repainted only when what it shows has changed."""

from rtbci.viewer.panel import Panel


class Board(Panel):
    """A panel that is told what to show, rather than finding it in a session's state."""

    def show_seen(self, seen: object) -> None:
        """Show this from now on."""
        if seen != self.seen:
            self.seen = seen
            self.update()
