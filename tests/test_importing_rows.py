"""Reading XML: as it streams by, with the characters that real dumps should not have."""

import io
import tracemalloc
from collections.abc import Iterator
from typing import IO

import pytest

from commands.importing.dump import DumpError
from commands.importing.rows import rows


def read(text: bytes) -> list[dict[str, str]]:
    return [row for batch in rows(io.BytesIO(text), "Posts.xml", lambda count: None) for row in batch]


def test_rows_are_read_with_and_without_byte_order_mark_and_carriage_returns() -> None:
    text = '<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n  <row Id="1" Body="a&#xD;&#xA;🚲" />\r\n</posts>\r\n'
    for encoded in (text.encode(), text.encode("utf-8-sig"), text.replace("\r\n", "\n").encode()):
        assert read(encoded) == [{"Id": "1", "Body": "a\r\n🚲"}]


@pytest.mark.parametrize("reference", ["&#x0E;", "&#14;", "&#x0;", "&#x1f;", "&#xD83D;", "&#xFFFE;", "&#x00000B;"])
def test_a_reference_to_what_is_no_character_becomes_the_replacement_character(reference: str) -> None:
    assert read(f'<posts><row Body="a{reference}b"/></posts>'.encode()) == [{"Body": "a\N{REPLACEMENT CHARACTER}b"}]


@pytest.mark.parametrize(
    ("reference", "meant"), [("&#xA;", "\n"), ("&#xD;", "\r"), ("&#9;", "\t"), ("&#x20;", " "), ("&#x1F6B2;", "🚲")]
)
def test_every_other_reference_is_what_it_says(reference: str, meant: str) -> None:
    assert read(f'<posts><row Body="a{reference}b"/></posts>'.encode()) == [{"Body": f"a{meant}b"}]


def test_a_reference_may_stand_across_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.importing.rows._PIECE", 5)
    for before in range(12):
        text = f'<posts><row Body="{"x" * before}&#x0000E;&amp;&"/></posts>'.replace('&"', '"').encode()
        assert read(text) == [{"Body": f"{'x' * before}\N{REPLACEMENT CHARACTER}&"}]


def test_a_control_character_itself_is_an_error_with_its_line() -> None:
    with pytest.raises(DumpError, match=r"Posts\.xml, line 2: not well-formed"):
        read(b'<posts>\n<row Body="\x0e"/></posts>')


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """A file of so many rows of 10 kB, made as it is read."""

        def __init__(self, count: int) -> None:
            self.pieces = self.made(count)

        def made(self, count: int) -> Iterator[bytes]:
            yield b"<posts>"
            for number in range(count):
                yield b'<row Id="%d" Body="%s"/>' % (number, b"x" * 10_000)
            yield b"</posts>"

        def read(self, size: int = -1) -> bytes:
            return b"".join(piece for _, piece in zip(range(25), self.pieces, strict=False))

    def peak(stream: IO[bytes]) -> int:
        tracemalloc.start()
        for _ in rows(stream, "Posts.xml", lambda count: None):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    small, large = (peak(Endless(count)) for count in (200, 4_000))  # type: ignore[arg-type]
    assert large < small * 1.5
