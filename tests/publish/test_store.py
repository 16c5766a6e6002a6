"""A store: what is put is shared, what is altered is named, names never change, `latest` moves, gc takes the rest."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from curate import files
from curate.publish import refs
from curate.publish.address import CheckOutFirst, held, located, split
from curate.publish.gc import NoTime, gc, seconds
from curate.publish.keep import keep, reached
from curate.publish.latest import latest, move
from curate.publish.manifest import InVersion, VersionAltered, canonical, sealed
from curate.publish.objects import FRESH, ObjectAltered, ObjectMissing, put_bytes
from curate.publish.refs import NoSuchVersion, Ref, RefAltered, RefExists
from curate.publish.store import BadName, Store, StoreRefused, order, tagged
from curate.publish.verify import verify, verify_store
from curate.publish.view import CannotCheckOut, checkout, room_for
from tests.publish import fakes


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "disk":
        return str(tmp_path / "store")
    return f"{request.getfixturevalue('bucket')}/versions"


def published(place: str, folder: Path, *numbers: str) -> Store:
    """A store with versions of these numbers, of which each has two data files of its own."""
    for number in numbers:
        keep(fakes.version(folder / number, number, number=number), place, "medical", number)
    return Store.open(place)


def overwritten(path: str, data: bytes) -> None:
    files.delete(path)
    files.put_new(path, data)


def test_a_second_version_shares_what_it_holds_with_the_first(place: str, tmp_path: Path) -> None:
    first = keep(fakes.version(tmp_path / "a", "a"), place, "medical", "1.0.0")
    second = keep(fakes.version(tmp_path / "b", "b", number="1.1.0"), place, "medical", "1.1.0")
    assert first.new and second.new and first.put.new == 8 + 3 and first.put.shared == 0
    assert (second.put.new, second.put.shared) == (2 + 3, 6)
    store = Store.open(place)
    assert [str(ref) for ref in refs.every(store)] == ["medical@1.0.0", "medical@1.1.0"]
    assert held(f"{place}/medical@latest").manifest == second.manifest
    assert held(f"{place}/medical@1.0.0").manifest == first.manifest
    assert verify_store(store).faults == [] and verify_store(store).objects == 8 + 2 + 2 * 2


def test_the_same_again_is_no_new_version_and_another_of_its_name_is_refused(place: str, tmp_path: Path) -> None:
    store = published(place, tmp_path, "1.0.0")
    assert not keep(tmp_path / "1.0.0", place, "medical", "1.0.0").new
    before = sorted(files.listed(store.root))
    other = fakes.version(tmp_path / "other", "other")
    with pytest.raises(RefExists, match=r"has a medical@1\.0\.0 already.*a published version never changes"):
        keep(other, place, "medical", "1.0.0")
    assert len(before) == len(list(files.listed(store.root)))  # refused before anything was put


def test_a_version_published_under_another_name_has_the_same_data(place: str, tmp_path: Path) -> None:
    folder = fakes.version(tmp_path / "v", "a")
    keep(folder, place, "medical", "1.0.0")
    renamed = keep(folder, place, "clinical", "3.0.0-rc.1")
    assert renamed.put.shared == 8 and renamed.manifest["name"] == "clinical"
    assert renamed.manifest["number"] == "3.0.0-rc.1" and "Medical" in renamed.manifest["version"]["title"]


def test_a_checked_out_version_is_the_folder_that_was_published(place: str, tmp_path: Path) -> None:
    store = published(place, tmp_path, "1.0.0", "1.1.0")
    version = held(f"{place}/medical@1.0.0")
    size, linked = room_for(store, version.manifest, tmp_path / "out")
    assert linked is store.on_disk and size == version.bytes > 8 * 40_000
    out = checkout(store, version.manifest, tmp_path / "out")
    assert verify(out) == version.manifest
    for path in sorted((tmp_path / "1.0.0").rglob("*")):
        if path.is_file():
            assert (out / path.relative_to(tmp_path / "1.0.0")).read_bytes() == path.read_bytes()
            assert (out / path.relative_to(tmp_path / "1.0.0")).stat().st_mode & 0o222 == 0
    name = "data/train-general-00000-of-00008.parquet"
    assert os.path.samefile(out / name, store.object(version.manifest["files"][name]["sha256"])) if linked else True
    assert checkout(store, version.manifest, out) == out
    with pytest.raises(CannotCheckOut, match="give a new place"):
        checkout(store, held(f"{place}/medical@latest").manifest, out)
    (tmp_path / "taken" / "papers").mkdir(parents=True)
    with pytest.raises(CannotCheckOut, match="is no whole version"):
        checkout(store, version.manifest, tmp_path / "taken")
    (tmp_path / "empty").mkdir()
    assert verify(checkout(store, version.manifest, tmp_path / "empty")) == version.manifest
    (out / name).unlink()
    with pytest.raises(CannotCheckOut, match=r"00000-of-00008\.parquet is missing.*give a new place, or remove it"):
        checkout(store, version.manifest, out)
    if store.on_disk:
        with pytest.raises(CannotCheckOut, match="lies in the store"):
            checkout(store, version.manifest, Path(store.root) / "mine" / "here")


@pytest.mark.parametrize("byte", [0, 20_000, 39_999])
def test_a_flipped_bit_is_named_with_its_object_file_and_versions(place: str, tmp_path: Path, byte: int) -> None:
    store = published(place, tmp_path, "1.0.0", "1.1.0")
    shutil.rmtree(tmp_path / "1.0.0")  # whose files are the objects themselves
    shutil.rmtree(tmp_path / "1.1.0")
    name = "data/train-general-00003-of-00008.parquet"
    digest = held(f"{place}/medical@1.0.0").manifest["files"][name]["sha256"]
    data = bytearray(files.read_bytes(store.object(digest)))
    data[byte] ^= 1 << 5
    overwritten(store.object(digest), bytes(data))
    found = verify_store(store)
    assert len(found.faults) == 1 and found.objects == 14
    assert digest in found.faults[0] and "was altered: its SHA-256 is" in found.faults[0]
    assert f"{name} of medical@1.0.0, {name} of medical@1.1.0" in found.faults[0]
    assert len(verify_store(store, [refs.read(store, "medical", "1.1.0")]).faults) == 1
    if not store.on_disk:
        with pytest.raises(ObjectAltered, match="was altered"):
            checkout(store, held(f"{place}/medical@1.0.0").manifest, tmp_path / "out")
        assert not (tmp_path / "out").exists()
    files.delete(store.object(digest))
    assert "is missing" in verify_store(store).faults[0]
    with pytest.raises(ObjectMissing, match=r"00003-of-00008.*is missing"):
        checkout(store, held(f"{place}/medical@1.0.0").manifest, tmp_path / "out")
    overwritten(store.object(digest), bytes(data[:-1]))
    assert "39,999 bytes, the manifest says 40,000" in verify_store(store).faults[0]


def test_an_altered_manifest_ref_or_latest_is_named(place: str, tmp_path: Path) -> None:
    store = published(place, tmp_path, "1.0.0", "1.1.0")
    ref = refs.read(store, "medical", "1.0.0")
    path = store.object(ref.manifest)
    whole = files.read_bytes(path)
    overwritten(path, whole.replace(b'"rows": 10', b'"rows": 11', 1))
    found = verify_store(store)
    assert len(found.faults) == 1 and "medical@1.0.0" in found.faults[0] and ref.manifest in found.faults[0]
    overwritten(path, whole)
    overwritten(store.ref("medical", "1.1.0"), ref.data())
    assert "refs/medical/1.1.0 was altered" in verify_store(store).faults[0]
    with pytest.raises(RefAltered):
        gc(store, grace=0)  # nothing is taken while it is not known what is reached
    overwritten(store.ref("medical", "1.1.0"), b"{}")
    with pytest.raises(RefAltered, match="was altered"):
        held(f"{place}/medical@1.1.0")


def test_a_folder_that_was_altered_is_not_published(place: str, tmp_path: Path) -> None:
    folder = fakes.version(tmp_path / "v", "a")
    path = folder / "data" / "train-general-00006-of-00008.parquet"
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(data)
    with pytest.raises(ObjectAltered, match=r"00006-of-00008\.parquet was altered: .* nothing was published"):
        keep(folder, place, "medical", "1.0.0")
    store = Store.open(place)
    assert refs.every(store) == []
    gc(store, grace=0)
    assert [name for name, _ in files.listed(store.root)] == ["store.json"]


def test_manifests_of_other_formats_or_with_paths_that_lead_elsewhere_are_refused(place: str, tmp_path: Path) -> None:
    folder = fakes.version(tmp_path / "v", "a", files=2)
    manifest = json.loads((folder / "manifest.json").read_bytes())

    def altered(**change: object) -> None:
        (folder / "manifest.json").write_bytes(canonical(sealed({**manifest, **change})))

    altered(format="curate-version-9")
    with pytest.raises(VersionAltered, match="is a manifest of format curate-version-9, this Curate reads"):
        keep(folder, place, "medical", "1.0.0")
    for name in ("../outside", "/etc/passwd", "data/../../x", ".hidden", "data/.x", "a\\b", "数据/x", "a b", ""):
        altered(files={**manifest["files"], name: {"sha256": "0" * 64, "bytes": 1, "rows": None}})
        with pytest.raises(VersionAltered, match="lists a file"):
            keep(folder, place, "medical", "1.0.0")
    assert not files.exists(place)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "A", "名字", "a..b", "a\n", "x" * 97, "-a", "a@b"])
def test_names_that_would_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    folder = fakes.version(tmp_path / "v", "a", files=2)
    with pytest.raises(BadName, match="expected"):
        keep(folder, str(tmp_path / "store"), name, "1.0.0")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "number",
    ["1", "1.0", "1.0.0-" + "a" * 60, "v1.0", "01.0.0", "1.0.0/..", "1.0.0-", "1.0.0-A", "latest", "1.0.0\n"],
)
def test_numbers_that_are_none_are_refused(tmp_path: Path, number: str) -> None:
    folder = fakes.version(tmp_path / "v", "a", files=2)
    with pytest.raises(BadName, match=r"MAJOR\.MINOR\.PATCH"):
        keep(folder, str(tmp_path / "store"), "medical", number)


def test_numbers_are_ordered_as_numbers() -> None:
    said = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
            "1.2.0", "1.10.0", "10.0.0"]  # fmt: skip
    assert sorted(reversed(said), key=order) == said


def test_latest_moves_on_and_goes_back_only_when_told(place: str, tmp_path: Path) -> None:
    store = published(place, tmp_path, "1.0.0", "2.0.0", "1.0.1")
    now = latest(store, "medical")
    assert now is not None and (now.version, now.counter) == ("2.0.0", 2)  # the patch of an older one comes later
    assert move(store, "medical", "1.0.1", back=True).counter == 3
    assert move(store, "medical", "2.0.0").counter == 4
    assert held(f"{place}/medical@latest").manifest["number"] == "2.0.0"
    assert latest(store, "nobody") is None
    published(place, tmp_path, "2.1.0-rc.1")
    now = latest(store, "medical")
    assert now is not None and now.version == "2.0.0"  # who follows it did not ask for what comes before a release
    published(place, tmp_path, "2.0.1")
    now = latest(store, "medical")
    assert now is not None and now.version == "2.0.1"


def test_a_tag_is_for_good(place: str, tmp_path: Path) -> None:
    store = published(place, tmp_path, "1.0.0", "1.1.0")
    one, other = (refs.read(store, "medical", number) for number in ("1.0.0", "1.1.0"))
    paper = Ref("medical", "paper", one.version, one.manifest)
    assert refs.create(store, paper) and not refs.create(store, paper)
    with pytest.raises(RefExists, match=r"medical@paper already.*a tag is for good"):
        refs.create(store, Ref("medical", "paper", other.version, other.manifest))
    assert held(f"{place}/medical@paper").manifest["number"] == "1.0.0"
    assert [ref.label for ref in refs.every(store)] == ["1.0.0", "1.1.0", "paper"]
    for number in ("1.0.1", "9.0.0-rc.1"):
        with pytest.raises(BadName, match="which a version has of its own"):
            tagged(number)
    for bad in ("latest", "../x", "Paper", "", "1.0"):
        with pytest.raises(BadName):
            refs.create(store, Ref("medical", bad, one.version, one.manifest))


def test_every_fault_of_a_store_is_named_not_only_the_first(place: str, tmp_path: Path) -> None:
    store = published(place, tmp_path, "1.0.0", "1.1.0", "1.2.0")
    keep(fakes.version(tmp_path / "law", "law", name="law"), place, "law", "1.0.0")
    ref = refs.read(store, "medical", "1.2.0")
    overwritten(store.ref("medical", "1.0.0"), b"{}")
    overwritten(store.ref("medical", "1.1.0"), ref.data().replace(b"1.2.0", b"1.1.0"))
    files.put_new(files.join(store.root, "refs", "medical", "notes~"), b"")
    digest = held(f"{place}/law@1.0.0").manifest["files"]["README.md"]["sha256"]
    files.delete(store.object(digest))
    found = verify_store(store)
    said = "\n".join(found.faults)
    assert len(found.faults) == 4 and found.versions == 2
    for fault in ("refs/medical/1.0.0 was altered", "refs/medical/1.1.0 was altered: its manifest is that of medical@",
                  "refs/medical/notes~ is no ref", f"{digest} is missing: it is README.md of law@1.0.0"):  # fmt: skip
        assert fault in said
    with pytest.raises(RefAltered, match=r"its manifest is that of medical@1\.2\.0"):
        held(f"{place}/medical@1.1.0")


@pytest.mark.parametrize(
    ("was", "now"), [(b'"medical"', b'"surgery"'), (b'"counter": 1', b'"counter":1'), (b'"1.0.0"', b'"1.0.1"')]
)
def test_latest_edited_by_hand_is_named(place: str, tmp_path: Path, was: bytes, now: bytes) -> None:
    store = published(place, tmp_path, "1.0.0")
    path = files.join(store.root, "latest", "medical/000000001" if store.on_disk else "medical.json")
    overwritten(path, files.read_bytes(path).replace(was, now))
    found = verify_store(store)
    assert len(found.faults) == 1 and "latest of medical" in found.faults[0] and "curate tag" in found.faults[0]
    with pytest.raises((StoreRefused, NoSuchVersion)):
        held(f"{place}/medical@latest")


def test_gc_takes_what_nothing_reaches_once_it_is_old_enough(place: str, tmp_path: Path) -> None:
    store = published(place, tmp_path, "1.0.0")
    files.put_new(store.object("0" * 64), b"left")
    files.put_new(files.join(store.root, "objects", "xx", "odd"), b"left too")
    before = sorted(name for name, _ in files.listed(store.root))
    assert gc(store).taken == () and gc(store).young == 2
    dry = gc(store, grace=0, dry=True)
    assert [path for path, _ in dry.taken] == [f"objects/00/{'0' * 64}", "objects/xx/odd"] and dry.bytes == 12
    assert sorted(name for name, _ in files.listed(store.root)) == before
    assert gc(store, grace=0).taken == dry.taken
    assert verify_store(store).faults == [] and gc(store, grace=0).taken == ()


@pytest.mark.parametrize("below", ["work/0a1b2c/made", "views/medical/1.0.0.partial-0a1b2c"])
def test_gc_lets_the_folder_of_who_is_at_work_be_though_what_it_links_is_old(tmp_path: Path, below: str) -> None:
    store = published(str(tmp_path / "store"), tmp_path, "1.0.0")
    folder = Path(store.root) / below / "data"
    folder.mkdir(parents=True)
    digest = next(iter(reached(store, refs.every(store))))
    os.utime(store.object(digest), (0, 0))
    os.link(store.object(digest), folder / "linked.parquet")
    found = gc(store)
    assert found.taken == () and found.young == 1 and (folder / "linked.parquet").exists()
    for path in (folder, folder.parent, folder.parent.parent):
        os.utime(path, (0, 0))
    assert [path for path, _ in gc(store, dry=True).taken] == [f"{below}/data/linked.parquet"]
    assert len(gc(store).taken) == 1
    assert not (Path(store.root) / below).exists() and verify_store(store).faults == []


def test_what_is_there_is_put_anew_on_s3_before_it_is_old_enough_for_gc(place: str) -> None:
    store = Store.made(place)
    now = store.clock()
    assert [put_bytes(store, b"card", at).new for at in (now, now, now + FRESH - 60)] == [1, 0, 0]
    assert put_bytes(store, b"card", now + FRESH + 60).new == (0 if store.on_disk else 1)  # a disk's file is touched


def test_what_a_killed_publisher_left_is_young_again_for_the_next_one(tmp_path: Path) -> None:
    place, folder = str(tmp_path / "store"), fakes.version(tmp_path / "v", "a")
    store = Store.made(place)
    digest = json.loads((folder / "manifest.json").read_bytes())["files"]["data/train-general-00000-of-00008.parquet"]
    path = store.object(digest["sha256"])
    os.makedirs(os.path.dirname(path))
    shutil.copy(folder / "data" / "train-general-00000-of-00008.parquet", path)
    os.utime(path, (0, 0))
    done = keep(folder, place, "medical", "1.0.0")
    assert done.put.shared == 1 and os.stat(path).st_mtime > 10**9


def test_times_are_read() -> None:
    assert [seconds(said) for said in ("0", "90", "30m", "24h", "7d", "1.5h")] == [0, 90, 1800, 86400, 604800, 5400]
    with pytest.raises(NoTime, match="expected seconds"):
        seconds("soon")


def test_what_is_no_store_or_no_version_is_said(place: str, tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="is no store of versions"):
        held(f"{place}/medical@1.0.0")
    store = published(place, tmp_path, "1.0.0")
    with pytest.raises(NoSuchVersion, match=r"has no medical@1\.0\.1; of medical it has 1\.0\.0"):
        held(f"{place}/medical@1.0.1")
    with pytest.raises(NoSuchVersion, match="has no version of 'legal'; it has medical"):
        held(f"{place}/legal@latest")
    with pytest.raises((NoSuchVersion, VersionAltered), match=r"expected STORE/NAME@|is not a published version"):
        held(f"{place}/medical@../../x")
    for short in (place, f"{place}/medical"):
        with pytest.raises(NoSuchVersion, match=r"expected STORE/NAME@VERSION.*curate versions"):
            held(short)
    overwritten(files.join(store.root, "store.json"), canonical({"format": "curate-store-9"}))
    with pytest.raises(StoreRefused, match="of format 'curate-store-9', this Curate reads 'curate-store-1'"):
        Store.open(place)
    overwritten(files.join(store.root, "store.json"), b'{"format": "curate-stove-1"}')
    with pytest.raises(StoreRefused, match=r"store\.json was altered.*expected.*curate-store-1"):
        Store.open(place)


def test_a_place_that_holds_something_else_does_not_become_a_store(place: str, tmp_path: Path) -> None:
    files.put_new(files.join(place, "thesis.txt"), b"mine")
    with pytest.raises(StoreRefused, match="holds other files and is no store"):
        keep(fakes.version(tmp_path / "v", "a", files=2), place, "medical", "1.0.0")
    assert [name for name, _ in files.listed(place)] == ["thesis.txt"]


def test_a_store_does_not_begin_in_a_version_or_in_another_store(tmp_path: Path) -> None:
    store = published(str(tmp_path / "store"), tmp_path, "1.0.0")
    folder = tmp_path / "1.0.0"
    with pytest.raises(InVersion, match="which never changes"):
        keep(folder, str(folder / "store"), "medical", "1.0.0")
    with pytest.raises(StoreRefused, match=r"lies in the store .*/store; give that"):
        keep(folder, f"{store.root}/objects/mine", "medical", "1.0.0")
    assert not (folder / "store").exists() and verify_store(store).faults == [] and verify(folder)


def test_a_view_is_made_on_disk_and_asked_for_elsewhere(place: str, tmp_path: Path) -> None:
    store = published(place, tmp_path, "1.0.0")
    if not store.on_disk:
        with pytest.raises(CheckOutFirst, match=r"copy it first \(.* kB\) by `curate checkout"):
            located(f"{place}/medical@1.0.0")
        return
    folder = located(f"{place}/medical@latest")
    assert folder == Path(place) / "views" / "medical" / "1.0.0" and verify(folder)["number"] == "1.0.0"
    assert located(str(folder)) == folder and gc(store, grace=0).taken == ()


def test_addresses_are_told_from_folders(tmp_path: Path) -> None:
    assert split("s3://b/versions/medical@1.0.0") == ("s3://b/versions", "medical", "1.0.0")
    assert split("medical@latest") == (".", "medical", "latest")
    (tmp_path / "me@home").mkdir()
    assert split(str(tmp_path / "me@home")) is None and split(str(tmp_path)) is None


FULL = """
import resource, signal, sys
from curate.publish.keep import keep
from curate.publish.objects import NoRoom
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    keep(sys.argv[1], sys.argv[2], "medical", "1.0.0")
except NoRoom as error:
    print(error)
"""


def test_a_disk_that_is_full_half_way_is_said_and_nothing_is_published(tmp_path: Path) -> None:
    folder, place = fakes.version(tmp_path / "v", "a"), str(tmp_path / "store")
    done = subprocess.run([sys.executable, "-c", FULL, folder, place], capture_output=True, text=True, check=True)
    assert "no version was published. Make room and publish again" in done.stdout, done.stderr
    assert refs.every(Store.open(place)) == []
    assert keep(folder, place, "medical", "1.0.0").new
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    store = published(str(tmp_path / "store"), tmp_path, "1.0.0")
    (Path(store.root) / "refs" / "medical").chmod(0o555)
    with pytest.raises(PermissionError, match="refs/medical"):
        published(store.root, tmp_path, "1.1.0")
