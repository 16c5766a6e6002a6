"""A tokenizer of one's own: byte-level BPE, trained on Chinese and English alike, the same bytes for the same texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from curate.mix.tokenizer import END, TURN, TURN_END

# What is cut before merging, in the manner of GPT-4's expression: contractions; words with the character before them;
# digits in threes; runs of punctuation with their newlines; white space. Han characters are runs of their own, so that
# 'DNA检测' does not make tokens of two scripts. `tokenizers` and tiktoken's engine both read it.
PIECES = (
    r"'(?i:[sdmt]|ll|ve|re)|\p{Han}+|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}&&[^\p{Han}]]+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SINGLE_DIGITS = PIECES.replace(r"\p{N}{1,3}", r"\p{N}")

OWN = (END, TURN, TURN_END)  # where a document ends, where a turn begins and ends


def train_tokenizer(
    texts: Iterable[str], vocab_size: int, specials: Sequence[str] = (), single_digits: bool = False
) -> bytes:
    """A byte-level BPE tokenizer.json: every text decodes to itself, and equal texts give equal bytes.

    It has at most `vocab_size` tokens, `OWN`, `specials` and the 256 bytes among them; fewer where the texts hold no
    more pairs to merge. With `single_digits` each digit is a token (1,024 is four), else up to three are one.
    """
    names = list(dict.fromkeys([*OWN, *specials]))
    least = 256 + len(names)
    if vocab_size < least:
        raise ValueError(
            f"vocab_size is {vocab_size}, expected at least {least}: 256 bytes and {len(names)} special tokens"
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SINGLE_DIGITS if single_digits else PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[AddedToken(name, special=True, normalized=False) for name in names],
    )
    tokenizer.train_from_iterator(texts, trainer)
    return str(tokenizer.to_str(pretty=True)).encode() + b"\n"
