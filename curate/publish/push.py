"""A version to a Hugging Face repository: a branch with its files, and a tag when they are all there.

HF_ENDPOINT says where, HF_TOKEN (or a login of huggingface_hub) who. The tag is what readers name (revision="v1.0.0")
and comes last; main is moved by those who mean to (--branch main).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.publish.address import Held, located, said, size_of
from curate.publish.manifest import NAME
from curate.publish.view import checkout

REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


class CannotPush(ValueError):
    """A version can't go to this repository."""


@dataclass(frozen=True)
class Pushed:
    """Where a version went: repository, branch, tag, and the address of the commit."""

    repository: str
    branch: str
    tag: str
    commit: str


def planned(manifest: Mapping[str, Any], repository: str, branch: str, tag: str) -> list[str]:
    """What would go up, in words: for a dry run. Raises `CannotPush`."""
    from huggingface_hub import constants

    _check_name(repository)
    endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT)
    lines = [f"dataset {repository} at {endpoint}: branch {branch}, then tag {tag}"]
    lines += [f"  {said(file['bytes']):>12}  {name}" for name, file in sorted(manifest["files"].items())]
    lines.append(f"  {'':>12}  {NAME}")
    lines.append(f"{len(manifest['files']) + 1:,} files, {said(size_of(dict(manifest)))}")
    return lines


def push(
    version: Held,
    address: str,
    repository: str,
    *,
    branch: str,
    tag: str,
    private: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Pushed:
    """Uploads the version to `branch` of the dataset `repository` (OWNER/NAME), which is made (private, unless it is
    there) if need be, and tags the commit. A tag that is there already is left, and refused.

    A version in object storage is copied to this machine first. Raises `CannotPush`, and what the Hub refuses.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

    _check_name(repository)
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    try:
        api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        if any(ref.name == tag for ref in api.list_repo_refs(repository, repo_type="dataset").tags):
            raise CannotPush(f"{repository} has a tag {tag} already: a published version never changes; give --tag")
        api.create_branch(repository, branch=branch, repo_type="dataset", exist_ok=True)
        say(f"{repository}: uploading {said(version.bytes)} to branch {branch}")
        with _folder(version, address) as folder:
            commit = api.upload_folder(
                repo_id=repository,
                repo_type="dataset",
                folder_path=folder,
                revision=branch,
                commit_message=f"{version.label}: manifest {version.manifest['digest'][:16]}",
                ignore_patterns=[".*"],
                delete_patterns=["*"],  # of another version that was on this branch
            )
        api.create_tag(repository, tag=tag, revision=commit.oid, repo_type="dataset")
    except (HfHubHTTPError, RevisionNotFoundError) as error:
        raise CannotPush(f"{repository}: the Hub refuses it: {error}. Is HF_TOKEN one that may write there?") from error
    return Pushed(repository, branch, tag, str(commit.commit_url))


def _check_name(repository: str) -> None:
    if not REPOSITORY.fullmatch(repository):
        raise CannotPush(f"repository {repository!r}: expected OWNER/NAME, as on the Hub")


class _folder:
    """The folder of a version: its view, or for object storage a copy that goes afterwards."""

    def __init__(self, version: Held, address: str) -> None:
        self._version = version
        self._address = address
        self._work: Any = None

    def __enter__(self) -> Path:
        store = self._version.store
        if store is None or store.on_disk:
            return located(self._address)
        self._work = store.work()
        return checkout(store, self._version.manifest, self._work.__enter__() / "version")

    def __exit__(self, *error: Any) -> None:
        if self._work is not None:
            self._work.__exit__(*error)
