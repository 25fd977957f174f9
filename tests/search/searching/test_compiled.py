"""Rounds of a search as one program: the same as the host's, and refused where they cannot be one."""

import signal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.engines import Local
from symjax.search.searching.compiled import compiled_rounds
from symjax.search.searching.rounds import Keys, Search

KEY = jax.random.key(3)
SPACE = search.space(
    {
        "width": search.oneof([1.0, 2.0, 5.0]),
        "depth": search.oneof([1.0, 4.0, 9.0]),
        "rate": search.oneof([0.1, 0.3]),
    }
)


class Climb(search.algorithms.Algorithm):
    """One gene at a time, from the best so far."""

    step: float = 1.0

    def start(self, space, key, objectives):
        return jnp.zeros((space.spec.choices,), "int32"), jnp.float32(-jnp.inf)

    def propose(self, spec, own, key, n):
        where, what = jax.random.randint(key, (2, n), 0, 1 << 16)
        at = where % spec.choices
        sizes = jnp.array([len(point.choice.slots()[0]) for point in spec.points])
        genes = jnp.tile(own[0], (n, 1)).at[jnp.arange(n), at].set((what % sizes[at]).astype("int32"))
        return search.DNA(spec, genes, jnp.zeros((n, 0), "float32")), own

    def learn(self, spec, own, dnas, rewards):
        place = jnp.argmax(rewards[:, 0])
        better = rewards[place, 0] > own[1]
        return jnp.where(better, dnas.choices[place], own[0]), jnp.where(better, rewards[place, 0], own[1])


def fn(exp, key, data):
    noise = jax.random.normal(key, data.shape)
    score = jnp.tanh(exp["width"] * data + noise * exp["rate"]).mean() * jnp.sqrt(exp["depth"] * 1.0)
    return {"score": score, "size": exp["width"] * exp["depth"], "curve": data * exp["rate"]}


DATA = jnp.linspace(-1.0, 2.0, 7)
HOW = {"objective": "score", "mode": "max"}


def same(mine, theirs):
    assert mine.dnas == theirs.dnas
    np.testing.assert_array_equal(mine.ids, theirs.ids)
    np.testing.assert_array_equal(mine.keys.data, theirs.keys.data)
    assert list(mine.names) == list(theirs.names)
    for name in mine.names:
        assert mine[name].dtype == theirs[name].dtype
        np.testing.assert_array_equal(mine[name], theirs[name])


def searched(compiled, trials=11, batch=3, space=SPACE, fn=fn, algorithm=None, **how):
    return search.run(
        algorithm or Climb(), fn, space, trials, KEY, DATA, batch=batch, compiled=compiled, **{**HOW, **how}
    )


@pytest.mark.parametrize("batch", [1, 3])
def test_the_same_as_the_host_to_the_last_bit(batch):
    same(searched(True, batch=batch), searched(False, batch=batch))


@pytest.mark.parametrize("how", [{"constraints": {"size": (2.0, 20.0)}}, {"mode": "min"}])
def test_bounds_and_directions_are_those_of_the_host(how):
    mine, theirs = searched(True, **how), searched(False, **how)
    same(mine, theirs)
    assert mine.best().id == theirs.best().id
    assert mine.objective == theirs.objective


@pytest.mark.parametrize("engine", [Local(lanes="map", width=2), Local(lanes="vmap", width=2)])
def test_lanes_side_by_side_are_those_of_the_host(engine):
    same(searched(True, engine=engine), searched(False, engine=engine))


def test_pieces_of_any_length_are_the_whole():
    options = {"repeats": 1, **HOW}
    keys = Keys.of(KEY)
    loop = Search(Climb(), fn, SPACE, keys, Local(), (DATA,), options)
    whole = searched(True, trials=12)
    rounds = compiled_rounds(
        Climb(), fn, SPACE, (keys.ask, keys.trials), (DATA,), Local(), options, 3, required=True
    )
    state, first, parts = loop.init(), 0, []
    for wanted in (1, 2, 1):
        results, state = rounds.run(state, first, wanted)
        assert len(results) == 3 * (1 if not parts else wanted)
        parts.append(results)
        first += len(results)
    same(search.Results.concat(parts), whole)


def test_what_is_cheap_is_compiled_and_what_is_dear_is_not():
    def dear(exp, key, data):
        square = jnp.full((256, 256), exp["width"])
        return {"score": (square @ square).sum() * exp["rate"] * exp["depth"]}

    def turning(exp, key, data):
        return {"score": jax.lax.while_loop(lambda x: x < 9.0, lambda x: 2.0 * x, exp["width"])}

    def is_compiled(fn):
        return "compiled together with Climb" in str(searched(None, 3, fn=fn).plan)

    assert is_compiled(fn)
    assert not is_compiled(dear)
    assert not is_compiled(turning)
    same(searched(None, 3, fn=turning), searched(True, 3, fn=turning))


class Model(sj.Object):
    width: float
    layers: int

    def score(self, key, data):
        return {"score": self.width * self.layers * data.sum()}


class Checked(sj.Object):
    width: float

    def __check__(self):
        if self.width > 40:
            raise ValueError("too wide")


def branching(exp, key, data):
    return {"score": data.sum() if exp["width"] > 1 else data.mean()}


class Outside(Climb):
    is_traceable = False


NUMBERS = search.oneof([1.0, 2.0, 5.0])
REFUSED = [
    (
        {"space": search.space(Model(NUMBERS, search.oneof([1, 2]))), "fn": Model.score},
        "layers decides on the structure",
    ),
    (
        {"space": search.space({"kind": search.oneof(["a", "b"]), "width": NUMBERS})},
        "kind decides on the structure",
    ),
    ({"fn": branching}, r"width decides on the structure; the function cannot trace width"),
    ({"algorithm": Outside()}, "Outside runs in Python"),
    ({"space": SPACE.constrain(lambda tree: tree["width"] > 1)}, "the space is constrained"),
    ({"repeats": 2}, "repeats"),
    (
        {
            "space": search.space({"at": Checked(NUMBERS)}),
            "fn": lambda exp, key, data: {"score": exp["at"].width},
        },
        "checks itself",
    ),
    ({"constraints": {"cost.flops": 1e9}}, "cost.flops is not computed"),
]


@pytest.mark.parametrize(("how", "reason"), REFUSED, ids=[reason[:20] for _, reason in REFUSED])
def test_what_cannot_be_one_program_says_why(how, reason):
    with pytest.raises(ValueError, match=f"cannot be compiled into one program: .*{reason}"):
        searched(True, 3, **how)


def test_another_engine_is_refused():
    class Mine(search.engines.Engine):
        def evaluate(self, *args, **options):
            return Local().evaluate(*args, **options)

    with pytest.raises(ValueError, match="Mine is an engine of its own"):
        searched(True, 3, engine=Mine())
    same(searched(None, 3, engine=Mine()), searched(None, 3))


def test_a_further_search_compiles_nothing():
    first = searched(True, 12, algorithm=Climb(step=1.0))
    traced = []

    def counted(exp, key, data):  # the same program
        traced.append(exp)
        return fn(exp, key, data)

    again = searched(True, 30, algorithm=Climb(step=2.0))
    assert (first.compiled + first.reused, again.compiled, again.reused) == (1, 0, 1)
    search.run(Climb(), counted, SPACE, 12, jax.random.key(9), DATA + 1, batch=3, compiled=True, **HOW)
    before = len(traced)
    other = search.run(Climb(), counted, SPACE, 12, KEY, DATA, batch=3, compiled=True, **HOW)
    assert (len(traced), other.compiled) == (before, 0)


def test_a_trial_that_makes_the_program_fail_is_found_by_the_host():
    def check(width):
        if width == 5.0:
            raise ValueError("what a pity")
        return np.float32(width)

    def calling(exp, key, data):
        shape = jax.ShapeDtypeStruct((), "float32")
        return {
            "score": jax.pure_callback(check, shape, exp["width"], vmap_method="sequential") * exp["depth"]
        }

    with pytest.warns(RuntimeWarning, match="trials raised"):
        mine = searched(True, 8, fn=calling)
    with pytest.warns(RuntimeWarning, match="trials raised"):
        theirs = searched(False, 8, fn=calling)
    assert mine.dnas == theirs.dnas
    assert mine.states.tolist() == theirs.states.tolist()
    assert set(mine.states) == {"ok", "failed"}


def test_floats_are_those_of_the_host_up_to_the_last_bits():
    space = search.space({"rate": search.floatv(1e-4, 1.0, "log"), "width": search.floatv(-1.0, 1.0)})

    def line(exp, key):
        return exp["rate"] * exp["width"]

    mine, theirs = (
        search.run(search.algorithms.Random(), line, space, 64, KEY, batch=4, compiled=flag)
        for flag in (True, False)
    )
    np.testing.assert_allclose(mine.dnas.floats, theirs.dnas.floats, rtol=1e-6)
    np.testing.assert_allclose(mine[""], theirs[""], rtol=3e-6)


class InTurn(search.algorithms.Algorithm):
    """One candidate after the other."""

    learns = False

    def start(self, space, key, objectives):
        return jnp.zeros((), "int32")

    def propose(self, spec, own, key, n):
        choices = own + jnp.arange(n, dtype="int32")[:, None]
        return search.DNA(spec, choices, jnp.zeros((n, 0), "float32")), own + n

    def learn(self, spec, own, dnas, rewards):
        raise AssertionError("it learns nothing")


def test_ctrl_c_while_the_program_runs_loses_no_piece_that_is_finished():
    def press(number):
        if number == 40:
            signal.raise_signal(signal.SIGINT)
        return np.float32(number)

    def pressing(exp, key, data):
        shape = jax.ShapeDtypeStruct((), "float32")
        return {"score": jax.pure_callback(press, shape, exp["number"], vmap_method="sequential")}

    space = search.space({"number": search.oneof([float(number) for number in range(64)])})
    with pytest.raises(search.Interrupted) as caught:
        searched(True, 64, batch=1, space=space, fn=pressing, algorithm=InTurn())
    scores = caught.value.results["score"].tolist()
    assert scores == [float(number) for number in range(len(scores))]
    assert len(scores) >= 1
