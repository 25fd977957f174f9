"""What `plan` and `evaluate` are called with."""

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.planning.inputs import batch_of, check_function, devices_of, key_aval

KEY = jax.random.key(0)


class Task(sj.Object):
    x: float

    def run(self, key):
        return self.x


SPACE = search.space(Task(search.floatv(0.0, 1.0)))
DNAS = SPACE.sample(KEY, 3)


def test_a_tree_is_no_space():
    task = Task(1.0)
    with pytest.raises(
        TypeError, match=r"^expected a space, got Task\(.* of type Task; search.space\(tree\) makes one"
    ):
        search.plan(Task.run, task, DNAS, KEY)
    with pytest.raises(TypeError, match="makes one of a tree"):
        search.run(search.algorithms.Random(), Task.run, task, 2, KEY)


@pytest.mark.parametrize("fn", [3, None, SPACE])
def test_what_is_no_function_is_refused(fn):
    with pytest.raises(TypeError, match=r"^expected a function of \(experiment, key\), got "):
        search.evaluate(fn, SPACE, DNAS, KEY)


def test_a_method_of_one_experiment_is_refused():
    with pytest.raises(TypeError, match=r"give Task\.run itself"):
        check_function(Task(0.5).run, 0)


def test_a_function_that_takes_other_arguments_is_refused_before_anything_is_traced():
    class Fitted(sj.Object):
        rate: float

        def run(self, key, data):
            return {"loss": self.rate * data}

    space = search.space(Fitted(search.floatv(0.0, 1.0)))
    dnas = space.sample(KEY, 2)
    message = (
        r"^Fitted.run\(self, key, data\) cannot be called with an experiment, a key and 0 shared arguments: "
        r"missing a required argument: 'data'; .* search.evaluate\(fn, space, dnas, key, data\)$"
    )
    with pytest.raises(TypeError, match=message):
        search.evaluate(Fitted.run, space, dnas, KEY)
    with pytest.raises(TypeError, match="2 shared arguments: too many positional arguments"):
        search.plan(jax.jit(Fitted.run), space, dnas, KEY, 1.0, 2.0)
    assert len(search.plan(jax.jit(Fitted.run), space, dnas, KEY, 1.0)) == 2


def test_a_function_without_a_key_is_told_so():
    with pytest.raises(TypeError, match=r"it takes a key, too, .* def fn\(experiment, key\)$"):
        check_function(lambda exp: exp, 0)


def test_nothing_is_evaluated_inside_jit():
    with pytest.raises(TypeError, match=r"root key is traced.* inside jit"):
        jax.jit(lambda key: search.evaluate(Task.run, SPACE, DNAS, key))(KEY)
    with pytest.raises(TypeError, match=r"these DNAs are traced.* inside jit"):
        jax.jit(lambda dnas: search.plan(Task.run, SPACE, dnas, KEY).ids)(DNAS)


def test_batches():
    assert batch_of(SPACE, DNAS) == DNAS.host()
    assert len(batch_of(SPACE, DNAS[0])) == 1
    assert len(batch_of(SPACE, [])) == 0
    assert batch_of(SPACE, [DNAS[1], Task(0.5)]).floats.tolist() == [DNAS.floats[1].tolist(), [0.5]]
    with pytest.raises(TypeError, match="expected a batch of DNAs"):
        batch_of(SPACE, Task(0.5))
    with pytest.raises(ValueError, match="another space"):
        batch_of(SPACE, [search.space([search.oneof([1, 2])]).sample(KEY)])


def test_a_generator_is_wrapped_in_a_list():
    with pytest.raises(TypeError, match=r"wrap it in list\(…\)"):
        batch_of(SPACE, (dna for dna in DNAS))


@pytest.mark.parametrize("space", [SPACE, search.space({"model": Task(search.floatv(0, 1))})])
def test_values_by_name_are_no_configuration(space):
    with pytest.raises((ValueError, KeyError)) as caught:
        batch_of(space, [{"model.rate": 0.5}])
    assert any("space.from_values(…) makes a DNA" in note for note in caught.value.__notes__)


def test_a_device_stands_for_itself():
    device = jax.devices()[0]
    assert devices_of(device) == devices_of([device]) == (device,)
    assert devices_of(None) == tuple(jax.local_devices())


def test_keys():
    assert key_aval(KEY).shape == ()
    with pytest.raises(TypeError, match="expected a JAX key"):
        key_aval(np.zeros(2))
