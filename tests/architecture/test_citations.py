"""What comments and pages cite is there: sections of the reference pages, modules, names, files.
Never here: whether the cited page says what is claimed of it."""

from __future__ import annotations

import ast
import re
import tokenize
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.architecture.ground import ROOT, kept_files, modules, named, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = {name: ROOT / "docs" / "reference" / f"{page}.md" for name, page in (
    ("contract", "contract"), ("facts", "discord"), ("peers", "peers"), ("design", "design"), ("simcord", "simcord"),
    ("family", "family"),
)}  # fmt: skip
SIGN = "\N{SECTION SIGN}"
"""Spelled by name, so that this file cites nothing."""

_REF = rf"(?:{SIGN}?\d+(?:\.\d+)*(?: rows? \d+(?:(?:, | and | to |-)\d+(?![.\d]))*)?(?: [A-Z](?:-[A-Z])?\b)?|F\d+[a-z]?)"
CITATION = re.compile(
    rf"\b(?P<page>(?i:{'|'.join(PAGES)})) (?P<refs>(?={SIGN}\d|F\d){_REF}(?:(?:, | and | to |-){_REF})*)"
    r"(?:, (?P<words>\"[^\"]+\"|`[^`]+`))?"
)
POINTER = re.compile(r"\b(?:that is|that are|those are|those are in|is in) `(?P<name>[\w.]+)`")
BARE = re.compile(r"\((?P<names>`?[a-z_.]+`?(?:, `?[a-z_.]+`?)*)\)")
NAMED_FILE = re.compile(
    r"(?<![\w/.-])(?:bot|cogs|tests|deploy|docs)/[\w/-]+\.(?:py|md|css|js|html|yaml|example)\b"
)
KNOWING = re.compile(r"\(`(?P<name>[a-z_.]+)` \w+")
CITING = {".py", ".md", ".toml", ".yaml", ".service", ".js", ".css", ".html"}
TOPS = ("bot", "cogs", "tests", "deploy", "docs", ".ci")


def flowing(path: Path) -> str:
    """A file's text with the line breaks inside comments and sentences taken out."""
    return re.sub(r"\s*\n\s*(?:#:? ?)?", " ", path.read_text(encoding="utf-8"))


@cache
def sections(page: str) -> dict[str, str]:
    """The page's anchors and the text below each: headings, items of numbered lists, rows, lettered and F paragraphs."""
    found: dict[str, str] = {}
    here = ""
    for line in PAGES[page].read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#{2,4} (\d+(?:\.\d+)*)\.? ", line):
            here = heading[1]
            found[here] = ""
        if here:
            for outer in (key for key in list(found) if here == key or here.startswith(f"{key}.")):
                found[outer] += line + "\n"
        for pattern, name in (
            (r"(\d+)\. ", "{here}.{0}"),
            (r"\| (\d+) \|", "{here} row {0}"),
            (r"\*\*(F\d+[a-z]?) ", "{0}"),
            (r"\*\*([A-Z])\. ", "{here} {0}"),
        ):
            if item := re.match(pattern, line):
                found.setdefault(name.format(item[1], here=here), line)
    return found


def anchors(refs: str) -> Iterator[str]:
    """The anchors that a citation's text names: `1.5, 1.6`, `8 row 2`, `6.2 B-G`, `F5 to F35`."""
    for ref in re.findall(_REF, refs):
        section = re.match(rf"{SIGN}?(\d+(?:\.\d+)*|F\d+[a-z]?)", ref)
        assert section is not None
        yield section[1]
        rest = ref[section.end() :]
        if "row" in rest:
            yield from (f"{section[1]} row {number}" for number in re.findall(r"\d+", rest))
        else:
            yield from (f"{section[1]} {letter}" for letter in re.findall(r"[A-Z]", rest))


def dead_ends(text: str) -> list[str]:
    """Citations in a text that lead nowhere."""
    wrong = []
    for citation in CITATION.finditer(text):
        there = sections(citation["page"].lower())
        wrong += [
            f"{citation[0]}: no {anchor}" for anchor in anchors(citation["refs"]) if anchor not in there
        ]
        words = (citation["words"] or "").strip('"`')
        if words and words not in PAGES[citation["page"].lower()].read_text(encoding="utf-8"):
            wrong.append(f"{citation[0]}: the page does not say {words}")
    return wrong


def citing_files() -> list[Path]:
    """Program, tests and pages."""
    return [p for p in kept_files() if p.suffix in CITING and p.name != "test_citations.py"]


def test_every_citation_leads_to_a_section_of_its_page() -> None:
    assert {named(path): wrong for path in citing_files() if (wrong := dead_ends(flowing(path)))} == {}


def test_no_section_is_cited_without_its_page() -> None:
    lost = {}
    for path in citing_files():
        if path.suffix == ".md":
            continue  # pages number their own sections, and those of others
        rest = CITATION.sub("", flowing(path))
        if stray := re.findall(rf".{{0,40}}{SIGN}.{{0,20}}", rest):
            lost[named(path)] = stray
    assert lost == {}


@pytest.mark.parametrize(
    "citation",
    ["contract {}9.9", "contract {}8 row 99", "contract {}1.1, {}1.99", "contract {}1.1-1.99", "contract {}6.2 Z",
     "peers F99", "peers F1 to F99", "facts {}1", "design {}1.99", 'contract {}6.1, "no such words"'],
)  # fmt: skip
def test_a_citation_that_leads_nowhere_is_found(citation: str) -> None:
    assert dead_ends(citation.format(SIGN, SIGN)) != []


# -- modules and names -----------------------------------------------------------------------------------------------


@cache
def defined() -> frozenset[str]:
    """Every class, function and constant at the top of a module."""
    return frozenset(
        name
        for path in modules()
        for node in tree(path).body
        for name in (
            [node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            else [target.id for target in getattr(node, "targets", [getattr(node, "target", None)]) if isinstance(target, ast.Name)]
        )
    )  # fmt: skip


@cache
def places() -> tuple[tuple[str, ...], ...]:
    """Every module and package of the program, as the parts of its path."""
    found = [path.relative_to(ROOT).with_suffix("").parts for path in modules()]
    return tuple(parts[:-1] if parts[-1] == "__init__" else parts for parts in found)


def exists(name: str, *, seen_from: tuple[str, ...]) -> bool:
    """Whether a reader of a module finds one module or package by this name, or anything at the top of a module.

    A bare name is looked for in the same package, then in the same ring, then anywhere but in the sandbox; wherever
    several modules have it, the whole path is asked for.
    """
    if name == "adapters" or name in defined():  # a ring, in which there is no package of that name
        return True
    wanted = tuple(name.removesuffix(".py").split("."))
    if len(wanted) > 1:
        return wanted in places()
    called = [place for place in places() if place[-1:] == wanted]
    circles = (
        [place for place in called if place[:-1] == seen_from],
        [place for place in called if place[:2] == seen_from[:2]],
        [place for place in called if place[:2] != ("bot", "sandbox")],
    )
    return any(len(circle) == 1 for circle in circles)


def package_of(path: Path) -> tuple[str, ...]:
    """The package in which a module stands."""
    return path.relative_to(ROOT).parent.parts


def pointed_at(docstring: str) -> list[str]:
    """The names that a module's docstring sends its reader to."""
    flat = " ".join(docstring.split())
    never = flat.partition("Never here")[2]
    return [
        *(m["name"] for m in POINTER.finditer(flat)),
        *(name for m in BARE.finditer(never) for name in m["names"].replace("`", "").split(", ")),
        *(m["name"] for m in KNOWING.finditer(never)),
    ]


def test_a_docstring_sends_its_reader_to_modules_that_exist() -> None:
    wrong = {
        named(path): lost
        for path in modules()
        if (
            lost := [
                name
                for name in pointed_at(ast.get_docstring(tree(path)) or "")
                if not exists(name, seen_from=package_of(path))
            ]
        )
    }
    assert wrong == {}


def astray(text: str, *, seen_from: tuple[str, ...]) -> list[str]:
    """What comments and docstrings below a module's own send their reader to, and is not there: modules, and files."""
    lost = [m["name"] for m in POINTER.finditer(text) if not exists(m["name"], seen_from=seen_from)]
    return lost + [name for name in NAMED_FILE.findall(text) if not (ROOT / name).exists()]


def test_a_comment_sends_its_reader_to_modules_and_files_that_exist() -> None:
    wrong = {named(path): astray(flowing(path), seen_from=package_of(path)) for path in modules()}

    assert {name: lost for name, lost in wrong.items() if lost} == {}


def test_a_comment_that_leads_nowhere_is_found() -> None:
    nowhere, kept = "bot/" + "nowhere.py", "bot/app.py"
    comments = f"# As it is in {kept} (that is `app`).\n# Not here (that is\n# `nowhere`), nor in {nowhere}."

    flat = " ".join(line.strip("# ") for line in comments.splitlines())
    assert astray(flat, seen_from=("bot",)) == ["nowhere", nowhere]


def neighbours(docstring: str) -> list[str]:
    """The modules of tests that a docstring sends its reader to, by their names alone."""
    return re.findall(r"(?<![\w/.])test_[a-z_]+", docstring)


def test_a_docstring_of_tests_names_tests_that_exist() -> None:
    files = list((ROOT / "tests").rglob("*.py"))
    there = {path.stem for path in files}
    wrong = {
        named(path): lost
        for path in files
        if (lost := [one for one in neighbours(ast.get_docstring(tree(path)) or "") if one not in there])
    }
    assert wrong == {}
    assert neighbours("It.\nNever here: that (test_nowhere.py), this (tests/services/test_there.py).") == [
        "test_nowhere"
    ]


def test_a_docstring_that_points_at_no_module_is_found() -> None:
    assert pointed_at("It.\nNever here: this (that is `nowhere`), that (nowhere_too).") == [
        "nowhere",
        "nowhere_too",
    ]
    assert not exists("nowhere", seen_from=("bot",))
    assert not exists("bot.services.nowhere", seen_from=("bot",))


def test_a_bare_name_leads_to_one_module_and_never_to_the_sandboxs_from_elsewhere() -> None:
    assert exists("panel", seen_from=("bot", "ui", "pools"))
    assert not exists("panel", seen_from=("bot", "services"))
    assert not exists("presses", seen_from=("bot", "ui", "pools"))
    assert exists("bot.ui.pools.panel", seen_from=("bot", "services"))


def test_a_private_name_in_backticks_is_in_the_file() -> None:
    wrong = []
    for path in modules():
        with path.open("rb") as source:
            said = [
                t for t in tokenize.tokenize(source.readline) if t.type in {tokenize.COMMENT, tokenize.NAME}
            ]
        names = {t.string for t in said if t.type == tokenize.NAME}
        for token in said:
            if token.type == tokenize.COMMENT:
                wrong += [
                    f"{named(path)}: {n}"
                    for n in re.findall(r"`(_[a-z]\w+)`", token.string)
                    if n not in names
                ]
    assert wrong == []


def spoken_of(text: str) -> list[str]:
    """The names between single backticks: all of `one.two` but what stands before its last point."""
    found = re.findall(r"(?<!`)`([A-Za-z_][\w.]*)(?:\(\))?`(?!`)", text)
    return [name.rpartition(".")[2] for name in found if name[-1] != "."]


@cache
def spelled() -> frozenset[str]:
    """Every name of program and tests, and every word of their strings: events, settings, keys of what upstream sends."""
    found = {part for path in kept_files() for part in (*path.parts, path.stem)}
    for path in (path for path in kept_files() if path.suffix == ".py"):
        said = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                found |= {*re.findall(r"\w+", node.value)}
        with path.open("rb") as source:
            found |= {t.string for t in tokenize.tokenize(source.readline) if t.type == tokenize.NAME}
    return frozenset(found)


def test_what_comments_and_docstrings_speak_of_is_there() -> None:
    wrong = {}
    for path in modules():
        texts = [ast.unparse(node) for node in ast.walk(tree(path)) if _is_docstring(node)]
        with path.open("rb") as source:
            texts += [t.string for t in tokenize.tokenize(source.readline) if t.type == tokenize.COMMENT]
        if lost := [name for text in texts for name in spoken_of(text) if name not in spelled()]:
            wrong[named(path)] = lost
    assert wrong == {}


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def test_a_name_that_nothing_has_is_found() -> None:
    gone = "never" + "_there"

    assert spoken_of(f"Raises `Gone`, see `gone.{gone}()` and `app`; not ``code``.") == ["Gone", gone, "app"]
    assert gone not in spelled()
    assert "assemble" in spelled()


def test_the_tree_of_errors_is_the_tree_of_their_classes() -> None:
    page = tree(ROOT / "bot" / "errors.py")
    drawn = {*re.findall(r"^ .*── (\w+)", ast.get_docstring(page) or "", re.MULTILINE), "EaselError"}
    kinds = {
        node.name: [ast.unparse(base) for base in node.bases]
        for node in page.body
        if isinstance(node, ast.ClassDef)
    }
    assert drawn == {name for name, bases in kinds.items() if not {"IntEnum", "StrEnum"} & {*bases}}


# -- files ----------------------------------------------------------------------------------------------------------


def paths_in(page: str) -> Iterator[str]:
    """Repository paths and modules in backticks, as paths."""
    tops = "|".join(map(re.escape, TOPS))
    outside_fences = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    for word in re.findall(r"`([^`\n]+)`", outside_fences):
        if re.fullmatch(rf"(?:{tops})/[^\s<>…]*", word):
            yield word.partition("::")[0]
        elif re.fullmatch(r"(?:bot|cogs|tests)(?:\.[a-z_0-9]+)+", word):
            yield word.replace(".", "/")


def missing(word: str) -> bool:
    """Whether nothing in the repository has that path."""
    if "*" in word:
        return not any(ROOT.glob(word))
    return not ((ROOT / word).exists() or (ROOT / f"{word}.py").exists())


def people_pages() -> list[Path]:
    """Pages for people."""
    return [p for p in kept_files() if p.suffix == ".md" and p.name != "CHANGELOG.md"]


@pytest.mark.parametrize("path", people_pages(), ids=named)
def test_every_file_that_a_page_names_exists(path: Path) -> None:
    page = path.read_text(encoding="utf-8")

    assert [word for word in paths_in(page) if missing(word)] == []
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page)
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_a_page_that_names_a_missing_file_is_found() -> None:
    named_there = list(paths_in("`bot/no_such.py`, `bot.domain.nothing`, `docs/*.nothing` and `bot/app.py`"))

    assert [missing(word) for word in named_there] == [True, True, True, False]
