"""The units the product ships with: Khánh Hòa in 2023, 169 points (1 + 20 + 9 + 139), and what changed since."""

from pathlib import Path

DATA = Path(__file__).parent / "data"
KHANH_HOA_2023 = DATA / "khanhhoa-2023.json"
KHANH_HOA_2024 = DATA / "khanhhoa-2024.json"
KHANH_HOA_2025 = DATA / "khanhhoa-2025.json"
"""132 communes from 01/11/2024; 65 and no districts from 01/07/2025, which needs the profile of two tiers."""


def khanh_hoa_2023() -> str:
    """Return the shipped units file, for :meth:`scheduler.service.Scheduler.import_units`."""
    return KHANH_HOA_2023.read_text(encoding="utf-8")
