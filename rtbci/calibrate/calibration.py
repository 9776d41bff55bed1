"""From a sitting to a wearer's profile."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.bundle.engine import EngineSession
from rtbci.calibrate.candidates import Encode
from rtbci.calibrate.fit import fit
from rtbci.calibrate.session import Collected
from rtbci.errors import BundleError
from rtbci.wearers import Profile, ProfileRecord, cap_hash

_PROBE_SEED = 0


def calibrate(
    bundle: Bundle,
    collected: Collected,
    wearer: str,
    *,
    threads: int = 1,
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
    on_progress : callable, optional
        Gets the name of each candidate before it is fitted.

    Raises
    ------
    WearerError
        If too little was collected.
    BundleError
        If the bundle's adapter is no spatial layer.
    """
    found = fit(
        collected.sitting,
        frozen_encoder(bundle, threads),
        generic_layer(bundle),
        hazard=bundle.manifest.evidence.hazard,
        on_progress=on_progress,
    )
    labels = collected.contract.labels
    record = ProfileRecord(
        wearer=wearer,
        bundle_id=bundle.manifest.id,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        method=found.report.chosen,
        predicted=found.report.predicted,
        cap_labels=labels,
        cap_hash=cap_hash(labels),
    )
    report = found.report.to_json() | {
        "wearer": wearer,
        "bundle": {"id": bundle.manifest.id},
        "stream": {"name": collected.contract.name, "lost_samples": collected.lost_samples},
        "quality": collected.quality.to_json(),
        "created": record.created,
    }
    if collected.rest is not None:
        report["rest"] = collected.rest.to_json()
    if collected.timing is not None:
        report["timing"] = collected.timing
    if collected.light is not None:
        report["light"] = collected.light
    return Profile(record, found.adapter, report)


def frozen_encoder(bundle: Bundle, threads: int = 1) -> Encode:
    """Return the bundle's encoder without any layer in front."""
    session = EngineSession(
        bundle.engine_path("encoder"), bundle.manifest.engines["encoder"], threads=threads
    )

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
    session = EngineSession(bundle.engine_path("adapter"), engine)
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
