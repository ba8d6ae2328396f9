"""A page on a bad line."""

import json

from loadtest.endpoint.network_emulator import NetworkEmulator
from tests.e2e.server import LAN, MEDIA_PORT


def redirect(line: NetworkEmulator) -> str:
    """A script that makes a page use this line: the answer's address is replaced."""
    plain, bad = (json.dumps(f" {LAN} {port} typ ") for port in (MEDIA_PORT, line.port))
    return f"""const plain = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function(answer) {{
          return plain.call(this, {{type: answer.type, sdp: answer.sdp.replaceAll({plain}, {bad})}});
        }};"""
