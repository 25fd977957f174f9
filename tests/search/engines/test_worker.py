"""`Worker`: what runs in another process, here in this one."""

import pickle
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.engines.worker import Order, Worker, settings

SPACE = search.space({"n": search.oneof([1, 2]), "x": search.floatv(-1.0, 1.0)})
DNAS = SPACE.sample(jax.random.key(0), 6).host()
KEY = jax.random.key(1)


class Counting(dict):
    """Objects by name, and how often each was asked for."""

    def __init__(self, **objects):
        super().__init__(objects)
        self.asked = []

    def fetch(self, name):
        self.asked.append(name)
        return self[name]


def order(**changes):
    ids = np.arange(3, 9, dtype=np.uint32)
    genes = (DNAS.choices, DNAS.floats)
    fields = dict(fn="fn", space="space", broadcast=("data",), genes=genes, ids=ids, key=KEY, repeats=1)
    return Order(**{**fields, "size": 6, "lanes": None, "width": None, "settings": settings(), **changes})


def noisy(exp, key, data):
    return {"y": exp["x"] * exp["n"] * data + jax.random.normal(key)}


def test_it_gives_what_an_evaluation_gives_and_fetches_each_object_once():
    objects = Counting(fn=noisy, space=SPACE, data=2.0)
    worker = Worker(objects.fetch, pickle.dumps)
    expected = search.evaluate(noisy, SPACE, DNAS, KEY, 2.0, first_id=3)
    for _ in range(2):
        report = worker.run(order())
        np.testing.assert_array_equal(report.metrics["y"], expected["y"])
    assert report.places.tolist() == list(range(6))
    assert objects.asked == ["fn", "space", "data"]
    repeated = worker.run(order(repeats=2))
    expected = search.evaluate(noisy, SPACE, DNAS, KEY, 2.0, first_id=3, repeats=2)
    np.testing.assert_array_equal(repeated.metrics["y"], expected.samples["y"].reshape(-1))


class Odd(Exception):
    """Takes more than its text."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


@pytest.mark.parametrize(
    ("error", "kind"), [(OSError(28, "disk full"), OSError), (Odd(1, 2), RuntimeError)], ids=["plain", "odd"]
)
def test_what_raises_comes_back_whole_beside_the_rest(error, kind):
    def fails(exp, key, data):
        if exp["n"] == 2:
            raise error
        return {"y": exp["x"]}

    objects = Counting(fn=fails, space=SPACE, data=threading.Lock)
    report = Worker(objects.fetch, pickle.dumps).run(order(broadcast=("data",)))
    twos = [row for row in range(6) if SPACE.decode(DNAS[row])["n"] == 2]
    assert sorted(report.failed) == twos
    assert report.places.tolist() == [row for row in range(6) if row not in twos]
    (content, traceback) = report.failures[report.failed[twos[0]]]
    raised = pickle.loads(content)
    assert type(raised) is kind
    assert str(error) in str(raised)
    assert "raise error" in traceback


def test_where_all_raise_there_is_a_report_too():
    def fails(exp, key):
        raise OSError("no data here")

    report = Worker(Counting(fn=fails, space=SPACE).fetch, pickle.dumps).run(order(broadcast=()))
    assert (len(report.places), report.metrics, len(report.failed)) == (0, None, 6)


def test_an_order_that_cannot_be_carried_out_raises():
    worker = Worker(Counting(fn=3, space=SPACE).fetch, pickle.dumps)
    with pytest.raises(TypeError, match="expected a function"):
        worker.run(order(broadcast=()))


def test_it_takes_over_the_settings_on_which_results_hang():
    def wide(exp, key):
        return jnp.float64(exp["x"]) if jax.config.jax_enable_x64 else exp["x"]

    before = settings()
    assert before["jax_enable_x64"] is False
    try:
        report = Worker(Counting(fn=wide, space=SPACE).fetch, pickle.dumps).run(
            order(broadcast=(), settings={**before, "jax_enable_x64": True})
        )
        assert report.metrics.dtype == np.float64
    finally:
        jax.config.update("jax_enable_x64", False)
