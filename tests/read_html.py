"""Pages as tests read them: their tags and text, and the files that their links would save."""

import base64
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Reader(HTMLParser):
    """Every tag with its attributes, the text, and whether each tag that opens is closed in its turn."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.misnested: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.misnested.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def saved(html: str, kind: str) -> dict[str, str]:
    """The files that the page's links would save, by name."""
    files = {}
    for tag, attributes in Reader(html).tags:
        address = attributes.get("href") or ""
        if tag == "a" and address.startswith(f"data:{kind};"):
            files[attributes["download"] or ""] = base64.b64decode(address.split("base64,")[1]).decode()
    return files
