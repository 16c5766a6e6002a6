"""Curate: raw pages, files and dialogues of one trade into published, audited, ratio-controlled dataset versions."""

__version__ = "0.1.0"
