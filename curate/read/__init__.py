"""Reading: a format a file, and every record of every file accounted for."""

from curate.read.folder import ASIDE, sorted_out
from curate.read.format import UnknownFormat, format_of
from curate.read.record import CAP, REASONS, Problem
from curate.read.shard import Batch, open_shard

__all__ = ["ASIDE", "CAP", "REASONS", "Batch", "Problem", "UnknownFormat", "format_of", "open_shard", "sorted_out"]
