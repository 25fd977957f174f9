"""Saved trees on disk: whatever happens to a writer, a reader sees the old tree or the new one, whole."""

import itertools
import os
import random
import resource
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import symjax as sj
from symjax.text.storage import writable_file

from ..trees import Box

SIZE = 50_000


def tree_of(number):
    """A tree in whose parts the same number stands: in the text, and in an array beside it."""
    return Box(int(number), np.full(SIZE, number, np.float32))


def number_in(tree):
    (number,) = {tree.content, *map(int, np.unique(tree.other))}
    return number


def names(folder):
    return sorted(path.name for path in folder.iterdir())


WRITER = f"""
import sys, itertools, numpy as np, symjax as sj
start, step, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
for number in itertools.count(start, step):
    sj.save({{"text": number, "arrays": np.full({SIZE}, number, np.float32)}}, file)
    print(number, flush=True)
"""


def start_writer(file, first=0, step=1):
    return subprocess.Popen(
        [sys.executable, "-P", "-c", WRITER, str(first), str(step), str(file)],
        stdout=subprocess.PIPE,
        text=True,
    )


def whole(saved):
    """The number in a tree that `WRITER` saved; its parts agree."""
    (number,) = {saved["text"], *map(int, np.unique(saved["arrays"]))}
    return number


def test_a_writer_killed_at_any_moment_leaves_a_whole_tree(tmp_path):
    """Six kills; as many as ``SYMJAX_KILLS`` says, where someone has the time."""
    file = tmp_path / "tree.json"
    generator = random.Random(0)
    for _ in range(int(os.environ.get("SYMJAX_KILLS", "6"))):
        with start_writer(file) as writer:
            reports = writer.stdout
            for _ in range(generator.randint(1, 4)):
                told = int(reports.readline())
            for _ in range(generator.randint(0, 20_000)):  # somewhere in the next save
                pass
            writer.send_signal(signal.SIGKILL)
            told = max([told, *map(int, reports.read().split())])  # what it had finished by then
        assert whole(sj.load(file)) in (told, told + 1)
    sj.save(Box(1), file)
    assert names(tmp_path) == ["tree.json"]  # what the killed ones left went with this save


def test_two_writers_and_a_reader(tmp_path):
    file = tmp_path / "tree.json"
    with start_writer(file, 0, 2) as even, start_writer(file, 1, 2) as odd:
        writers = [even, odd]
        last = [int(writer.stdout.readline()) for writer in writers]
        seen = set()
        for turn in itertools.count():
            number = whole(sj.load(file))
            seen.add(number % 2)
            last[turn % 2] = int(writers[turn % 2].stdout.readline())
            if turn >= 20 and len(seen) == 2:
                break
        for writer in writers:
            writer.kill()
    whole(sj.load(file))


def test_threads_write_the_same_file(tmp_path):
    file = tmp_path / "tree.json"
    threads = [threading.Thread(target=sj.save, args=(tree_of(number), file)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert number_in(sj.load(file)) in range(8)
    assert len(names(tmp_path)) == 2


def test_old_arrays_go_and_equal_ones_are_the_same_file(tmp_path):
    file = tmp_path / "tree.json"
    sj.save(tree_of(1), file)
    (beside,) = [name for name in names(tmp_path) if name != "tree.json"]
    sj.save(tree_of(1), file)
    assert names(tmp_path) == sorted(["tree.json", beside])
    (tmp_path / "tree.json.mine.npz").write_bytes(b"")
    (tmp_path / "other.json").write_text("")
    sj.save(tree_of(2), file)
    assert beside not in names(tmp_path)
    sj.save(Box(1), file)
    assert names(tmp_path) == ["other.json", "tree.json", "tree.json.mine.npz"]


def test_a_temporary_file_that_is_in_use_stays(tmp_path):
    import fcntl

    left, used = (tmp_path / f".tree.json.{digit * 16}.tmp" for digit in "ab")
    left.touch()
    with used.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        sj.save(Box(1), tmp_path / "tree.json")
    assert names(tmp_path) == [used.name, "tree.json"]


def test_a_full_disk_leaves_the_old_tree(tmp_path):
    file = tmp_path / "tree.json"
    sj.save(tree_of(1), file)
    before = names(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            sj.save(tree_of(2), file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == before
    assert number_in(sj.load(file)) == 1


def test_a_folder_is_no_target(tmp_path):
    with pytest.raises(IsADirectoryError, match="this is a folder"):
        sj.save(Box(1), tmp_path)
    with pytest.raises(FileNotFoundError):
        sj.save(Box(1), tmp_path / "nowhere" / "tree.json")
    assert names(tmp_path) == []


def test_devices_and_pipes_are_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "link"
    link.symlink_to("/dev/full")
    for target in ("/dev/full", "/dev/null", pipe, link):
        with pytest.raises(OSError, match="this is a device or a pipe"):
            sj.save(Box(1), target)
    assert names(tmp_path) == ["link", "pipe"]
    assert pipe.is_fifo()


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "tree.json"
    link.symlink_to(tmp_path / "real" / "data.json")
    for number in (1, 2):
        sj.save(tree_of(number), link)
        assert link.is_symlink()
        assert number_in(sj.load(link)) == number_in(sj.load(tmp_path / "real" / "data.json")) == number
    assert names(tmp_path / "links") == ["tree.json"]
    assert writable_file(link) == tmp_path / "real" / "data.json"


def test_a_tree_moves_with_its_arrays(tmp_path):
    sj.save(tree_of(3), tmp_path / "tree.json")
    (tmp_path / "moved").mkdir()
    for path in [*tmp_path.iterdir()]:
        if path.is_file():
            path.rename(tmp_path / "moved" / path.name)
    (tmp_path / "moved" / "tree.json").rename(tmp_path / "moved" / "best.json")
    assert number_in(sj.load(tmp_path / "moved" / "best.json")) == 3
