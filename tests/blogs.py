"""Invented WordPress exports for tests: nobody and nothing in them is real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

SITE = "https://bread.example.org"
_HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>{name}</title><link>{site}</link><wp:base_blog_url>{site}</wp:base_blog_url>
<wp:author><wp:author_login>ed</wp:author_login>
<wp:author_display_name><![CDATA[{editor}]]></wp:author_display_name></wp:author>
"""


def cdata(text: str) -> str:
    """As WordPress's wxr_cdata writes it."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def post(
    number: int,
    title: str,
    content: str = "",
    *,
    date: str = "2018-05-01",
    kind: str = "post",
    status: str = "publish",
    terms: Sequence[str] = (),
    tags: Sequence[str] = (),
    creator: str = "ed",
    password: str = "",
    parent: int = 0,
    file: str = "",
    alt: str = "",
    extra: str = "",
) -> str:
    """One <item>."""
    shown = "".join(
        f"<category domain={quoteattr(domain)} nicename={quoteattr(name.lower().replace(' ', '-'))}>"
        f"{cdata(name)}</category>"
        for domain, names in (("category", terms), ("post_tag", tags))
        for name in names
    )
    slug = "".join(c if c.isalnum() else "-" for c in title.lower())[:60].strip("-")
    if file:
        kind, status = "attachment", "inherit"
        shown += f"<wp:attachment_url>{cdata(file)}</wp:attachment_url>"
    if alt:
        shown += (
            "<wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key>"
            f"<wp:meta_value>{cdata(alt)}</wp:meta_value></wp:postmeta>"
        )
    return (
        f"<item><title>{cdata(title)}</title><link>{SITE}/{date[:4]}/{slug}/</link>"
        f"<dc:creator>{cdata(creator)}</dc:creator><content:encoded>{cdata(content)}"
        f"</content:encoded><excerpt:encoded>{cdata('')}</excerpt:encoded>"
        f"<wp:post_id>{number}</wp:post_id><wp:post_date>{cdata(date + ' 09:00:00')}</wp:post_date>"
        f"<wp:post_name>{cdata(slug)}</wp:post_name><wp:status>{cdata(status)}</wp:status>"
        f"<wp:post_parent>{parent}</wp:post_parent><wp:post_type>{cdata(kind)}</wp:post_type>"
        f"<wp:post_password>{cdata(password)}</wp:post_password>{shown}{extra}</item>\n"
    )


def export(*items: str, name: str = "Bread and Power", editor: str = "Bread Network") -> str:
    """A whole export file."""
    head = _HEAD.format(name=escape(name), site=SITE, editor=editor)
    return head + "".join(items) + "</channel></rss>\n"


def write(path: Path, *items: str, name: str = "Bread and Power") -> Path:
    """An export file on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(export(*items, name=name), encoding="utf-8")
    return path


UPLOADS = f"{SITE}/wp-content/uploads/2018/05"

# Blog one: classic HTML typed into the editor, one numbered workshop over four posts, bios as
# "Name, place" headings, times as 9.30am and 2pm, by-lines on the first line.
CLASSIC = (
    post(
        11,
        "Workshop 2 – Ovens and Power",
        """The Bread Network's second workshop looks at who owns the village oven, and what happens when bakers and eaters share the keys. It is open to everybody who bakes, eats or does both at once.

Date: Friday 4th May 2018
Venue: Mill Hall, Crumbtown

<strong>Programme</strong>

9.30am Arrival and tea
10am Welcome - Dr Ada Baker
10.15am - 11.00am “Who holds the oven door?” Professor Bo Miller, University of Crumbtown (keynote)
11am Coffee
11.30am Sourdough as a shared record, Cara O’Neill and Di Ferrante
12.30pm Lunch
2pm Small groups facilitated by Eli Rye
3.30pm Close

<strong>About the speakers</strong>

<strong>Professor Bo Miller, University of Crumbtown</strong>
Bo has written about ovens since 1999. Bo's last book is called Embers.

<strong>Cara O'Neill (Leaven Trust)</strong>
Cara bakes at night and keeps the trust's books by day.

Di Ferrante is a carer and a lecturer at Oven College. She kneads.
""",
        date="2018-04-10",
        terms=["Workshop 2"],
        tags=["ovens", "sharing"],
    ),
    post(
        12,
        "Slides from the day",
        f"""Thank you all for coming. Here are the slides:
<ul>
<li><a href="{UPLOADS}/door.pptx">Who holds the oven door?</a> – Bo Miller (keynote)</li>
<li>Cara O’Neill &amp; Di Ferrante: <em>Sourdough as a shared record</em> [<a href="{UPLOADS}/record.pdf">PDF, 2 MB</a>]</li>
</ul>
The parking map is <a href="{UPLOADS}/map.pdf">here</a>.""",
        date="2018-05-05",
        terms=["Workshop 2"],
    ),
    post(
        13,
        "What I took home from Ovens and Power",
        "By Fay Crumb\n\nI came for the bread and stayed for the talk about advance orders.",
        date="2018-05-12",
        tags=["ovens"],
    ),
    post(14, "door", file=f"{UPLOADS}/door.pptx", parent=12),
    post(15, "record", file=f"{UPLOADS}/record.pdf", parent=12),
    post(16, "map", file=f"{UPLOADS}/map.pdf", parent=12),
)

# Blog two: blocks; a programme as a table with ranges of 24 hours; file blocks; an embedded film;
# a second seminar on another day in the same blog; abstracts in a post of their own.
BLOCKS = (
    post(
        21,
        "Milling together: a seminar on 14 June 2018",
        """<!-- wp:paragraph -->
<p>Grain Library, Milltown</p>
<!-- /wp:paragraph -->
<!-- wp:heading -->
<h2>Agenda</h2>
<!-- /wp:heading -->
<!-- wp:table -->
<figure class="wp-block-table"><table><thead><tr><th>Time</th><th>What</th><th>Who</th></tr></thead><tbody>
<tr><td>13:30–14:00</td><td>Registration</td><td></td></tr>
<tr><td>14:00–14:45</td><td>Stones that listen</td><td>Gus Grist</td></tr>
<tr><td>14:45–15:30</td><td>Wind as a colleague</td><td>Dr Hana Sail</td></tr>
<tr><td>15:30–16:00</td><td>Panel discussion</td><td>Gus Grist, Hana Sail</td></tr>
</tbody></table></figure>
<!-- /wp:table -->""",
        date="2018-05-20",
        terms=["Events"],
    ),
    post(
        22,
        "Milling together: abstracts",
        '<!-- wp:heading {"level":3} -->\n<h3>Abstracts</h3>\n<!-- /wp:heading -->\n'
        '<!-- wp:heading {"level":4} -->\n<h4>Wind as a colleague</h4>\n<!-- /wp:heading -->\n'
        "<!-- wp:paragraph -->\n<p>"
        + "The wind arrives late and leaves early, and yet no mill runs "
        "without it. This talk asks what we owe to colleagues that we cannot invite, with three "
        "mills as its examples and one storm.</p>\n<!-- /wp:paragraph -->",
        date="2018-06-01",
    ),
    post(
        23,
        "Milling together: downloads and film",
        f"""<!-- wp:file {{"href":"{UPLOADS}/stones.pdf"}} -->
<div class="wp-block-file"><a href="{UPLOADS}/stones.pdf">Gus Grist – Stones that listen</a><a href="{UPLOADS}/stones.pdf" class="wp-block-file__button" download>Download</a></div>
<!-- /wp:file -->
<!-- wp:paragraph -->
<p><a href="{UPLOADS}/wind.odp">Hana Sail’s slides</a></p>
<!-- /wp:paragraph -->
<!-- wp:heading -->
<h2>Watch the panel</h2>
<!-- /wp:heading -->
<!-- wp:embed {{"url":"https://www.youtube.com/watch?v=abcdefghijk","type":"video"}} -->
<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">
https://www.youtube.com/watch?v=abcdefghijk
</div></figure>
<!-- /wp:embed -->""",
        date="2018-06-16",
    ),
    post(
        24,
        "Baking at sea",
        "<!-- wp:paragraph -->\n<p>We meet on 3 October 2018 at Harbour College.</p>\n<!-- /wp:paragraph -->\n"
        "<!-- wp:list -->\n<ul><li>10:00 – Ship's biscuit: a history (Ina Galley)</li>"
        "<li>11:00 – Tea</li><li>11:30 – Ovens that roll, by Jo Keel</li></ul>\n<!-- /wp:list -->",
        date="2018-09-01",
        terms=["Events"],
    ),
    post(25, "stones", file=f"{UPLOADS}/stones.pdf"),
    post(26, "wind", file=f"{UPLOADS}/wind.odp"),
)

# Blog three: a table of talks, a page of biographies, ordinals, a programme in two posts of one
# day, an author by account, and a guest named only in the title.
MIXED = (
    post(
        31,
        "The third seminar: Bread on trial – morning",
        "<p>Thursday 7 February 2019, Assize Hall</p><p><b>09:30</b> Registration<br/>"
        "<b>10:00</b> Opening with Kit Judge<br/><b>10:30</b> Lee Gavel – The loaf in the dock</p>",
        date="2019-01-10",
        terms=["Third seminar"],
        creator="kit",
    ),
    post(
        32,
        "The third seminar: Bread on trial – afternoon",
        "<p>13:00 Lunch</p><p>14:00 Mia Jury: Twelve hungry people</p><p>16:00 Verdict and close</p>",
        date="2019-01-11",
        terms=["Third seminar"],
        creator="kit",
    ),
    post(
        33,
        "Presentations from the third seminar",
        f"""<table><tr><th>Speaker</th><th>Talk</th><th>File</th></tr>
<tr><td>Lee Gavel</td><td>The loaf in the dock</td><td><a href="{UPLOADS}/dock.pptx">slides</a></td></tr>
<tr><td>Mia Jury</td><td>Twelve hungry people</td><td><a href="{UPLOADS}/twelve.pdf">slides</a></td></tr>
</table>""",
        date="2019-02-09",
    ),
    post(
        34,
        "Who's who",
        "<h2>Speaker profiles</h2><h3>Lee Gavel</h3><p>Lee works at the Crust Foundation and used to "
        "be a magistrate.</p><h3>Mia Jury</h3><p>Mia is an expert by experience.</p>",
        kind="page",
        date="2019-01-12",
    ),
    post(
        35,
        "A loaf of one's own by Nia Sponge",
        "<p>No seminar here, only bread.</p>",
        date="2020-03-01",
    ),
)

# Blog four: headings as times, names in bold, buttons for files, a film, an author below the text.
SYMPOSIUM = (
    post(
        1,
        "Symposium: Care, crumbs and control",
        """<p>We are delighted to announce our one-day symposium.</p>
<p>Wednesday, 14th of March 2018, 10am–4pm, Room 101, Leeds Dough University</p>
<h3>Timetable</h3><h4>09:30 – 10:00</h4><p>Registration &amp; coffee</p><h4>10:00 – 10:45</h4><p><strong>Dr Jane Loaf (University of Bun)</strong><br><em>Crumbs of comfort: care on the ward</em></p><h4>10:45 – 11:30</h4><p><strong>José García and Li Wei (Panaderia College)</strong><br><em>Who controls the yeast?</em></p><h4>11:30 – 12:00</h4><p>Discussion chaired by Prof Dame Ruth Oat</p>
<h3>Speaker bios</h3><p><strong>Dr Jane Loaf</strong> is Reader in Dough Studies at the University of Bun.</p><p><strong>José García</strong>: José is a baker and activist who has run the Panaderia College night school for ten years.</p><p><strong>Li Wei</strong> – Li is a peer researcher with Crumb Trust, and has lived experience of gluten.</p>""",
        date="2018-01-20",
        terms=["Symposia"],
    ),
    post(
        2,
        "Symposium slides now available",
        f"""<h3>Crumbs of comfort: care on the ward</h3><p>Dr Jane Loaf, University of Bun</p><div class="wp-block-button"><a href="{UPLOADS}/loaf.pdf">Download slides</a></div><h3>Who controls the yeast?</h3><p>José García &amp; Li Wei</p><div class="wp-block-button"><a href="{UPLOADS}/yeast.pdf">Download slides</a></div><p>You can also <a href="{UPLOADS}/flyer.pdf">download the flyer</a>.</p><iframe src="https://player.vimeo.com/video/998877"></iframe>""",
        date="2018-03-20",
        terms=["Symposia"],
    ),
    post(
        3,
        "Reflections on control",
        "<p>It was a day of crumbs.</p><p><em>Pat Rye is a service user researcher at Oven University.</em></p>",
        date="2018-03-25",
        terms=["Symposia"],
    ),
    post(
        4, "Guest blog: Sam Spelt on sourdough", "<p>Text.</p><p>– Sam Spelt</p>", date="2018-04-25"
    ),
)

# Blog five: lists, labels ("Speaker: ... Title: ..."), 1pm and 14h00, recordings beside slides.
WEBINARS = (
    post(
        1,
        "Webinar 3 Programme",
        """<p>When: 14/11/2020</p><p>Where: Online (Zoom)</p><ul><li>10am: Welcome from Prof. Ann Rolls (Bap University)</li><li>10.15 - 11.00: Keynote 1: Dr. Sarah O'Brien-Smith: 'Toast as method'</li><li>11:00-11:15 Break</li><li>11.15–12.00 Presentation 2 – Jean-Luc van der Berg – "Baking under lockdown"</li><li>1pm – 2pm LUNCH</li><li>14h00 Workshop: Rising together (with Kim Knead, Crust Collective)</li><li>3.30pm Plenary discussion and close</li></ul>""",
        date="2020-10-01",
        tags=["webinar"],
    ),
    post(
        2,
        "Webinar 3: recordings and slides",
        f"""<p><strong>Sarah O'Brien-Smith</strong> – <a href="{UPLOADS}/toast.pptx">Toast as method</a> (PowerPoint) | <a href="https://youtu.be/abcdefghi12">video</a></p><p><strong>Jean-Luc van der Berg</strong> – <a href="{UPLOADS}/lock.pdf">Baking under lockdown</a> (PDF)</p><p>Kim's handout can be downloaded <a href="{UPLOADS}/rising.docx">here</a>.</p>""",
        date="2020-11-20",
    ),
    post(
        3,
        "Webinar 4: Baking back better",
        "<p>Date and time: Tuesday 9 February, 2pm to 4pm GMT</p><p>2.00 Introduction by Ann Rolls<br>2.10 Speaker: Moe Malt. Title: Grain drain<br>2.40 Speaker: Zoë Flour. Title: After the crumb<br>3.10 Q&A</p>",
        date="2021-01-11",
    ),
    post(
        4, "A reflection on webinar 3", "<p>Posted by: Uma Naan</p><p>Good.</p>", date="2020-12-01"
    ),
)

# Blog six: numbers as words, a table with names under titles, one post of slides for two seminars.
DIARY = (
    post(
        1,
        "Seminar series – dates for your diary",
        "<p>Seminar 1: Monday 3 October 2016, University of Bun</p><p>Seminar 2: Tuesday 6 December 2016, Oven College</p><p>Seminar 3: Thursday 2 March 2017, Crust House</p>",
        date="2016-08-01",
        kind="page",
    ),
    post(
        2,
        "Seminar One: Who owns the recipe?",
        "<p>3rd October 2016<br>University of Bun</p><h2>PROGRAMME</h2><table><tbody><tr><td><strong>10.00</strong></td><td>Arrival</td></tr><tr><td><strong>10.30</strong></td><td>Recipes and rights<br>Prof. Ida Crumb, University of Bun</td></tr><tr><td><strong>11.30</strong></td><td>My grandmother’s starter<br>Max Leaven, expert by experience</td></tr><tr><td><strong>12.30</strong></td><td>Lunch</td></tr></tbody></table>",
        date="2016-09-01",
        terms=["Seminar One"],
    ),
    post(
        3,
        "Seminar Two: Ovens of one's own",
        "<p>Date: 6th December 2016</p><p>Venue: Oven College, Room 2</p><p><strong>10.00 – 10.15: Welcome</strong></p><p>Ida Crumb</p><p><strong>10.15 – 11.00: A history of the communal oven</strong></p><p>Dr Flo Sieve, Oven College</p><p>This talk traces the communal oven from Rome to Leeds. It argues that the oven was never just an oven, but a commons with rules.</p><p><strong>11.00 – 11.45: Ovens in hospitals</strong></p><p>Gil Baguette (carer)</p>",
        date="2016-11-01",
        terms=["Seminar Two"],
    ),
    post(
        4,
        "Materials from seminars one and two",
        f"""<p>Seminar 1: <a href="{UPLOADS}/ida.pdf">Recipes and rights (Ida Crumb)</a>, <a href="{UPLOADS}/max.pdf">My grandmother’s starter (Max Leaven)</a></p><p>Seminar 2: <a href="{UPLOADS}/flo.pptx">A history of the communal oven – Flo Sieve</a></p>""",
        date="2017-01-10",
    ),
    post(
        5,
        "Thoughts after seminar two",
        "<p>Hello.</p><p>Ned Bagel, University of Bun</p>",
        date="2016-12-12",
        terms=["Seminar Two"],
    ),
)
