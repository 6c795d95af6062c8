"""A dump as it lies on the disk: a folder of XML files, or the .7z or .zip archives that they come in."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from commands.importing.bars import Bars

#: The files of a dump that are read; Badges.xml is not, since there are no badges here.
FILES = ("Users", "Tags", "Votes", "PostHistory", "PostLinks", "Posts", "Comments")

#: What reading raises where a .zip is damaged or encrypted, or where the disk fails.
DAMAGES = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)


class DumpError(Exception):
    """The dump cannot be read; the message says which file, where in it, and what was expected."""


@dataclass(frozen=True)
class DumpFile:
    """One XML file of a dump: where it is, its length in bytes, and how to open it."""

    place: str
    size: int
    open: Callable[[], IO[bytes]]


@contextmanager
def opened(path: Path, bars: Bars) -> Iterator[dict[str, DumpFile]]:
    """The files of the dump at `path` by their names without `.xml`, whatever their case.

    Raises DumpError if there is no Posts.xml, or if a file is there twice.
    """
    with ExitStack() as stack:
        files: dict[str, DumpFile] = {}
        try:
            for name, file in _found(path, stack, bars):
                if name in files:
                    places = f"{files[name].place} and {file.place}"
                    raise DumpError(f"{name}.xml is there twice: {places}. Give the dump of one site.")
                files[name] = file
        except OSError as error:
            raise DumpError(f"{path} cannot be read: {error}") from error
        if "Posts" not in files:
            raise DumpError(
                f"There is no Posts.xml in {path}. Expected is a Stack Exchange dump: a folder with Posts.xml, "
                "Users.xml, Comments.xml, Votes.xml and so on, or the .7z or .zip that holds them."
            )
        yield files


def _found(path: Path, stack: ExitStack, bars: Bars) -> Iterator[tuple[str, DumpFile]]:
    if path.is_dir():
        yield from _in_folder(path, stack, bars)
    elif not path.is_file():
        raise DumpError(f"There is nothing at {path}.")
    elif not _is_archive(path):
        raise DumpError(f"{path} is neither a folder nor a .7z or .zip archive.")
    else:
        yield from _in_archive(path, stack, bars)


def _in_folder(path: Path, stack: ExitStack, bars: Bars) -> Iterator[tuple[str, DumpFile]]:
    inside = sorted(each for each in path.iterdir() if each.is_file())
    plain = {each: name for each in inside if (name := _table(each.name))}
    for each, name in plain.items():
        yield name, _plain(each)
    # A big site comes as one archive for each table. Where the files lie unpacked beside them, those are enough.
    archives = [each for each in inside if _is_archive(each)] if not plain else []
    for each in archives:
        yield from _in_archive(each, stack, bars)
    if not plain and not archives:
        # An archive may have been unpacked with the folder it was made of.
        for folder in sorted(each for each in path.iterdir() if each.is_dir()):
            for each in sorted(folder.iterdir()):
                if name := _table(each.name):
                    yield name, _plain(each)


def _in_archive(path: Path, stack: ExitStack, bars: Bars) -> Iterator[tuple[str, DumpFile]]:
    if path.suffix.lower() == ".zip":
        yield from _in_zip(path, stack)
    else:
        yield from _in_7z(path, stack, bars)


def _in_zip(path: Path, stack: ExitStack) -> Iterator[tuple[str, DumpFile]]:
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except DAMAGES as error:
        raise DumpError(f"{path} cannot be unpacked: {error}") from error
    for member in archive.infolist():
        if name := _table(member.filename):
            yield name, DumpFile(f"{member.filename} in {path}", member.file_size, partial(archive.open, member))


def _in_7z(path: Path, stack: ExitStack, bars: Bars) -> Iterator[tuple[str, DumpFile]]:
    from commands.importing import unpacking

    try:
        sizes = {name: size for name, size in unpacking.sizes(path).items() if _table(name)}
        if not sizes:
            return
        with bars.bar(f"Unpacking {path.name}", sum(sizes.values()), "bytes") as advance:
            members = unpacking.unpacked(path, sizes, stack, advance)
    except unpacking.DAMAGES as error:
        # The last of an error's arguments is its message, or the name of the file that is damaged.
        raise DumpError(
            f"{path} cannot be unpacked: {type(error).__name__} {error.args[-1] if error.args else ''}"
        ) from error
    for member in members:
        yield _table(member.name), DumpFile(f"{member.name} in {path}", member.size, member.open)


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() in (".7z", ".zip")


def _plain(path: Path) -> DumpFile:
    def opened() -> IO[bytes]:
        return path.open("rb")

    return DumpFile(str(path), path.stat().st_size, opened)


def _table(name: str) -> str:
    """Which of FILES a file of this name is; empty if none."""
    file = PurePosixPath(name.replace("\\", "/")).name.casefold()
    return next((table for table in FILES if file == f"{table}.xml".casefold()), "")
