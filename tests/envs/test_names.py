"""Names have one form, and where they are shown they can do nothing but be seen."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import TypeAdapter, ValidationError

from juguo_envs.names import Name, ShortName, Text, html, markdown, refuse_reserved, slug, terminal

ANY = st.text(max_size=40) | st.text("ab/\\.-_ :|#<>`$*[]()!\x1b\x00\u202e\n比", max_size=12)
NAME, SHORT, TEXT = TypeAdapter(Name), TypeAdapter(ShortName), TypeAdapter(Text)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("cafe\u0301", "café"),
        (" a ", "a"),
        ("\u00a0a\n", "a"),
        ("北京", "北京"),
        ("a b", "a b"),
        ("e\u0301", "é"),
    ],
)
def test_a_name_is_kept_in_its_one_form(given_: str, kept: str) -> None:
    assert NAME.validate_python(given_) == kept


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("a\nb", r"U\+000A \(a control character\) at place 2"),
        ("a\x85b", r"U\+0085"),
        ("a\u200bb", r"U\+200B \(zero width space\)"),
        ("\u202eabc", r"U\+202E \(right-to-left override\) at place 1"),
        ("a\x1b[2J", r"U\+001B"),
        ("a\ufeff", r"U\+FEFF"),
        ("x\ud800", r"U\+D800|unicode"),
        ("", "0 characters; allowed are 1 to 80"),
        (" ", "0 characters"),
        ("x" * 81, "81 characters; allowed are 1 to 80"),
    ],
)
def test_what_nobody_can_see_is_refused_by_name(odd: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NAME.validate_python(odd)


def test_a_short_name_is_shorter_and_a_text_has_lines() -> None:
    with pytest.raises(ValidationError, match="41 characters; allowed are 1 to 40"):
        SHORT.validate_python("x" * 41)
    assert TEXT.validate_python("a\n\tb") == "a\n\tb" and TEXT.validate_python("") == ""
    with pytest.raises(ValidationError, match=r"U\+001B"):
        TEXT.validate_python("a\x1bb")


@given(ANY)
def test_what_is_taken_is_taken_again_as_it_is(name: str) -> None:
    try:
        kept = NAME.validate_python(name)
    except ValidationError:
        return
    assert NAME.validate_python(kept) == kept == unicodedata.normalize("NFC", kept)


def test_a_reserved_name_is_refused_whatever_its_capitals() -> None:
    refuse_reserved("flat2", ["flat"], "a rule")
    with pytest.raises(ValueError, match="'Flat' is the name of a rule; choose another"):
        refuse_reserved("Flat", ["flat"], "a rule")


@pytest.mark.parametrize("name", ["china31", "learned_seed0", "concentrated+exit", "北京", "a-b.c"])
def test_a_plain_name_is_its_own_slug(name: str) -> None:
    assert slug(name) == name


@given(ANY)
def test_a_slug_is_one_part_of_a_path_that_hides_nowhere(name: str) -> None:
    made = slug(name)
    assert made and len(made.encode()) <= 130 and made.isprintable()
    assert not set(made) & set('/\\:*?"<>| \n\0') and made[0] not in ".-" and made[-1] != "."
    assert made == name or made != slug(made), "what was replaced is another name's slug"


@given(ANY, ANY)
def test_two_names_have_two_slugs(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


class Reader(HTMLParser):
    """What a page says: its tags and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text += data


@given(ANY)
def test_html_shows_a_name_as_text(name: str) -> None:
    page = Reader(f'<p title="{html(name)}">{html(name)}</p>')
    (tag, attributes) = page.tags[0]
    assert len(page.tags) == 1 and tag == "p" and attributes == {"title": page.text}
    plain = name.isprintable() or set(name) <= set("\n\t\r")
    assert not plain or page.text == name


MARKS = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(ANY)
@example("a\n\n# forged")
@example("[a](http://example.invalid)")
@example("1. x")
@example("<img src=x>")
def test_markdown_shows_a_name_as_text_on_one_line(name: str) -> None:
    made = markdown(name)
    assert "\n" not in made
    for page in (made, f"Before\n{made}", f"| a |\n|---|\n| {made} |"):
        tokens = MARKS.parse(page)
        inner = [child.type for token in tokens for child in token.children or ()]
        assert set(inner) <= {"text", "text_special", "softbreak"}
        kinds = {token.type.split("_")[0] for token in tokens}
        assert kinds <= {"paragraph", "inline"} or kinds == {
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "inline",
        }
        assert page[:1] != "|" or len([token for token in tokens if token.type == "td_open"]) == 1


def test_links_that_some_readers_of_markdown_find_by_themselves_are_broken() -> None:
    assert markdown("http://a.b www.a.b a@b") == r"http\://a.b www\.a.b a\@b"
    assert markdown("learned_seed0+exit") == "learned_seed0+exit"


@given(ANY)
def test_a_screen_shows_a_name_and_obeys_it_in_nothing(name: str) -> None:
    for encoding in ("utf-8", "ascii", "gb18030"):
        made = terminal(name, encoding)
        assert made.isprintable() and made.encode(encoding).decode(encoding) == made


def test_a_screen_without_chinese_shows_it_escaped() -> None:
    assert terminal("比较 a", "ascii") == r"\u6bd4\u8f83 a"
    assert terminal("比较 a", "utf-8") == "比较 a"
