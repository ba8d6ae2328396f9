"""Units of three levels, and a policy under which districts register nothing."""

from datetime import date

from scheduler.core.model import Unit
from scheduler.policy.profile_files import SHIPPED, TWO_TIER, load

PROFILES = load((*SHIPPED, TWO_TIER))
KH_2023, TWO_TIERS = PROFILES.policies[1], PROFILES.policies[2]
UNITS = (
    Unit("56", "UBND tỉnh", "ubt", None),
    Unit("so.yt", "Sở Y tế", "so", "56"),
    Unit("bv", "Bệnh viện Đa khoa tỉnh", "khac", "so.yt"),
    Unit("cv", "Cảng vụ Hàng hải Nha Trang", "khac", None),
    Unit("574", "Huyện Diên Khánh", "huyen", "56", valid_to=date(2025, 6, 30)),
    Unit("da", "Xã Diên An", "xa", "574"),
    Unit("hn", "Văn phòng Chính phủ", "tw", None),
)
BY_ID = {unit.id: unit for unit in UNITS}
