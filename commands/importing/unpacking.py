"""Unpacking a .7z, in a module of its own: the library takes a while to load, and no other command needs it."""

import lzma
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import py7zr
from py7zr.exceptions import ArchiveError, PasswordRequired
from py7zr.io import Py7zIO, WriterFactory

#: What an archive raises that is damaged, encrypted, or that would write beside its folder.
DAMAGES = (ArchiveError, PasswordRequired, lzma.LZMAError, EOFError, OSError, ValueError)


class Member(NamedTuple):
    """A member of an archive, unpacked: its name, its length in bytes, and how to open it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def sizes(path: Path) -> dict[str, int]:
    """The names of the files in a .7z, and their lengths in bytes when unpacked. Raises one of DAMAGES."""
    with py7zr.SevenZipFile(path) as archive:
        return {member.filename: member.uncompressed for member in archive.list() if not member.is_directory}


def unpacked(path: Path, names: Collection[str], stack: ExitStack, on_bytes: Callable[[int], None]) -> list[Member]:
    """Unpack these files of a .7z into temporary files that live as long as `stack`. Raises one of DAMAGES.

    The files have no names: nothing can land elsewhere, and nothing is left behind. `on_bytes` is told how it goes.
    """
    unpacking = _Unpacking(stack, on_bytes)
    # Given an open file instead of a path, py7zr unpacks in this thread.
    with path.open("rb") as packed, py7zr.SevenZipFile(packed) as archive:
        archive.extract(targets=list(names), factory=unpacking)
    return [Member(name, file.size(), file.opened) for name, file in unpacking.files.items()]


class _Unpacking(WriterFactory):
    """Gives each member of an archive a temporary file."""

    def __init__(self, stack: ExitStack, on_bytes: Callable[[int], None]) -> None:
        self.stack = stack
        self.on_bytes = on_bytes
        self.files: dict[str, _Unpacked] = {}

    def create(self, filename: str) -> Py7zIO:
        unpacked = _Unpacked(self.stack.enter_context(TemporaryFile()), self.on_bytes)  # noqa: SIM115
        self.files[filename] = unpacked
        return unpacked


class _Unpacked(Py7zIO):
    """A member of an archive in its temporary file."""

    def __init__(self, file: IO[bytes], on_bytes: Callable[[int], None]) -> None:
        self.file = file
        self.on_bytes = on_bytes

    def opened(self) -> IO[bytes]:
        self.file.seek(0)
        return self.file

    def write(self, s: bytes | bytearray) -> int:
        self.on_bytes(len(s))
        return self.file.write(s)

    def read(self, size: int | None = None) -> bytes:
        return self.file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def flush(self) -> None:
        self.file.flush()

    def size(self) -> int:
        return self.file.seek(0, 2)
