"""The texts of the page: one catalogue for each language, complete, and nothing that is shown is missing in it."""

from __future__ import annotations

import re

from spacesctl.server.http.web_files import WEB

ENTRY = re.compile(r'^  (?:"([^"]+)"|(\w+)): ?(.*),$', re.MULTILINE)
USED = re.compile(
    r'\bt\(\s*"([^"]+)"|because\("([^"]+)"|data-t(?:-title|-label|-hint)?="([^"{]+)"|"((?:error|gone)\.[a-z.]+)"'
)
CHOSEN = re.compile(r't\([^"()]+ \? "([^"]+)" : "([^"]+)"')
BUILT = re.compile(r"t\(`(\w+)\.\$\{")


LITERAL = re.compile(r'"([^"\s]+)"')
"""Some are passed on before they are shown."""
TITLE = re.compile(r'"(title\.[a-z-]+)"')
HEADS = WEB.parent / "server" / "http"


def catalogue(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (language, f"{language}-pages"):
        part = {one.group(1) or one.group(2): one.group(3) for one in ENTRY.finditer((WEB / f"{name}.js").read_text())}
        assert not found.keys() & part.keys(), "a text stands in one place"
        found |= part
    return found


def titles() -> set[str]:
    """Of the heads that the server writes."""
    named = set(TITLE.findall((HEADS / "page_heads.py").read_text()))
    routes = (HEADS / "routes" / "pages.py").read_text()
    return named | {f"title.{name}" for name in re.findall(r'\("([a-z-]+)", "[A-Z]', routes)}


def test_each_language_has_the_same_texts_with_the_same_gaps_to_fill() -> None:
    english, german = catalogue("english"), catalogue("german")
    assert len(english) > 100
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", german[key])), key
        assert text.startswith("[") == german[key].startswith("["), key


def test_every_text_that_is_shown_is_in_the_catalogue_and_every_text_of_it_is_shown() -> None:
    known, used, named, built = set(catalogue("english")), titles(), set[str](), set[str]()
    for path in sorted(WEB.rglob("*")):
        if path.suffix in (".js", ".html") and path.stem.split("-")[0] not in ("english", "german"):
            text = path.read_text()
            used |= {key for one in USED.findall(text) for key in one if key}
            used |= {key for one in CHOSEN.findall(text) for key in one}
            named |= set(LITERAL.findall(text))
            built |= set(BUILT.findall(text))
    assert used <= known, used - known
    unused = {key for key in known - used - named if key.split(".")[0] not in built}
    assert unused == set()
