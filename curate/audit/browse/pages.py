"""The pages of `curate browse`, made of inert pieces; every address in them begins with the session's secret."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from curate.audit.browse.labels import BAD, GOOD, LABELS, TAKEN_BACK, Label, Labelled, Quality
from curate.audit.browse.listing import Listing, Query
from curate.audit.page.bilingual import Speaker, switch
from curate.audit.page.markup import Html, count, data, joined, tag
from curate.audit.page.shell import page
from curate.audit.page.style import STYLE
from curate.audit.page.table import Column, table
from curate.audit.secrets import redacted

BEGIN = 700  # characters of a text in the list
MUCH = 20_000  # and on its own page, until all of it is asked for

say = Speaker(
    {
        key: (english, chinese)
        for key, (english, chinese) in tomllib.loads(
            files("curate.audit.browse").joinpath("words.toml").read_text("utf-8")
        ).items()
    }
)

LOOK = STYLE + files("curate.audit.browse").joinpath("browse.css").read_text("utf-8")


class Pages:
    """Every page of one session. `root` is the address that all of them begin with, secret included."""

    def __init__(self, root: str, place: str, language: str) -> None:
        self.root, self.place, self.language = root, place, language

    def listing(self, there: Listing, query: Query, rows: Sequence[Mapping[str, Any]], more: bool) -> bytes:
        """Documents in a list, above them what they may be filtered by."""
        cards = [self._card(row, query) for row in rows] or [tag("p", say("nothing"), class_="lead")]
        turns = []
        if query.page > 1:
            turns.append(self._link("", {**query.words, "page": str(query.page - 1)}, say("before"), rel="prev"))
        turns.append(say("page", page=count(query.page)))
        if more:
            turns.append(self._link("", {**query.words, "page": str(query.page + 1)}, say("next"), rel="next"))
        body = [self._filters(there, query), *cards, tag("p", joined(turns, " · "), class_="turns")]
        return self._page(joined(body))

    def document(self, row: Mapping[str, Any], life: str, label: Label | None, back: str, whole: bool) -> bytes:
        """One document with all of its text, its life in the run, and what the reader says of it."""
        text = str(row.get("text") or "")
        shown = text if whole else text[:MUCH]
        said = say("characters", count=count(len(text)))
        if len(shown) < len(text):
            words = {"id": row["doc_id"], "back": back, "whole": "1"}
            part = say("begins", count=count(len(shown)), whole=count(len(text)))
            said = joined([part, self._link("document", words, say("whole"))], " · ")
        body = [
            tag("p", Html(f'<a href="{self.root}{"?" + _escaped(back) if back else ""}">{say("back")}</a>')),
            tag("section", tag("h2", data(row["doc_id"])), self._facts(row),
                self._judgment(row["doc_id"], label, f"document?{urlencode({'id': row['doc_id'], 'back': back})}"),
                tag("p", said, class_="note"), _text(shown, "whole")),
            tag("section", tag("h2", say("life")), tag("pre", data(life), class_="code")),
        ]  # fmt: skip
        return self._page(joined(body))

    def reading(self, row: Mapping[str, Any] | None, done: int, whole: int) -> bytes:
        """The next document of a sample, its text alone, so that nothing but the text is judged."""
        left = tag("p", say("left", done=count(done), whole=count(whole)), class_="lead", role="status")
        if row is None:
            return self._page(joined([left, tag("p", say("finished")), self._link("labels", {}, say("labels"))]))
        text = str(row.get("text") or "")
        body = tag(
            "section", tag("p", say("blind"), class_="note"), self._judgment(row["doc_id"], None, ""),
            tag("p", say("characters", count=count(len(text))), class_="note"), _text(text, "whole"),
        )  # fmt: skip
        return self._page(joined([left, body]))

    def labels(self, found: Labelled, sample: str | None) -> bytes:
        """What the readers said, how far they agree, and how many documents are good, with intervals."""
        every = found.said()
        heads = [Column(say("reader")), *(Column(say(label), "count") for label in LABELS)]
        each = [
            [reader, *(sum(one.reader == reader and one.label == label for one in every.labels) for label in LABELS)]
            for reader in every.readers()
        ]
        parts = [tag("h2", say("labels")), table(say("readers"), heads, each)]
        agreements = every.agreements()
        if agreements:
            heads = [Column(say("one")), Column(say("other")), Column(say("kappa"), "plain"),
                     Column(say("agreed"), "count"), Column(say("both"), "count")]  # fmt: skip
            pairs = [[pair.one, pair.other, pair.kappa, pair.agreed, pair.both] for pair in agreements]
            parts += [tag("h3", say("agreement")), table(say("agreement"), heads, pairs)]
        if every.labels:
            drawn = every.where(lambda label: label.sample is not None if sample is None else label.sample == sample)
            said = drawn if drawn.labels else every
            parts += [tag("h3", say("quality")), tag("p", say("estimate" if drawn.labels else "chosen"), class_="note")]
            parts.append(_qualities(say("all"), said.quality(lambda _: None)))
            parts.append(_qualities(say("by_source"), said.quality(lambda label: label.source)))
            parts.append(_qualities(say("by_lang"), said.quality(lambda label: label.lang)))
        command = f"curate classifier train --labelled {found.path} --out JUDGE"
        parts.append(tag("p", say("file", path=data(found.path), command=tag("code", data(command))), class_="note"))
        return self._page(tag("section", *parts))

    def unknown(self) -> bytes:
        """What was asked for is not there."""
        return self._page(tag("p", say("unknown"), class_="lead"))

    def _page(self, body: Html) -> bytes:
        buttons, labels = switch(self.language, tag("span", say("language"), class_="sr"))
        head = tag(
            "header",
            tag("div", tag("div", tag("p", "Curate", class_="kind"), tag("h1", say("of", place=data(self.place)))),
                labels, class_="top"),
            tag("nav", tag("ol", tag("li", self._link("", {}, say("clear"))),
                           tag("li", self._link("labels", {}, say("labels"))))),
        )  # fmt: skip
        whole = joined([buttons, head, tag("main", body)])
        return page(f"{say.plain('title', self.language)}: {self.place}", whole, self.language, LOOK, forms=True)

    def _link(self, where: str, words: Mapping[str, str], shown: Html, rel: str | None = None) -> Html:
        return tag("a", shown, href=f"{self.root}{where}{'?' + urlencode(words) if words else ''}", rel=rel)

    def _filters(self, there: Listing, query: Query) -> Html:
        fields = [self._choice("state", [(state, say(state)) for state in there.states], query.state, empty=False)]
        for column in ("source", "lang", "stage", "reason"):
            values = there.choices(query.state, column)
            if values:
                fields.append(self._choice(column, [(one, data(one)) for one in values], getattr(query, column)))
        if there.measures and query.state == "kept":
            fields.append(self._choice("measure", [(one, data(one)) for one in there.measures], query.measure))
            fields += [_field(end, getattr(query, end), "number") for end in ("low", "high")]
        fields.append(_field("text", query.text, "search"))
        button = tag("button", say("filter"), type="submit")
        return tag("form", *fields, button, method="get", action=self.root, class_="filters")

    def _choice(
        self, name: str, options: Iterable[tuple[str, Html]], chosen: str | None, *, empty: bool = True
    ) -> Html:
        first = [tag("option", say.plain("any", self.language), value="")] if empty else []
        words = [
            tag("option", say.plain(value, self.language) if name == "state" else value, value=value,
                selected=value == chosen)
            for value, _ in options
        ]  # fmt: skip
        return tag("label", say(name), tag("select", *first, *words, name=name))

    def _card(self, row: Mapping[str, Any], query: Query) -> Html:
        text = str(row.get("text") or row.get("error") or "")
        value = None if query.measure is None else row.get(query.measure)
        measured = [] if value is None else [f"{query.measure} {value:g}"]
        about = [str(row[name]) for name in ("source", "lang", "kind", "stage", "reason") if row.get(name)] + measured
        link = self._link("document", {"id": str(row["doc_id"]), "back": urlencode(query.words)}, say("open"))
        return tag(
            "article", tag("p", joined(map(data, about), " · "), Html(" · "), link, class_="about"),
            _text(text[:BEGIN] + (" …" if len(text) > BEGIN else "")),
            class_="doc" if query.state == "kept" else "doc went",
        )  # fmt: skip

    def _facts(self, row: Mapping[str, Any]) -> Html:
        names = ("source", "role", "domain", "lang", "kind", "license", "url", "locator", "stage", "reason")
        said = [f"{name} {redacted(str(row[name]))}" for name in names if row.get(name) is not None]
        return tag("p", joined(map(data, said), " · "), class_="note")

    def _judgment(self, doc_id: str, label: Label | None, back: str) -> Html:
        """The buttons that say good or bad."""
        says = say("unsaid") if label is None else say("says", label=say(label.label))
        buttons = [
            tag("button", say(one), type="submit", name="label", value=one, class_=one, accesskey=one[0])
            for one in ((GOOD, BAD) if label is None else (GOOD, BAD, TAKEN_BACK))
        ]
        note = _field("note", label.note if label is not None else None, "text")
        hidden = [tag("input", type="hidden", name=name, value=value) for name, value in (("id", doc_id), ("to", back))]
        return tag("form", tag("span", says, role="status"), *hidden, note, *buttons, method="post",
                   action=f"{self.root}label", class_="judgment")  # fmt: skip


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace('"', "%22").replace("<", "%3C")


def _field(name: str, value: object, kind: str) -> Html:
    step = "any" if kind == "number" else None
    return tag("label", say(name), tag("input", type=kind, name=name, value="" if value is None else value, step=step))


def _text(text: str, size: str = "") -> Html:
    return tag("pre", data(text), class_=f"text {size}".strip(), tabindex="0")


def _qualities(group: Html, found: Mapping[str | None, Quality]) -> Html:
    heads = [Column(group), Column(say("read"), "count"), Column(say("share"), "share"),
             Column(say("lowest"), "share"), Column(say("highest"), "share")]  # fmt: skip
    rows = [["" if name is None else name, one.read, one.share, one.low, one.high] for name, one in found.items()]
    return table(group, heads, rows)
