"""Asks an LDAP directory whether somebody's password is right, and which groups they are in (decision 131).

People are bound by their own password, never by one of ours; TLS comes first, by LDAPS or StartTLS, with the server's
certificate and name checked.
"""

import asyncio
import itertools
import logging
import socket
import ssl
from dataclasses import replace
from types import TracebackType
from typing import Self

from signaling.accounts.passwords import is_name
from signaling.accounts.sso import ldap_message
from signaling.accounts.sso.ldap_message import BadLdap, Entry, Result
from signaling.accounts.sso.roles import MAX_NAME, MAX_SUBJECT, Person, distinguished, granted
from signaling.accounts.sso.settings import ACCOUNT, LdapServer, LdapSettings
from signaling.core.errors import SsoUnavailable

log = logging.getLogger(__name__)

CONNECT_SECONDS = 4.0
SECONDS = 8.0
"""For all questions about one person to one server; the next server is asked after it."""
AT_ONCE = 16
MAX_GROUPS = 1000
MAX_RESPONSES = 2 * MAX_GROUPS
READ_BYTES = 1 << 16
NESTED_MEMBERS = "member"
MEMBER_OF = "memberOf"


class LdapDirectory:
    """A directory of LDAP (RFC 4511), as OpenLDAP and Active Directory are."""

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings
        self._context = settings.tls()
        self._mappings = [replace(each, group=distinguished(each.group)) for each in settings.mappings]
        self._turns = asyncio.Semaphore(AT_ONCE)

    @property
    def label(self) -> str:
        """The words for people."""
        return self._settings.label

    async def person(self, account: str, password: str) -> Person | None:
        """Return who has a name and a password, None if nobody has both. Raises SsoUnavailable."""
        if not is_name(account) or not password:
            return None
        async with self._turns:
            for server in self._settings.reached:
                try:
                    async with asyncio.timeout(SECONDS):
                        return await self._ask(server, account, password)
                except (OSError, TimeoutError, BadLdap) as error:
                    log.warning("x directory %s: %s %s", server.host, type(error).__name__, error)
        raise SsoUnavailable

    async def check(self, server: LdapServer) -> None:
        """Ask a server, without a name and a password, for anything; every answer will do.

        Raises OSError, TimeoutError, BadLdap.
        """
        async with asyncio.timeout(SECONDS), _Connection(server, self._context) as connection:
            await connection.answer(self._settings.base)

    async def _ask(self, server: LdapServer, account: str, password: str) -> Person | None:
        async with _Connection(server, self._context) as connection:
            if not await connection.bind(self._settings.bind.replace(ACCOUNT, account), password):
                return None
            entry = await self._entry(connection, account)
            if entry is None or not await connection.bind(entry.dn, password):
                # the name that was bound may be that of somebody else (userPrincipalName is not sAMAccountName)
                log.warning("- directory %s: %s is bound, and is not the person found", server.host, account)
                return None
            groups = {distinguished(each) for each in await self._groups(connection, entry)}
        return self._known(account, entry, groups)

    async def _entry(self, connection: "_Connection", account: str) -> Entry | None:
        """Return the one entry of an account, None if there is none, or several."""
        known = self._settings
        optional = (known.unit_attribute, MEMBER_OF if known.groups == MEMBER_OF else None)
        attributes = [known.id_attribute, known.name_attribute, *filter(None, optional)]
        wanted = ldap_message.equals(known.account_attribute, account)
        if known.object_class is not None:
            wanted = ldap_message.both(wanted, ldap_message.equals("objectClass", known.object_class))
        entries = await connection.search(known.base, wanted, attributes, most=2)
        return entries[0] if len(entries) == 1 else None

    async def _groups(self, connection: "_Connection", entry: Entry) -> list[str]:
        """Return the names of the groups that somebody is in."""
        known = self._settings
        if known.groups == MEMBER_OF:
            return entry.texts(MEMBER_OF)
        build = ldap_message.holds_nested if known.groups == "nested" else ldap_message.equals
        wanted = build(NESTED_MEMBERS, entry.dn)
        return [each.dn for each in await connection.search(known.base, wanted, ["1.1"], most=MAX_GROUPS)]

    def _known(self, account: str, entry: Entry, groups: set[str]) -> Person:
        known = self._settings
        subject = entry.identity(known.id_attribute)
        if not 0 < len(subject) <= MAX_SUBJECT:
            raise BadLdap(f"{entry.dn}: no {known.id_attribute}")
        unit = next(iter(entry.texts(known.unit_attribute)), None) if known.unit_attribute else None
        roles, unit = granted(self._mappings, groups, unit)
        named = "".join(filter(str.isprintable, next(iter(entry.texts(known.name_attribute)), "")))
        return Person("ldap", known.base, subject, account, named[:MAX_NAME].strip() or account, roles, unit)


class _Connection:
    """A connection to a server, encrypted before anything but StartTLS is sent."""

    def __init__(self, server: LdapServer, context: ssl.SSLContext) -> None:
        self._server = server
        self._context = context
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        """Connect, and begin TLS. Raises OSError, TimeoutError, BadLdap."""
        connected = await _connected(self._server.host, self._server.port)
        try:
            if not self._server.tls_first:
                await self._start_tls(connected)
            self._reader, self._writer = await asyncio.open_connection(
                sock=connected, ssl=self._context, server_hostname=self._server.host
            )
        except BaseException:
            connected.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.write(ldap_message.unbind_request(next(self._numbers)))
        self._writer.close()

    async def _start_tls(self, connected: socket.socket) -> None:
        """Demand TLS. Exactly one message is read: whatever came after it unencrypted would be taken for TLS."""
        loop, number = asyncio.get_running_loop(), next(self._numbers)
        await loop.sock_sendall(connected, ldap_message.start_tls_request(number))
        received = b""
        while (sizes := ldap_message.header(received)) is None or len(received) < sum(sizes):
            data = await loop.sock_recv(connected, 1 if sizes is None else sum(sizes) - len(received))
            if not data:
                raise ConnectionError("closed before TLS")
            received += data
        of, tag, found = ldap_message.response(received[sizes[0] :])
        agreed = isinstance(found, Result) and found.code == ldap_message.SUCCESS
        if (of, tag) != (number, ldap_message.EXTENDED_DONE) or not agreed:
            raise BadLdap("StartTLS is refused")

    async def bind(self, name: str, password: str) -> bool:
        """Return whether a name has a password. Raises BadLdap where the server judges neither."""
        number = next(self._numbers)
        self._writer.write(ldap_message.bind_request(number, name, password))
        found = await self._response(number, ldap_message.BIND_DONE)
        if not isinstance(found, Result) or found.code not in {ldap_message.SUCCESS, ldap_message.INVALID_CREDENTIALS}:
            raise BadLdap(f"bind: {found}")
        return found.code == ldap_message.SUCCESS

    async def answer(self, base: str) -> None:
        """Search, and wait for the first response, whatever it says. Raises OSError, BadLdap."""
        number, anything = next(self._numbers), ldap_message.equals("objectClass", "top")
        self._writer.write(ldap_message.search_request(number, base, anything, ["1.1"], 1, int(SECONDS)))
        await self._response(number, ldap_message.ENTRY, ldap_message.SEARCH_DONE, ldap_message.REFERENCE)

    async def search(self, base: str, filter_: bytes, attributes: list[str], most: int) -> list[Entry]:
        """Return the entries below `base` that pass a filter, at most so many. Raises BadLdap."""
        number = next(self._numbers)
        self._writer.write(ldap_message.search_request(number, base, filter_, attributes, most, int(SECONDS)))
        entries: list[Entry] = []
        for _ in range(MAX_RESPONSES):
            found = await self._response(number, ldap_message.ENTRY, ldap_message.SEARCH_DONE, ldap_message.REFERENCE)
            if isinstance(found, Entry):
                entries.append(found)
            if isinstance(found, Result):
                if found.code not in {ldap_message.SUCCESS, ldap_message.SIZE_LIMIT}:
                    raise BadLdap(f"search: {found}")
                return entries
        raise BadLdap("a search without an end")

    async def _response(self, number: int, *tags: int) -> ldap_message.Response:
        try:
            begin = await self._reader.readexactly(2)
            while (sizes := ldap_message.header(begin)) is None:
                begin += await self._reader.readexactly(1)
            content = await self._reader.readexactly(sizes[1])
        except asyncio.IncompleteReadError:
            raise ConnectionError("closed") from None
        of, tag, found = ldap_message.response(content)
        if of != number or tag not in tags:
            raise BadLdap(f"message {of} of tag {tag:#x}")
        return found


async def _connected(host: str, port: int) -> socket.socket:
    """Return a connected socket, to the first address of a host that takes it. Raises OSError, TimeoutError."""
    loop, fault = asyncio.get_running_loop(), OSError("no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.sock_connect(made, address)
        except BaseException as error:
            made.close()
            if not isinstance(error, OSError):
                raise
            fault = error
        else:
            return made
    raise fault
