"""Caps and their amplifiers, as data: one TOML file each."""

from devices.caps.profile import Cap, cap_names, load_cap

__all__ = ["Cap", "cap_names", "load_cap"]
