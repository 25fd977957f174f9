"""Lives of a study: processes that run one, and may be killed. Started as a script by `Zygote`.

The script imports everything once, and forks a process for each life before JAX has begun to work.
"""

import ctypes
import os
import resource
import subprocess
import sys

import jax
import jax.numpy as jnp

import symjax as sj
from symjax import search
from symjax.search.spaces.dna import DNA
from symjax.search.spaces.sampling import genes_of, words

SPACE = search.space(
    {"x": search.floatv(-1.0, 1.0), "kind": search.oneof([0.0, 0.5, search.floatv(0.5, 1.0, name="more")])}
)
FLAT = search.space({"x": search.floatv(-1.0, 1.0), "more": search.floatv(0.5, 1.0)})
OPTIONS = {"objective": "y", "mode": "max"}


class Drift(search.algorithms.Algorithm):
    """What it proposes hangs on all that it was asked and told, in this order."""

    __symjax_name__ = "tests.studies.Drift"  # in the script as in the tests
    batch = 4

    def start(self, space, key, objectives):
        return {"key": key, "sum": jnp.zeros(()), "asked": jnp.zeros((), jnp.uint32)}

    def propose(self, spec, own, key, n):
        key = jax.random.fold_in(key, own["asked"])
        choices, floats = genes_of(spec, jax.random.bits(key, (n, words(spec)), "uint32"))
        floats = jnp.clip(floats + 0.01 * jnp.sin(own["sum"]), jnp.array([-1.0, 0.5]), 1.0)
        return DNA(spec, choices, floats), {**own, "asked": own["asked"] + 1}

    def learn(self, spec, own, dnas, rewards):
        total = own["sum"] * 0.9 + jnp.where(jnp.isfinite(rewards), rewards, -1.0).sum()
        return {**own, "sum": total}


def height(exp, key):
    """A metric that is noisy, and sometimes NaN; and an array."""
    y = exp["kind"] - (exp["x"] - 0.3) ** 2 + 0.1 * jax.random.normal(key)
    return {"y": jnp.where(exp["x"] > 0.9, jnp.nan, y), "path": jnp.cumsum(jnp.full(5, y))}


def slope(exp, key):
    """So cheap that rounds run as one program."""
    return {"y": exp["more"] - (exp["x"] - 0.3) ** 2 + 0.1 * jax.random.normal(key)}


def slide(path, trials, report=None):
    """Begins a study of which rounds run as one program, or goes on with it."""
    with search.Study(path, FLAT, Drift(), **OPTIONS) as study:
        return study.run(slope, int(trials), jax.random.key(7), on_result=report)


def sliding(path, trials):
    """The same; says what is done."""
    slide(path, trials, lambda results: say("done", *results.ids.tolist()))


def live(path, trials, report=None, engine=None):
    """Begins a study, or goes on with it."""
    with search.Study(path, SPACE, Drift(), **OPTIONS) as study:
        return study.run(height, int(trials), jax.random.key(7), on_result=report, engine=engine)


def reporting(path, trials):
    """The same; says what is done, in a line in one piece: several lives may speak at once."""
    live(path, trials, lambda results: say("done", *results.ids.tolist()))


def looping(path, trials):
    """A loop of Python over a study; says what is done."""
    with search.Study(path, SPACE, Drift()) as study:
        for exp, feedback in sj.sample(None, study, int(trials), key=jax.random.key(7)):
            feedback.add_measurement(exp["x"], step=1)
            feedback(exp["x"] ** 2, step=5, metadata={"kind": str(exp["kind"])})
            say("done", feedback.id)


def waiting(path, trials):
    """The same as `reporting`; does not go on after its first line, until it is interrupted."""

    def report(results):
        say("done", *results.ids.tolist())
        while True:
            pass

    live(path, trials, report)


def limited(path, trials, size):
    """The same on a disk on which no file grows beyond a size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    live(path, trials)


def obey():
    """Lets permissions hold for root, too: without capabilities it is a user as others, who owns its files."""
    if os.getuid() == 0:
        version, own, none = 0x20080522, 0, [0] * 6
        header, sets = (ctypes.c_uint32 * 2)(version, own), (ctypes.c_uint32 * 6)(*none)
        assert ctypes.CDLL(None, use_errno=True).capset(header, sets) == 0


def looking(path):
    """Looks at a study that may not be changed, and tries to."""
    obey()
    with search.Study(path, SPACE, Drift()) as study:
        say("looked", len(study), study.results.best().id)
        study.run(height, 1000, jax.random.key(7))


def beginning(path):
    """Begins a study where none can be."""
    obey()
    search.Study(path, SPACE, Drift())


def say(*words):
    """A line, to who has started the zygote."""
    os.write(1, f"{os.getpid()} {' '.join(map(str, words))}\n".encode())


class Zygote:
    """The process that the others come from."""

    def __init__(self):
        command = [sys.executable, "-W", "ignore::DeprecationWarning", __file__]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self._unheard = []

    def bear(self, function, *arguments):
        """Begins a life that runs a function of this module, and gives its number."""
        self._tell(function, *arguments)
        return int(self._await("born")[0])

    def bury(self, number):
        """Waits for the end of a life, and gives the lines that it has said and nobody has heard."""
        self._tell("bury", number)
        self._await("buried")
        lines = [words[1:] for words in self._unheard if words[0] == str(number)]
        self._unheard = [words for words in self._unheard if words[0] != str(number)]
        return lines

    def hear(self):
        """The next line, as words, the number of who speaks first."""
        return self._unheard.pop(0) if self._unheard else self._line()

    def _await(self, word):
        while (words := self._line())[1] != word:
            self._unheard.append(words)
        return words

    def _line(self):
        line = self._process.stdout.readline()
        assert line, "the process that makes others has ended"
        return line.split()

    def _tell(self, *words):
        print(*words, sep="\t", file=self._process.stdin, flush=True)

    def close(self):
        """Ends it."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def main():
    """Forks a process for each order; ``bury`` waits for the end of one."""
    for line in sys.stdin:
        order, *arguments = line.rstrip("\n").split("\t")
        if order == "bury":
            _, status = os.waitpid(int(arguments[0]), 0)
            say("buried", os.waitstatus_to_exitcode(status))
            continue
        number = os.fork()
        if number:
            os.write(1, f"{number} born\n".encode())
            continue
        try:
            globals()[order](*arguments)
            say("end")
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is said
            say("raised", f"{type(error).__name__}:", " ".join(str(error).split()))
        os._exit(0)


if __name__ == "__main__":
    main()
