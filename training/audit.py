"""An audit that fails a split whose test windows can be known from the training windows without the stimulus.

EEG drifts, the clips of one concept follow each other, and a hint names the concept before them: a window
near a training window is near it in class as well, whatever the brain does. So a score counts only if the
held-out windows are other blocks, sessions or people, or one long stretch with a guard around it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import RtbciError

Ids = NDArray[Any]


class LeakError(RtbciError):
    """A split lets the test windows be known from what was learnt.

    Attributes
    ----------
    leaks : tuple of str
        One clause for each way in which it leaks.
    """

    exit_code = 11

    def __init__(self, leaks: tuple[str, ...]) -> None:
        self.leaks = leaks
        super().__init__(
            f"The split leaks: {'; '.join(leaks)}; hold out whole blocks or people, "
            "or one long stretch with a guard around it."
        )

    def __reduce__(self) -> tuple[type["LeakError"], tuple[tuple[str, ...]]]:
        """Made again from its parts where a process hands it to another."""
        return LeakError, (self.leaks,)


@dataclass(frozen=True, eq=False)
class Spans:
    """Where in the recordings some windows lie; every field has one entry for each window.

    Attributes
    ----------
    subject : ndarray, shape (n,)
        Who was recorded.
    recording : ndarray, shape (n,)
        Continuous recording (session, block) of that subject; one clock each.
    start_s, stop_s : ndarray, shape (n,)
        First sample and end of all samples that the window was computed from, seconds on that clock.
    clip : ndarray, shape (n,), optional
        Presentation that the window belongs to, counted in its recording.
    slot : ndarray, shape (n,), optional
        Run of clips of one concept, counted in its recording.
    stimulus : ndarray, shape (n,), optional
        What was shown, whoever saw it and whenever.
    """

    subject: Ids
    recording: Ids
    start_s: NDArray[np.float64]
    stop_s: NDArray[np.float64]
    clip: Ids | None = None
    slot: Ids | None = None
    stimulus: Ids | None = None

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lengths = {name: len(array) for name, array in given.items() if array is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"windows without a place: lengths are {lengths}")
        if not (np.asarray(self.stop_s) > np.asarray(self.start_s)).all():
            raise ValueError("a window must end after it starts")

    def where(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Spans":
        """Only some of them."""
        given: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return replace(self, **{name: array[rows] for name, array in given.items() if array is not None})


def audit_split(
    learnt: Mapping[str, Spans],
    test: Spans,
    *,
    guard_s: float = 1.0,
    stretch_s: float = 30.0,
    unseen_subjects: bool = False,
    unseen_stimuli: bool = False,
) -> dict[str, Any]:
    """Make sure that nothing was learnt from windows that give the test windows away.

    Parameters
    ----------
    learnt : mapping of str to Spans
        All windows that anything was fitted on, by what they were used for ("training", "normalisation",
        "early stopping"): each is held against the test windows.
    test : Spans
        Windows that the score is taken on.
    guard_s : float
        Least time between a test window and one that was learnt from, in the same recording.
    stretch_s : float
        Least length of a held-out stretch that has learnt windows of its recording before and after it:
        a shorter one can be had by interpolating the drift, as in a random split of clips.
    unseen_subjects : bool
        The claim is about new people: nobody may be in both.
    unseen_stimuli : bool
        The claim is about new clips: no stimulus may be in both.

    Returns
    -------
    dict
        What was checked, for the run's report: ``test_windows``, ``guard_s``, ``stretch_s``, ``learnt`` (for
        each use: ``windows``, ``nearest_s``, the least time to a test window in one recording or None, and
        ``shared_stimuli``, the share of test windows whose stimulus was learnt from, or None).

    Raises
    ------
    LeakError
        If the split leaks; the sentence names every way.
    """
    if len(test.start_s) == 0 or not learnt or any(len(spans.start_s) == 0 for spans in learnt.values()):
        raise LeakError(("there is nothing to tell apart, as one side has no windows",))
    leaks: list[str] = []
    report: dict[str, Any] = {}
    for use, spans in learnt.items():
        shared_stimuli = _shared(spans, test, "stimulus", within=False)
        nearest = _nearest(spans, test)
        report[use] = {
            "windows": len(spans.start_s),
            "nearest_s": float(nearest.min()) if np.isfinite(nearest).any() else None,
            "shared_stimuli": None if shared_stimuli is None else float(shared_stimuli.mean()),
        }
        if unseen_subjects and (both := np.intersect1d(spans.subject, test.subject)).size:
            leaks.append(f"{both.size} test subjects are in {use} as well, such as {both[0]}")
        if unseen_stimuli:
            if shared_stimuli is None:
                leaks.append(f"nothing says which stimuli {use} and test windows show")
            elif shared_stimuli.any():
                leaks.append(f"{_count(shared_stimuli)} show stimuli that are in {use} as well")
        for field, what in (("clip", "belong to clips"), ("slot", "belong to runs of one concept")):
            shared = _shared(spans, test, field, within=True)
            if shared is not None and shared.any():
                leaks.append(f"{_count(shared)} {what} that are in {use} as well")
        close = nearest < guard_s
        if close.any():
            first = int(np.flatnonzero(close)[0])
            leaks.append(
                f"{_count(close)} lie within {guard_s:g} s of {use} windows "
                f"(the first at {test.start_s[first]:.1f} s of recording {test.recording[first]}, "
                f"subject {test.subject[first]})"
            )
        short, stretches = _interleaved(spans, test, stretch_s)
        if short:
            leaks.append(
                f"{short} of {stretches} held-out stretches are shorter than {stretch_s:g} s "
                f"with {use} windows of the same recording before and after them"
            )
    if leaks:
        raise LeakError(tuple(leaks))
    return {
        "test_windows": len(test.start_s),
        "guard_s": guard_s,
        "stretch_s": stretch_s,
        "learnt": report,
    }


def _count(which: NDArray[np.bool_]) -> str:
    return f"{int(which.sum())} of {len(which)} test windows"


def _common_codes(spans: Spans, test: Spans, *fields: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the combinations of some fields alike on both sides."""
    columns = [
        np.unique(np.concatenate([getattr(spans, name), getattr(test, name)]), return_inverse=True)[1]
        for name in fields
    ]
    codes = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    return codes[: len(spans.start_s)], codes[len(spans.start_s) :]


def _shared(spans: Spans, test: Spans, field: str, *, within: bool) -> NDArray[np.bool_] | None:
    """Which test windows share a field's value with learnt ones; None where either side does not say."""
    if getattr(spans, field) is None or getattr(test, field) is None:
        return None
    ours, theirs = _common_codes(spans, test, *(("subject", "recording") if within else ()), field)
    return np.isin(theirs, ours)


def _nearest(spans: Spans, test: Spans) -> NDArray[np.float64]:
    """Seconds from each test window to the nearest learnt one of its recording: 0 if they overlap."""
    ours, theirs = _common_codes(spans, test, "subject", "recording")
    nearest = np.full(len(theirs), np.inf)
    for code in np.intersect1d(ours, theirs):
        learnt, held = np.flatnonzero(ours == code), theirs == code
        learnt = learnt[np.argsort(spans.start_s[learnt], kind="stable")]
        begin = spans.start_s[learnt]
        # Latest end of all that begin before; no window ends later than it and begins earlier.
        end = np.concatenate([[-np.inf], np.maximum.accumulate(spans.stop_s[learnt])])
        after = np.searchsorted(begin, test.stop_s[held], side="left")
        gap_before = np.maximum(test.start_s[held] - end[after], 0.0)
        gap_after = np.concatenate([begin, [np.inf]])[after] - test.stop_s[held]
        nearest[held] = np.minimum(gap_before, gap_after)
    return nearest


def _interleaved(spans: Spans, test: Spans, stretch_s: float) -> tuple[int, int]:
    """Count the held-out stretches between learnt windows that are too short, and all stretches."""
    ours, theirs = _common_codes(spans, test, "subject", "recording")
    short = stretches = 0
    for code in np.intersect1d(ours, theirs):
        learnt, held = ours == code, theirs == code
        begin = np.concatenate([spans.start_s[learnt], test.start_s[held]])
        end = np.concatenate([spans.stop_s[learnt], test.stop_s[held]])
        is_test = np.repeat([False, True], [learnt.sum(), held.sum()])
        order = np.argsort(begin + end, kind="stable")
        begin, end, is_test = begin[order], end[order], is_test[order]
        edges = np.flatnonzero(is_test[1:] != is_test[:-1]) + 1
        for rows in np.split(np.arange(len(order)), edges):
            if not is_test[rows[0]]:
                continue
            stretches += 1
            inside = rows[0] > 0 and rows[-1] < len(order) - 1
            short += int(inside and end[rows].max() - begin[rows].min() < stretch_s)
    return short, stretches
