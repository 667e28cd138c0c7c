"""A real PostgreSQL with PostGIS for the tests that need one, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "kept-to-itself-7714"


@dataclass(frozen=True)
class Server:
    """Where it listens: a socket without, a port with a password."""

    socket: str
    port: int
    user: str

    def by_socket(self, name: str) -> str:
        return f"postgresql:///{name}?host={self.socket}&port={self.port}&user={self.user}"

    def by_port(self, name: str) -> str:
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{name}"


def find_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), Path()).parent or None


@contextmanager
def served() -> Iterator[Server]:
    """Start a server for as long as the context lasts; raises OSError or CalledProcessError where it cannot run."""
    programs = find_programs()
    if programs is None or not (programs / "initdb").exists():
        raise FileNotFoundError("no PostgreSQL on this machine")
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    # The server refuses to be root, so it becomes the user that its package made.
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:
        place = Path(name)
        (place / "password").write_text(PASSWORD, "ascii")
        for path in (place, place / "password"):
            shutil.chown(path, user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def call(program: str, *words: str) -> None:
            subprocess.run([*become, programs / program, *words], check=True, capture_output=True, cwd=place)

        data = f"--pgdata={place / 'data'}"
        call("initdb", data, f"--username={user}", f"--pwfile={place / 'password'}", "--auth-local=trust",
             "--auth-host=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync")  # fmt: skip
        quick = f"-k {place} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
        call("pg_ctl", data, "--wait", f"--log={place / 'log'}", f"--options={quick}", "start")
        try:
            yield Server(name, port, user)
        finally:
            call("pg_ctl", data, "--wait", "--mode=immediate", "stop")
