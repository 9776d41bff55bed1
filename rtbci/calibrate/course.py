"""A calibration from its first step to its last, with a window or without: what both do is here."""

import threading
from collections.abc import Callable
from dataclasses import replace

from pylsl import local_clock

from rtbci.bundle import Bundle
from rtbci.calibrate.adaptive import Estimate, Estimator
from rtbci.calibrate.calibration import calibrate, frozen_encoder, generic_layer, names_tried
from rtbci.calibrate.collector import Collector
from rtbci.calibrate.connection import QUIET_S, Connection
from rtbci.calibrate.course_settings import CourseSettings, Progress
from rtbci.calibrate.journal import Journal
from rtbci.calibrate.programme import OnClip, Programme
from rtbci.calibrate.protocol import check_rounds, plan, rest_plan
from rtbci.calibrate.rest import Alpha
from rtbci.calibrate.session import Collected
from rtbci.calibrate.shown import ClipTable, shown_json
from rtbci.calibrate.standing import standing
from rtbci.calibrate.task import Task
from rtbci.errors import UsageError, WearerError
from rtbci.stimuli.markers import ShownMarker
from rtbci.stream import find_streams, resolve_one
from rtbci.wearers import Profile, save_profile, sitting_folder

_OWN_MARKERS_S = 1.0


class Course:
    """One calibration. Its steps take their time and are called one after the other, each on any thread.

    Parameters
    ----------
    bundle : Bundle
    settings : CourseSettings

    Attributes
    ----------
    programme : Programme
        What is to be seen on the wearer's screen.
    wearer : str
        The pseudonym, once begun.
    shows : bool
        Whether clips are announced here, and not by the stream's own markers; known once connected.
    steps : tuple of str
        Names of what is tried, known once fitting has begun.
    """

    def __init__(self, bundle: Bundle, settings: CourseSettings) -> None:
        self.bundle = bundle
        self.settings = settings
        self.programme = Programme(settings.library)
        self.wearer = ""
        self.shows = True
        self.steps: tuple[str, ...] = ()
        self._journal: Journal | None = None
        self._collector: Collector | None = None
        self._connection: Connection | None = None
        self._estimate: Estimate | None = None
        self._verdict: str | None = None
        self._spent = False

    def change(self, **changes: object) -> None:
        """Decide something anew, before the step that it is for."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        self.programme.library = self.settings.library

    # ---- begin ---------------------------------------------------------------------------------

    def begin(self, wearer: str, *, fresh: bool = False, consent: bool = False) -> int:
        """Open what is kept of this wearer's calibration, or begin one.

        Parameters
        ----------
        wearer : str
            A pseudonym.
        fresh : bool
            Forget one that was interrupted.
        consent : bool
            The wearer agrees, now.

        Returns
        -------
        int
            How many clips are kept.

        Raises
        ------
        WearerError
            If the pseudonym is none.
        RecordingError
            If it cannot be kept, what is kept cannot be read, or it was begun with other clips.
        UsageError
            If there is too little time to show own clips often enough.
        """
        self.release()
        settings, library = self.settings, self.settings.library
        # What was begun may be enough already, however little time is left for more.
        if library is not None and (fresh or not standing(wearer).interrupted):
            check_rounds(library, settings.clips, settings.clip_s)
        table = None if library is None else ClipTable.of(library)
        journal = Journal(sitting_folder(wearer), settings.seed, fresh, table)
        older = self._older(wearer)
        collector = Collector(
            self.bundle,
            journal,
            settings.mains_hz,
            settings.photodiode,
            None if older is None else older.covariance,
        )
        try:
            contract = journal.contract
            if contract is not None:
                collector.replay(contract, journal.parts(local_clock()))
            if consent:
                journal.consent()
        except Exception:
            journal.release()
            raise
        self.wearer, self._journal, self._collector = wearer, journal, collector
        self._estimate = self._verdict = None
        self._spent = False
        return collector.watched

    @property
    def resumed(self) -> bool:
        """Whether something was kept."""
        return self._journal is not None and self._journal.resumed

    @property
    def collector(self) -> Collector:
        """What has come in; there is one once it is begun."""
        if self._collector is None:
            raise UsageError("The calibration has not begun; name the wearer first.")
        return self._collector

    @property
    def journal(self) -> Journal:
        """Where it is kept; there is one once it is begun."""
        if self._journal is None:
            raise UsageError("The calibration has not begun; name the wearer first.")
        return self._journal

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be watched, so that no stream is needed."""
        return self.journal.watched or self.collector.watched >= self.settings.clips

    @property
    def connected(self) -> bool:
        """Whether a stream is being recorded."""
        return self._connection is not None

    # ---- watch ---------------------------------------------------------------------------------

    def connect(self, stop: threading.Event) -> None:
        """Connect to the stream and record what comes, until `disconnect`.

        If it was connected before, it goes on from what is on the disk, as after a crash.

        Raises
        ------
        StreamError
            If it is not there.
        ContractError
            If it does not fit, or is not the cap that was begun with.
        RecordingError
            If it cannot be recorded.
        UsageError
            If there are clips of a laboratory's own to show, but the stream announces others.
        """
        if self._spent:
            self.begin(self.wearer)
        settings = self.settings
        others = Task(lambda ended: find_streams(_OWN_MARKERS_S, ended))
        info = resolve_one(settings.query, settings.wait_s, stop)
        own_markers = f"{info.source_id()}-markers"
        connection = Connection(
            self.collector,
            settings.query,
            settings=settings.stream,
            silent_s=settings.silent_s,
            on_marker=self.programme.on_marker,
        )
        self._connection = connection
        try:
            connection.open(stop)
            self.shows = all(found.source_id != own_markers for found in others.wait())
            if settings.library is not None and not self.shows:
                raise UsageError(
                    f"The stream announces clips of its own ({own_markers}), so those in "
                    f"{settings.library.folder} would not be shown; end what sends them, or give no folder."
                )
            if self.shows or settings.rest_s:
                connection.prepare()
        except Exception:
            self.disconnect()
            raise

    def disconnect(self) -> None:
        """Let go of the stream; what came in is kept."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._spent = True
            connection.close()
        self.programme.clear()

    def rest(self, stop: threading.Event) -> Alpha | None:
        """Record a rest with the eyes open and closed; returns what is known of alpha then.

        Raises
        ------
        StreamError
            If the stream fell silent.
        RecordingError
            If what comes in can no longer be kept.
        """
        assert self._connection is not None
        self._connection.rest(rest_plan(self.settings.rest_s), stop)
        return self.collector.rest.found()

    def watch(
        self,
        stop: threading.Event,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        on_estimate: Callable[[Estimate], None] | None = None,
    ) -> None:
        """Show the clips that are missing, or follow the stream's own.

        Parameters
        ----------
        stop : threading.Event
            Interrupts it; what was watched is kept.
        on_progress : callable, optional
            Gets the numbers of clips watched and wanted whenever the first has changed.
        on_estimate : callable, optional
            Gets each estimate, on a thread of its own.

        Raises
        ------
        StreamError
            If no clip or no EEG came for long.
        ContractError
            If the stream came back as another cap.
        RecordingError
            If what comes in can no longer be kept.
        """
        assert self._connection is not None
        collector, settings, bundle = self.collector, self.settings, self.bundle
        enough = threading.Event()

        def estimated(found: Estimate) -> None:
            self._estimate = found
            self._verdict = None if settings.whole else found.verdict()
            if on_estimate is not None:
                on_estimate(found)
            if self._verdict is not None:
                enough.set()

        hazard = bundle.manifest.evidence.hazard
        estimator = Estimator(
            collector.sitting, frozen_encoder(bundle), generic_layer(bundle), hazard, estimated
        )

        def progressed(watched: int, wanted: int) -> None:
            estimator.watched(watched)
            if on_progress is not None:
                on_progress(watched, wanted)

        shown = None
        if self.shows:
            shown = plan(
                settings.minutes,
                self.journal.seed,
                collector.watched,
                lead_s=settings.lead_s,
                clip_s=settings.clip_s,
                library=settings.library,
            )
        try:
            estimator.watched(collector.watched)
            self._connection.watch(settings.clips, shown, stop=stop, enough=enough, on_progress=progressed)
        finally:
            estimator.stop()

    def hold(self, held: bool) -> None:
        """Pause the clips after the one that is on, or go on."""
        if self._connection is not None:
            self._connection.hold(held)

    def shown(self, marker: ShownMarker, stamp: float) -> None:
        """Take from the screen how punctually a clip was shown."""
        if self._connection is not None:
            self._connection.shown(marker, stamp)

    def screen_left(self) -> None:
        """Take note that the wearer's screen was closed: pause.

        The EEG holds no answer to the clip that is on nor to one that is announced: both are left out.
        """
        self.hold(True)
        now = local_clock()
        for clip in (self.programme.at(now), self.programme.coming(now)):
            if isinstance(clip, OnClip):
                self.shown(ShownMarker(0.0, 0, clip.frames), clip.onset)

    @property
    def progress(self) -> Progress:
        """How far the watching is."""
        settings, connection = self.settings, self._connection
        watched = min(self.collector.watched, settings.clips)
        left = connection.left_s if connection is not None else None
        quiet = connection.quiet_s if connection is not None else 0.0
        return Progress(
            watched=watched,
            wanted=settings.clips,
            left_s=(settings.clips - watched) * settings.clip_s if left is None else left,
            estimate=self._estimate,
            verdict=self._verdict,
            held=connection is not None and connection.held,
            quiet_s=quiet if QUIET_S < quiet < 1e6 else 0.0,
        )

    # ---- end -----------------------------------------------------------------------------------

    def fit(self, on_progress: Callable[[str], None] | None = None) -> Profile:
        """Fit to what was collected; the profile is returned, not stored.

        Raises
        ------
        WearerError
            If too little was collected.
        """
        self.disconnect()
        collected = Collected.of(self.collector)
        self.journal.end_watching()
        try:
            gradients = self.settings.gradients
            more, not_tried = gradients(self.bundle) if gradients is not None else ((), ())
            older = self._older(self.wearer)
            self.steps = names_tried(self.bundle, more, older)
            profile = calibrate(
                self.bundle,
                collected,
                self.wearer,
                more=more,
                not_tried=not_tried,
                older=older,
                on_progress=on_progress,
            )
        except WearerError:
            # Too little: it must be possible to watch more.
            self.journal.end_watching(False)
            raise
        own = shown_json(collected.sitting.clips, self.journal.clips)
        said = {"own_clips": own, "consented": self.journal.consented}
        return replace(profile, report={**profile.report, **{key: new for key, new in said.items() if new}})

    def _older(self, wearer: str) -> Profile | None:
        """The profile to build on, if it is of whom this calibration is."""
        older = self.settings.older
        return older if older is not None and older.wearer == wearer else None

    def save(self, profile: Profile, passphrase: str | None = None) -> None:
        """Store the profile and delete the recording.

        Raises
        ------
        WearerError
            If it cannot be stored; the recording is kept then.
        RecordingError
            If the recording cannot be deleted.
        """
        save_profile(profile, passphrase=passphrase)
        # Only now: until the profile is on the disk, the recording is all there is.
        self.discard()

    def discard(self) -> None:
        """Delete the recording.

        Raises
        ------
        RecordingError
            If that cannot be done.
        """
        self.disconnect()
        journal, self._journal = self.journal, None
        journal.discard()

    def release(self) -> None:
        """Let go of everything as it is; the next `begin` goes on from there."""
        self.disconnect()
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.release()
