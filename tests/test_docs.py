"""The documents are true: tables are the code's, links lead somewhere, what is named is there."""

from __future__ import annotations

import doctest
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import typer
from pydantic import BaseModel
from typer.testing import CliRunner

import record_files
import reference
from coproarchive.cli import app
from coproarchive.record_keys import KEYS
from coproarchive.strict_yaml import Plain, parse
from test_layers import FLOORS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))]
COMMANDS = dict(reference.leaf_commands(typer.main.get_command(app)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_readme_is_short() -> None:
    """At most 800 words: what it is, two commands, an own archive, and links."""
    assert len(text_of(ROOT / "README.md").split()) <= 800


# ------------------------------------------------------------------- made from the code


def test_tables_and_schemas_are_those_of_the_code() -> None:
    """`python scripts/reference.py` makes them anew."""
    assert [path.name for path in reference.outdated()] == []


def test_every_piece_made_from_the_code_is_shown() -> None:
    """No table is made that no page shows."""
    pages = "".join(text_of(page) for page in (DOCS / "reference").glob("*.md"))
    assert [name for name in reference.PIECES if f"<!-- {name} -->" not in pages] == []


def every_key() -> Iterator[tuple[type[BaseModel], str]]:
    records = {record for record, _, _ in record_files.RECORDS.values()} | set(record_files.PARTS)
    for record in sorted(records, key=lambda r: r.__name__):
        for key in record.model_fields:
            yield record, key


def example(record: type[BaseModel], key: str) -> Plain:
    """The value of a key's example."""
    content = parse(f"{key}: {KEYS[record][key].example}").content
    assert isinstance(content, dict)
    return content[key]


@pytest.mark.parametrize(
    ("record", "key"), list(every_key()), ids=lambda v: getattr(v, "__name__", v)
)
def test_every_key_is_explained_with_an_example_that_is_accepted(
    record: type[BaseModel], key: str
) -> None:
    """Words are there for each key, and the model takes the example."""
    required = [name for name, other in record.model_fields.items() if other.is_required()]
    values = {name: example(record, name) for name in {*required, key}}
    assert getattr(record.model_validate(values), key) not in (None, (), {})


def test_no_key_is_explained_that_is_not_there() -> None:
    """A key that was removed from the model is removed from the words."""
    explained = {(record, key) for record, keys in KEYS.items() for key in keys}
    assert explained == set(every_key())


# ------------------------------------------------------------------------- schemas


def as_an_editor_reads(value: Plain) -> object:
    """The content with whole numbers as numbers, as YAML 1.2's core schema has it."""
    if isinstance(value, dict):
        return {key: as_an_editor_reads(child) for key, child in value.items()}
    if isinstance(value, list):
        return [as_an_editor_reads(child) for child in value]
    return int(value) if value is not None and re.fullmatch(r"0|[1-9]\d*", value) else value


def schema_of(name: str) -> dict[str, object]:
    schema: dict[str, object] = json.loads(text_of(DOCS / "reference/schema" / f"{name}.json"))
    return schema


@pytest.mark.parametrize("name", list(record_files.RECORDS))
def test_schemas_accept_the_bundled_records(name: str) -> None:
    """Every record of the bundled archive, as an editor would read it."""
    validator = jsonschema.Draft202012Validator(schema_of(name))
    validator.check_schema(schema_of(name))
    records = sorted((ROOT / "archive").rglob(f"{name}.yaml"))
    assert records or name == "problems", "nothing is snoozed in the bundled archive"
    for record in records:
        validator.validate(as_an_editor_reads(parse(text_of(record)).content))


@pytest.mark.parametrize(
    "content",
    [
        {"title": "A", "speker": "x"},
        {"title": "A", "id": "given-by-the-folder"},
        {"abstract": "no title"},
        {"title": "A", "kind": "film"},
        {"title": "A", "topics": ["Not An Id"]},
        {"title": "A", "people": [{"person": "ada", "role": "singer"}]},
    ],
    ids=" ".join,
)
def test_the_schema_of_items_refuses_mistakes(content: dict[str, object]) -> None:
    """What coproarchive refuses of a single file, an editor underlines."""
    validator = jsonschema.Draft202012Validator(schema_of("item"))
    assert list(validator.iter_errors(content))


def test_examples_of_the_guide_are_valid_records() -> None:
    """Each section "...: item.yaml" of docs/guide/describing.md shows such a record."""
    text = text_of(DOCS / "guide" / "describing.md")
    shown = re.findall(
        r"^## [^\n]*: (\w+)\.yaml\n.*?```yaml\n(.*?)```", text, re.MULTILINE | re.DOTALL
    )
    assert {name for name, _ in shown} == set(record_files.RECORDS)
    for name, example in shown:
        content = as_an_editor_reads(parse(example).content)
        if name == "archive":
            assert isinstance(content, dict)
            content["title"] = "the example shows other keys"
        jsonschema.Draft202012Validator(schema_of(name)).validate(content)


# --------------------------------------------------------------- links and commands


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Files named by links and pictures exist, and so do headings in them."""
    text = re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in headings(file)):
            broken.append(target)
    assert broken == []


def headings(page: Path) -> set[str]:
    """Anchors of a page's headings, as they are made by mkdocs."""
    titles = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", t).strip().lower()) for t in titles}


def code_lines(page: Path) -> Iterator[str]:
    """Yield the lines inside a page's fenced blocks, continued lines joined."""
    inside = False
    for line in text_of(page).replace("\\\n", " ").splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside:
            yield line.strip()


def shown_commands() -> Iterator[tuple[str, list[str]]]:
    """Yield page and words of every `coproarchive ...` line in a code block."""
    for page in PAGES:
        if page.name in ("commands.md", "CHANGELOG.md"):
            continue  # forms with arguments in capitals
        for line in code_lines(page):
            if match := re.search(r"(?:^|/bin/|sudo |-u talks )coproarchive (.+)", line):
                yield name_of(page), shlex.split(match[1], comments=True)


@pytest.mark.parametrize(
    ("page", "words"), [pytest.param(*shown, id=" ".join(shown[1])) for shown in shown_commands()]
)
def test_commands_shown_exist_with_their_options(page: str, words: list[str]) -> None:
    """The command is there, and takes every option that a page shows with it."""
    del page
    rest = list(words)
    for option in ("--archive", "--index"):
        if option in rest:
            position = rest.index(option)
            del rest[position : position + 2]
    if rest[0].startswith("--"):  # of coproarchive itself
        assert rest[0] in {o for p in typer.main.get_command(app).params for o in p.opts}
        return
    name = " ".join(rest[:2]) if " ".join(rest[:2]) in COMMANDS else rest[0]
    command = COMMANDS[name]
    options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    assert {w.partition("=")[0] for w in rest if w.startswith("--")} - options == set()


def test_scripts_and_files_named_are_there() -> None:
    """Paths of this repository in running text and code."""
    pattern = (
        r"`?((?:scripts|tests|benchmarks|src/coproarchive|docs)/[\w./-]+\.(?:py|md|yaml|json))"
    )
    made_by_the_reader = re.compile(r"^`([\w/.]+)`:$", re.MULTILINE)  # in worked examples
    missing = [
        (name_of(page), path)
        for page in PAGES
        if page.name != "CHANGELOG.md"
        for path in re.findall(pattern, text_of(page))
        if not (ROOT / path).exists() and path not in made_by_the_reader.findall(text_of(page))
    ]
    assert missing == []


def test_the_floors_are_those_of_the_layer_test() -> None:
    """The table of docs/develop/architecture.md has the rooms of FLOORS, floor by floor."""
    text = text_of(DOCS / "develop" / "architecture.md")
    shown = {
        room: int(floor)
        for floor, rooms in re.findall(r"^\| (\d+) \| ([\w., ]+) \|$", text, re.MULTILINE)
        for room in rooms.split(", ")
    }
    floors = {room: floor for room, (floor, _) in FLOORS.items()}
    assert shown == {r: f for r, f in floors.items() if r not in ("search", "__main__")}


def test_modules_that_the_walks_name_are_there() -> None:
    """Paths below src/coproarchive on the page about the architecture."""
    text = text_of(DOCS / "develop" / "architecture.md")
    named = set(re.findall(r"[`*]((?:\w+/)*\w+\.py)[`*]", text)) - {"app.py"}
    modules = {
        p.relative_to(ROOT / "src" / "coproarchive").as_posix()
        for p in (ROOT / "src").rglob("*.py")
    }
    missing = [n for n in named if not any(m == n or m.endswith(f"/{n}") for m in modules)]
    assert len(named) > 15
    assert [n for n in missing if not (ROOT / n).exists()] == []


# ------------------------------------------------------------------------ JSON output


def documented(section: str) -> set[str]:
    """Names in backticks of one section of docs/reference/json.md."""
    text = text_of(DOCS / "reference" / "json.md")
    match = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match
    return set(re.findall(r"`(\w+)`", match[1]))


def printed(tmp_path: Path, *words: str) -> object:
    """What a command prints for the bundled archive."""
    archive, index = str(ROOT / "archive"), str(tmp_path / "index")
    result = CliRunner().invoke(app, ["--archive", archive, "--index", index, *words])
    return json.loads(result.stdout)


def keys_of(value: object) -> set[str]:
    """Every key of JSON's objects, but those of mappings whose keys are data."""
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    if not isinstance(value, dict):
        return set()
    data = ("query", "corrections", "synonyms", "matched", "facets")
    inner = [child for key, child in value.items() if key not in data]
    inner += list(value.get("facets", {}).values())
    return set(value) | set().union(*map(keys_of, inner))


@pytest.mark.parametrize(
    "words",
    [("index",), ("search", "law"), ("suggest", "co"), ("check",),
     ("similar", "words-used-in-this-series")],
    ids=lambda w: w[0],
)  # fmt: skip
def test_keys_of_json_output_are_documented(words: tuple[str, ...], tmp_path: Path) -> None:
    """A key that is printed has its words in the reference."""
    if words[0] != "index":
        printed(tmp_path, "index", "--json")
    keys = keys_of(printed(tmp_path, *words, "--json"))
    assert keys
    assert keys - documented(words[0]) == set()


# ---------------------------------------------------------------------- the site


def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    """A broken link or a page outside the navigation ends the build."""
    pytest.importorskip("mkdocs")
    import build_docs

    build_docs.build(tmp_path / "help")
    pages = list((tmp_path / "help").rglob("*.html"))
    assert len(pages) >= len(list(DOCS.rglob("*.md")))
    for page in pages:
        text = text_of(page)
        loaded = re.findall(
            r'<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)="(https?:[^"]+)"', text
        )
        assert loaded == []


def test_examples_of_the_python_interface_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The page's examples, in a folder that has the bundled archive and a post."""
    shutil.copytree(ROOT / "archive", tmp_path / "archive")
    (tmp_path / "why-rye.md").write_text("# Why rye\n\nIt grows anywhere.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    page = text_of(DOCS / "api" / "index.md")
    examples = doctest.DocTestParser().get_doctest(page, {}, "docs/api/index.md", None, 0)
    assert len(examples.examples) > 15
    lines: list[str] = []
    doctest.DocTestRunner().run(examples, out=lines.append)
    assert "".join(lines) == ""
