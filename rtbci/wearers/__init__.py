"""Wearers' profiles: who was calibrated, when, for which bundle, and how well."""

from rtbci.wearers.adapter import Adapter
from rtbci.wearers.places import check_name, home, sitting_folder
from rtbci.wearers.profile import Predicted, Profile, ProfileRecord, cap_hash, check_cap
from rtbci.wearers.store import (
    Listed,
    check_anything_kept,
    delete_profile,
    export_profile,
    import_profile,
    is_kept,
    is_sealed,
    list_profiles,
    load_profile,
    read_report,
    save_profile,
)

__all__ = [
    "Adapter",
    "Listed",
    "Predicted",
    "Profile",
    "ProfileRecord",
    "cap_hash",
    "check_anything_kept",
    "check_cap",
    "check_name",
    "delete_profile",
    "export_profile",
    "home",
    "import_profile",
    "is_kept",
    "is_sealed",
    "list_profiles",
    "load_profile",
    "read_report",
    "save_profile",
    "sitting_folder",
]
