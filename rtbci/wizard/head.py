"""The head with the electrodes as the signal path judges them now."""

from rtbci.montage import CHANNELS
from rtbci.signal import Verdict
from rtbci.viewer.headmap import Electrodes, HeadPanel


class CheckedHead(HeadPanel):
    """The viewer's head, told directly what is known."""

    def show_verdict(self, verdict: Verdict | None, interpolated: tuple[str, ...] = ()) -> None:
        """Show what is said of the electrodes; what is not known (None) is grey."""
        seen = Electrodes(
            verdicts=verdict.verdicts if verdict else ("missing",) * len(CHANNELS),
            scores=tuple(round(score, 2) for score in verdict.scores) if verdict else (0.0,) * len(CHANNELS),
            interpolated=frozenset(interpolated),
            repaired=frozenset(),
            hovered=self._hovered,
            known=verdict is not None,
            live=True,
        )
        if seen != self.seen:
            self.seen = seen
            self.update()
