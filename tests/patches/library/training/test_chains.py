"""Where something is put into chains of gradient transformations."""

import optax as raw

from symjax import optax
from symjax.patches.library.training.averaging import parameter_average
from symjax.patches.library.training.chains import appended, inner_transformations, prepended
from symjax.patches.library.training.gradients import accumulated

SGD, CLIP, SCALE = optax.sgd(0.1), optax.clip(1.0), optax.scale(2.0)


def test_chains_do_not_nest():
    assert prepended(prepended(SGD, CLIP), SCALE) == optax.chain(SCALE, CLIP, SGD)
    assert appended(appended(SGD, CLIP), SCALE) == optax.chain(SGD, CLIP, SCALE)


def test_averages_stay_last():
    average = parameter_average(0.5)
    assert appended(optax.chain(SGD, average), SCALE) == optax.chain(SGD, SCALE, average)


def test_plain_transformations_are_wrapped_as_they_are():
    plain = raw.adam(0.1)
    assert prepended(plain, CLIP).args[1] is plain
    (inner,) = inner_transformations({"tx": plain}).values()
    assert inner is plain


def test_inside_accumulation():
    tree = [SGD, accumulated(optax.MultiSteps(CLIP, 2), 3), optax.chain(SGD, CLIP)]
    paths = {str(path): value for path, value in inner_transformations(tree).items()}
    assert paths == {"[0]": SGD, "[1].optimizer.opt": CLIP, "[2]": tree[2]}
