"""Puts a page behind an emulated network."""

import json

from tests.e2e.server import LAN, MEDIA_PORT

DISCARDED = 9
"""A port at which nothing answers: what is sent there is lost, as where a firewall drops UDP."""


def block_udp() -> str:
    """Return a script that has a page's datagrams lost, not its connections, by the UDP candidates of each answer."""
    return r"""const whole = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function(answer) {
          const sdp = answer.sdp.replace(/^(a=candidate:\S+ 1 udp \d+ \S+) \d+ /gm, '$1 PORT ');
          return whole.call(this, {type: answer.type, sdp});
        };""".replace("PORT", str(DISCARDED))


def redirect_media(port: int) -> str:
    """Return a script that sends a page's media to another port, by replacing it in the SDP answer.

    Once the page has `mediaPassesAgain`, the next connection goes to the server itself.
    """
    direct, emulated = (json.dumps(f" {LAN} {each} typ ") for each in (MEDIA_PORT, port))
    return f"""const original = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function(answer) {{
          const sdp = window.mediaPassesAgain ? answer.sdp : answer.sdp.replaceAll({direct}, {emulated});
          return original.call(this, {{type: answer.type, sdp}});
        }};"""
