"""The port matrix of docs/operations.md: what a server of ours listens on, and nothing else (Điều 7.2)."""

from loadtest.server.ports import free_port
from loadtest.server.process import temporary_server
from tests.open_sockets import open_sockets


async def test_r037_only_the_ports_of_the_matrix_are_open() -> None:
    sip = free_port()
    set_ = {"DIEMCAU_HOST": "0.0.0.0", "DIEMCAU_SIP_HOST": "127.0.0.1", "DIEMCAU_SIP_PORT": str(sip)}
    async with temporary_server(4, print, DIEMCAU_WORKERS="1", **set_) as server:
        https, plain, media = (int(server.environ[f"DIEMCAU_{name}PORT"]) for name in ("", "HTTP_", "MEDIA_"))
        assert open_sockets(server.pid) == {
            ("tcp", "0.0.0.0", https),
            ("tcp", "127.0.0.1", plain),
            ("udp", "127.0.0.1", media),
            ("tcp", "127.0.0.1", media),
            ("udp", "127.0.0.1", sip),
            ("tcp", "127.0.0.1", sip),
        }
