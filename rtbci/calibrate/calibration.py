"""From a sitting to a wearer's profile."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.bundle.engine import EngineSession
from rtbci.calibrate.candidates import CANDIDATES, LAYER, PROFILE, Candidate, Encode, Fitted
from rtbci.calibrate.fit import BUDGET_S, fit
from rtbci.calibrate.report import NotTried
from rtbci.calibrate.session import Collected
from rtbci.calibrate.waveform import RESPONSES, waveform
from rtbci.errors import BundleError
from rtbci.wearers import Profile, ProfileRecord, cap_hash

_PROBE_SEED = 0


def calibrate(
    bundle: Bundle,
    collected: Collected,
    wearer: str,
    *,
    threads: int = 1,
    more: Sequence[Candidate] = (),
    not_tried: Sequence[NotTried] = (),
    older: Profile | None = None,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.perf_counter,
    on_progress: Callable[[str], None] | None = None,
) -> Profile:
    """Fit the bundle to a wearer; the profile is returned, not stored.

    Parameters
    ----------
    bundle : Bundle
        The one that the sitting was collected for.
    collected : Collected
        The sitting.
    wearer : str
        A pseudonym.
    threads : int
        Threads of onnxruntime.
    more : sequence of Candidate
        Beside those in closed form: what needs more than the base install, handed in by the command.
    not_tried : sequence of NotTried
        What could not be handed in, and why.
    older : Profile, optional
        The wearer's profile for this bundle, to build on.
    budget_s : float
        Time for fitting.
    clock : callable
        Seconds.
    on_progress : callable, optional
        Gets the name of each candidate before it is fitted.

    Raises
    ------
    WearerError
        If too little was collected.
    BundleError
        If the bundle's adapter is no spatial layer.
    """
    candidates, left_out = _candidates(bundle, more, older)
    found = fit(
        collected.sitting,
        frozen_encoder(bundle, threads),
        generic_layer(bundle),
        hazard=bundle.manifest.evidence.hazard,
        candidates=candidates,
        start=None if older is None else _as_it_was(bundle, older, threads),
        not_tried=(*not_tried, *left_out),
        budget_s=budget_s,
        clock=clock,
        on_progress=on_progress,
    )
    labels = collected.contract.labels
    usual = collected.usual
    record = ProfileRecord(
        wearer=wearer,
        bundle_id=bundle.manifest.id,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        method=found.report.chosen,
        predicted=found.report.predicted,
        cap_labels=labels,
        cap_hash=cap_hash(labels),
        spread=None if usual is None else usual.spread,
    )
    report = found.report.to_json() | {
        "wearer": wearer,
        "bundle": {"id": bundle.manifest.id},
        "stream": {"name": collected.contract.name, "lost_samples": collected.lost_samples},
        "quality": collected.quality.to_json(),
        "created": record.created,
        "builds_on": None if older is None else older.record.created,
    }
    if collected.rest is not None:
        report["rest"] = collected.rest.to_json()
    if collected.timing is not None:
        report["timing"] = collected.timing
    if collected.light is not None:
        report["light"] = collected.light
    return Profile(
        record,
        found.adapter,
        report,
        encoder=found.encoder,
        covariance=None if usual is None else usual.covariance,
    )


def names_tried(bundle: Bundle, more: Sequence[Candidate], older: Profile | None) -> tuple[str, ...]:
    """Return the names of what `calibrate` will try, in order."""
    names = tuple(candidate.name for candidate in _candidates(bundle, more, older)[0])
    return names if older is None else (PROFILE.name, *names)


def _candidates(
    bundle: Bundle, more: Sequence[Candidate], older: Profile | None
) -> tuple[tuple[Candidate, ...], tuple[NotTried, ...]]:
    """Return all candidates from the simplest on, and those that must be left out."""
    if older is not None and older.encoder is not None and more:
        why = "The profile's own encoder holds no weights to go on from; calibrate without --update."
        return _candidates(bundle, (), older)[0], tuple(NotTried(c.name, why) for c in more)
    if RESPONSES in bundle.manifest.arrays:
        by_waveform: tuple[Candidate, ...] = (waveform(bundle.array(RESPONSES)),)
        left_out: tuple[NotTried, ...] = ()
    else:
        by_waveform = ()
        why = (
            f"The bundle holds no known wearers' answers ({RESPONSES}): a lab's own has none, and the "
            "default one of an earlier version must be exported again."
        )
        left_out = (NotTried("new2source", why),)
    # The layer by gradient is the same layer, and not linearised.
    closed = tuple(c for c in CANDIDATES if c is not LAYER or not more)
    return (*closed, *by_waveform, *more), left_out


def _as_it_was(bundle: Bundle, older: Profile, threads: int) -> Fitted:
    if older.encoder is None:
        return Fitted(older.adapter)
    graph = older.encoder
    own = frozen_encoder(bundle, threads, graph)
    return Fitted(older.adapter, lambda eeg: own(eeg)["concept"], lambda: graph)


def frozen_encoder(bundle: Bundle, threads: int = 1, graph: bytes | None = None) -> Encode:
    """Return the bundle's encoder, or a wearer's own in its place, without any layer in front."""
    session = EngineSession.from_bundle(bundle, "encoder", threads=threads, content=graph)

    def encode(eeg: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        outputs = session.run(eeg=np.ascontiguousarray(eeg, dtype=np.float32))
        return {name: value.astype(np.float64) for name, value in outputs.items()}

    return encode


def generic_layer(bundle: Bundle) -> NDArray[np.float64]:
    """Return the matrix (62, 62) that the bundle's adapter engine applies.

    Raises
    ------
    BundleError
        If it does anything but mix channels, so that no matrix can stand in its place.
    """
    engine = bundle.manifest.engines["adapter"]
    session = EngineSession.from_bundle(bundle, "adapter")
    channels, length = engine.inputs[0].shape[1:]

    def run(eeg: NDArray[np.float64]) -> NDArray[np.float64]:
        (out,) = session.run(eeg=np.ascontiguousarray(eeg, dtype=np.float32)).values()
        return out.astype(np.float64)

    one = np.repeat(np.eye(channels)[:, :, None], length, axis=2)
    matrix = np.asarray(run(one)[:, :, 0].T)
    probe = np.random.default_rng(_PROBE_SEED).standard_normal((2, channels, length))
    if not np.allclose(run(probe), matrix @ probe, atol=1e-3):
        raise BundleError(
            f"The adapter of bundle {bundle.manifest.id} does more than mix channels, and no wearer's layer "
            "can take its place; export the bundle with a spatial layer as adapter."
        )
    return matrix
