"""Wearers' profiles: who was calibrated, when, for which bundle, and how well."""

from rtbci.wearers.adapter import Adapter
from rtbci.wearers.profile import Predicted, Profile, ProfileRecord, cap_hash
from rtbci.wearers.store import (
    check_name,
    delete_profile,
    export_profile,
    home,
    import_profile,
    list_profiles,
    load_profile,
    read_report,
    save_profile,
)

__all__ = [
    "Adapter",
    "Predicted",
    "Profile",
    "ProfileRecord",
    "cap_hash",
    "check_name",
    "delete_profile",
    "export_profile",
    "home",
    "import_profile",
    "list_profiles",
    "load_profile",
    "read_report",
    "save_profile",
]
