"""No deadlines: the first example of a property may have to compile a kernel. And the same examples in every run."""

from hypothesis import settings

settings.register_profile("dedup", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("dedup")
