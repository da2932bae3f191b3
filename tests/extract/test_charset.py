"""Charsets: by mark, by the bytes themselves, by what a page says, by its letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from coproarchive.extract.base import Limits
from coproarchive.extract.charset import decode
from coproarchive.extract.table import extract

POLISH = "# Żółta łąka\n\nŁódź: źdźbło żyta, gęś i święto chleba. Wieś żyje wspólną pracą.\n"
CZECH = "Žitný chléb a řepa: příběhy o půdě, kterou sdílejí sousedé. Žádné hnůj není zbytečné.\n"
RUSSIAN = "Семинар о ржаном хлебе: доклад о почве и соседях. Мы делим урожай поровну.\n"
GREEK = "Σεμινάριο για το ψωμί από σίκαλη: ομιλία για το χώμα και τους γείτονες.\n"
JAPANESE = "ライ麦パンの講演。土と隣人についての発表です。収穫を分け合います。\n"
CHINESE = "黑麦面包讲座：关于土壤和邻居的报告。我们分享收成。\n"
TAIWANESE = "黑麥麵包講座：關於土壤和鄰居的報告。我們分享收成。\n"
KOREAN = "호밀빵 세미나: 흙과 이웃에 대한 발표. 우리는 수확을 나눕니다.\n"
FRENCH = "Le pain de seigle élevé à la française : où l’été mûrit, l’hiver cède à l’œuvre.\n"
GERMAN = "Grüße aus dem Süden: Roggenbrot für Ältere, schöne Straße, müde Füße.\n"
TURKISH = "Çavdar ekmeği için toprağı paylaşan komşular: ışık, güneş ve yağmur üzerine.\n"
HEBREW = "סמינר על לחם שיפון: הרצאה על אדמה ושכנים. אנחנו חולקים את היבול.\n"


@pytest.mark.parametrize(
    ("text", "code_page"),
    [
        (POLISH, "cp1250"), (POLISH, "iso8859_2"), (CZECH, "cp1250"), (CZECH, "iso8859_2"),
        (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (RUSSIAN, "iso8859_5"), (GREEK, "cp1253"),
        (JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (JAPANESE, "iso2022_jp"), (CHINESE, "gb18030"),
        (TAIWANESE, "big5"), (KOREAN, "cp949"), (FRENCH, "cp1252"), (GERMAN, "cp1252"),
        (HEBREW, "cp1255"), (TURKISH, "cp1254"),
    ],
)  # fmt: skip
def test_a_code_page_is_told_by_the_letters(text: str, code_page: str) -> None:
    """Nobody says which it is; a whole sentence tells."""
    assert decode(text.encode(code_page)) == text


def test_a_few_words_are_enough() -> None:
    """A heading and two words."""
    assert decode("# Zażółć gęślą jaźń\n\nŁódź seminarium\n".encode("iso8859_2")).startswith(
        "# Zażółć gęślą"
    )
    assert decode("Übung für Ältere\n".encode("cp1252")) == "Übung für Ältere\n"


@pytest.mark.parametrize(
    "text", [POLISH, RUSSIAN, JAPANESE, "WEBVTT\n\n00:01.000 --> 00:04.000\nGrüße\n"]
)
@pytest.mark.parametrize(
    "name", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig", "utf-8"]
)
def test_unicode_is_told_with_and_without_a_mark(text: str, name: str) -> None:
    """UTF-16 without its mark is told by where the zeros stand."""
    assert decode(text.encode(name)) == text


@pytest.mark.parametrize(
    ("declaration", "code_page", "word"),
    [
        ('<meta charset="windows-1251">', "cp1251", "Хлеб"),
        ("<meta charset=koi8-r>", "koi8_r", "Хлеб"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">',
            "cp932",
            "講演",
        ),
        ('<?xml version="1.0" encoding="iso-8859-7"?>', "iso8859_7", "Ψωμί"),
        ('<META CHARSET="gb2312">', "gb18030", "讲座"),
        ('<meta charset="iso-8859-1">', "cp1252", "l’été"),
    ],
)
def test_what_a_page_says_counts(declaration: str, code_page: str, word: str) -> None:
    """One word is too little to tell by its letters."""
    page = f"{declaration}<title>{word}</title><p>{word}</p>"
    assert word in decode(page.encode(code_page))


def test_what_a_page_says_wrongly_does_not_count() -> None:
    """UTF-8 that calls itself something else; names that are no charset of a page."""
    assert "Crème brûlée" in decode('<meta charset="iso-8859-1">Crème brûlée'.encode())
    assert RUSSIAN in decode(b'<meta charset="iso-8859-1">' + RUSSIAN.encode("cp1251"))
    for name in (b"rot13", b"unicode_escape", b"no-such", b"utf-16", b"hex"):
        page = b'<meta charset="' + name + b'">' + "Übung für Ältere und Süße".encode("cp1252")
        assert decode(page).endswith("Übung für Ältere und Süße")


def test_bad_bytes_do_not_make_another_code_page_of_a_file() -> None:
    """A damaged byte is one; a letter that was pasted from elsewhere is that letter."""
    text = "# Café Münster\n\nnaïve Ångström".encode()
    assert decode(text + b" and one bad byte: \xff\n").endswith(
        "Ångström and one bad byte: \ufffd\n"
    )
    assert decode(text + b" and r\xe9sum\xe9 \n").endswith("and résumé \n")
    assert decode(RUSSIAN.encode()[:-3]).startswith("Семинар о ржаном хлебе")


def test_every_text_format_reads_them(tmp_path: Path) -> None:
    """Pages, posts and captions."""
    vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\nGrüße aus Łódź\n"
    for name, kind, data in (
        ("a.md", "text/markdown", POLISH.encode("iso8859_2")),
        ("a.html", "text/html", f"<h1>Хлеб</h1><p>{RUSSIAN}</p>".encode("cp1251")),
        ("a.vtt", "text/vtt", vtt.encode("utf-16-le")),
    ):
        (tmp_path / name).write_bytes(data)
        extraction = extract(tmp_path / name, kind, Limits())
        words = " ".join(f"{leaf.title} {leaf.text}" for leaf in extraction.leaves)
        assert any(w in words for w in ("źdźbło", "ржаном", "Grüße aus Łódź")), (name, words)


def test_a_byte_of_no_code_page_within_markup_costs_itself_only() -> None:
    """It is in no sample of words, and decoding never fails."""
    assert decode(b'<p class="\x8d\x81">caf\xe9 cr\xe8me</p>').endswith("café crème</p>")
