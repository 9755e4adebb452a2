"""The ``spotmap-build`` of ``command.forked_program``: has a command forked elsewhere, and ends as it ends."""

from __future__ import annotations

import json
import os
import socket
import sys


def main(address: str, arguments: list[str]) -> int:
    asked = json.dumps([arguments, os.getcwd(), dict(os.environ)]).encode()  # noqa: PTH109 - pathlib takes long to load
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
        server.sendall(asked)
        status = server.recv(1)
    return status[0] if status else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
