"""What people type: cleaned, measured, turned into slugs and keys."""

import pytest

from services.errors import Findings
from services.text import check_text, clean, folded, look, searchable, slug


def test_cleaning_leaves_one_kind_of_line_end_composed_letters_and_no_space_around() -> None:
    assert (
        clean("  one\r\ntwo\rthree\ne\N{COMBINING ACUTE ACCENT}\t ")
        == "one\ntwo\nthree\n\N{LATIN SMALL LETTER E WITH ACUTE}"
    )


def test_what_is_looked_for_is_folded_and_what_cannot_be_is_a_sign_that_nothing_is_called() -> None:
    assert searchable("  Ann ", 6, str.lower) == "ann"
    assert searchable("a\x00b\ud800c", 5) == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert searchable("123456", 5) == "\N{REPLACEMENT CHARACTER}"
    assert searchable("\N{LATIN SMALL LIGATURE FFI}", 2, folded) == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("two words", None),
        ("  ba\N{COMBINING RING ABOVE}  ", "Write at least 3 characters; these are 2."),
        ("0123456789", "Write at most 9 characters; these are 10."),
        ("one\ntwo", "Write it on one line."),
        ("a bell\x07", "Remove the character U+0007: it is not text."),
        ("nul\x00", "Remove the character U+0000: it is not text."),
        ("half of a pair \ud83d", "Remove the character U+D83D: it is not text."),
        ("\N{PILE OF POO}" * 9, None),
    ],
)
def test_a_text_that_cannot_be_kept_is_told_what_would_be_right(text: str, message: str | None) -> None:
    findings = Findings()
    check_text(findings, "title", text, least=3, most=9, lines=False)
    assert [(wrong.path, wrong.message) for wrong in findings.wrong] == ([(("title",), message)] if message else [])


def test_line_breaks_and_tabs_are_text_where_lines_are_welcome() -> None:
    findings = Findings()
    assert check_text(findings, "body", "one\r\n\ttwo", most=20) == "one\n\ttwo"
    assert findings.wrong == []


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("What is a vote worth here?", "what-is-a-vote-worth-here"),
        ("  Why -- oh why?! ", "why-oh-why"),
        ("Don't ask, I won’t tell", "dont-ask-i-wont-tell"),
        ("snake_case & C++ in 2026", "snake-case-c-in-2026"),
        ("Größe des Rades", "größe-des-rades"),
        ("Ｆｕｌｌ width ﬁne", "full-width-fine"),
        ("如何提问?", "如何提问"),
        ("?!", ""),
    ],
)
def test_a_slug_is_the_titles_words_joined_by_hyphens(title: str, words: str) -> None:
    assert slug(title) == words


def test_a_slug_keeps_the_words_of_every_script_whole() -> None:
    assert slug("हिन्दी में कैसे लिखें?") == "हिन्दी-में-कैसे-लिखें"
    assert slug("ภาษาไทย ที่ดี") == "ภาษาไทย-ที่ดี"


def test_a_long_slug_keeps_the_longest_words_until_fifty_letters_are_used() -> None:
    title = "How do I keep my very old and rather temperamental bicycle running through the winter?"
    # 13 + 7 + 7 + 7 + 6 + 6, and the first word of four letters makes it 50.
    assert slug(title) == "keep-rather-temperamental-bicycle-running-through-winter"


def test_the_word_that_crosses_the_fiftieth_letter_is_kept_and_no_other_after_it() -> None:
    words = ["abcdefghijkl", "bcdefghijklm", "cdefghijklmn", "defghijklmno", "efghijklmnop", "fghijklmnopq"]
    assert slug(" ".join(words)) == "-".join(words[:5])


def test_a_slug_of_exactly_fifty_letters_keeps_every_word() -> None:
    assert slug("ab " * 25) == "-".join(["ab"] * 25)
    assert slug("ab " * 25 + "c") == "-".join(["ab"] * 25)


@pytest.mark.parametrize(
    ("name", "key"), [("Ann", "ann"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("Ａｎｎ", "ann")]
)
def test_folding_forgets_case_and_compatible_forms(name: str, key: str) -> None:
    assert folded(name) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "ann"),
        ("ann", "аnn"),  # a Cyrillic а
        ("mary", "rnary"),
        ("Il", "l1"),
        ("bill", "BlII"),
        ("waldo", "vvaldo"),
        ("Ａｎｎ", "ann"),
        ("bob", "b\N{GREEK SMALL LETTER OMICRON}b"),
        ("ann", "ann\N{VARIATION SELECTOR-16}"),
    ],
)
def test_names_that_a_reader_could_mistake_have_one_look(one: str, other: str) -> None:
    assert look(one) == look(other)


@pytest.mark.parametrize(("one", "other"), [("ann", "anna"), ("ann", "änn"), ("Иван", "Иона"), ("日本", "日木")])
def test_names_that_nobody_would_mistake_have_two_looks(one: str, other: str) -> None:
    assert look(one) != look(other)
