"""The texts of the page: one catalogue for each language, complete, and nothing that is shown is missing in it."""

from __future__ import annotations

import re

from spacesctl.server.http.routes.pages import WEB

ENTRY = re.compile(r'^  (?:"([^"]+)"|(\w+)): ?(.*),$', re.MULTILINE)
USED = re.compile(
    r'\bt\(\s*"([^"]+)"|because\("([^"]+)"|data-t(?:-title|-label)?="([^"]+)"|"((?:error|gone)\.[a-z.]+)"'
)
CHOSEN = re.compile(r't\(\w+(?:\.\w+)* \? "([^"]+)" : "([^"]+)"')
BUILT = re.compile(r"t\(`(\w+)\.\$\{")


def catalogue(language: str) -> dict[str, str]:
    text = (WEB / f"{language}.js").read_text()
    return {one.group(1) or one.group(2): one.group(3) for one in ENTRY.finditer(text)}


def test_each_language_has_the_same_texts_with_the_same_gaps_to_fill() -> None:
    english, german = catalogue("english"), catalogue("german")
    assert len(english) > 100
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", german[key])), key
        assert text.startswith("[") == german[key].startswith("["), key


def test_every_text_that_is_shown_is_in_the_catalogue_and_every_text_of_it_is_shown() -> None:
    known, used, built = set(catalogue("english")), set[str](), set[str]()
    for path in sorted(WEB.iterdir()):
        if path.suffix in (".js", ".html") and path.stem not in ("english", "german"):
            text = path.read_text()
            used |= {key for one in USED.findall(text) for key in one if key}
            used |= {key for one in CHOSEN.findall(text) for key in one}
            built |= set(BUILT.findall(text))
    assert used <= known, used - known
    unused = {key for key in known - used if key.split(".")[0] not in built}
    assert unused == set()
