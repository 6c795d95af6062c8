"""Dumps that cannot be read: a clear error with file and line, and nothing half done."""

import zipfile
from pathlib import Path

import py7zr
import pytest
from command_line import Outcome, qa
from dumps.contents import everything
from dumps.writing import question, user, written, xml


def tried(url: str, dump: Path) -> Outcome:
    return qa(url, "import", "stackexchange", str(dump))


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    return written(tmp_path / "dump", Posts=[question(number) for number in range(1, 6)])


def test_a_file_that_breaks_off_is_told_with_its_line(forum_url: str, dump: Path) -> None:
    text = (dump / "Posts.xml").read_text(encoding="utf-8")
    (dump / "Posts.xml").write_text(text[: text.index("</posts>")], encoding="utf-8")
    broken = tried(forum_url, dump)
    assert (broken.status, broken.errors) == (1, "Posts.xml, line 8: no element found")
    (dump / "Posts.xml").write_text(text, encoding="utf-8")
    assert tried(forum_url, dump).status == 0


def test_a_broken_line_is_told(forum_url: str, dump: Path) -> None:
    text = (dump / "Posts.xml").read_text(encoding="utf-8")
    (dump / "Posts.xml").write_text(text.replace('Title="Question number 3"', "Title=Question"), encoding="utf-8")
    broken = tried(forum_url, dump)
    assert (broken.status, broken.errors) == (1, "Posts.xml, line 5: not well-formed (invalid token)")
    assert not any(rows for rows in everything(forum_url).values())


def test_an_empty_file_is_told(forum_url: str, dump: Path) -> None:
    (dump / "Comments.xml").write_bytes(b"")
    assert tried(forum_url, dump).errors == "Comments.xml, line 1: no element found"


def test_declared_entities_are_refused(forum_url: str, dump: Path) -> None:
    bomb = '<!DOCTYPE posts [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    (dump / "Posts.xml").write_text(f'{bomb}\n<posts><row Id="1" Body="&b;"/></posts>', encoding="utf-8")
    assert tried(forum_url, dump).errors == (
        "Posts.xml, line 1: it declares a document type or entities, which no dump does."
    )


def test_a_dump_without_posts_says_what_was_expected(forum_url: str, dump: Path) -> None:
    (dump / "Posts.xml").unlink()
    missing = tried(forum_url, dump)
    assert missing.status == 1
    assert missing.errors.startswith(f"There is no Posts.xml in {dump}. Expected is a Stack Exchange dump: a folder")


def test_nothing_and_something_else_are_told(forum_url: str, tmp_path: Path) -> None:
    assert tried(forum_url, tmp_path / "nowhere").errors == f"There is nothing at {tmp_path / 'nowhere'}."
    (tmp_path / "Posts.xml").write_text(xml("Posts", []), encoding="utf-8")
    refused = tried(forum_url, tmp_path / "Posts.xml").errors
    assert refused == f"{tmp_path / 'Posts.xml'} is neither a folder nor a .7z or .zip archive."


def test_two_sites_in_one_archive_are_told(forum_url: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("one/Posts.xml", xml("Posts", [question(1)]))
        archive.writestr("two/Posts.xml", xml("Posts", [question(1)]))
    assert "Posts.xml is there twice: one/Posts.xml in" in tried(forum_url, tmp_path / "two.zip").errors


@pytest.mark.parametrize("suffix", [".zip", ".7z"])
def test_what_is_no_archive_is_told(forum_url: str, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"dump{suffix}"
    file.write_bytes(b"This is a text.")
    told = tried(forum_url, file)
    assert told.status == 1
    assert told.errors.startswith(f"{file} cannot be unpacked: ")


def test_a_damaged_zip_is_told_with_the_file(forum_url: str, tmp_path: Path) -> None:
    file = tmp_path / "dump.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("Users.xml", xml("Users", [user(1)]))
        archive.writestr("Posts.xml", xml("Posts", [question(1)]))
    file.write_bytes(file.read_bytes().replace(b"Body of 1", b"Body of 2"))
    told = tried(forum_url, file)
    assert (told.status, told.errors) == (1, "Posts.xml, after line 1: Bad CRC-32 for file 'Posts.xml'")


def test_a_zip_that_asks_for_a_password_is_told(forum_url: str, tmp_path: Path) -> None:
    file = tmp_path / "dump.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Posts.xml", xml("Posts", [question(1)]))
        archive.infolist()[0].flag_bits |= 1
    told = tried(forum_url, file)
    assert told.status == 1
    assert told.errors.startswith(f"Posts.xml in {file} cannot be opened: ")


def test_a_file_that_is_listed_but_not_there_is_told(forum_url: str, tmp_path: Path) -> None:
    (tmp_path / "around" / "inside").mkdir(parents=True)
    (tmp_path / "around" / "inside" / "Posts.xml").symlink_to(tmp_path / "nowhere")
    told = tried(forum_url, tmp_path / "around")
    assert told.status == 1
    assert told.errors.startswith(f"{tmp_path / 'around'} cannot be read: ")


def test_a_damaged_7z_is_told(forum_url: str, tmp_path: Path, dump: Path) -> None:
    file = tmp_path / "dump.7z"
    with py7zr.SevenZipFile(file, "w") as archive:
        archive.writeall(dump, "dump")
    packed = bytearray(file.read_bytes())
    packed[60:80] = bytes(20)
    file.write_bytes(packed)
    told = tried(forum_url, file)
    assert told.status == 1
    assert told.errors.startswith(f"{file} cannot be unpacked: ")


def test_an_archive_that_asks_for_a_password_is_told(forum_url: str, tmp_path: Path, dump: Path) -> None:
    file = tmp_path / "dump.7z"
    with py7zr.SevenZipFile(file, "w", password="secret") as archive:
        archive.writeall(dump, "dump")
    told = tried(forum_url, file)
    assert told.status == 1
    assert told.errors.startswith(f"{file} cannot be unpacked: ")


def test_a_7z_cannot_write_beside_its_folder(forum_url: str, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with py7zr.SevenZipFile(inside / "dump.7z", "w") as archive:
        archive.writestr(xml("Posts", [question(1)]), "Posts.xml")
        archive.writestr("planted", "placeholder")
        archive.files.files_list[-1]["filename"] = "../planted.txt"
    before = sorted(tmp_path.rglob("*"))
    assert tried(forum_url, inside / "dump.7z").status in (0, 1)
    assert [path for path in sorted(tmp_path.rglob("*")) if "planted" in path.name] == []
    assert set(before) <= set(tmp_path.rglob("*"))
