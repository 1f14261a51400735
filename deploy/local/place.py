"""Where a stack lives: its directory, ports and secrets, as one value that every part gets."""

import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PORTS = range(20_000, 30_000)
"""Below what systems hand out to outgoing connections, so that a remembered port is seldom taken by one."""


@dataclass(frozen=True, slots=True)
class Place:
    """`directory` belongs to the stack alone. `ports` has one number for each name in `Part.ports`."""

    directory: Path
    ports: Mapping[str, int]

    def folder(self, name: str, mode: int = 0o700) -> Path:
        folder = self.directory / name
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        return folder

    def log(self, part: str) -> Path:
        return self.folder("logs") / f"{part}.log"

    def secret(self, name: str) -> str:
        """A password of this stack, made when it is first asked for."""
        file = self.folder("secrets") / name
        if not file.exists():
            write_private(file, secrets.token_urlsafe(18))
        return file.read_text(encoding="ascii").strip()

    @property
    def connector_secrets(self) -> Path:
        """The file that Connect reads the connector's password from."""
        file = self.folder("secrets") / "connector.properties"
        if not file.exists():
            write_private(file, f"password={secrets.token_urlsafe(18)}\n")
        return file

    @property
    def connector_password(self) -> str:
        return self.connector_secrets.read_text(encoding="ascii").partition("=")[2].strip()


def write_private(file: Path, text: str) -> None:
    """Complete or not at all, and readable by its owner only from the first moment."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.rename(file)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(taken: set[int]) -> int:
    """A free port that is not in `taken`; chosen at random, so that stacks started at once do not meet."""
    while True:
        port = PORTS.start + secrets.randbelow(len(PORTS))
        if port not in taken and is_free(port):
            return port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
