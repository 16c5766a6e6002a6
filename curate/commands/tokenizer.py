"""Commands about tokenizers."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import click

from curate.commands.ending import CODES, honest_exit

FIELD = click.option("--text", "field", metavar="FIELD", help="The field of the text, if it is not text, content ...")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def tokenizer() -> None:
    """Train a tokenizer of your own; see what one makes of your texts."""


@tokenizer.command(epilog=CODES)
@click.argument("files", nargs=-1, required=True, metavar="FILES|RUN...")
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Gets tokenizer.json.")
@click.option("--vocabulary", default=32_000, show_default=True, type=click.IntRange(259), help="Tokens at most.")
@click.option("--special", "specials", multiple=True, metavar="TOKEN", help="A special token more; may be repeated.")
@click.option("--single-digits", is_flag=True, help="Each digit a token; else up to three are one.")
@click.option(
    "--each", default=50, show_default=True, type=click.IntRange(1),
    help="MB of text of each language at most, documents chosen by hash.",
)  # fmt: skip
@FIELD
def train(
    files: tuple[str, ...], out: Path, vocabulary: int, specials: tuple[str, ...], single_digits: bool, each: int,
    field: str | None,
) -> None:  # fmt: skip
    """Train a byte-level BPE tokenizer on files, folders or globs of any format that Curate reads, or on runs.

    It has <|endoftext|>, <|im_start|> and <|im_end|>. Equal texts and settings give equal bytes. Chinese and English
    count alike as far as there is --each of both. tokenizer.json says all; training.json what it was made of.

    \b
    Example:
      curate tokenizer train DIR --out tokenizers/mine --vocabulary 32000
    In a recipe: Mix(tokenizer=Asset.of("tokenizers/mine/tokenizer.json"))
    """
    with honest_exit():
        from curate.growing import appear, growing
        from curate.mix.settings import MixRefused
        from curate.progress import reporter
        from curate.publish.manifest import apart
        from curate.texts import inputs_of
        from curate.tokenizing import Training, train

        apart(out)
        if out.exists():
            raise FileExistsError(f"{out} is there already; name another folder, a tokenizer is not written over")
        least = 256 + len({"<|endoftext|>", "<|im_start|>", "<|im_end|>", *specials})
        if vocabulary < least:
            raise MixRefused(f"--vocabulary {vocabulary}; bytes and special tokens alone are {least}")
        with closing(reporter()) as report, growing(out) as folder:
            settings = Training(vocabulary=vocabulary, specials=specials, single_digits=single_digits, each=each)
            facts = train(inputs_of(files), folder, settings, report, field)
            if not appear(folder, out):
                raise FileExistsError(f"{out} has appeared meanwhile; name another folder")
        sizes = ", ".join(f"{lang} {size / 1e6:.1f} MB" for lang, size in facts["bytes"].items())
        click.echo(f"{facts['tokens']:,} tokens from {facts['documents']:,} documents ({sizes}): {out}")


@tokenizer.command("report", epilog=CODES)
@click.argument("path", metavar="TOKENIZER")
@click.argument("files", nargs=-1, required=True, metavar="FILES|RUN...")
@click.option("--terms", type=click.Path(path_type=Path), metavar="FILE", help="Terms of your own, one a line.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), metavar="FILE", help="Everything, to a new file.")
@FIELD
def report_(path: str, files: tuple[str, ...], terms: Path | None, as_json: Path | None, field: str | None) -> None:
    """What TOKENIZER (a tokenizer.json, or a Hugging Face folder with one) makes of files or of the kept of a run.

    Printed are tokens per character and per word (a CJK character is a word) by source, language and domain; the terms
    of medicine, law and finance that it splits most, and yours; tokens that no text has; unknown tokens; and which
    engine runs it.

    \b
    Example:
      curate tokenizer report tokenizers/mine DIR --terms drugs.txt
    """
    with honest_exit():
        from curate.audit.excerpt import visible
        from curate.mix.fertility import lines
        from curate.progress import reporter
        from curate.texts import inputs_of
        from curate.tokenizing import look

        if as_json is not None and as_json.exists():
            raise FileExistsError(f"{as_json} is there already; name another file")
        own = [] if terms is None else terms.read_text("utf-8").split("\n")
        with closing(reporter()) as report:
            found = look(path, inputs_of(files), own, report, field)
        if as_json is not None:
            as_json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
        for line in lines(found):
            click.echo(visible(line))
