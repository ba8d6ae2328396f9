"""REST: the records of calls with room systems, for technicians of the centre: searched, page by page, and as CSV."""

from dataclasses import asdict
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.files import csv_file
from signaling.calls import csv_rows, model
from signaling.calls.context import CALLS
from signaling.calls.store import RecordFilter
from signaling.calls.wire import CallTestReport, stored
from signaling.http.route import ApiRequest, Model, Moment, Route, Window
from signaling.http.uploads import attachment
from signaling.messages.calls import ProtectionWord

Text = Annotated[str, StringConstraints(max_length=200)]
Key = Annotated[str, StringConstraints(max_length=64)]


class CallRecord(Model):
    """A call: when it began, was answered and ended, whom it connected, what it carried and how it ended.

    Losses are shares (0 to 1) of packets, to us (`lost_up`) and from us; the round trip is in seconds; null where
    nothing was measured. `status` is the SIP status of a refusal, else 0; `report` that of a test call.
    """

    id: int
    began: Moment
    answered: Moment | None
    ended: Moment | None
    device: str
    point: str
    name: str
    direction: model.Direction
    purpose: model.Purpose
    address: str
    transport: str
    session: str
    number: str
    outcome: model.Outcome
    status: int
    sound: str
    picture: str
    protection: ProtectionWord
    lost_up: float | None
    lost_down: float | None
    round_trip: float | None
    report: CallTestReport | None


class Filter(Window):
    """Filter of records by when the call began; `q` is found in name, session number, address and codec."""

    device: Key = ""
    session: Key = ""
    q: Text = ""

    def wanted(self, before: int | None = None) -> RecordFilter:
        """Return the filter as the store takes it."""
        return RecordFilter(self.from_, self.to, self.device, self.session, self.q, before)


class Newest(Filter):
    """Filter of records with a page: at most `limit` of the newest ones, below the id `before`."""

    limit: Annotated[int, Field(ge=1, le=500)] = 50
    before: Annotated[int | None, Field(ge=1, le=2**62)] = None


async def calls(request: ApiRequest) -> list[CallRecord]:
    """List the newest records."""
    request.only(request.account.central)
    query: Newest = request.query
    found = await request.context(CALLS).records.newest(query.wanted(query.before), query.limit)
    return [CallRecord(**asdict(record) | {"report": stored(record.report)}) for record in found]


async def export(request: ApiRequest) -> web.StreamResponse:
    """Stream the records that match as CSV, newest first."""
    context = request.context(CALLS)
    request.only(request.account.central)
    await request.note("export-calls", request.request.query_string)
    zone = context.scheduler.policy(request.now).zone
    response = web.StreamResponse()
    response.content_type, response.charset = "text/csv", "utf-8"
    response.headers.update(attachment(f"cuoc-goi-{request.now.astimezone(zone):%Y%m%d-%H%M%S}.csv"))
    await response.prepare(request.request)
    await response.write(csv_file.file([csv_rows.COLUMNS]))
    async for records in context.records.each(request.query.wanted()):
        await response.write(csv_file.text([csv_rows.row(record, zone) for record in records]).encode())
    await response.write_eof()
    return response


ROUTES = [
    Route("GET", "/calls", calls, "Records of calls, newest first", list[CallRecord], query=Newest, problems=(403,)),
    Route(
        "GET",
        "/calls/export",
        export,
        "Records of calls as CSV, newest first",
        None,
        query=Filter,
        problems=(403,),
        media_type="text/csv",
    ),
]
