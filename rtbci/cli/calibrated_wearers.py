"""Calibrating simulated wearers as the live commands do, without a stream: what was predicted, what came."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import numpy as np

from devices.wearer import Wearer
from rtbci.bundle import Bundle
from rtbci.calibrate import Collected, Collector, plan
from rtbci.cli.evaluation import decode_wearer
from rtbci.decode import Decoder
from rtbci.montage import CHANNELS, plan_remap
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, encode
from rtbci.stimuli.spec import clip_spec
from rtbci.stream import Chunk, Connected, StreamContract
from rtbci.wearers import Profile
from rtbci.wire.messages import Trial

_CHUNK = 200
_TAIL_S = 1.0
_CALIBRATED, _LATER, _AGAIN = 0, 1, 2
"""Sittings of a wearer: the same head, other noise."""


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wearer: what calibration said, and how clips of another sitting were decoded."""

    seed: int
    minutes: float
    chosen: str
    candidates: dict[str, float]
    """Top-1 in cross-validation."""
    predicted: float
    ci95: tuple[float, float]
    decodable: bool
    fit_seconds: float
    trials: int
    live: float
    """Top-1 of the profile on the other sitting, through the live runtime."""
    live_none: float
    """Top-1 without a profile on the same."""

    @property
    def inside(self) -> bool:
        """Whether the prediction held."""
        return self.ci95[0] <= self.live <= self.ci95[1]


@dataclass(frozen=True)
class Trialled:
    """How simulated wearers are calibrated and tried.

    Attributes
    ----------
    bundle : Bundle
    snr : float
    minutes : float
        Of calibration.
    clips : int
        Clips afterwards, in another sitting.
    fit : callable
        From what was collected to a profile: `rtbci.calibrate.calibrate` with the candidates at hand.
    """

    bundle: Bundle
    snr: float
    minutes: float
    clips: int
    fit: Callable[[Collected, str], Profile]

    def of(self, seed: int) -> Kept:
        """Calibrate one wearer, then decode them."""
        profile = self.fit(sit(self.bundle, seed, self.snr, self.minutes, _CALIBRATED), f"sim{seed}")
        report = profile.report
        return Kept(
            seed=seed,
            minutes=self.minutes,
            chosen=report["chosen"],
            candidates={c["name"]: c["top1"] for c in report["candidates"]},
            predicted=report["predicted"]["top1"],
            ci95=tuple(report["predicted"]["ci95"]),
            decodable=report["decodable"],
            fit_seconds=report["fit_seconds"],
            trials=self.clips,
            live=live_top1(self.bundle, seed, self.snr, self.clips, profile),
            live_none=live_top1(self.bundle, seed, self.snr, self.clips, None),
        )


def sit(bundle: Bundle, seed: int, snr: float, minutes: float, session: int) -> Collected:
    """Let a simulated wearer watch a calibration, and collect it through the live signal path."""
    rate = bundle.manifest.preprocessing.rate_hz
    wearer = Wearer(seed, snr, rate, session=session)
    collector = Collector(bundle)
    labels = tuple(CHANNELS)
    units = ("uV",) * len(labels)
    contract = StreamContract(
        name=f"simulated {seed}",
        source_id=f"simulated-{seed}",
        host="simulated",
        uid="simulated",
        labels=labels,
        units=units,
        types=("EEG",) * len(labels),
        rate_hz=rate,
        format="float32",
        remap=plan_remap(labels, units),
    )
    shown = plan(minutes, 1000 * seed + session)
    collector.on_item(Connected(at=0.0, contract=contract))
    for at, marker in shown.items:
        if isinstance(marker, ClipMarker):
            wearer.watch(clip_spec(CONCEPT_NAMES.index(marker.concept), marker.seed), round(at * rate))
        collector.on_marker(encode(marker), at)
    edges = range(0, round((shown.seconds + _TAIL_S) * rate) + _CHUNK, _CHUNK)
    for first, last in pairwise(edges):
        stamps = np.arange(first, last) / rate
        collector.on_item(Chunk(wearer.render(last - first), stamps, float(stamps[-1])))
    return Collected.of(collector)


def live_top1(bundle: Bundle, seed: int, snr: float, clips: int, profile: Profile | None) -> float:
    """Share of clips of another sitting that the live runtime decodes right."""
    decoder = Decoder(
        bundle, profile.adapter if profile else None, encoder=profile.encoder if profile else None
    )
    kept = decode_wearer(
        bundle,
        decoder,
        seed,
        snr,
        clips,
        False,
        session=_LATER,
        exponent=profile.adapter.exponent if profile else None,
    )
    trials = [header for header in kept.headers if isinstance(header, Trial)]
    return sum(trial.correct for trial in trials) / len(trials)
