"""The 62 electrodes: names, aliases, positions, regions; how a device's channels map onto them."""

from rtbci.montage.channels import CHANNELS, REGIONS
from rtbci.montage.labels import canonical, has_position, positions
from rtbci.montage.remap import MAX_MISSING, Remap, plan_remap
from rtbci.montage.spline import leave_one_out, spherical_spline
from rtbci.montage.units import SCALES, UnknownUnitError, judge_unit, parse_unit

__all__ = [
    "CHANNELS",
    "MAX_MISSING",
    "REGIONS",
    "SCALES",
    "Remap",
    "UnknownUnitError",
    "canonical",
    "has_position",
    "judge_unit",
    "leave_one_out",
    "parse_unit",
    "plan_remap",
    "positions",
    "spherical_spline",
]
