"""The units the product ships with: Khánh Hòa in 2023, 169 points (1 + 20 + 9 + 139)."""

from pathlib import Path

KHANH_HOA_2023 = Path(__file__).parent / "data" / "khanhhoa-2023.json"


def khanh_hoa_2023() -> str:
    """Return the shipped units file, for :meth:`scheduler.service.Scheduler.import_units`."""
    return KHANH_HOA_2023.read_text(encoding="utf-8")
