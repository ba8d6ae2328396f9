"""Documents by which another MCU announces who is in its room (RFC 4575): all of them first, then what has changed.

They are written out from the RFC, apart from the server's reader. A user has the elements that MCUs write, of which
the server takes few.
"""

from dataclasses import dataclass

OURS = "[$ours]"
"""The server's own URI in a document, as sipp fills it in from the SUBSCRIBE: the server is in the room, too."""
_STAYS, _LEAVES, _COMES = "Văn phòng Chính phủ", "Bộ Y tế", "Bộ Nội vụ"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<conference-info xmlns="urn:ietf:params:xml:ns:conference-info"'
    ' entity="sip:8800@mcu.example" state="{state}" version="{version}">\n'
)
_USER = """<user entity="{uri}" state="full">
{name}<roles><entry>participant</entry></roles>
<endpoint entity="{uri};gr=1" state="full">
<status>{status}</status><joining-method>dialed-in</joining-method>
<media id="1"><type>video</type><status>sendrecv</status></media>
</endpoint>
</user>
"""


@dataclass(frozen=True, slots=True)
class Announced:
    """A document, and what the server's host must be told after it: the names, and the number of others."""

    document: str
    names: tuple[str, ...]
    more: int


def _user(uri: str, name: str, status: str = "connected") -> str:
    text = f"<display-text>{name}</display-text>" if name else ""
    return _USER.format(uri=uri, name=text, status=status)


ALL = Announced(
    _HEAD.format(state="full", version=1)
    + """<conference-description><display-text>Hội nghị</display-text></conference-description>
<conference-state><user-count>4</user-count><active>true</active></conference-state>
<users state="full">
"""
    + _user(OURS, "Diemcau")
    + _user("sip:vpcp@mcu.example", _STAYS)
    + _user("sip:byt@mcu.example", _LEAVES)
    + _user("sip:bnv@mcu.example", _COMES, "dialing-out")
    + _user("sip:anonymous@anonymous.invalid", "")
    + "</users>\n</conference-info>",
    (_STAYS, _LEAVES),
    1,
)
"""One of five is called and not there yet, one has no name, and one is the server."""
CHANGE = Announced(
    _HEAD.format(state="partial", version=2)
    + """<users state="partial">
<user entity="sip:byt@mcu.example" state="deleted"/>
<user entity="sip:bnv@mcu.example" state="partial">
<endpoint entity="sip:bnv@mcu.example;gr=1" state="partial"><status>connected</status></endpoint>
</user>
</users>
</conference-info>""",
    (_STAYS, _COMES),
    1,
)
"""One left, and the one that was called has come."""
