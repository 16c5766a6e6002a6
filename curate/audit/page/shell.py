"""A whole page in one file: works from disk, asks nothing of any network, and runs nothing that it holds."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from curate.audit.page.bilingual import LANGUAGES
from curate.audit.page.markup import Html, text
from curate.audit.page.style import STYLE


def page(
    title: str, body: Html, language: str, style: str = STYLE, script: str | None = None, *, forms: bool = False
) -> bytes:
    """The document. `body` begins with the language switch's buttons.

    Its policy allows the one style sheet, and the one script where there is one, by their hashes, and nothing else: no
    other script, no handler, no image, no frame, no request, and no form but with `forms` to the page's own server.
    """
    policy = "; ".join([
        "default-src 'none'",
        f"style-src '{digest(style)}'",
        *([f"script-src '{digest(script)}'"] if script is not None else []),
        "base-uri 'none'", f"form-action '{'self' if forms else 'none'}'",
    ])  # fmt: skip
    tail = "" if script is None else f"<script>{script}</script>"
    return (
        f'<!doctype html>\n<html lang="{LANGUAGES[language]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        '<meta name="format-detection" content="telephone=no">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n{tail}</body>\n</html>\n"
    ).encode()


def digest(content: str) -> str:
    """The hash by which a policy allows an inline style or script."""
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"
