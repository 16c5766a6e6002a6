"""No deadlines: the first example of a property may have to compile a kernel. And the same examples in every run."""

from hypothesis import settings

settings.register_profile("kernels", deadline=None, derandomize=True)
settings.load_profile("kernels")
