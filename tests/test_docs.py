"""Check that links between the pages of the documentation lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "benchmarks" / "RESULTS.md",
]
REFERENCE = ROOT / "docs" / "reference"  # written by `make docs`


def without_code(page: Path) -> str:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "`code`", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))


def links(page: Path) -> Iterator[str]:
    """Yield the targets of links and images that stay within the repository."""
    for target in re.findall(
        r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|(?:href|src)=\"([^\"]+)\"", without_code(page)
    ):
        target = "".join(target)
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub and the site give to the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    titles = [
        re.sub(r"[^\w\- ]", "", title.lower()) for title in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    ]
    return {title.replace(" ", "-") for title in titles}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    return broken


@pytest.mark.parametrize(
    "page", [page for page in PAGES if REFERENCE not in page.parents], ids=lambda p: p.name
)
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b`, c\n[1](page.md) [2](#a-b-c) [3](page.md#a-b-c) [4](https://x.y/z) ![5](gone.png)\n"
        "[6](gone.md) [7](#gone) [8](page.md#gone) `[9](code)`\n```\n[10](code)\n# not-a-heading\n```\n"
    )
    assert broken_links(page) == ["gone.png", "gone.md", "#gone", "page.md#gone"]
