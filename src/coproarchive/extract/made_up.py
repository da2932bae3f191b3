"""What programs write where their users wrote nothing: titles of templates, names of accounts."""

from __future__ import annotations

import re

_PRODUCTS = (
    r"power ?point\w*|keynote|impress|google slides|prezi|canva|libre ?office|"
    r"open ?office(?:\.org)?"
)
# "Presentation", as Office names a deck in each of its languages; with a product it is no title.
_PRESENTATION = re.compile(
    r"^(?:pr[eéäæ][sz]ent|prezent|презент|esit|bemutat|predstavit|aurkezpen|pateikt|kynning|sunu|"
    r"apresenta|presentaci|cyflwyniad|παρουσ|プレゼン|演示|簡報|简报|프레젠|מצגת|عرض|تقديمي|งาน|นำเสนอ|"
    r"trình|bản|chiếu|bài|standard|programu|aplikace|programy|bản|trình)",
    re.IGNORECASE,
)
_LITTLE = frozenset(
    """do de del di da du d by von of the la le na w v em en in for per для في của microsoft office
    ms mac 1 2 3""".split()
)
_SLIDE = (
    r"slide|folie|foil|diapositiva|diapositive|diapositivo|dia|snímek|snímka|slajd|слайд|スライド|"
    r"幻灯片|投影片|슬라이드|lysbilde|lysark|bild|bildspel|kalvo|diák?|slayt|diapozitiv|prosojnica|"
    r"skaidrė|slaids|slaid|sleid|page|seite|página|pagina"
)
_JUNK_TITLE = re.compile(
    rf"""^(?:
    (?:{_SLIDE}|presentation|pr[äe]sentation|presentación|présentation|presentazione|document|
       dokument|documento|title|titel|titre|título|titolo|unknown)\s*[-_\#]?\s*\d*
    |(?:title|titel|titelfolie|titre|título|titolo)\s(?:layout|slide|only|page|here|goes\shere|folie|
       and\scontent|text|of\s(?:the\s)?(?:presentation|talk|slide))
    |(?:presentation|talk|deck|slide|session|document)\stitle(?:\s(?:here|goes\shere))?
    |(?:click|tap)\sto\s(?:edit|add).*|.*\bmaster\stitle\sstyle\b.*|titelmasterformat.*
    |(?:your|insert|enter|add|type)\s(?:the\s|your\s)?(?:presentation\s|talk\s)?(?:sub)?title.*
    |untitled.*|unbenannt.*|sans\stitre.*|sin\stítulo.*|senza\s(?:titolo|nome).*|sem\stítulo.*
    |naamloos.*|namnlös.*|uten\snavn.*|bez\s(?:tytułu|názvu|nazwy).*|без\s(?:названия|имени|назви).*
    |névtelen.*|adsız.*|無題.*|无标题.*|未命名.*|제목\s?없음.*
    |no\s(?:slide\s)?title|default|office\stheme|larissa|.*\bdefault\s(?:design|theme)|blank
    |(?:.*(?:power\s?point|ppt|slides?|presentation|deck|corporate|brand\w*|\d{{4}})\s)?template(?:\s?\d*)
    |vorlage|plantilla|modèle
    |microsoft\s(?:power\s?point|word).*|{_PRODUCTS}
    |reveal\.?js.*|.*the\shtml\spresentation\sframework.*|welcome\sto\sslidev.*|slidev|remark|marp|
       (?:latex\s)?beamer(?:\spresentation)?|impress\.?js|deck\.?js|slidy|jupyter\snotebook|
       (?:quarto|r\smarkdown|xaringan)(?:\spresentation)?|google\sslides|index|main|slides?|deck|
       presentation|talk|article
    |.*\.(?:pptx?|pptm|potx|pdf|docx?|indd|dvi|tex|odp|key|html?|md|qmd|rmd|ipynb)
    |(?:https?://|www\.|file:)\S+
    |(?:©|\(c\)|copyright\b).*
    |[\W\d_]*
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
_BEFORE = re.compile(
    rf"^(?:(?:microsoft\s(?:power\s?point|word)\s[-–]\s)|(?:{_SLIDE})\s?\d+\s?[:.–-]\s+)",
    re.IGNORECASE,
)
_COPY = re.compile(r"^(?:copy of|copia de|copie de|kopie von|cópia de|копия)\s+", re.IGNORECASE)
_BEHIND = re.compile(rf"\s*[|–—-]\s*(?:{_PRODUCTS})$", re.IGNORECASE)


def without_prefix(title: str) -> str:
    """Return a title without what a program put before or behind it: "Slide 1: ", "Copy of "."""
    return _BEHIND.sub("", _COPY.sub("", _BEFORE.sub("", title))).strip()


def is_made_up(title: str) -> bool:
    """Tell whether a program made up a title, in any language of Office, or it is an address."""
    if _JUNK_TITLE.match(title):
        return True
    bare, products = re.subn(rf"\b(?:{_PRODUCTS})\b[-„“”\"']*", " ", title, flags=re.IGNORECASE)
    words = re.findall(r"[^\W_]+", bare)
    return (
        products > 0
        and len(words) <= 4
        and all(w.casefold() in _LITTLE or w.isdigit() or _PRESENTATION.match(w) for w in words)
    )


_ACCOUNT = re.compile(
    r"^(?:(?:ms|microsoft|windows|office|default|standard|unknown|anonymous|guest|local|normal|home|"
    r"dell|hp|lenovo|acer|asus|toshiba|samsung|sony|apple)\b.*|(?:test[- ]?)?user\w*(?:\s\w+)?|"
    r"admin\w*|owner|author\w*|autor|auteur|usuario.*|usuário.*|utilisateur.*|benutzer.*|"
    r"gebruiker.*|pc|root|presenter|speaker|student|teacher|(?:your |first ?|last )?name|"
    r"firstname.*|python-pptx|steve canny|(?:office|word|powerpoint|excel)\b.*|openoffice.*|"
    r"libreoffice.*|keynote|latex.*|pdf\w*|adobe.*|canva|google.*|jupyter.*|quarto|pandoc|rmarkdown|"
    r"beamer|apache poi|pptxgenjs|python|用户.*|作者|пользователь.*|користувач|автор|utente.*|"
    r"użytkownik.*|käyttäjä.*|bruker|bruger|användare|kullanıcı|felhasználó|uživatel|"
    r"ユーザー.*|작성자|사용자|المستخدم|unbekannt|inconnu|desconocido|n/?a|none|me|you|x+|\W*)$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+|https?://\S+|www\.\S+")
_INITIALS = re.compile(r"(?:[A-Z]\.?[\s-]?){1,3}")


def authors_in(text: str) -> tuple[str, ...]:
    """Return people of a file's metadata: "Baker, Ada" is one, "A; B" two, accounts are none."""
    names: dict[str, None] = {}
    for one in re.split(
        r"\s*(?:;|\band\b|\bund\b|\bet\b|&|\||\n|、|，)\s*", _ADDRESS.sub(" ", text)
    ):
        pieces = [piece.strip() for piece in one.split(",") if piece.strip()]
        if len(pieces) == 2 and _is_inverted(*pieces):
            pieces = [f"{pieces[1]} {pieces[0]}"]
        for piece in pieces:
            name = " ".join(re.sub(r"[<>()\[\]]", " ", piece).split())
            if re.search(r"[^\W\d_]{2}", name) and not _ACCOUNT.match(name) and "\\" not in name:
                names[name] = None
    return tuple(names)


def _is_inverted(family: str, first_names: str) -> bool:
    """Tell "Baker, Ada" from two whole names."""
    if len(first_names.split()) > 3 or len(family.split()) > 3:
        return False
    both_whole = len(family.split()) > 1 and len(first_names.split()) > 1
    return not both_whole or bool(_INITIALS.fullmatch(first_names))
