"""Endpoints of devices, access lines and providers of points, and of their changes (Điều 6.3, 11.5, 11.7)."""

from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints

from scheduler.directory import model as directory
from scheduler.directory.equipment import devices as device_rules
from scheduler.directory.equipment import lines as line_rules
from scheduler.directory.equipment import sip_profiles
from scheduler.directory.points.store import new_id
from scheduler.units.naming import device_names
from signaling.accounts.visible_units import check_may_see
from signaling.core.errors import BadInput, Fault, NotFound
from signaling.directory.context import EQUIPMENT
from signaling.directory.points import Day, Yes
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Route

Text = Annotated[str, StringConstraints(max_length=200)]
Short = Annotated[str, StringConstraints(max_length=100)]
SipUser = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]
Long = Annotated[str, StringConstraints(max_length=500)]
Kbps = Annotated[int, Field(ge=0, le=100_000_000, strict=True)]


class Description(Model):
    """The registered data of a device."""

    kind: directory.DeviceKind
    model: Text = ""
    serial: Short = ""
    address: Annotated[str, StringConstraints(max_length=45)] | None = None
    protocol: directory.DeviceProtocol = ""
    firmware: Short = ""
    patched: Day | None = None
    dial_out: Yes = False
    security_owner: Text = ""
    asset_number: Short = ""
    asset_year: Annotated[int, Field(ge=1950, le=2199, strict=True)] | None = None
    asset_source: Text = ""
    user_agent: Long = ""
    codecs: Long = ""
    port: Annotated[int, Field(strict=True)] | None = None
    transport: directory.SipTransport = ""
    encryption: directory.EncryptionPolicy = "off"
    sip_user: SipUser = ""
    stream_path: Text = ""
    """Path and query of the URI of an RTSP camera."""
    auth_user: SipUser = ""
    media_addresses: Annotated[str, StringConstraints(max_length=200)] = ""
    """Further IP addresses from which its sound and picture may come, with blanks between."""
    sip_profile: Annotated[str, StringConstraints(max_length=16)] = ""
    camera_control: Yes = False
    """Whether a controller of a meeting may move its camera."""
    picture_kbps: Annotated[int, Field(strict=True)] | None = None
    """The kbit/s that its picture may take, either way; null: those of its make."""
    pin: Annotated[str, StringConstraints(max_length=32)] | None = None
    """None leaves the secret that is stored; an empty one removes it."""
    password: Annotated[str, StringConstraints(max_length=128)] | None = None
    """Likewise."""


class Tested(Model):
    """Result of testing a device: whether it answered."""

    answers: bool


class Device(Model):
    """A device with its name (R-033); an empty kind is not described yet, `overdue` was not patched for too long.

    Of its secrets it is only told whether there are any.
    """

    id: str
    point: str
    number: int
    name: str
    kind: directory.DeviceKind | Literal[""]
    model: str
    serial: str
    address: str | None
    protocol: directory.DeviceProtocol
    firmware: str
    patched: date | None
    dial_out: bool
    security_owner: str
    asset_number: str
    asset_year: int | None
    asset_source: str
    user_agent: str
    codecs: str
    port: int | None
    transport: directory.SipTransport
    encryption: directory.EncryptionPolicy
    sip_user: str
    stream_path: str
    auth_user: str
    media_addresses: str
    sip_profile: str
    camera_control: bool
    picture_kbps: int | None
    has_pin: bool
    has_password: bool
    overdue: bool
    registered: Moment | None
    """Until when it takes calls where it registered; null for one that has not."""
    reachable: bool | None
    """Whether it answered within the last minute; null for one that was not asked."""


RowId = Annotated[Id, StringConstraints(max_length=32)]
"""An id that a request may choose, as long as the database keeps."""


class NewLine(Model):
    """An access line of a point; `id` replaces an existing one. Rates are kbit/s, `ranges` networks with blanks
    between."""

    id: RowId | None = None
    type: Literal["TSLCD", "WAN", "INTERNET"]
    provider: Id | None = None
    subscribed_kbps: Kbps
    dedicated: Yes = False
    ranges: Annotated[str, StringConstraints(max_length=500)] = ""
    up_kbps: Kbps | None = None
    down_kbps: Kbps | None = None


class Line(Model):
    """An access line, and which of its rates are too low (R-026)."""

    id: str
    type: str
    provider: str | None
    subscribed_kbps: int
    dedicated: bool
    ranges: list[str]
    up_kbps: int | None
    down_kbps: int | None
    measured: Moment | None
    slow: bool


class Provider(Model):
    """A telecom enterprise and its contacts."""

    id: RowId | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    contact: Text = ""
    phone: Annotated[str, StringConstraints(max_length=16)] = ""
    email: Annotated[str, StringConstraints(max_length=254)] = ""


class Asked(Model):
    """A change that a unit requests."""

    field: Literal["address", "user_agent", "firmware", "codecs"]
    new: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    reason: Annotated[str, StringConstraints(max_length=500)]


class Decision(Model):
    """Decision on a requested change: accepted or rejected."""

    accept: Yes


class Change(Model):
    """A change that was requested, or detected."""

    id: str
    point: str
    kind: str
    field: str
    old: str
    new: str
    reason: str
    state: str
    at: Moment
    by: str
    decided: Moment | None
    decided_by: str


class Profile(Model):
    """The offer to room systems of a make: audio codecs, packetization modes and level of H.264, bit rate, how keys of
    SRTP are agreed on, session timer in seconds (0: as the device asks, None: none), how floor control of slides is
    carried (UDP, TCP, or off: no slides) and its newest version, and whether High of H.264 is described."""

    id: str
    name: str
    transport: str
    sounds: list[str]
    modes: list[int]
    level: int
    kbps: int
    simple: bool
    keys: str
    session_s: int | None
    bfcp: str
    bfcp_version: int
    high: bool


class Stock(Model):
    """Devices, lines and changes of a point, and the profiles that devices may have."""

    devices: list[Device]
    profiles: list[Profile]
    lines: list[Line]
    changes: list[Change]


async def stock(request: ApiRequest) -> Stock:
    """Return the devices, lines and changes of a point."""
    await check_may_see(request, (await request.context(EQUIPMENT).scheduler.point(request.id)).unit)
    return await _stock(request, request.id)


async def add_device(request: ApiRequest) -> Stock:
    """Add a device to a point."""
    request.only(request.account.central)
    fields, secrets = _described(request.body)
    described = directory.Device("", request.id, 0, **fields)
    added = await request.context(EQUIPMENT).equipment.add_device(described, request.now, secrets)
    await request.note("device-add", request.id, f"{added.kind} {added.address or ''}".strip())
    return await _stock(request, request.id)


async def describe(request: ApiRequest) -> Stock:
    """Replace the registered data of a device."""
    request.only(request.account.central)
    fields, secrets = _described(request.body)
    described = directory.Device(request.id, "", 0, **fields)
    device = await request.context(EQUIPMENT).equipment.describe(described, request.now, secrets)
    changed = " ".join((f"{device.number:02}", device.kind, device.address or "", *sorted(secrets)))
    await request.note("device", device.point, changed.strip())
    return await _stock(request, device.point)


def _described(body: Description) -> tuple[dict[str, Any], dict[directory.SipSecret, str]]:
    """Split a description into the fields of a device and the secrets that are to be changed."""
    fields = body.model_dump()
    names: tuple[directory.SipSecret, ...] = get_args(directory.SipSecret)
    secrets = {name: fields.pop(name) for name in names}
    return fields, {name: secret for name, secret in secrets.items() if secret is not None}


async def remove_device(request: ApiRequest) -> Stock:
    """Remove a device."""
    request.only(request.account.central)
    removed = await request.context(EQUIPMENT).equipment.remove_device(request.id)
    await request.note("device-remove", removed.point, f"{removed.number:02} {removed.kind}".strip())
    return await _stock(request, removed.point)


async def test_device(request: ApiRequest) -> Tested:
    """Ask a device by SIP OPTIONS whether it answers; no call is made."""
    context = request.context(EQUIPMENT)
    request.only(request.account.central)
    device = next((each for each in await context.equipment.devices() if each.id == request.id), None)
    if device is None:
        raise NotFound
    answers = await context.device_answers(device)
    await request.note(
        "device-test", device.point, f"{device.number:02} {device.address} {'answers' if answers else 'silent'}"
    )
    return Tested(answers=answers)


async def set_line(request: ApiRequest) -> Stock:
    """Add or replace an access line; rates that come with it count as measured now."""
    request.only(request.account.central)
    body: NewLine = request.body
    line = directory.AccessLine(
        id=body.id or new_id(),
        point=request.id,
        type=body.type,
        provider=body.provider,
        subscribed_kbps=body.subscribed_kbps,
        dedicated=body.dedicated,
        ranges=_ranges(body.ranges),
        up_kbps=body.up_kbps,
        down_kbps=body.down_kbps,
        measured=None if body.up_kbps is None or body.down_kbps is None else request.now,
    )
    await request.context(EQUIPMENT).equipment.set_line(line)
    await request.note("line", request.id, f"{line.type} {' '.join(line.ranges)}".strip())
    return await _stock(request, request.id)


async def remove_line(request: ApiRequest) -> None:
    """Remove an access line."""
    request.only(request.account.central)
    await request.context(EQUIPMENT).equipment.remove_line(request.id)
    await request.note("line-remove", request.id)


async def providers(request: ApiRequest) -> list[Provider]:
    """List providers."""
    request.only(request.account.central)
    return [Provider(**_fields(each, Provider)) for each in await request.context(EQUIPMENT).equipment.providers()]


async def set_provider(request: ApiRequest) -> Provider:
    """Add a provider, or change the one with this id."""
    request.only(request.account.central)
    body: Provider = request.body
    provider = directory.Provider(**{**body.model_dump(), "id": body.id or new_id()})
    await request.context(EQUIPMENT).equipment.set_provider(provider)
    await request.note("provider", provider.id, provider.name)
    return Provider(**_fields(provider, Provider))


async def changes(request: ApiRequest) -> list[Change]:
    """List changes, open ones first."""
    request.only(request.account.central)
    return [_change(each) for each in await request.context(EQUIPMENT).equipment.changes()]


async def ask(request: ApiRequest) -> Change:
    """Request a change of a device's registered data (Điều 11.5)."""
    context = request.context(EQUIPMENT)
    device = next((each for each in await context.equipment.devices() if each.id == request.id), None)
    if device is None:
        raise NotFound
    await check_may_see(request, (await context.scheduler.point(device.point)).unit)
    body: Asked = request.body
    change = await context.equipment.ask(
        request.id, body.field, body.new, body.reason, request.account.account, request.now
    )
    await request.note("change-ask", device.point, f"{change.field} {change.old} → {change.new}")
    return _change(change)


async def decide(request: ApiRequest) -> Change:
    """Accept or reject a change."""
    context = request.context(EQUIPMENT)
    request.only(request.account.central)
    if not request.id.isdecimal() or len(request.id) > 9:
        raise NotFound
    change = await context.equipment.decide(int(request.id), request.body.accept, request.account.account, request.now)
    await request.note("change-decide", change.point, f"{change.field} {change.new} {change.state}")
    return _change(change)


async def _stock(request: ApiRequest, point_id: str) -> Stock:
    context = request.context(EQUIPMENT)
    point = await context.scheduler.point(point_id)
    names = device_names(point.name, point.devices, point.numbers)
    devices = await context.equipment.devices(point_id)
    policy = context.scheduler.policy(request.now)
    secrets = await context.equipment.secret_names(point_id)
    bindings = await context.equipment.bindings(request.now)
    return Stock(
        devices=[
            _device(request, device, name, secrets.get(device.id, set()), bindings.get(device.id))
            for device, name in zip(devices, names, strict=True)
        ],
        profiles=[Profile(id=word, **made.model_dump()) for word, made in sip_profiles.load().items()],
        lines=[
            Line(**{**_fields(line, Line), "ranges": list(line.ranges)},
                 slow=bool(line_rules.warnings(line, policy)
                           or line_rules.faults(line, policy, point.level, exempt=True)))
            for line in await context.equipment.lines(point_id)
        ],
        changes=[_change(each) for each in await context.equipment.changes(point_id)],
    )  # fmt: skip


def _device(
    request: ApiRequest,
    device: directory.Device,
    name: str,
    secrets: Collection[directory.SipSecret],
    binding: directory.Binding | None,
) -> Device:
    context = request.context(EQUIPMENT)
    days = context.scheduler.policy(request.now).directory.patch_days
    overdue = device_rules.overdue(device, context.scheduler.day(request.now), days)
    has = {f"has_{secret}": secret in secrets for secret in get_args(directory.SipSecret)}
    return Device(
        **{**_fields(device, Device), **has},
        name=name,
        overdue=overdue,
        registered=None if binding is None else binding.expires,
        reachable=context.reachable().get(device.id),
    )


def _change(change: directory.DeviceChange) -> Change:
    return Change(**{**_fields(change, Change), "id": str(change.id)})


def _fields(source: object, model: type[Model]) -> dict[str, Any]:
    return {name: getattr(source, name) for name in model.model_fields if hasattr(source, name)}


def _ranges(text: str) -> tuple[str, ...]:
    try:
        return line_rules.ranges(text)
    except ValueError:
        raise BadInput([Fault("ranges", "bad-ranges")]) from None


_REFUSED = (403, 404, 409)
ROUTES = [
    Route("GET", f"/directory/points/{ID}/stock", stock, "Devices and lines of a point", Stock, problems=(403, 404)),
    Route("POST", f"/directory/points/{ID}/devices", add_device, "Add a device", Stock, Description, problems=_REFUSED),
    Route("POST", f"/directory/points/{ID}/lines", set_line, "Add a line", Stock, NewLine, problems=_REFUSED),
    Route("POST", f"/directory/devices/{ID}", describe, "Describe a device", Stock, Description, problems=_REFUSED),
    Route("POST", f"/directory/devices/{ID}/remove", remove_device, "Remove a device", Stock, problems=_REFUSED),
    Route(
        "POST",
        f"/directory/devices/{ID}/test",
        test_device,
        "Ask a device whether it is there",
        Tested,
        problems=_REFUSED,
    ),
    Route("POST", f"/directory/devices/{ID}/change", ask, "Ask for a change", Change, Asked, problems=_REFUSED),
    Route("POST", f"/directory/lines/{ID}/remove", remove_line, "Remove a line", None, problems=_REFUSED),
    Route("GET", "/directory/providers", providers, "List providers", list[Provider], problems=(403,)),
    Route("POST", "/directory/providers", set_provider, "Keep a provider", Provider, Provider, problems=(403,)),
    Route("GET", "/directory/changes", changes, "Changes to be decided", list[Change], problems=(403,)),
    Route("POST", f"/directory/changes/{ID}/decide", decide, "Decide a change", Change, Decision, problems=_REFUSED),
]
