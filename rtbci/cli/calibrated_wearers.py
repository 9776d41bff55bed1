"""Calibrating simulated wearers as the live commands do, without a stream: what was predicted, what came."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import binomtest

from devices.wearer import Wearer
from rtbci.bundle import Bundle
from rtbci.calibrate import Collected, Collector, plan
from rtbci.calibrate.evidence import breaks
from rtbci.calibrate.sitting import find_trials
from rtbci.decode import Decoder, EvidenceTrack
from rtbci.montage import CHANNELS, plan_remap
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, encode
from rtbci.stimuli.spec import CLIP_SECONDS, clip_spec
from rtbci.stream import Chunk, Connected, StreamContract
from rtbci.wearers import Profile

FIRST, AGAIN, LATER = 0, 1, 2
"""Sittings of a wearer: calibrated, calibrated once more, decoded. The same head, other noise and clips."""
_CHUNK = 200
_TAIL_S = 1.0

Fit = Callable[[Collected, str, Profile | None], Profile]
"""From what was collected, a pseudonym and an older profile to a profile."""


@dataclass(frozen=True)
class Trial:
    """How simulated wearers are calibrated and tried.

    Attributes
    ----------
    bundle : Bundle
    snr : float
    minutes : float
        Of clips for calibration.
    clips : int
        Clips afterwards, in another sitting.
    fit : callable
    update_minutes : float or None
        Of a second calibration, once building on the first and once anew; None for none.
    """

    bundle: Bundle
    snr: float
    minutes: float
    clips: int
    fit: Fit
    update_minutes: float | None = None

    def rows(self, seeds: Iterable[int]) -> Iterator[dict[str, Any]]:
        """Calibrate and decode wearers, one after the other."""
        for seed in seeds:
            yield self.row(seed)

    def row(self, seed: int) -> dict[str, Any]:
        """Calibrate one wearer, then decode them."""
        name = f"simulated{seed}"
        profile = self.fit(sit(self.bundle, seed, self.snr, self.minutes, FIRST), name, None)
        found = {"seed": seed, **_told(profile), "live": self._live(seed, profile)}
        low, high = found["predicted"]["ci95"]
        row = found | {"inside": low <= found["live"] <= high, "live_none": self._live(seed)}
        if self.update_minutes is not None:
            for kind, older in (("updated", profile), ("anew", None)):
                again = sit(self.bundle, seed, self.snr, self.update_minutes, AGAIN, older)
                other = self.fit(again, name, older)
                row[kind] = {**_told(other), "live": self._live(seed, other)}
        return row

    def _live(self, seed: int, profile: Profile | None = None) -> float:
        """Share of the later clips that are right."""
        later = sit(self.bundle, seed, self.snr, self.clips * CLIP_SECONDS / 60, LATER, profile)
        return live_top1(self.bundle, later, profile)


def _told(profile: Profile) -> dict[str, Any]:
    report = profile.report
    return {
        "chosen": report["chosen"],
        "predicted": report["predicted"],
        "decodable": report["decodable"],
        "fit_seconds": report["fit_seconds"],
        "candidates": {c["name"]: c["top1"] for c in report["candidates"]},
        "cut_short": [c["name"] for c in report["candidates"] if c["cut_short"]],
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Pool wearers.

    Returns
    -------
    dict
        Mean accuracy as decoded later, without and with a profile; how many predictions held (with the 95 %
        interval of that share), how many wearers were told that they have a signal, who was chosen how often,
        and the longest fit.
    """
    inside = sum(row["inside"] for row in rows)
    share = binomtest(inside, len(rows)).proportion_ci(0.95)
    chosen = [row["chosen"] for row in rows]
    pooled = {
        "wearers": len(rows),
        "live": float(np.mean([row["live"] for row in rows])),
        "live_none": float(np.mean([row["live_none"] for row in rows])),
        "predicted": float(np.mean([row["predicted"]["top1"] for row in rows])),
        "inside": inside,
        "inside_ci95": [round(share.low, 3), round(share.high, 3)],
        "decodable": sum(row["decodable"] for row in rows),
        "chosen": {name: chosen.count(name) for name in dict.fromkeys(chosen)},
        "longest_fit_s": max(row["fit_seconds"] for row in rows),
    }
    for kind in ("updated", "anew"):
        if kind in rows[0]:
            pooled[kind] = float(np.mean([row[kind]["live"] for row in rows]))
    return pooled


def sit(
    bundle: Bundle, seed: int, snr: float, minutes: float, session: int, profile: Profile | None = None
) -> Collected:
    """Let a simulated wearer watch clips, and collect that through the live signal path.

    With a profile, alignment begins at its covariance, as it does when a session runs with it.
    """
    rate = bundle.manifest.preprocessing.rate_hz
    wearer = Wearer(seed, snr, rate, session=session)
    collector = Collector(bundle, covariance=None if profile is None else profile.covariance)
    shown = plan(minutes, 1000 * seed + session)
    collector.on_item(Connected(_contract(seed, rate)))
    for at, marker in shown.items:
        if isinstance(marker, ClipMarker):
            wearer.watch(clip_spec(CONCEPT_NAMES.index(marker.concept), marker.seed), round(at * rate))
        collector.on_marker(encode(marker), at)
    edges = range(0, round((shown.seconds + _TAIL_S) * rate) + _CHUNK, _CHUNK)
    for first, last in pairwise(edges):
        stamps = np.arange(first, last) / rate
        collector.on_item(Chunk(wearer.render(last - first), stamps, float(stamps[-1])))
    return Collected.of(collector)


def live_top1(bundle: Bundle, watched: Collected, profile: Profile | None = None) -> float:
    """Share of the clips that the live decoder and its evidence over time get right."""
    decoder = Decoder(
        bundle, profile.adapter if profile else None, encoder=profile.encoder if profile else None
    )
    track = EvidenceTrack(
        bundle.manifest.evidence, decoder.questions, exponent=profile.adapter.exponent if profile else None
    )
    sitting = watched.sitting
    said = []
    for z, fresh in zip(sitting.z, breaks(sitting.newest, sitting.hop_s), strict=True):
        if fresh:
            track.reset()
        said.append(int(track.add(decoder.decode(z)).posterior.argmax()))
    trials = find_trials(sitting)
    return float(np.mean(np.array(said)[trials.decided] == trials.concept))


def _contract(seed: int, rate: float) -> StreamContract:
    units = ("uV",) * len(CHANNELS)
    return StreamContract(
        name=f"simulated {seed}",
        source_id=f"simulated-{seed}",
        host="simulated",
        uid="simulated",
        labels=CHANNELS,
        units=units,
        types=("EEG",) * len(CHANNELS),
        rate_hz=rate,
        format="float32",
        remap=plan_remap(CHANNELS, units),
    )
