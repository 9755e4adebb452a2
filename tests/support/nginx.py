"""A real nginx with a folder behind it, for as long as a test needs it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import patience

CONFIG = """
{user}daemon off; worker_processes 1; pid {state}/pid; error_log {state}/error.log;
events {{ worker_connections 64; }}
http {{
  types {{
    text/html html; text/css css; text/javascript js; application/json json; image/svg+xml svg; image/webp webp;
    image/png png; application/manifest+json webmanifest;
  }}
  access_log off; client_body_temp_path {state}/body; proxy_temp_path {state}/proxy; fastcgi_temp_path {state}/fastcgi;
  uwsgi_temp_path {state}/uwsgi; scgi_temp_path {state}/scgi;
  server {{ listen {address}; root {root}; {directives} }}
}}
"""


def find_nginx() -> str | None:
    """Where nginx is: often in a folder that is not on everybody's path; ``make engines`` puts one beside Python."""
    folders = [str(Path(sys.prefix, "bin")), os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]
    return shutil.which("nginx", path=os.pathsep.join(folders))


@contextmanager
def nginx(executable: str, root: Path, state: Path, directives: str) -> Iterator[str]:
    """The address of a server, which ends afterwards.

    Parameters
    ----------
    executable
        The program.
    root
        What it serves.
    state
        An empty folder for what it writes.
    directives
        What its configuration says besides that.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # It takes over a socket that listens already: the port is free for sure, and nobody waits until it is up.
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        config = state / "nginx.conf"
        # Workers of a server that root starts would belong to nobody, who may not read folders of tests.
        user = "user root root; " if os.geteuid() == 0 else ""
        text = CONFIG.format(user=user, state=state, root=root, address=address, directives=directives)
        config.write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            [executable, "-c", str(config), "-p", str(state), "-e", str(state / "error.log")],
            env={**os.environ, "NGINX": f"{listening.fileno()};"},
            pass_fds=[listening.fileno()],
        )
    try:
        yield f"http://{address}/"
    finally:
        process.terminate()
        process.wait(patience())
