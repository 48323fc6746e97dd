"""How Sphinx builds the guide; `make docs` calls it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

from juguo_envs import __version__

HOME = Path(__file__).parent
HAN = re.compile(r"[\u3400-\u9fff]+")

project, author, release = "juguo", "juguo contributors", __version__
project_copyright = author
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
html_theme = "furo"
html_title = f"juguo {release}"
html_search_language = "en-zh"
html_copy_source = False
templates_path: list[str] = []

default_role = "code"  # docstrings have single backticks, as the pages have
highlight_language = "text"
myst_enable_extensions = ["attrs_inline", "dollarmath"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # shapes, units and ranges are in the text
autodoc_mock_imports = ["pettingzoo"]
napoleon_use_rtype = False
python_maximum_signature_line_length = 88

nb_execution_mode = "cache"
nb_execution_cache_path = str(HOME.parent / "build" / "notebooks")
nb_execution_raise_on_error = True
nb_execution_timeout = 600


class SearchBoth(SearchEnglish):
    """English words, and Chinese in pairs of characters, for it has no spaces between words."""

    lang, language_name = "en-zh", "English and Chinese"
    js_splitter_code = """
const pairs = (word) =>
  word.split(/([\\u3400-\\u9fff]+)/).flatMap((part) =>
    /[\\u3400-\\u9fff]/.test(part) && part.length > 2
      ? Array.from({ length: part.length - 1 }, (_, i) => part.slice(i, i + 2))
      : part ? [part] : []);
var splitQuery = (query) => query.split(/[^\\p{L}\\p{N}_]+/u).filter(Boolean).flatMap(pairs);
"""

    def split(self, input: str) -> list[str]:
        """The words of a text."""
        words: list[str] = super().split(HAN.sub(" ", input))
        for part in HAN.findall(input):
            words += [part[i : i + 2] for i in range(max(1, len(part) - 1))]
        return words


def tree(index: str) -> str:
    """The pages to which a section of an index links, as a tree of contents with the section's name."""
    parts = [index]
    for title, section in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", index, re.MULTILINE | re.DOTALL):
        links = re.findall(r"\[([^\]]+)\]\(([\w./-]+)\.(?:md|ipynb)\)", section)
        if links:
            lines = "\n".join(f"{text[0].upper()}{text[1:]} <{page}>" for text, page in links)
            parts.append(f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```")
    return "\n\n".join(parts)


def read(app: Sphinx, name: str, source: list[str]) -> None:
    """An index tells what there is: the tree follows from it. Below a result is what was measured."""
    if name == "index" or name.endswith("questions/index"):
        source[0] = tree(source[0])
    elif [*HOME.glob(f"results/measured/{name.removeprefix('results/')}*.md")]:
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n:glob:\n\nmeasured/{name.removeprefix('results/')}*\n```"


def docstring(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Headings in docstrings are markdown, as Gymnasium has them."""
    for i in reversed(range(len(lines))):
        if lines[i].startswith("## "):
            lines[i : i + 1] = [f".. rubric:: {lines[i][3:]}", ""]


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_search_language(SearchBoth)
    app.connect("source-read", read)
    app.connect("autodoc-process-docstring", docstring)
