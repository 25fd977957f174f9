"""The file of arrays beside a tree: only what a tree refers to is read, and only if it is what was saved."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symjax as sj
from symjax.text.array_file import ArrayFile, BadArrayFile, digest, write_arrays

from ..trees import Box

BIG = np.arange(5_000, dtype=np.float32)


def file_of(arrays):
    file = io.BytesIO()
    told = write_arrays(file, arrays)
    file.seek(0)
    assert digest(file) == told
    return file


@given(st.dictionaries(st.sampled_from(["a0", "a1", "a2"]), st.binary(max_size=300)))
def test_what_is_written_is_read_again(arrays):
    file = file_of(arrays)
    read = ArrayFile(file)
    assert {name: read.read(name, len(data)) for name, data in arrays.items()} == arrays
    assert file_of(arrays).getvalue() == file.getvalue()  # equal arrays make equal files
    file.seek(0)
    with np.load(file) as archive:  # and NumPy reads them
        assert {name: archive[name].tobytes() for name in archive} == arrays


def test_a_member_of_another_size_is_refused():
    for size in (2, 4, 10**12):
        with pytest.raises(BadArrayFile, match=r"'a' is damaged.*not"):
            ArrayFile(file_of({"a": b"abc"})).read("a", size)
    with pytest.raises(BadArrayFile, match="'b' is damaged"):
        ArrayFile(file_of({"a": b"abc"})).read("b", 3)


def test_a_header_that_claims_more_than_there_is():
    file = io.BytesIO()
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,)}\n"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"abc")
    with pytest.raises(BadArrayFile, match="3 bytes"):
        ArrayFile(file).read("a", 10**12)


@given(st.data())
@settings(max_examples=200)
def test_fuzz_damaged(data):
    """Damaged bytes give the saved array, or one kind of error."""
    content = bytearray(file_of({"a0": bytes(range(200)), "a1": b"x" * 99}).getvalue())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))]
    try:
        read = ArrayFile(io.BytesIO(bytes(content))).read("a0", 200)
    except BadArrayFile:
        return
    assert read == bytes(range(200))  # checked by zip


def saved(tmp_path):
    """A file with a large array, and the file beside it."""
    file = tmp_path / "tree.json"
    sj.save(Box({"big": BIG, "other": BIG + 1}), file)
    (beside,) = [path for path in tmp_path.iterdir() if path != file]
    return file, beside


def test_the_digest_is_verified(tmp_path):
    file, beside = saved(tmp_path)
    content = bytearray(beside.read_bytes())
    assert digest(io.BytesIO(content)).startswith(beside.name.split(".")[-2])
    content[1000] ^= 1
    for damaged in (bytes(content), b"", content[:-1], b"PK"):
        beside.write_bytes(damaged)
        with pytest.raises(sj.LoadError, match="are not those with which the tree was saved"):
            sj.load(file)


@pytest.mark.parametrize(
    "side",
    [
        3,
        {},
        {"file": "x.npz"},
        {"file": "../x.npz", "sha256": ""},
        {"file": "/etc/passwd", "sha256": ""},
        {"file": "..", "sha256": ""},
        {"file": "", "sha256": ""},
        {"file": "tree.json", "sha256": ""},
        {"file": 3, "sha256": ""},
        {"file": "a\x00b", "sha256": ""},
    ],
)
def test_what_a_file_says_of_its_arrays_is_checked(side, tmp_path):
    file, _ = saved(tmp_path)
    record = json.loads(file.read_text())
    record["arrays"] = side
    file.write_text(json.dumps(record))
    with pytest.raises(sj.LoadError):
        sj.load(file)


def test_files_of_the_first_version_still_load(tmp_path):
    """In 0.1.0 all arrays of a file lay in ``<path>.npz``, and the JSON said nothing of it."""
    file, beside = saved(tmp_path)
    tree = sj.load(file)
    record = json.loads(file.read_text())
    del record["arrays"]
    file.write_text(json.dumps(record))
    old = tmp_path / "tree.json.npz"
    with np.load(beside) as arrays:
        np.savez(old, **arrays, unused=np.zeros(3))
    beside.unlink()
    assert sj.load(file) == tree
    for damaged in (b"no zip", b"", old.read_bytes()[:-40]):
        old.write_bytes(damaged)
        with pytest.raises(sj.LoadError, match="damaged"):
            sj.load(file)
    sj.save(tree, file)
    assert not old.exists()


def test_members_that_nothing_refers_to_are_not_read(tmp_path):
    file, beside = saved(tmp_path)
    record = json.loads(file.read_text())
    del record["arrays"]
    file.write_text(json.dumps(record))
    old = tmp_path / "tree.json.npz"
    with np.load(beside) as arrays, zipfile.ZipFile(old, "w") as archive:
        for name in arrays:
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, arrays[name])
        archive.writestr("bomb.npy", b"what no one reads")
    content = old.read_bytes()
    old.write_bytes(content.replace(b"what no one reads", b"what is damaged!!"))  # its checksum is wrong now
    assert sj.load(file).content["big"].tobytes() == BIG.tobytes()
