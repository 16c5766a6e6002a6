"""Secrets in addresses are taken out before anything is shown; the rest of the address and of the text stays."""

import pytest

from curate.audit.excerpt import excerpt, passage, shown_url, visible
from curate.audit.secrets import redacted

X = "[redacted]"


@pytest.mark.parametrize(("said", "shown"), [
    ("https://user:pa@ss@host/x?token=abc&x=1", f"https://{X}@host/x?token={X}&x=1"),
    ("ftp://name@host.example/file", f"ftp://{X}@host.example/file"),
    ("s3://KEY:secret@bucket/key", f"s3://{X}@bucket/key"),
    ("https://a/?X-Amz-Signature=abc&keep=1#access_token=zz", f"https://a/?X-Amz-Signature={X}&keep=1#access_token={X}"),
    ("https://a/b;jsessionid=77", f"https://a/b;jsessionid={X}"),
    ("https://a/?API_KEY=9&Api-Key=8&apikey=7", f"https://a/?API_KEY={X}&Api-Key={X}&apikey={X}"),
    ("https://a/?next=%2Fb%3Ftoken%3Dabc%26x%3D1", f"https://a/?next=%2Fb%3Ftoken%3D{X}%26x%3D1"),
    ("https://https://u:p@evil/", f"https://https://{X}@evil/"),
    ('https://h/{"x"}?api_key=k', f'https://h/{{"x"}}?api_key={X}'),
    ("见 https://a.cn/?token=abc。再见 token=kept", f"见 https://a.cn/?token={X}。再见 token=kept"),
    ('<a href="https://a/?token=abc">text</a>', f'<a href="https://a/?token={X}">text</a>'),
    ("https://a.example/?q=token&tokens=5&page=2", "https://a.example/?q=token&tokens=5&page=2"),
    ("mail me at someone@host.example", "mail me at someone@host.example"),
])  # fmt: skip
def test_secrets_go_and_the_rest_stays(said: str, shown: str) -> None:
    assert redacted(said) == shown
    assert redacted(shown) == shown


def test_what_is_shown_of_documents_has_none_and_drives_no_terminal() -> None:
    text = "a\tb\nhttps://u:p@h/?sig=1\x1b[31m\u202e"
    for shown in (visible(text), excerpt(text), passage(text, 100)):
        assert "u:p" not in shown and "\x1b" not in shown and "\u202e" not in shown
    assert passage(text, 100).split("\n")[0] == "a b"


def test_an_excerpt_that_ends_within_an_address_shows_no_half_of_its_secret() -> None:
    text = "see https://user:very-long-secret@host.example/ for more"
    for limit in range(len(text)):
        assert "very" not in excerpt(text, limit) and "very" not in passage(text, limit)


def test_an_address_with_anything_in_it_is_one_address() -> None:
    assert shown_url("https://h/ \u2028{x}?api_key=k&a=1") == f"https://h/ \\x2028{{x}}?api_key={X}&a=1"
