"""The names of units and points that letters mention."""

from scheduler.inbound_mail.extraction.unit_names import UnitNames
from scheduler.policy.profile_files import load
from scheduler.units.seed import khanh_hoa_2023
from scheduler.units.units_file import parse

_DIRECTORY = parse(khanh_hoa_2023(), load(), ())
PLACES = UnitNames([each.unit for each in _DIRECTORY], [each.point for each in _DIRECTORY])
