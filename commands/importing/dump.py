"""A dump as it lies on the disk: a folder of XML files, or the .7z or .zip archives that they come in."""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO

import py7zr
from py7zr.exceptions import ArchiveError
from py7zr.io import Py7zIO, WriterFactory

from commands.importing.bars import Bars

#: The files of a dump that are read; Badges.xml is not, since there are no badges here.
FILES = ("Users", "Tags", "Votes", "PostHistory", "PostLinks", "Posts", "Comments")

#: What a damaged, encrypted or unreadable archive raises, from the libraries that unpack it.
DAMAGES = (ArchiveError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError, RuntimeError, ValueError)


class DumpError(Exception):
    """The dump cannot be read; the message says which file, where in it, and what was expected."""


@dataclass(frozen=True)
class DumpFile:
    """One XML file of a dump: where it comes from, its length in bytes, and how to open it."""

    place: str
    size: int
    open: Callable[[], IO[bytes]]


@contextmanager
def opened(path: Path, bars: Bars) -> Iterator[dict[str, DumpFile]]:
    """The files of the dump at `path` by their names without `.xml`, whatever their case.

    A .7z is unpacked into nameless temporary files: nothing of it can land elsewhere, and nothing is left behind.
    Raises DumpError if there is no Posts.xml, or if a file is there twice.
    """
    with ExitStack() as stack:
        files: dict[str, DumpFile] = {}
        for name, file in _found(path, stack, bars):
            if name in files:
                raise DumpError(
                    f"{name}.xml is there twice: {files[name].place} and {file.place}. Give the dump of one site."
                )
            files[name] = file
        if "Posts" not in files:
            raise DumpError(
                f"There is no Posts.xml in {path}. Expected is a Stack Exchange dump: a folder with Posts.xml, "
                "Users.xml, Comments.xml, Votes.xml and so on, or the .7z or .zip that holds them."
            )
        yield files


def _found(path: Path, stack: ExitStack, bars: Bars) -> Iterator[tuple[str, DumpFile]]:
    if path.is_file():
        if not _is_archive(path):
            raise DumpError(f"{path} is neither a folder nor a .7z or .zip archive.")
        yield from _in_archive(path, stack, bars)
        return
    if not path.is_dir():
        raise DumpError(f"There is nothing at {path}.")
    inside = sorted(each for each in path.iterdir() if each.is_file())
    plain = [each for each in inside if _table(each.name)]
    for each in plain:
        yield _table(each.name), DumpFile(str(each), each.stat().st_size, partial(_opened, each))
    # A big site comes as one archive for each table. Where the files lie unpacked beside them, those are enough.
    for each in inside if not plain else ():
        if _is_archive(each):
            yield from _in_archive(each, stack, bars)


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() in (".7z", ".zip")


def _table(name: str) -> str:
    """Which of FILES a file of this name is; empty if none."""
    file = PurePosixPath(name.replace("\\", "/")).name.casefold()
    return next((table for table in FILES if file == f"{table}.xml".casefold()), "")


def _in_archive(path: Path, stack: ExitStack, bars: Bars) -> Iterator[tuple[str, DumpFile]]:
    try:
        if path.suffix.lower() == ".zip":
            yield from _in_zip(path, stack)
        else:
            yield from _in_7z(path, stack, bars)
    except DAMAGES as error:
        raise DumpError(f"{path} cannot be unpacked: {error or type(error).__name__}") from error


def _in_zip(path: Path, stack: ExitStack) -> Iterator[tuple[str, DumpFile]]:
    archive = stack.enter_context(zipfile.ZipFile(path))
    for member in archive.infolist():
        if name := _table(member.filename):
            yield (
                name,
                DumpFile(f"{path}:{member.filename}", member.file_size, partial(archive.open, member)),
            )


def _in_7z(path: Path, stack: ExitStack, bars: Bars) -> Iterator[tuple[str, DumpFile]]:
    # Given the open file instead of its path, py7zr unpacks in this thread.
    packed = stack.enter_context(path.open("rb"))
    archive = stack.enter_context(py7zr.SevenZipFile(packed))
    members = {member.filename: member.uncompressed for member in archive.list() if _table(member.filename)}
    with bars.bar(f"Unpacking {path.name}", sum(members.values()), "bytes") as advance:
        unpacking = _Unpacking(stack, advance)
        archive.extract(targets=list(members), factory=unpacking)
    for made_as, unpacked in unpacking.files.items():
        yield _table(made_as), DumpFile(f"{path}:{made_as}", unpacked.size(), unpacked.opened)


class _Unpacking(WriterFactory):
    """Gives each member of an archive a temporary file without a name."""

    def __init__(self, stack: ExitStack, advance: Callable[[int], None]) -> None:
        self.stack = stack
        self.advance = advance
        self.files: dict[str, _Unpacked] = {}

    def create(self, filename: str) -> Py7zIO:
        unpacked = _Unpacked(TemporaryFile(), self.advance)  # noqa: SIM115  the stack closes it
        self.stack.enter_context(unpacked.file)
        self.files[filename] = unpacked
        return unpacked


class _Unpacked(Py7zIO):
    """A member of an archive, being written to its temporary file."""

    def __init__(self, file: IO[bytes], advance: Callable[[int], None]) -> None:
        self.file = file
        self.advance = advance

    def opened(self) -> IO[bytes]:
        self.file.seek(0)
        return self.file

    def write(self, s: bytes | bytearray) -> int:
        self.advance(len(s))
        return self.file.write(s)

    def read(self, size: int | None = None) -> bytes:
        return self.file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def flush(self) -> None:
        self.file.flush()

    def size(self) -> int:
        return self.file.seek(0, 2)
