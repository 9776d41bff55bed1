"""How metrics are called, written and judged."""

import re
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Quantity:
    """One kind of number.

    Attributes
    ----------
    label : str
        For people.
    kind : {"share", "number"}
        Shares are written in per cent, their differences in points.
    better : int
        1 where more is better, -1 where less is, 0 where it is not known.
    digits : int
        Decimals, of per cents for a share.
    unit : str
        Written after a number.
    least : float
        Smallest value that a share can have: -1 of the difference of two.
    """

    label: str
    kind: Literal["share", "number"] = "number"
    better: int = 0
    digits: int = 3
    unit: str = ""
    least: float = 0.0

    def text(self, value: float) -> str:
        """Write a value with its unit."""
        return f"{self.plain(value)} {'%' if self.kind == 'share' else self.unit}".rstrip()

    def plain(self, value: float) -> str:
        """Write a value without its unit."""
        scaled = 100 * value if self.kind == "share" else value
        text = f"{abs(scaled):.{self.digits}f}"
        # A minus before nothing but zeros would say that something is lower that is not.
        return f"−{text}" if scaled < 0 and float(text) else text

    def difference(self, value: float) -> str:
        """Write the size of a difference, without its sign."""
        return f"{self.plain(abs(value))} {'points' if self.kind == 'share' else self.unit}".rstrip()

    def signed(self, value: float) -> str:
        """Write a difference with its sign and without its unit."""
        text = self.plain(value)
        return f"+{text}" if value > 0 and float(text) else text


def _share(label: str, better: int = 1) -> Quantity:
    return Quantity(label, "share", better, 1)


_KNOWN: tuple[tuple[str, Quantity], ...] = (
    (r"top_?(\d+)", _share("top-{} accuracy")),
    (r"(?:(video|frame)s?_)?(\d+)_?way", _share("{} {}-way, field's metric")),
    (r"(?:(video|frame)s?_)?(\d+)_?way_strict", _share("{} {}-way, one class")),
    (r"balanced(?:_accuracy)?", _share("balanced accuracy")),
    (r"accuracy", _share("accuracy")),
    (r"(?:ece|calibration_error)", _share("calibration error", -1)),
    (r"noise_top1", _share("top-1 accuracy on noise (the control)", better=0)),
    (r"top1_over_noise", replace(_share("top-1 accuracy above that on noise"), least=-1.0)),
    (
        r"top1_less_best",
        replace(
            _share("top-1 accuracy of the automatic choice less that of the best single method"), least=-1.0
        ),
    ),
    (r"subject_readout", Quantity("whose EEG it is, read from the features", "share", 0, 1)),
    (r"ssim", Quantity("SSIM", better=1)),
    (r"psnr", Quantity("PSNR", better=1, digits=2, unit="dB")),
    (r"(?:bits|mutual_information)", Quantity("bits a window", better=1, unit="bits")),
    (r"(?:nll|cross_entropy)", Quantity("negative log-likelihood", better=-1, unit="nats")),
    (r"log_likelihood", Quantity("log-likelihood", better=1, unit="nats")),
    (r"(?:mse|loss)", Quantity("squared error", better=-1, digits=4)),
    (r"(?:seconds|fit_s)", Quantity("time", better=-1, digits=2, unit="s")),
    (r"truth_leaked", _share("shows what was watched though the evidence says another", -1)),
    (r"(concept|colour|number|speed)_obeyed", _share("{} obeyed")),
    (
        r"(colour|number|speed|scene|sky)_matched",
        _share("{} of the scene shown is the watched one's"),
    ),
    (r"preview_ssim", Quantity("SSIM of the preview", better=1)),
    (r"preview_psnr", Quantity("PSNR of the preview", better=1, digits=2, unit="dB")),
    (r"preview_sharpness", Quantity("sharpness of the preview beside the truth's", better=1, digits=2)),
    (r"sharpness", Quantity("sharpness beside the truth's", better=1, digits=2)),
    (r"novelty", Quantity("distance from the nearest stored scene, beside an unseen scene's", digits=2)),
    (r"motion", Quantity("motion beside the truth's", digits=2)),
    (r"motion_place", Quantity("correlation of where it moves with where it should", better=1, digits=2)),
    (r"flicker", Quantity("flicker beside the truth's", better=-1, digits=2)),
    (r"(keyframe|clip)_ms", Quantity("time of a {}", better=-1, digits=1, unit="ms")),
    (r"(?:ms|latency_ms)", Quantity("latency", better=-1, digits=1, unit="ms")),
)


def quantity(metric: str) -> Quantity:
    """Look up a metric by name.

    Names that end in ``_accuracy``, ``_share`` or ``_top1`` are shares, of which more is better; of others
    that are not known it is not said which way is better.
    """
    name = metric.lower().replace("-", "_").replace(" ", "_")
    for pattern, found in _KNOWN:
        match = re.fullmatch(pattern, name)
        if match:
            words = " ".join(found.label.format(*(part or "" for part in match.groups())).split())
            return replace(found, label=words)
    spoken = metric.replace("_", " ")
    if name.endswith(("_accuracy", "_share", "_top1")):
        return _share(spoken)
    return Quantity(spoken)
