"""Refused certificates are in the audit log, but not each one."""

from datetime import timedelta

from signaling.sip.bridge.certificate_refusals import AGAIN, MOST, CertificateRefusals
from tests.signaling.world import NOW, World, wait_until


def test_an_address_is_told_of_once_an_hour_and_few_addresses_are() -> None:
    refusals = CertificateRefusals()
    assert [refusals.due("a", NOW), refusals.due("a", NOW), refusals.due("b", NOW)] == [True, False, True]
    later = NOW + AGAIN - timedelta(seconds=1)
    assert [refusals.due(str(number), later) for number in range(MOST)] == [*[True] * (MOST - 2), False, False]
    assert [refusals.due(each, NOW + AGAIN) for each in ("a", "63", "62")] == [True, True, False]


async def test_who_is_refused_by_tls_is_in_the_audit_log(world: World) -> None:
    for _ in range(2):
        world.server.sip_bridge.certificate_refused("10.79.6.20", "CERTIFICATE_VERIFY_FAILED")
    await wait_until(lambda: not world.server.sip_bridge._pressing)
    entries = [each for each in await world.audited(9) if each.action == "call-refused"]
    assert [(each.subject, each.detail, each.address, each.port) for each in entries] == [
        ("10.79.6.20", "Không có chứng thư TLS được chấp nhận: CERTIFICATE_VERIFY_FAILED", "10.79.6.20", 5061)
    ]
