"""What the bundled decks, PDF and posts say: written by the archive's makers from public facts.

Nobody real is quoted here. What a talk argued is told in outline, in our words, as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass

SEMINAR = "6-coercive-environments"


@dataclass(frozen=True)
class Bullets:
    """Lines of a slide."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table with a head row; widths in inches."""

    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True)
class Chart:
    """A bar for each value."""

    series: str
    values: dict[str, int]
    alt: str


@dataclass(frozen=True)
class Picture:
    """Boxes with arrows between, and a description for those who cannot see them."""

    boxes: tuple[tuple[str, str], ...]
    alt: str


@dataclass(frozen=True)
class Slide:
    """One slide."""

    title: str
    body: Bullets | Grid | Chart | Picture
    notes: str = ""


@dataclass(frozen=True)
class Deck:
    """One deck, made at `path` below archive/."""

    path: str
    title: str
    subtitle: str
    notes: str
    slides: tuple[Slide, ...]


@dataclass(frozen=True)
class Pdf:
    """Pages of heading, paragraphs and rows of two columns."""

    path: str
    title: str
    pages: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], ...]


PROGRAMME = (
    ("09:30", "Registration", ""),
    ("10:00", "Opening", "Christine Rhodes, Pamela Fisher"),
    ("10:15", "Keynote: Co-production of mental health services: the art of the impossible?", "David Pilgrim"),
    ("11:15", "Discussion of themes", ""),
    ("12:00", "Power sharing within coercive environments", "Charlotte Scott"),
    ("12:45", "Lunch", ""),
    ("13:45", "Team Hudd: round-table discussion on power sharing", "service users, carers, university staff, partners"),
    ("15:00", "Main points of the day", ""),
    ("15:30", "Networking", ""),
)  # fmt: skip

GUIDE = Deck(
    f"{SEMINAR}/guide/guide-to-seminar-6.pptx",
    "A guide to seminar 6: Co-production in Coercive Environments",
    "Huddersfield, 6 July 2017",
    "This deck was made by the archive, not by the speakers. It tells in outline what the day was "
    "about, for readers who were not there.",
    (
        Slide(
            "The question of the day",
            Bullets(
                (
                    "Co-production: people who use a service and people who work in it, as equals",
                    "Coercion: care and treatment that a person has not agreed to",
                    "Can there be co-production at all where a service is not voluntary?",
                    "The law behind it: the Mental Health Act 1983, amended 2007",
                )
            ),
            "The seminar was part of the national Co-production Week organised by SCIE, the Social "
            "Care Institute for Excellence. About 35 people came.",
        ),
        Slide(
            "The day at a glance",
            Picture(
                (
                    ("Morning", "Opening\nKeynote\nDiscussion\nof themes"),
                    ("Midday", "Talk on\npower sharing\nLunch"),
                    ("Afternoon", "Round table:\nTeam Hudd\nMain points\nNetworking"),
                ),
                "The day in three boxes: in the morning opening, keynote and discussion; at midday a "
                "talk on power sharing and lunch; in the afternoon the round table, the main points "
                "and networking.",
            ),
        ),
        Slide(
            "Programme",
            Grid(
                (("Time", "What", "Who"), *PROGRAMME),
                (1.2, 6.3, 4.0),
            ),
            "The times are those announced before the day.",
        ),
        Slide(
            "How the day was spent",
            Chart(
                "Minutes of the announced programme",
                {
                    "Talks and opening": 120,
                    "Discussion and round table": 120,
                    "Main points": 30,
                    "Registration and lunch": 90,
                },
                "Bar chart of minutes: talks and opening 120, discussion and round table 120, main "
                "points 30, registration and lunch 90. As much time for discussion as for talks.",
            ),
            "Counted from the announced times; networking at the end had no announced length.",
        ),
        Slide(
            "Introduction: what co-production is, and is not",
            Bullets(
                (
                    "There is no single agreed definition, and the word can be misused",
                    "Decolonising knowledge: whose knowledge counts?",
                    "Power sharing and citizenship belong together",
                    "Being heard is not enough without the power to change things",
                )
            ),
            "In outline, from the public summary of the introduction by the two organisers.",
        ),
        Slide(
            "Keynote: four features of co-production",
            Picture(
                (
                    ("1", "Citizenship\nis respected"),
                    ("2", "Each side\ndepends on\nthe other"),
                    ("3", "Both sides\nare rational\nmoral agents"),
                    ("4", "They share\na common\nagenda"),
                ),
                "Four numbered boxes: citizenship is respected; each side depends on the other; both "
                "sides are rational moral agents; they share a common agenda.",
            ),
            "The keynote argued that compulsory detention defeats each of the four, so that true "
            "co-production is impossible there, though services can be made more humane.",
        ),
        Slide(
            "Keynote: the argument in outline",
            Bullets(
                (
                    "Where people are detained, none of the four features holds",
                    "So true co-production is impossible in compulsory detention",
                    "Services can still be made more humane",
                    "A proposal: replace mental health law by a dangerousness act",
                )
            ),
            "This is the archive's outline of an argument. The speaker's own slides are on the blog.",
        ),
        Slide(
            "Power sharing: small things that matter",
            Bullets(
                (
                    "Approved Mental Health Professionals (AMHPs) lead the assessment",
                    "The professional's account of events tends to dominate",
                    "The Act has guiding principles: how are they put into practice?",
                    "Time to pack, phone calls, money, transport without stigma",
                    "Advance directives: saying beforehand what one wants",
                )
            ),
            "In outline, from the public summary of the talk on power sharing.",
        ),
        Slide(
            "Where to go on reading",
            Bullets(
                (
                    "The speakers' own slides: on the series' blog",
                    "The seminar summary and the guest posts: on the series' blog",
                    "Words used in this series: the other deck of this archive",
                )
            ),
        ),
    ),
)

WORDS = Deck(
    "words-used-in-this-series/words-used-in-this-series.pptx",
    "Words used in this series",
    "A plain-language glossary of co-production and mental health law",
    "This deck was made by the archive. It explains words; it is not legal advice.",
    (
        Slide(
            "Words about working together",
            Grid(
                (
                    ("Word", "What it means here"),
                    (
                        "Co-production",
                        "People who use a service and people who work in it, designing and doing it together",
                    ),
                    (
                        "Service user involvement",
                        "Asking those who use a service; not always with power to decide",
                    ),
                    ("Power sharing", "Giving away some of the power to decide, and saying which"),
                    (
                        "Citizenship",
                        "Belonging to a community with rights and a say, also when unwell",
                    ),
                    ("Lived experience", "Knowing something because it happened to you"),
                    (
                        "Recovery college",
                        "Courses that are planned and taught together with people with lived experience",
                    ),
                ),
                (3.6, 7.9),
            ),
            "Readers write co-production, coproduction and co production: the search finds all three.",
        ),
        Slide(
            "Words about the law",
            Grid(
                (
                    ("Word", "What it means here"),
                    (
                        "Mental Health Act (MHA)",
                        "The law of 1983, amended 2007, for England and Wales",
                    ),
                    ("Sectioned, detained", "Kept in hospital under a section of the Act"),
                    (
                        "AMHP",
                        "Approved Mental Health Professional: decides whether to apply for detention",
                    ),
                    ("Assessment", "The meeting at which it is decided whether the Act is used"),
                    (
                        "Advance directive",
                        "What a person writes down now about care they may need later",
                    ),
                    (
                        "Guiding principles",
                        "What the Act's code of practice asks of those who use it",
                    ),
                ),
                (3.6, 7.9),
            ),
            "A patient, service user, survivor or expert by experience may be the same person: people "
            "choose different words for themselves.",
        ),
        Slide(
            "How much power is shared?",
            Picture(
                (
                    ("Told", "Others decide\nand tell you"),
                    ("Asked", "You are asked,\nothers decide"),
                    ("Involved", "You take part,\nothers have\nthe last word"),
                    ("Together", "You decide\ntogether"),
                ),
                "Four boxes from left to right, each sharing more power: told, asked, involved, "
                "together.",
            ),
            "A simple picture for discussion, drawn by the archive. Ladders of participation with more "
            "rungs are well known in the field.",
        ),
        Slide(
            "Questions for a discussion",
            Bullets(
                (
                    "Who was in the room when this was decided?",
                    "What could each of them change?",
                    "Which small things would have made it easier?",
                    "What would you write into an advance directive?",
                )
            ),
        ),
    ),
)

DECKS = (GUIDE, WORDS)

PROGRAMME_PDF = Pdf(
    f"{SEMINAR}/programme/programme-of-seminar-6.pdf",
    "Programme of seminar 6 and who took part",
    (
        (
            "Seminar 6: Co-production in Coercive Environments",
            (
                "6 July 2017, University of Huddersfield. The sixth of seven seminars of the ESRC "
                "series Re-imagining Professionalism in Mental Health: Towards Co-production.",
                "This document was prepared by the archive, from the public programme. It is not a "
                "document of the organisers.",
                "The day asked whether there can be co-production at all where a service is not "
                "voluntary. About 35 people took part: service users and survivors, carers, "
                "researchers, and professionals from public and voluntary organisations. Travel "
                "bursaries were offered to service users, carers and voluntary-sector professionals.",
            ),
            (),
        ),
        (
            "Programme of the day",
            ("The times are those announced before the day.",),
            tuple(
                (time, f"{what}<br/><i>{who}</i>" if who else what) for time, what, who in PROGRAMME
            ),
        ),
        (
            "Who took part",
            ("Roles and affiliations on the day, as publicly announced.",),
            (
                (
                    "Organisers",
                    "Pamela Fisher (Leeds Beckett University), Christine Rhodes (University of Huddersfield)",
                ),
                ("Keynote", "David Pilgrim (University of Liverpool; University of Southampton)"),
                ("Speaker", "Charlotte Scott (social worker, AMHP, and PhD researcher)"),
                (
                    "Team Hudd",
                    "Matt Ellis (Calderdale and Kirklees Recovery Colleges), Donna Kemp, Eric Greenwood, "
                    "Alison Morris, Hayley Roebuck, Mary Rogers, Chris Thompson (pre-recorded video): "
                    "University of Huddersfield and its Public Partnership Group",
                ),
            ),
        ),
    ),
)

_BY = "*Prepared by the archive, from the public programme and general public facts.*"

POSTS: dict[str, str] = {
    "how-to-use-this-archive/how-to-use-this-archive.md": f"""# How to use this archive

{_BY}

## Search

Type a few words. You get the talks that have all of them, each with the slides on which they stand.
Put words in quotes, as in "power sharing", to find them just so on one slide. A minus before a word
leaves out what has it. Small slips of the keyboard are mended, and the page says so.

## Browse

Seminars, speakers and topics each have a page. A seminar's page shows the programme of the day, with
a link from each line to what it left behind.

## Cite a slide

Every slide has an address of its own: the link on its number. At the end of each page there is a
citation to copy.

## Download

Originals are downloaded as their makers saved them. Where the archive does not hold a file, the page
says who does.
""",
    f"{SEMINAR}/what-is-co-production/what-is-co-production.md": f"""# What is co-production? Reading around seminar 6

{_BY}

## A word without one meaning

There is no single agreed definition of co-production. Most have this in common: people who use a
service and people who work in it plan it and do it together, and both bring knowledge that counts.

## Why coercion makes it hard

In a hospital ward under the Mental Health Act one side may be there against its will. The keynote of
seminar 6 argued that this defeats what co-production needs. Others at the seminar looked for the
places where power can be shared all the same.

| Question | One answer given in outline | Where to look |
| --- | --- | --- |
| Is it possible in detention? | No, though services can be more humane | the keynote |
| What softens the imbalance? | Small things: time, calls, money, transport | the talk on power sharing |
| What is needed besides a voice? | The power to change things | the introduction |

## Who was asked

Service users, carers, students, researchers and professionals met for a day. The afternoon belonged
to a round table of service users, carers, university staff and partners.
""",
    "plain-words-on-legal-terms/plain-words-on-legal-terms.md": f"""# Advance directives and other legal terms in plain words

{_BY} *This explains words. It is not legal advice.*

## The Mental Health Act

The Mental Health Act 1983, amended in 2007, is the law of England and Wales under which a person can
be assessed, kept in hospital and treated for a mental disorder, also without agreeing to it. People
say that somebody is "sectioned" because the Act's powers stand in its sections.

## Approved Mental Health Professional

An Approved Mental Health Professional, AMHP for short, is trained and approved to decide whether an
application for detention is made. Many are social workers; nurses, occupational therapists and
psychologists can be approved too.

## Advance directive

An advance directive, or advance statement, is what a person writes down while well about the care
they want, or do not want, should they become unwell. How far it binds others depends on the kind of
statement and on the law; it always tells them what the person thinks.

## Carer

A carer looks after a relative or friend who needs support, without being paid for it.
""",
}
