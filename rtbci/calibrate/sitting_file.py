"""What `sitting.json` holds of a calibration: when it was begun, with which cap and which clips."""

import msgspec
import numpy as np

from rtbci.calibrate.shown import ClipTable
from rtbci.montage import Remap
from rtbci.stream import StreamContract


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stream's contract, as JSON holds it."""

    name: str
    source_id: str
    host: str
    labels: tuple[str, ...]
    units: tuple[str, ...]
    types: tuple[str, ...]
    rate_hz: float
    format: str
    delay_s: float
    unit: str
    matrix: list[list[float]]
    matched: dict[str, int]
    interpolated: tuple[str, ...]
    set_aside: tuple[str, ...]

    @classmethod
    def of(cls, contract: StreamContract) -> "Cap":
        """Take down a stream's contract."""
        remap = contract.remap
        return cls(
            *(contract.name, contract.source_id, contract.host, contract.labels, contract.units),
            *(contract.types, contract.rate_hz, contract.format, contract.delay_s, remap.unit),
            *(remap.matrix.tolist(), remap.matched, remap.interpolated, remap.set_aside),
        )

    def contract(self) -> StreamContract:
        """Give the contract back, without the number that LSL gave the stream that day."""
        matrix = np.array(self.matrix, dtype=np.float64)
        remap = Remap(matrix, self.matched, self.interpolated, self.set_aside, self.unit)
        return StreamContract(
            name=self.name,
            source_id=self.source_id,
            host=self.host,
            uid="",
            labels=self.labels,
            units=self.units,
            types=self.types,
            rate_hz=self.rate_hz,
            format=self.format,
            remap=remap,
            delay_s=self.delay_s,
        )


class Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `sitting.json`."""

    version: int
    seed: int
    began: str
    cap: Cap | None = None
    watched: bool = False
    """Whether nothing more is to be watched."""
    consented: str = ""
    """When the wearer agreed, if they were asked."""
    clips: ClipTable | None = None
    """What is shown in place of the drawn corpus."""
