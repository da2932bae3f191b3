"""Write the README's tables from the code: python scripts/readme_tables.py [--check]."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer

from coproarchive.check import CODES
from coproarchive.cli import app
from coproarchive.ingest.wordpress.report import CODES as IMPORT_CODES
from coproarchive.search.language.fields import FIELDS
from coproarchive.settings import Settings

README = Path(__file__).resolve().parents[1] / "README.md"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines
    )


def settings() -> str:
    """One row a setting."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append((f"`COPROARCHIVE_{name.upper()}`", default, field.description or ""))
    return table(("setting", "default", "what it is"), rows)


def commands() -> str:
    """One row a command, with its options."""
    return table(("command", "what it does", "options"), _commands(typer.main.get_command(app), ""))


def _commands(command: Any, before: str) -> Iterable[tuple[str, ...]]:
    if hasattr(command, "commands"):
        for name, child in sorted(command.commands.items()):
            yield from _commands(child, f"{before} {name}")
        return
    arguments = [
        p.metavar or p.name.upper() for p in command.params if p.param_type_name == "argument"
    ]
    options = [max(p.opts, key=len) for p in command.params if p.param_type_name == "option"]
    summary = (command.help or "").split("\n")[0]
    yield (
        f"`{' '.join([before.strip(), *arguments])}`",
        summary,
        " ".join(f"`{o}`" for o in options if o != "--help"),
    )


def codes() -> str:
    """One row a problem code."""
    return table(("code", "what is wrong"), ((f"`{c}`", d) for c, d in sorted(CODES.items())))


def import_codes() -> str:
    """One row a code of an import's report."""
    return table(("code", "what it says"), ((f"`{c}`", d) for c, d in sorted(IMPORT_CODES.items())))


def fields() -> str:
    """One row a searchable or facetable field."""
    return table(
        ("field", "what it holds", "used for"),
        ((f"`{f.name}`", f.description, f.uses) for f in FIELDS),
    )


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings,
    "commands": commands,
    "problem codes": codes,
    "import codes": import_codes,
    "fields": fields,
}


def render(text: str) -> str:
    """The README with every table between its two markers made anew."""
    for name, make in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        match = pattern.search(text)
        if match is None:
            raise SystemExit(f"README.md lacks the markers of the table '{name}'")
        text = text[: match.start()] + match[1] + make() + "\n" + match[2] + text[match.end() :]
    return text


def main() -> int:
    """Write the tables, or with --check say whether they are as the code has them."""
    old = README.read_text(encoding="utf-8")
    new = render(old)
    if "--check" in sys.argv:
        if old != new:
            print("README.md's tables differ from the code: run python scripts/readme_tables.py")
        return int(old != new)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
