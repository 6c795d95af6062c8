"""The rows of one XML file of a dump, as they stream by."""

import re
from collections.abc import Callable, Iterator
from typing import IO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from commands.importing.dump import DAMAGES, DumpError

#: Bytes that are read at a time.
_PIECE = 256 * 1024

# References to characters that XML 1.0 forbids, control characters above all. Real dumps have them
# (apple.stackexchange.com has &#x0E;, see openzim/sotoki issue 311), and a parser must refuse them.
_FORBIDDEN = re.compile(
    rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));", re.IGNORECASE
)
_REPLACEMENT = b"&#xFFFD;"
_LONGEST_REFERENCE = 16


def rows(stream: IO[bytes], name: str, on_bytes: Callable[[int], None]) -> Iterator[list[dict[str, str]]]:
    """The attributes of each `<row .../>` of an open file, in batches; memory does not grow with the file.

    `on_bytes` is told how many bytes each batch took. Raises DumpError with `name` and the line where the file is
    broken, or where it declares entities, which no dump does.
    """
    collector = _Collector()
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setContentHandler(collector)
    try:
        parser.feed(b"")  # else a file without a byte would pass
        for piece in _repaired(stream, on_bytes):
            parser.feed(piece)
            yield collector.taken()
        parser.close()
    except SAXParseException as error:
        raise DumpError(f"{name}, line {error.getLineNumber()}: {error.getMessage()}") from error
    except DefusedXmlException as error:
        raise DumpError(
            f"{name}, line {parser.getLineNumber()}: it declares a document type or entities, which no dump does."
        ) from error
    except DAMAGES as error:
        raise DumpError(f"{name}, after line {parser.getLineNumber()}: {error or type(error).__name__}") from error


class _Collector(ContentHandler):
    """Collects the rows that the parser comes by."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, str]] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802  the name is SAX's
        if name == "row":
            self.rows.append(dict(attrs.items()))

    def taken(self) -> list[dict[str, str]]:
        rows, self.rows = self.rows, []
        return rows


def _repaired(stream: IO[bytes], on_bytes: Callable[[int], None]) -> Iterator[bytes]:
    held = b""
    while piece := stream.read(_PIECE):
        on_bytes(len(piece))
        piece = held + piece
        # A reference that the end of the piece cuts in two waits for its other half.
        ampersand = piece.rfind(b"&", -_LONGEST_REFERENCE)
        cut = len(piece) if ampersand < 0 else ampersand
        held = piece[cut:]
        yield _FORBIDDEN.sub(_REPLACEMENT, piece[:cut])
    if held:
        yield _FORBIDDEN.sub(_REPLACEMENT, held)
