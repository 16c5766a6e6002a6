"""What pyproject.toml can't say: the wheel carries the recipes, judges and samples inside the package.

They lie at the top level of a checkout, but `pipelines` and `classifiers` must not become import names of an
environment: the wheel has them in curate/_shipped, where curate/shipped.py looks first. An editable install uses the
checkout's own.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("classifiers", "pipelines", "data_samples")


class BuildWithShipped(build_py):
    """Copies the shipped folders into the package that is built."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        inside = Path(self.build_lib, "curate", "_shipped")
        shutil.rmtree(inside, ignore_errors=True)
        for folder in SHIPPED:
            shutil.copytree(folder, inside / folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))


setup(cmdclass={"build_py": BuildWithShipped})
