"""What the desk's pages are made of: a row of the table of routes, and the request of one page."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from coproarchive.catalogue import Catalogue
from coproarchive.desk import Desk
from coproarchive.errors import CoproArchiveError, IngestError
from coproarchive.library import Library
from coproarchive.operate.reindex import Reindexer
from coproarchive.web import render
from coproarchive.web.desk.names import (
    AmbiguousNameError,
    NameNoun,
    RecordNames,
    UnknownNameError,
)

FORM_BYTES = 1024 * 1024
"""Largest body of a form without files; a record has at most a quarter of it."""
MOST_NOTICES = 500
"""Notices remembered; the oldest gives way."""
MOST_DIGITS = 9


class InvalidFormError(IngestError):
    """Fields of a form cannot be taken as they are; the page is shown again, nothing was written.

    Attributes:
        mistakes: name of the form's field -> what is wrong with it, and what to do.
    """

    def __init__(self, mistakes: Mapping[str, str]):
        self.mistakes = dict(mistakes)
        count = len(self.mistakes)
        places = "one field" if count == 1 else f"{count} fields"
        super().__init__(f"nothing is saved yet: look at {places} below.")


@dataclass(frozen=True, slots=True)
class DoneNotice:
    """What was done, shown once it is.

    Attributes:
        message: a sentence.
        undo: id of the batch that can be taken back; "" for none.
        address, label: of a link that follows; "" for none.
    """

    message: str
    undo: str = ""
    address: str = ""
    label: str = ""


class DoneNotices:
    """Notices by an id that stands in the address which the browser is sent to. Thread-safe.

    A text in the address itself could be made up by others.
    """

    def __init__(self) -> None:
        self._notices: OrderedDict[str, DoneNotice] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, notice: DoneNotice) -> str:
        """Remember a notice; return its id."""
        notice_id = secrets.token_urlsafe(9)
        with self._lock:
            self._notices[notice_id] = notice
            if len(self._notices) > MOST_NOTICES:
                self._notices.popitem(last=False)
        return notice_id

    def get(self, notice_id: str) -> DoneNotice | None:
        """Return a notice, None where it is not remembered."""
        with self._lock:
            return self._notices.get(notice_id)


@dataclass(frozen=True)
class DeskRequest:
    """A request of somebody who may be here, with all that its page is made from.

    Attributes:
        request: as it came.
        library: whose archive is kept.
        form: what was posted; empty for a GET.
        token: that the page's forms must send.
        who: does what is done here, as the history shall say; "" for the account of the server.
        reindexer: of this process; None where it has none.
        notices: of this process.
        sections: address and label of the desk's parts that there are.
        error: why the act at this address failed, where its page is shown again.
    """

    request: Request
    library: Library
    notices: DoneNotices
    form: FormData = field(default_factory=FormData)
    token: str = ""
    who: str = ""
    reindexer: Reindexer | None = None
    sections: Sequence[tuple[str, str]] = ()
    error: CoproArchiveError | None = None

    @property
    def path(self) -> dict[str, str]:
        """The parameters in the address's path."""
        return dict(self.request.path_params)

    @property
    def query(self) -> QueryParams:
        """The parameters behind the address's question mark."""
        return self.request.query_params

    @cached_property
    def catalogue(self) -> Catalogue:
        """Every record, hidden and withdrawn too."""
        return self.library.catalogue()

    @cached_property
    def names(self) -> RecordNames:
        """Names of the catalogue's records, both ways."""
        return RecordNames(self.catalogue)

    @property
    def page_number(self) -> int:
        """The number behind ?page=; 1 where there is none."""
        digits = self.query.get("page", "1")[:MOST_DIGITS]
        return int(digits) if digits.isdecimal() else 1

    @cached_property
    def desk(self) -> Desk:
        """The acts; where nothing updates the index by itself, each waits until it is updated."""
        follows = self.reindexer is not None or not self.library.index_storage.is_persistent
        return Desk(self.library, self.who, is_indexing=not follows)

    @property
    def mistakes(self) -> Mapping[str, str]:
        """Name of a form's field -> what is wrong with what was typed."""
        return self.error.mistakes if isinstance(self.error, InvalidFormError) else {}

    @property
    def notice(self) -> DoneNotice | None:
        """What was done just before."""
        return self.notices.get(self.query.get("notice", ""))

    def typed(self, name: str, default: str = "") -> str:
        """Return what was typed into a field; the default where the form was not sent."""
        value = self.form.get(name) if self.form else default
        return value if isinstance(value, str) else ""

    def id_named(self, noun: NameNoun, name: str) -> str:
        """Return the id of the record whose name was typed into a field.

        Args:
            noun: of the record.
            name: of the field.

        Raises:
            InvalidFormError: it is the name of none, or of several.
        """
        try:
            return self.names.id_of(noun, self.typed(name).strip())
        except (UnknownNameError, AmbiguousNameError) as error:
            raise InvalidFormError({name: str(error)}) from None

    def soon(self) -> str:
        """Return when a search finds what was changed."""
        if self.reindexer is None:
            return "It can be found by search."
        return "It can be found by search in a moment."

    def page(self, template: str, title: str, **values: object) -> HTMLResponse:
        """Render a page of the desk.

        Args:
            template: file name.
            title: for the browser's tab, and what the template makes its heading.
            values: what the template is given besides.
        """
        catalogue = self.library.public()
        html = render.page(template, catalogue, "/desk", title, desk=self, **values)
        return HTMLResponse(html)

    def done(
        self, message: str, to: str, undo: str = "", link: tuple[str, str] = ("", "")
    ) -> Response:
        """Redirect to a page that says what was done.

        Args:
            message: a sentence, or several.
            to: address of the page, one of this site's.
            undo: id of the batch that the notice offers to take back; "" for none.
            link: address and label, to stand behind the message.
        """
        notice_id = self.notices.add(DoneNotice(message, undo, *link))
        try:
            parts = urlsplit(to)
        except ValueError:  # half an address of another site
            parts = urlsplit("/desk")
        query = [(k, v) for k, v in parse_qsl(parts.query) if k != "notice"]
        query.append(("notice", notice_id))
        # Neither scheme nor host: what was posted leads to no other site.
        address = urlunsplit(("", "", "/" + parts.path.lstrip("/"), urlencode(query),
                              parts.fragment))  # fmt: skip
        return RedirectResponse(address, 303)


DeskHandler = Callable[[DeskRequest], Response]


@dataclass(frozen=True)
class DeskRoute:
    """A row of the table of the desk's pages and acts.

    Attributes:
        path: as Starlette takes it.
        show: makes the page (GET); None for an act without one.
        act: does what was posted; None for a page without one.
        label: in the desk's navigation; "" for what does not stand there.
        takes_files: whether the form brings files.
    """

    path: str
    show: DeskHandler | None = None
    act: DeskHandler | None = None
    label: str = ""
    takes_files: bool = False

    @property
    def methods(self) -> list[str]:
        """The HTTP methods that it answers."""
        return ["GET"] * (self.show is not None) + ["POST"] * (self.act is not None)
