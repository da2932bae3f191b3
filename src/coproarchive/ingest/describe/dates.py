"""Dates in lines, file names and folders, in the languages that slides are written in."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

FIRST_YEAR = 1950
"""No talk of which there is a file was given before."""
_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto "
    "septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto "
    "setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta "
    "syyskuuta lokakuuta marraskuuta joulukuuta",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
    "listopada grudnia",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "hu": "január február március április május június július augusztus "
    "szeptember október november december",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie "
    "decembrie",
    "tr": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "el": "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου "
    "οκτωβρίου νοεμβρίου δεκεμβρίου",
    "cy": "ionawr chwefror mawrth ebrill mai mehefin gorffennaf awst medi hydref tachwedd rhagfyr",
    "ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
}
_NOMINATIVE = (
    "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad "
    "grudzień",
    "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "січень лютий березень квітень травень червень липень серпень вересень жовтень листопад "
    "грудень",
    "tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu "
    "marraskuu joulukuu",
)
_SHORT = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mär apr mai jun jul aug sept okt nov dez",
    "ene feb mar abr may jun jul ago set oct nov dic",
    "janv févr mars avr mai juin juil août sept oct nov déc",
)


def _numbered_months() -> dict[str, int]:
    numbers: dict[str, int] = {}
    for names in (*_MONTHS.values(), *_NOMINATIVE, *_SHORT):
        for number, name in enumerate(names.split(), start=1):
            numbers.setdefault(name, number)
    return numbers


def _folded(month: str) -> str:
    """Return a month's name as it is compared: patterns that ignore case take I for \u0131 too."""
    return month.casefold().replace("\u0131", "i").replace("i\u0307", "i")


_NUMBERS = _numbered_months()
_BY_FOLDED = {_folded(name): number for name, number in _NUMBERS.items()}
_MONTH = rf"(?P<month>{'|'.join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))})\.?"
_YEAR = r"(?P<year>(?:19[5-9]\d|20\d\d))(?![\d])"
_DAY = r"(?P<day>[0-3]?\d)(?:\s?(?:st|nd|rd|th|er|º|ª))?\.?"
_LAST = r"(?:\s*(?:-|–|—|to|and|&|bis|au|al|a|/)\s*(?P<last>[0-3]?\d)(?:st|nd|rd|th)?\.?)?"
_OF = r"(?:\s*(?:of|de|del|di|d['’])\s*)?"
_DAYS = r"(?P<day>[0-3]?\d)"
_WORDS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # 2 May 2024; 2-3 May 2024; 2. Mai 2024; 2 de mayo de 2024; 02-May-2024
        rf"(?<![\d.,/]){_DAY}{_LAST}[\s_-]*{_OF}{_MONTH}[\s,_-]*{_OF}{_YEAR}",
        # May 2, 2024; May 2-3, 2024; May 2nd 2024
        rf"(?<!\w){_MONTH}\s+{_DAY}{_LAST}(?:,\s*|\s+){_YEAR}",
    )
)
# Keynote's own: Wednesday, May 14, 14
_SHORT_YEAR = re.compile(
    rf"(?:mon|tues|wednes|thurs|fri|satur|sun)day,\s+{_MONTH}\s+{_DAYS},\s+(?P<short>\d\d)\b",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"(?<!\w){_MONTH}[\s,_-]*{_OF}['’]?{_YEAR}", re.IGNORECASE)
_EASTERN = re.compile(
    r"(?P<year>(?:19|20)\d\d)\s*[年년]\s*(?P<month>[01]?\d)\s*[月월](?:\s*(?P<day>[0-3]?\d)\s*[日일号])?"
)
_ISO = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<mark>[-_./ ]?)(?P<month>0[1-9]|1[0-2])(?P=mark)"
    r"(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
_ISO_MONTH = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_.](?P<month>0[1-9]|1[0-2])(?![\d]|[-_.]\d)"
)
_NUMERIC = re.compile(
    r"(?<![\d.])(?P<first>[0-3]?\d)(?P<mark>[-_./])(?P<second>[0-3]?\d)(?P=mark)"
    r"(?P<year>(?:19|20)\d\d)(?!\d)"
)
_LONE_YEAR = re.compile(rf"(?<![\d.,/$€£#:v-]){_YEAR}(?!\s*(?:%|[.,:]\d|-bit))")
_NOT_THE_DAY = re.compile(
    r"©|\(c\)|copyright|all rights|licen[cs]e|since|founded|established|deadline|submi|published|"
    r"updated|last modified|revised|born|version|isbn|doi|arxiv|et al|vol\.|\bpp\.|accessed|"
    r"grant|act of|seit|depuis|desde",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date in a text.

    Attributes:
        value: EDTF: a day, an interval of days, a month or a year.
        start, end: where it stands.
        is_day_first: for 05-02-2024, whether the day comes first; None where it cannot be told.
    """

    value: str
    start: int
    end: int
    is_day_first: bool | None = None

    @property
    def precision(self) -> int:
        """3 for days, 2 for a month, 1 for a year."""
        return self.value.partition("/")[0].count("-") + 1


def find_dates(text: str, *, is_day_first: bool | None = None) -> list[DateMention]:
    """Return dates in a text, none overlapping another, the most precise of two that would.

    Args:
        text: a line, or a file's name.
        is_day_first: how 05-02-2024 is read; None: as its year.
    """
    text = text[:500]
    dates: list[DateMention] = []
    if not any(map(str.isdigit, text)):
        return dates
    for mention in _all_dates(text, is_day_first):
        if all(mention.end <= f.start or mention.start >= f.end for f in dates):
            dates.append(mention)
    return sorted(dates, key=lambda mention: mention.start)


def is_another_day(line: str) -> bool:
    """Tell whether the line's date is that of a right, a version, a deadline or a source."""
    return bool(_NOT_THE_DAY.search(line))


def without_date(text: str) -> str:
    """Return the text with a bar in the place of each date."""
    for mention in reversed(find_dates(text)):
        text = f"{text[: mention.start]} | {text[mention.end :]}"
    return text


def _all_dates(text: str, is_day_first: bool | None) -> Iterator[DateMention]:
    """Yield dates, the most precise forms first."""
    for form in (*_WORDS, _SHORT_YEAR, _EASTERN, _ISO):
        for match in form.finditer(text):
            yield from _mention(match)
    for match in _NUMERIC.finditer(text):
        yield from _numeric(match, is_day_first)
    for form in (_MONTH_YEAR, _ISO_MONTH):
        for match in form.finditer(text):
            yield from _mention(match)
    for match in _LONE_YEAR.finditer(text):
        if FIRST_YEAR <= int(match["year"]) <= _latest():
            yield DateMention(match["year"], match.start("year"), match.end("year"))


def _mention(match: re.Match[str]) -> Iterator[DateMention]:
    parts = match.groupdict()
    month = _BY_FOLDED.get(_folded(parts["month"])) or int(parts["month"])
    year = int(parts["year"]) if "year" in parts else 2000 + int(parts["short"])
    day, last = parts.get("day"), parts.get("last")
    if not FIRST_YEAR <= year <= _latest():
        return
    if not day:
        yield DateMention(f"{year}-{month:02}", *match.span())
        return
    try:
        first = datetime.date(year, month, int(day))
        end = datetime.date(year, month, int(last)) if last else first
    except ValueError:
        return
    value = first.isoformat() if end <= first else f"{first}/{end}"
    yield DateMention(value, *match.span())


def _numeric(match: re.Match[str], is_day_first: bool | None) -> Iterator[DateMention]:
    """Yield the date of 05-02-2024: a number above 12 or a mark tells which is the day."""
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    if not FIRST_YEAR <= year <= _latest():
        return
    mark: bool | None = None
    if first > 12 or second > 12:
        mark = first > 12
    elif match["mark"] == ".":
        mark = True  # in no country does a dot stand after the month
    order = mark if mark is not None else True if first == second else is_day_first
    if order is None:
        yield DateMention(str(year), *match.span())
        return
    day, month = (first, second) if order else (second, first)
    try:
        value = datetime.date(year, month, day).isoformat()
    except ValueError:
        return
    yield DateMention(value, *match.span(), mark)


def _latest() -> int:
    return datetime.datetime.now(datetime.UTC).year + 1
