"""Make src/coproarchive/ingest/describe/names.txt: given names and surnames in many languages.

    uv run --with Faker python scripts/make_name_lists.py

The names are those of Faker's locales (MIT licence), folded to small letters, and some short forms
that they lack. Run it again for a newer version of Faker; the file is committed.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "src/coproarchive/ingest/describe/names.txt"
GIVEN = """
abby al alex alfie andy angie ann anna ash barb barry becky ben beth bill billy bob bobby brad bram
brendan brett cam cat cathy charlie chip chris chuck cindy cliff colin corey cory craig dan danny
dave deb debbie dean dirk dom don doug drew ed eddie ellie elliot em emma erik evan fran fred gabe
gareth gary geoff gerry gil gordon graham greg gus guy hal hank harry ian ivan jack jake jamie jan
jared jay jed jeff jen jenny jeremy jerry jess jill jim jimmy jo joe joel joey joost jon jono josh
judy kai kate kathy katie keith ken kenny kev kim kirk kris kurt kyle lars lee len leo les liam lisa
liz lou lucy luke luis mads mandy marc marcus marty mat matt max meg mel mick miek mike mitch moe
nat nate ned neil nick nico nigel noah norm ollie owen pam pat patty paul pete phil rab raj randy
ray rebecca reg rich rick rob robbie robin rod roger ron rory ross roy russ ruth sally sam sandy
scott sean seb shaun shawn sid simon stan steph steve stew stu sue sven tam ted terry theo tim timmy
tina tobi toby todd tom tommy toni tony trev trevor trish troy val vic vicky vince wade walt wes
will willy zac zack
sanjay rahul amit anil arun ashish deepak ganesh gaurav kumar manish mohan naveen nikhil pradeep
prakash rajesh rakesh ramesh ravi rohit sachin sandeep sanjeev satish shankar srinivas sunil suresh
vijay vikram vinod vivek priya anita kavita lakshmi meena pooja rekha sunita divya neha aditya
akash ananya anjali arjun karthik krishna madhu pranav shreya siddharth swati varun
dmitry dmitri sergey sergei andrey andrei alexey alexei aleksey mikhail nikolay nikolai yuri yury
yuriy oleg pavel evgeny evgeniy yevgeny aleksandr alexandr maxim maksim anatoly boris vitaly viktor
valery konstantin kirill ilya ruslan vadim denis artem artyom egor gleb stanislav vyacheslav
yaroslav natalia natalya olga tatiana tatyana ekaterina anastasia svetlana irina oksana ksenia yulia
ludmila galina elena larisa zoltan istvan laszlo gyorgy tamas gabor balazs katalin eszter zsolt
goran zoran dragan milos nenad bojan dejan jovana milica tihomir hristo plamen stoyan krasimir
srinivasan subramanian raghavan ramachandran narayanan balaji venkatesh venkat murali ganesan
harish girish mahesh naresh yogesh umesh kiran prasad sudhir sudha vidya usha geetha latha swapnil
mohammed muhammad mohamed ahmed ahmad ali hassan hussein ibrahim omar youssef khalid mustafa fatima
aisha layla zainab mariam amina hiroshi takashi kenji satoshi akira yuki yuko naoko keiko haruki
shinji kazuki daisuke jihoon minjun sungho jisoo hyun minh anh nguyen thanh hoang linh trang tuan
""".split()
FAMILY = """
kim lee park choi jung kang cho yoon jang lim nguyen tran pham huynh vo dang bui do ho ngo singh
patel sharma gupta kumar shah mehta reddy rao iyer nair das bose chatterjee mukherjee khan ahmed ali
hussain malik sheikh tanaka suzuki sato watanabe ito yamamoto nakamura kobayashi kato yoshida yamada
""".split()
NO_NAMES = frozenset(
    """as can an author doc prior link made page long case my meta us var run add over server
    dev unnamed media general line lot else al purl per little true come unique valid dot ever
    reason unknown early carry love less storm math edit lawyer sys ante job con sole pink sem
    skip river justo side forum magna dui tab ha worth haven sing wood price trace sad tone
    hence versa age constant ran floor bot winter orange mat fancy charity anon said minor
    miner logi tex west beta delta gamma theta eta zeta alpha echo lead best pro data lab labs
    team demo test go back note notes net web app api code core base open free new old big
    small north south east one two three red blue green black white gold silver day night
    spring autumn fire water earth air sun moon star sea lake hill park street road house home
    school church book story time life world peace justice freedom wisdom truth happy lucky
    sunny precious blessing miracle treasure destiny sunday monday tuesday wednesday thursday
    friday saturday january february march july october november december angular java julia
    python ruby swift scala kotlin rust perl pascal ada apache docker kafka storm spark flink
    hive pig delta lambda docs slides talk intro guide sample media must may list will more do
    each post law fee date block grant way key freely read were pages comment held kind master
    good cases field font power parent clear he too parts real cross topic short repo marks
    fair peer stack bar company major she low fall soon lower hand strong sa poll convey char
    begin""".split()
) - frozenset("ada julia ruby may will grant pascal".split())
"""Words of the lists that stand in titles and are no given names, or hardly ever."""
_WORD = re.compile(r"[^\W\d_]{2,}(?:[-'’][^\W\d_]+)*")


def providers() -> Iterator[type]:
    """Yield the classes of persons' names, one a locale."""
    package = importlib.import_module("faker.providers.person")
    for module in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"faker.providers.person.{module.name}").Provider


def words_of(values: Iterable[object]) -> Iterator[str]:
    """Yield the names of a list, whose entries may hold several forms."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple | list):
            yield from words_of(value)


def named(part: str) -> set[str]:
    """Return names of all locales whose lists' names begin so, single words of small letters."""
    names: set[str] = set()
    for provider in providers():
        for attribute in dir(provider):
            is_list = attribute.startswith(part) or attribute.startswith(
                part.replace("name", "romanized_name")
            )
            values = getattr(provider, attribute) if is_list else None
            if isinstance(values, dict | tuple | list):
                names.update(name.casefold() for name in words_of(values))
    alphabets = re.compile(r"[a-zß-öø-ɏͰ-ϿЀ-ӿ'’-]+")
    return {n for n in names if _WORD.fullmatch(n) and alphabets.fullmatch(n)}


def main() -> None:
    """Write the file."""
    given = (named("first_name") | set(GIVEN)) - NO_NAMES
    family = (named("last_name") | set(FAMILY)) - NO_NAMES
    head = """\
# Given names and surnames, made by scripts/make_name_lists.py from the locales of Faker,
# Copyright (c) 2012 Daniele Faraglia, MIT License: permission is granted, free of charge, to any
# person to use, copy, modify and distribute it, with this notice. There is no warranty.
"""
    lines = [f"{kind}: {' '.join(names)}" for kind, group in (("given", given), ("family", family))
             for first in sorted({n[0] for n in group})
             if (names := sorted(n for n in group if n[0] == first))]  # fmt: skip
    FILE.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(given)} given names, {len(family)} surnames, {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
