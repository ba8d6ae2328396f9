"""An RTSP camera with a picture and a tone, made of GStreamer. The system's Python runs it.

Arguments: its user and password, "digest" or "basic", "UDP" or "TCP", which it sends alone, the colour of its picture
by GStreamer's name, and the tone in Hz.
"""

import sys

import gi

for name in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402  # after its version

PICTURE = (
    "videotestsrc is-live=true pattern={} ! video/x-raw,width=320,height=180,framerate=15/1"
    " ! openh264enc gop-size=15 ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96"
)
SOUND = (
    "audiotestsrc is-live=true freq={} ! audio/x-raw,rate=8000,channels=1 ! alawenc"
    " ! rtppcmapay max-ptime=40000000 name=pay1 pt=8"
)


def main() -> None:
    """Serve the camera on a free port of the loopback, which is printed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service="0")
    token, auth = GstRtspServer.RTSPToken(), GstRtspServer.RTSPAuth()
    token.set_string("media.factory.role", "viewer")
    user, password, method, transport, colour, tone_hz = sys.argv[1:]
    if method == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    server.set_auth(auth)
    factory = GstRtspServer.RTSPMediaFactory(shared=True)
    factory.set_launch(f"( {PICTURE.format(colour)} {SOUND.format(tone_hz)} )")
    factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP if transport == "TCP" else GstRtsp.RTSPLowerTrans.UDP)
    may = Gst.Structure.new_from_string("viewer, media.factory.access=true, media.factory.construct=true")
    factory.add_role_from_structure(may)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
