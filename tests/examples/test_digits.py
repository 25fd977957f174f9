"""The digits example as a study, by the README's own line: killed, resumed, finished."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from symjax import search

from .running import FOLDER

README = FOLDER.parent / "README.md"


def command(*more: str) -> list[str]:
    """The line of the README, with this Python, and with more arguments, of which the last ones count."""
    (line,) = re.findall(r"<!-- study-command -->\n```bash\n(.+)\n```", README.read_text())
    python, script, *arguments = line.split()
    assert (python, script) == (".venv/bin/python", "examples/digits.py")
    return [sys.executable, str(FOLDER / "digits.py"), *arguments, *more]


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    # The example itself says how many devices there are, which only one may.
    flags = [flag for flag in os.environ["XLA_FLAGS"].split() if "device_count" not in flag]
    return subprocess.Popen(
        command(*more),
        cwd=folder,
        env={**os.environ, "XLA_FLAGS": " ".join(flags)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_it_is_killed_resumed_and_finished(tmp_path):
    small = ("--trials", "6", "--epochs", "1")
    with started(tmp_path, *small) as first:
        assert first.stdout is not None
        said = []
        for line in first.stdout:
            said.append(line)
            if "of 6 trials are finished" in line:
                first.send_signal(signal.SIGKILL)
                break
        assert first.wait() == -signal.SIGKILL, "".join(said)
    with search.Study(tmp_path / "digits.db") as study:
        before = study.records()  # for which the classes of the script are not needed
    assert 0 < len(before) < 6

    with started(tmp_path, *small) as second:
        output, _ = second.communicate()
    assert second.returncode == 0, output
    assert f"<Study 'digits' at {tmp_path / 'digits.db'}: {len(before)} ok" in output
    with search.Study(tmp_path / "digits.db") as study:
        records = study.records()
    assert [record["id"] for record in records] == list(range(6))
    assert {record["state"] for record in records} == {"ok"}
    for record in before:  # not run again: it took as long
        assert records[record["id"]] == record
    assert max(record["validation_accuracy"] for record in records) > 0.3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "history.png",
        "importance.png",
        "parallel.png",
    ]
