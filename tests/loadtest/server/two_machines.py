"""`python -m tests.loadtest.server.two_machines`: says what datagrams pass between two machines, one of them cut off.

A line says whether one from the first to the second arrived, and one back: at first, cut off either way, and mended.
"""

import subprocess
import sys

from loadtest.server import machines
from loadtest.server.machines import FROM, TO, Machine

PORT = 9000
SHORT_S, LONG_S = 0.1, 10.0
"""Time for a datagram that is dropped, and for one that comes."""
SEND = f"import socket, sys; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', (sys.argv[1], {PORT}))"
RECEIVE = f"""
import socket, sys
port = socket.socket(type=socket.SOCK_DGRAM)
port.bind(("", {PORT}))
print("bound", flush=True)
sys.stdin.readline()
port.settimeout(float(sys.argv[1]))
try:
    print(port.recv(1) == b"x")
except TimeoutError:
    print(False)
"""


def _arrives(sender: Machine, receiver: Machine, *, dropped: bool = False) -> bool:
    words = receiver.command(sys.executable, "-c", RECEIVE, str(SHORT_S if dropped else LONG_S))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        waiting.stdout.readline()
        send = sender.command(sys.executable, "-c", SEND, receiver.address)
        subprocess.run(send, capture_output=True, check=False)  # the sender may be told that it is dropped
        said, _ = waiting.communicate("sent\n")
        return said.strip() == "True"


def main() -> None:
    """Cut the first machine off from the second one, one way, then the other."""
    machines.enter_network()
    one, two = machines.make("one"), machines.make("two")
    print(_arrives(one, two), _arrives(two, one))
    for direction in (TO, FROM):
        one.cut(two, [direction])
        print(_arrives(one, two, dropped=direction == TO), _arrives(two, one, dropped=direction == FROM))
        one.mend()
    print(_arrives(one, two), _arrives(two, one))


if __name__ == "__main__":
    main()
