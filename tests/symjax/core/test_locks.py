"""Locks and forks: a child never waits for a thread that it does not have."""

import subprocess
import sys
import threading

import pytest

from symjax.core.locks import ForkLock

# A thread stops wherever a user's `__hash__` runs, which is also inside the lock of the layouts, and a child is
# forked at each of these places: it flattens a tree of a new structure, or an alarm ends it.
FLATTENING = """
import os, signal, sys, threading
import jax
import symjax as sj

class Node(sj.Object):
    tag: object
    rate: float = 1.0

class Slow:
    def __hash__(self):
        if threading.current_thread() is not threading.main_thread():
            inside.set()
            go_on.wait()
            go_on.clear()
        return 1

def child():
    signal.alarm(60)
    assert jax.tree.leaves(Node(f'new in {os.getpid()}')) == [1.0]
    os._exit(0)

inside, go_on = threading.Event(), threading.Event()
jax.tree.leaves(Node('first'))
thread = threading.Thread(target=lambda: (jax.tree.leaves(Node(Slow())), done.append(1), inside.set()), daemon=True)
done = []
thread.start()
forks = 0
while inside.wait() and not done:
    inside.clear()
    pid = os.fork() or child()
    assert os.waitpid(pid, 0)[1] == 0, f'the child of fork {forks} hung'
    forks += 1
    go_on.set()
thread.join()
print(forks)
"""

# Likewise while an `__init__` is running in another thread, whose node the child uses.
INITIALIZING = """
import os, signal, threading
import jax
import symjax as sj

@sj.symbolize
class Slow:
    def __init__(self, rate):
        if threading.current_thread() is not threading.main_thread():
            inside.set()
            go_on.wait()
        self.double = 2 * rate

inside, go_on = threading.Event(), threading.Event()
node = jax.tree.map(lambda leaf: leaf, Slow(1.0))
thread = threading.Thread(target=lambda: node.double, daemon=True)
thread.start()
inside.wait()
pid = os.fork()
if not pid:
    signal.alarm(60)
    assert node.double == 2.0
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0, 'the child hung'
go_on.set()
thread.join()
print(node.double)
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("script", [FLATTENING, INITIALIZING])
def test_a_fork_while_another_thread_is_at_work_does_not_hang_the_child(script):
    command = [sys.executable, "-P", "-W", "ignore", "-c", script]  # Python and JAX warn of forks
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) >= 2


def test_a_lock_is_reentrant_and_keeps_other_threads_out():
    lock = ForkLock()
    seen = []
    with lock, lock:
        thread = threading.Thread(target=lambda: seen.append(lock.__enter__()))
        thread.start()
        assert seen == []
    thread.join()
    assert seen == [None]
