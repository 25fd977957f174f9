"""An ``__init__`` that runs once."""

import threading

import pytest

from symjax.adoption.initialization import READY, is_pending, is_running, run_once


def test_it_runs_once_and_is_ready_then():
    node, runs = {}, []

    def init():
        assert is_running(node)
        assert not is_pending(node)  # in its own thread
        run_once(node, init)  # from within: at once
        runs.append(1)

    assert is_pending(node)
    for _ in range(2):
        run_once(node, init)
    assert (runs, node, is_pending(node), is_running(node)) == ([1], {READY: True}, False, False)


def test_one_that_fails_has_not_run():
    node, runs = {}, []
    with pytest.raises(KeyError):
        run_once(node, {}.popitem)
    assert is_pending(node)
    run_once(node, lambda: runs.append(1))
    assert runs == [1]


@pytest.mark.parametrize("fails", [False, True])
def test_other_threads_wait_for_it(fails):
    node, runs = {}, []
    started, go_on = threading.Event(), threading.Event()

    def slow():
        started.set()
        go_on.wait()
        if fails:
            raise KeyError("slow")
        runs.append("slow")

    def first():
        try:
            run_once(node, slow)
        except KeyError:
            runs.append("failed")

    def second():
        assert is_pending(node)
        go_on.set()
        run_once(node, lambda: runs.append("second"))
        runs.append("after")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    started.wait()
    threads.append(threading.Thread(target=second))
    threads[1].start()
    for thread in threads:
        thread.join()
    assert node == {READY: True}
    assert ("second" in runs) == fails
    assert runs.index("slow" if not fails else "second") < runs.index("after")
