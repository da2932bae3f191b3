"""Words by which names of persons are told from those of places, groups and headings."""

from __future__ import annotations

ORGANISATIONS = frozenset(
    """inc ltd llc gmbh corp corporation company labs lab software systems technologies
    technology solutions consulting cloud data open source api server services platform
    engineer engineering developer development manager director founder cto ceo architect
    scientist student phd candidate lecturer principal senior staff lead maintainer contributor
    evangelist advocate member user users group microsoft google amazon apple facebook ibm
    intel oracle linux python java kubernetes azure windows docker github spark hadoop
    foundation computing computer science sciences mathematics physics biology statistics
    division national federal state united states kingdom germany france spain italy china
    india japan york london francisco berlin paris tutorial guide overview basics advanced
    beginner beginners using getting started part intro version edition unit module chapter
    lesson week appendix agenda contents outline references hall hotel street conference summit
    meetup days day camp con fest station stations trials field fields farm""".split()
)
"""Words of organisations, trades, programmes and headings, which no name has."""
PLACES = frozenset(
    """alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii
    idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan
    minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania
    tennessee texas utah vermont wisconsin wyoming austria belgium brazil bulgaria canada chile
    colombia croatia denmark egypt england estonia europe asia africa america americas finland
    greece hungary iceland ireland israel kenya latvia lithuania luxembourg malta mexico
    morocco netherlands nigeria norway pakistan peru philippines poland portugal romania russia
    scotland serbia singapore slovakia slovenia sweden switzerland taiwan thailand turkey
    ukraine vietnam wales zealand australia angeles vegas diego jose antonio clara monica cruz
    louis paul arbor alto kong aviv aires lumpur town lake beach valley bay island islands
    state emirates arabia korea rica rico leone leon amsterdam athens barcelona beijing belfast
    bologna boston brussels bucharest budapest cambridge chicago cologne copenhagen dublin
    edinburgh geneva glasgow hamburg helsinki istanbul krakow leeds leuven lisbon liverpool
    ljubljana lyon madrid manchester melbourne milan montreal moscow mumbai munich oslo oxford
    philadelphia prague rome rotterdam seattle seoul shanghai shenzhen stockholm tallinn tokyo
    toronto valencia vancouver vienna warsaw zagreb zurich""".split()
)
"""Countries, states and towns: no name ends with one."""
ONLY_PLACES = PLACES - frozenset(
    "angeles antonio clara cruz diego jose leon leone louis milan monica paul rico".split()
)
"""Places that are nobody's given name."""
BEFORE_PLACES = frozenset(
    "san santa santo los las st saint new el fort port cape ann palo sri".split()
)
"""What names of places begin with."""
ALSO_WORDS = frozenset(
    """will mark grant rich dawn grace hope faith may june april august art bill rob jack drew
    chase sky summer rose lily daisy ivy iris pearl ruby amber jade crystal robin ray dale glen
    heath cliff frank ernest victor bishop dean earl duke king prince hunter mason cooper
    carter parker baker christian jordan austin paris london india china georgia virginia
    carolina dakota savannah madison charlotte florence sydney victoria chelsea brooklyn
    phoenix dallas houston memphis lincoln jackson washington franklin hamilton cat don max
    major star ever gay penny sandy rusty guy melody harmony unity trinity destiny angel
    crystal echo page gene bond case ford ash forest field woods banks brook marine royal noble
    price young""".split()
)
"""Given names that are words of titles and headings too."""
ROLES = frozenset(
    """software senior principal staff lead chief engineer developer architect scientist
    researcher professor lecturer director manager founder phd ceo cto postdoc student
    consultant research product program community""".split()
)
"""What somebody is, as it stands behind a name."""
