"""Run a real nginx that serves a folder."""

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
    """Return the path of nginx, which is often not on ``PATH``; ``make engines`` installs one next to Python."""
    folders = [str(Path(sys.prefix, "bin")), os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]
    return shutil.which("nginx", path=os.pathsep.join(folders))


@contextmanager
def nginx(executable: str, root: Path, state: Path, directives: str) -> Iterator[str]:
    """Yield the URL of a server that runs until the end of the block.

    Parameters
    ----------
    executable
        Path of nginx.
    root
        Folder to serve.
    state
        An empty folder for its own files.
    directives
        Additional directives of its configuration.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # nginx inherits a listening socket: the port is certainly free, and clients can connect before nginx is ready.
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        config = state / "nginx.conf"
        # If root starts nginx, its workers run as nobody, who cannot read the tests' folders.
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
