"""The one error with which a mix is refused."""


class MixRefused(ValueError):
    """The mix can't or must not be made as asked; the message says what is missing, in tokens."""
