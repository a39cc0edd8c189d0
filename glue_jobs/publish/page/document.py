"""The HTML document: one self-contained file, whose Content-Security-Policy forbids loading others."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache

from glue_jobs.publish.page.markup import EMPTY, Html, element, joined
from glue_jobs.publish.page.package_file import package_text

STYLE, SCRIPT = "page.css", "page.js"
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%230f6b8f' "
    "d='M1 9h3v6H1zm5-4h3v10H6zm5-4h3v14h-3z'/%3E%3C/svg%3E"
)


def document(title: str, brand: Html, navigation: Sequence[tuple[str, str]], content: Html) -> str:
    """The whole page. ``navigation`` has the identity and the name of each section."""
    items = [element("li", element("a", subject, href=f"#{identity}")) for identity, subject in navigation]
    style, script = package_text(STYLE), package_text(SCRIPT)
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = joined(
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        element("title", title),
        Html(f'<link rel="icon" href="{ICON}">'),
        Html(f"<style>{style}</style>"),
    )
    body = joined(
        element("a", "Skip to the numbers", href="#content", class_="skip"),
        element("header", brand, class_="top"),
        element("nav", element("ul", *items), aria_label="Sections") if items else EMPTY,
        element("main", content, id="content"),
        Html(f"<script>{script}</script>"),
    )
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{body}\n</body>\n</html>\n'


@cache
def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
