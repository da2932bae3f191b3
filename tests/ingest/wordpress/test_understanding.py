"""Programmes, speakers, slides and authors, in six blogs written in six ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blogs import BLOCKS, CLASSIC, DIARY, MIXED, SYMPOSIUM, WEBINARS
from coproarchive.catalogue import Catalogue
from coproarchive.ingest.wordpress import Report
from coproarchive.ingest.wordpress.content import Body
from coproarchive.ingest.wordpress.seminars import event_title, number_in
from coproarchive.ingest.wordpress.understand.names import Gazetteer
from coproarchive.ingest.wordpress.understand.programme import find_programme
from coproarchive.ingest.wordpress.understand.talks import find_talks, without_download
from coproarchive.ingest.wordpress.understand.when import dates_in, find_date
from coproarchive.model import Item, Kind, Seminar

Bring = Callable[..., Report]


def people(record: Item) -> list[tuple[str, str]]:
    return [(c.person, c.role.value) for c in record.people]


def lines_of(seminar: Seminar) -> list[tuple[str | None, str | None, str, list[str]]]:
    return [(s.start, s.end, s.title, [c.person for c in s.people]) for s in seminar.programme]


def test_a_blog_in_classic_html(bring_items: Bring, catalogue: Callable[[], Catalogue]) -> None:
    report = bring_items(*CLASSIC)
    found = catalogue()
    (seminar,) = found.seminars.values()
    assert (seminar.title, seminar.number, seminar.date, seminar.place) == (
        "Workshop 2: Ovens and Power", 2, "2018-05-04", "Mill Hall, Crumbtown",
    )  # fmt: skip
    assert lines_of(seminar) == [
        ("09:30", None, "Arrival and tea", []),
        ("10:00", None, "Welcome", ["ada-baker"]),
        ("10:15", "11:00", "Who holds the oven door?", ["bo-miller"]),
        ("11:00", None, "Coffee", []),
        ("11:30", None, "Sourdough as a shared record", ["cara-oneill", "di-ferrante"]),
        ("12:30", None, "Lunch", []),
        ("14:00", None, "Small groups", ["eli-rye"]),
        ("15:30", None, "Close", []),
    ]
    talks = {i.title: i for i in found.items.values() if i.kind is Kind.PRESENTATION}
    assert people(talks["Who holds the oven door?"]) == [("bo-miller", "keynote")]
    assert people(talks["Sourdough as a shared record"]) == [
        ("cara-oneill", "speaker"), ("di-ferrante", "speaker"),
    ]  # fmt: skip
    assert len(talks) == 2, "the parking map is a file of its post"
    assert {i.seminar for i in found.items.values()} == {seminar.id}
    assert found.people["bo-miller"].affiliations == ("University of Crumbtown",)
    assert found.people["cara-oneill"].affiliations == ("Leaven Trust",)
    assert found.people["di-ferrante"].affiliations == ("Oven College",)
    home = next(i for i in found.items.values() if i.title.startswith("What I took home"))
    assert people(home) == [("fay-crumb", "author")]
    assert report.counts == {"post": 3, "attachment": 3}
    assert not found.problems


def test_a_blog_in_blocks(bring_items: Bring, catalogue: Callable[[], Catalogue]) -> None:
    bring_items(*BLOCKS)
    found = catalogue()
    milling, sea = (found.seminars[i] for i in ("milling-together", "baking-at-sea"))
    assert (milling.date, milling.place) == ("2018-06-14", "Grain Library, Milltown")
    assert (sea.date, sea.place) == ("2018-10-03", "Harbour College")
    assert lines_of(milling)[1:3] == [
        ("14:00", "14:45", "Stones that listen", ["gus-grist"]),
        ("14:45", "15:30", "Wind as a colleague", ["hana-sail"]),
    ]
    assert [s[2:] for s in lines_of(sea)] == [
        ("Ship’s biscuit: a history", ["ina-galley"]), ("Tea", []),
        ("Ovens that roll", ["jo-keel"]),
    ]  # fmt: skip
    wind = found.items["milling-together/wind-as-a-colleague"]
    assert wind.kind is Kind.PRESENTATION and people(wind) == [("hana-sail", "speaker")]
    assert wind.abstract and wind.abstract.startswith("The wind arrives late")
    assert milling.programme[2].item == wind.id
    films = [i for i in found.items.values() if i.kind is Kind.VIDEO]
    assert [f.held_at[0].url for f in films] == ["https://www.youtube.com/watch?v=abcdefghijk"]
    assert not found.problems


def test_a_blog_of_parts(bring_items: Bring, catalogue: Callable[[], Catalogue]) -> None:
    bring_items(*MIXED)
    found = catalogue()
    (seminar,) = found.seminars.values()
    assert (seminar.title, seminar.date, seminar.place) == (
        "Seminar 3: Bread on trial", "2019-02-07", "Assize Hall",
    )  # fmt: skip
    assert [s[0] for s in lines_of(seminar)] == [
        "09:30",
        "10:00",
        "10:30",
        "13:00",
        "14:00",
        "16:00",
    ]
    assert [s.item for s in seminar.programme if s.item] == [
        f"{seminar.id}/the-loaf-in-the-dock", f"{seminar.id}/twelve-hungry-people",
    ]  # fmt: skip
    assert found.people["lee-gavel"].affiliations == ("Crust Foundation",)
    assert found.people["mia-jury"].bio == "Mia is an expert by experience."
    own = found.items["a-loaf-of-one-s-own-by-nia-sponge"]
    assert (own.title, people(own), own.seminar) == (
        "A loaf of one’s own",
        [("nia-sponge", "author")],
        None,
    )


def said(found: Catalogue, seminar_id: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Titles and people of a programme's lines that have people."""
    return [
        (s.title, [(c.person, c.role.value) for c in s.people])
        for s in found.seminars[seminar_id].programme
        if s.people
    ]


def talks_of(found: Catalogue, kind: Kind = Kind.PRESENTATION) -> dict[str, list[str]]:
    """Ids of presentations with their people."""
    return {i.id: [c.person for c in i.people] for i in found.items.values() if i.kind is kind}


def test_a_blog_of_headings_and_buttons(
    bring_items: Bring, catalogue: Callable[[], Catalogue]
) -> None:
    bring_items(*SYMPOSIUM)
    found = catalogue()
    (seminar,) = found.seminars.values()
    assert (seminar.date, seminar.place) == ("2018-03-14", "Room 101, Leeds Dough University")
    assert said(found, seminar.id) == [
        ("Crumbs of comfort: care on the ward", [("jane-loaf", "speaker")]),
        ("Who controls the yeast?", [("jose-garcia", "speaker"), ("li-wei", "speaker")]),
        ("Discussion", [("ruth-oat", "facilitator")]),
    ]
    assert talks_of(found) == {
        f"{seminar.id}/crumbs-of-comfort-care-on-the-ward": ["jane-loaf"],
        f"{seminar.id}/who-controls-the-yeast": ["jose-garcia", "li-wei"],
    }
    assert len(talks_of(found, Kind.VIDEO)) == 1
    written = {
        i.title: [c.person for c in i.people] for i in found.items.values() if i.kind is Kind.POST
    }
    assert written["Reflections on control"] == ["pat-rye"]
    assert written["Symposium slides now available"] == []
    assert written["Guest blog: Sam Spelt on sourdough"] == ["sam-spelt"]
    assert found.people["li-wei"].affiliations == ("Crumb Trust",)


def test_a_blog_of_lists_and_labels(bring_items: Bring, catalogue: Callable[[], Catalogue]) -> None:
    bring_items(*WEBINARS)
    found = catalogue()
    three, four = found.seminars["webinar-3"], found.seminars["4-baking-back-better"]
    assert (three.number, three.date, three.place) == (3, "2020-11-14", "Online (Zoom)")
    assert (four.number, four.date, four.place) == (4, "2021-02-09", None)
    assert said(found, three.id) == [
        ("Welcome", [("ann-rolls", "speaker")]),
        ("Toast as method", [("sarah-obrien-smith", "keynote")]),
        ("Baking under lockdown", [("jean-luc-van-der-berg", "speaker")]),
        ("Workshop: Rising together", [("kim-knead", "speaker")]),
    ]
    assert [s.start for s in three.programme][-3:] == ["13:00", "14:00", "15:30"]
    assert said(found, four.id)[1:] == [
        ("Grain drain", [("moe-malt", "speaker")]),
        ("After the crumb", [("zoe-flour", "speaker")]),
    ]
    assert talks_of(found)["webinar-3/toast-as-method"] == ["sarah-obrien-smith"]
    assert talks_of(found, Kind.VIDEO) == {"webinar-3/toast-as-method-2": ["sarah-obrien-smith"]}
    assert ["kim-knead"] in talks_of(found).values(), "Kim's handout is the one Kim's"


def test_one_post_of_slides_for_two_seminars(
    bring_items: Bring, catalogue: Callable[[], Catalogue]
) -> None:
    bring_items(*DIARY)
    found = catalogue()
    assert {i: (s.date, s.place) for i, s in found.seminars.items()} == {
        "1-who-owns-the-recipe": ("2016-10-03", "University of Bun"),
        "2-ovens-of-ones-own": ("2016-12-06", "Oven College, Room 2"),
    }
    assert said(found, "1-who-owns-the-recipe") == [
        ("Recipes and rights", [("ida-crumb", "speaker")]),
        ("My grandmother’s starter", [("max-leaven", "speaker")]),
    ]
    assert said(found, "2-ovens-of-ones-own")[1:] == [
        ("A history of the communal oven", [("flo-sieve", "speaker")]),
        ("Ovens in hospitals", [("gil-baguette", "speaker")]),
    ]
    assert set(talks_of(found)) == {
        "1-who-owns-the-recipe/recipes-and-rights",
        "1-who-owns-the-recipe/my-grandmothers-starter",
        "2-ovens-of-ones-own/a-history-of-the-communal-oven",
    }
    calendar = found.items["seminar-series-dates-for-your-diary"]
    assert calendar.seminar is None, "a calendar of several seminars is of none"


def test_every_guess_has_its_line_and_rule(bring_items: Bring) -> None:
    report = bring_items(*CLASSIC, *BLOCKS, *MIXED)
    assert {
        "date",
        "place",
        "session",
        "author",
        "presentation",
        "biography",
        "part of seminar",
    } <= {g.kind for g in report.guesses}
    for guess in report.guesses:
        assert guess.line and guess.rule and guess.record and guess.source, guess
        assert 0 < guess.confidence < 1, guess


PROGRAMMES = [
    ("10.00 A – Ada Baker<br>11.15am B<br>1.45 C", ["10:00", "11:15", "13:45"]),
    ("9:30 - 10:00 A<br>10:00 to 11:00 B<br>2pm C", ["09:30", "10:00", "14:00"]),
    ("0930–1000 A<br>1000–1030 B<br>1300–1400 C", ["09:30", "10:00", "13:00"]),
    ("<b>9am</b> A<br><b>12 noon</b> no time<br>10am B<br>11am C", ["09:00", "10:00", "11:00"]),
    ("<h3>Day 1</h3>9.30 A<br>5.00 B<h3>Day 2</h3>9.30 C<br>10.30 D",
     ["09:30", "17:00", "09:30", "10:30"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "starts"), PROGRAMMES)
def test_clocks(content: str, starts: list[str]) -> None:
    assert [s.start for s in find_programme(Body(content, raw=True).lines(), Gazetteer())] == starts


def test_numbers_are_no_programme() -> None:
    content = "<p>9.30 per cent of bakers</p><p>10.5 million loaves</p><p>3.5 stars</p>"
    assert find_programme(Body(content, raw=True).lines(), Gazetteer()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thursday 6th July 2017, 10am", "2017-07-06"),
        ("July 6th, 2017", "2017-07-06"),
        ("12–13 June 2018", "2018-06-12/2018-06-13"),
        ("6 and 7 July 2017", "2017-07-06/2017-07-07"),
        ("on 2017-07-06", "2017-07-06"),
        ("Fri 4 May", "2018-05-04"),
        ("3 January", "2019-01-03"),
    ],
)
def test_dates(text: str, expected: str) -> None:
    published = "2018-11-20" if "January" in text else "2018-04-01"
    assert next(dates_in(text, published))[0] == expected


def test_a_deadline_is_not_the_day() -> None:
    body = Body(
        "<p>Submit by 1 March 2018</p><p>The seminar takes place on 9 May 2018.</p>", raw=True
    )
    found = find_date("Call", body.lines(), "2018-01-01")
    assert found and found.value == "2018-05-09"


@pytest.mark.parametrize(
    ("title", "name", "number"),
    [
        ("Seminar 6: Presentations", "", ("seminar", 6)),
        ("Programme for the second workshop: Ovens", "Ovens", ("workshop", 2)),
        ("Co-production: the art of it", "Co-production: the art of it", None),
        ("Bread and Roses – seminar summary", "Bread and Roses", None),
        ("Slides from the day", "", None),
    ],
)
def test_names_of_seminars(title: str, name: str, number: tuple[str, int] | None) -> None:
    assert (event_title(title), number_in(title)) == (name, number)


@pytest.mark.parametrize(
    ("line", "title", "names"),
    [
        ("Ada Baker’s slides", "", ["Ada Baker"]),
        ("Flour by Dr Ada Baker: download here", "Flour", ["Ada Baker"]),
        ("Ada Baker, University of Bun – “Flour” (PDF, 3 MB)", "Flour", ["Ada Baker"]),
        ("2pm Ada Baker: Flour [slides]", "Flour", ["Ada Baker"]),
        ("Presentation by Ada Baker and Bo Miller", "", ["Ada Baker", "Bo Miller"]),
        ("Flour – Ada Baker & Bo Miller", "Flour", ["Ada Baker", "Bo Miller"]),
    ],
)
def test_lines_of_slides(line: str, title: str, names: list[str]) -> None:
    known = Gazetteer()
    known.add(["Ada Baker", "Bo Miller"])
    body = Body(f'<p><a href="https://x.org/f.pptx">{line}</a></p>', raw=True)
    (talk,) = find_talks("Slides", [], body.lines(), known, {})
    assert (talk.title, list(talk.people)) == (title, names)


def test_words_of_a_talk_are_not_taken_for_the_download() -> None:
    assert (
        without_download("Seeing like a slide: view from below")
        == "Seeing like a slide: view from below"
    )
    assert without_download("Title (PDF) – click here to download") == "Title"
