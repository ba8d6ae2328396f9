"""Keeps where devices with a password take calls, as they say by REGISTER (RFC 3261 §10.3).

Each device has one binding, the newest; it ends by itself unless it is renewed, within an hour at the latest.
"""

from datetime import datetime, timedelta

from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Binding, Device
from signaling.sip.agent.agent import Registration
from signaling.sip.bridge.password_check import PasswordCheck

SHORTEST_S, LONGEST_S = 60, 3600
"""Seconds that a binding holds at least and at most (§10.3 step 7)."""
LONGEST_TEXT = 200
"""Letters of a Contact, or of a Call-ID."""
BAD_REQUEST, FORBIDDEN, TOO_BRIEF, OUT_OF_ORDER = 400, 403, 423, 500


class Registrar:
    """Answers devices that register."""

    def __init__(self, equipment: Equipment, passwords: PasswordCheck) -> None:
        self._equipment = equipment
        self._passwords = passwords

    async def answer(self, registration: Registration, now: datetime) -> None:
        """Store or remove where a device takes calls, or refuse it; a wrong password counts as a guess."""
        if not registration.claimed:
            registration.challenge()
            return
        device = await self._passwords.device(registration, "register-refused", now)
        if device is None:
            registration.refuse(FORBIDDEN)
            return
        known = (await self._equipment.bindings(now)).get(device.id)
        if registration.malformed or max(len(registration.contact), len(registration.call_id)) > LONGEST_TEXT:
            registration.refuse(BAD_REQUEST)
        elif known and known.call_id == registration.call_id and registration.sequence < known.sequence:
            registration.refuse(OUT_OF_ORDER)
        elif not registration.contact:
            registration.accept(*_rest(known, now))
        elif not registration.seconds:
            await self._equipment.unbind(device.id)
            registration.accept("", 0)
        elif registration.seconds < SHORTEST_S:
            registration.refuse(TOO_BRIEF, ("min-expires", str(SHORTEST_S)))
        else:
            binding = _binding(device, registration, now)
            await self._equipment.bind(binding)
            registration.accept(*_rest(binding, now))


def _binding(device: Device, registration: Registration, now: datetime) -> Binding:
    seconds = min(registration.seconds, LONGEST_S)
    return Binding(
        device=device.id,
        contact=registration.contact,
        host=registration.host,
        port=registration.port,
        transport=registration.transport,
        call_id=registration.call_id,
        sequence=registration.sequence,
        expires=now.replace(microsecond=0) + timedelta(seconds=seconds),
    )


def _rest(binding: Binding | None, now: datetime) -> tuple[str, int]:
    """Return the Contact of a binding and the seconds that it still holds."""
    return ("", 0) if binding is None else (binding.contact, int((binding.expires - now).total_seconds() + 0.5))
