"""What people type: cleaned, measured, and turned into slugs and keys that compare the way eyes do."""

import re
import unicodedata
from collections.abc import Callable
from itertools import groupby

import disarm

from services.errors import Findings
from services.policy import LENGTHS, Measured

# Everything that is not text: control characters but for tab and line feed, noncharacters, lone surrogates.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_NOTHING = "\N{REPLACEMENT CHARACTER}"

#: Letters of a slug, after which only shorter words are dropped (Question2Answer, `qa_slugify`).
SLUG_LETTERS = 50


def clean(text: str) -> str:
    """`text` with one kind of line end, composed (NFC), and without white space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def searchable(text: str, most: int, fold: Callable[[str], str] = str) -> str:
    """`text`, folded, as something to look for where nothing has more than `most` characters.

    What is not text, or longer, is replaced by a sign that nothing is called.
    """
    if len(text) <= most:
        found = fold(clean(_NOT_TEXT.sub(_NOTHING, text)))
        if len(found) <= most:
            return found
    return _NOTHING


def check_text(findings: Findings, field: str, text: str, *, least: int = 0, most: int, lines: bool = True) -> str:
    """The cleaned `text` of `field`; notes a finding where it is too short, too long or not text at all.

    Lengths are in characters (Unicode code points). `lines=False` refuses line breaks.
    """
    if found := _NOT_TEXT.search(text):
        findings.add(field, message=f"Remove the character U+{ord(found.group()):04X}: it is not text.")
        return ""
    cleaned = clean(text)
    if not lines and "\n" in cleaned:
        findings.add(field, message="Write it on one line.")
    elif len(cleaned) < least:
        findings.add(field, message=f"Write at least {least:,} characters; these are {len(cleaned):,}.")
    elif len(cleaned) > most:
        findings.add(field, message=f"Write at most {most:,} characters; these are {len(cleaned):,}.")
    return cleaned


def check_length(findings: Findings, field: str, text: str, measured: Measured, *, lines: bool = True) -> str:
    """The cleaned `text` of `field`, as long as the policy has it; notes a finding where it is not."""
    least, most = LENGTHS[measured]
    return check_text(findings, field, text, least=least, most=most, lines=lines)


def check_note(field: str, note: str | None) -> str | None:
    """The cleaned note or reason of `field`; None where there is none, or only white space. Raises InvalidInput."""
    findings = Findings()
    cleaned = check_length(findings, field, note or "", Measured.NOTE)
    findings.raise_if_any()
    return cleaned or None


def is_word_character(character: str) -> bool:
    """Whether it is part of a word: a letter, a number, or a mark on one, which many scripts write vowels with."""
    return unicodedata.category(character)[0] in "LMN"


def slug(title: str) -> str:
    """The words of `title` joined by hyphens, as they stand in an address.

    Of a long title the longest words are kept, until they have 50 letters (Question2Answer's `qa_slugify`).
    """
    title = re.sub(r"(?<=\w)['’](?=\w)", "", unicodedata.normalize("NFKC", title)).lower()
    words = ["".join(letters) for is_word, letters in groupby(title, is_word_character) if is_word]
    left = SLUG_LETTERS
    kept = set[int]()
    if sum(map(len, words)) > left:
        for index in sorted(range(len(words)), key=lambda index: -len(words[index])):
            if left <= 0:
                break
            kept.add(index)
            left -= len(words[index])
        words = [word for index, word in enumerate(words) if index in kept]
    return "-".join(words)[:240]


def folded(text: str) -> str:
    """`text` as it sorts and is searched: without regard to case and to compatible forms."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def look(name: str) -> str:
    """What `name` looks like: names that a reader could mistake for one another have the same look.

    The skeleton of Unicode Technical Standard 39, with the letters that it keeps apart only by their case
    (I, i and l) and the pairs that look like one letter folded too.
    """
    skeleton: str = disarm.skeleton_key(name, digit_policy="tr39")
    for alike, one in (("i", "l"), ("rn", "m"), ("vv", "w")):
        skeleton = skeleton.replace(alike, one)
    return skeleton
