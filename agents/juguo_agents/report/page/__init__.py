"""A comparison as one page for a browser: everything is in it, and it asks no network for anything."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

from juguo_agents.report.glossary import terms
from juguo_agents.report.page.data import MOST_NUMBERS, Rules, Source, load_source, page_data
from juguo_agents.report.texts import say, texts
from juguo_envs.names import html

__all__ = ["PAGE", "Source", "document", "load_source", "report_page"]

PAGE = "report.html"
_LIBRARIES = ("d3.min.js", "plot.umd.min.js", "common.js")


def report_page(
    sources: Sequence[Source],
    lang: str = "en",
    rules: Rules | None = None,
    done: Callable[[], object] = lambda: None,
) -> str:
    """The page of one comparison, or of several to choose from, as HTML.

    Args:
        sources: At least one.
        lang: Language of the page.
        rules: Trees in words.
        done: Told after each comparison.
    """
    found = []
    for source in sources:
        found.append(page_data(source, lang, MOST_NUMBERS // len(sources), rules))
        done()
    title = say("page.title", lang, world=found[0]["scenario"])
    points = "".join(f"<li>{html(point.replace('`', ''))}</li>" for point in found[0]["verdict"])
    before = (
        f'<ol class="verdict">{points}</ol><noscript><p>{html(say("page.no_script", lang))}</p></noscript>'
    )
    return document(title, lang, before, {"comparisons": found, "terms": terms()}, _asset("page.js"))


def document(
    title: str,
    lang: str,
    before: str,
    data: dict[str, Any],
    script: str,
    style: str = "",
    connect: str = "'none'",
) -> str:
    """A page in which everything is that it needs.

    Args:
        title: What is shown as text in its title and heading.
        lang: Language of the page.
        before: HTML below the heading, which is shown until the script has drawn the page.
        data: What the script shows, beside the texts of the language.
        script: Of this page; what all pages share comes before it.
        style: Beside that of all pages.
        connect: Where the script may ask for more, as a content security policy has it.
    """
    scripts = [*(_asset(name) for name in _LIBRARIES), script]
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    data = {"lang": lang, "texts": dict(texts(lang, "report")), **data}
    parts = [
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'unsafe-inline'; script-src {allowed}; connect-src {connect}; img-src data:; "
        "base-uri 'none'; form-action 'none'\">",
        '<link rel="icon" href="data:,">',
        f"<title>{html(title)}</title>\n<style>\n{_asset('page.css')}{style}</style>\n</head>\n<body>",
        f'<div id="page"><main><h1>{html(title)}</h1>{before}</main></div>',
        f'<script type="application/json" id="data">{_as_script(data)}</script>',
        *(f"<script>{script}</script>" for script in scripts),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _as_script(data: dict[str, Any]) -> str:
    """JSON in which nothing ends the element that holds it, or begins another."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return (resources.files(__name__) / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
