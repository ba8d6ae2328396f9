"""Puts a page behind an emulated network."""

import json

from loadtest.endpoint.network_emulator import NetworkEmulator
from tests.e2e.server import LAN, MEDIA_PORT


def redirect_media(network: NetworkEmulator) -> str:
    """Return a script that sends a page's media through the network, by replacing the address in the SDP answer."""
    direct, emulated = (json.dumps(f" {LAN} {port} typ ") for port in (MEDIA_PORT, network.port))
    return f"""const original = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function(answer) {{
          return original.call(this, {{type: answer.type, sdp: answer.sdp.replaceAll({direct}, {emulated})}});
        }};"""
