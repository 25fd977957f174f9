"""URIs become patches, or errors that name the URI and what would have been right."""

from collections.abc import Sequence
from typing import Annotated, Literal

import pytest
from annotated_types import Gt, Interval

from symjax import patches
from symjax.patches import from_uri


@patches.patcher(name="test_resolve.make")
def make(
    tree,
    rate: Annotated[float, Interval(gt=0, lt=1)],
    name: str = "x",
    sizes: Sequence[int] = (),
    *,
    mode: Literal["same", "valid"] = "same",
    bias: bool | None = None,
):
    return None


@pytest.mark.parametrize(
    ("uri", "patch"),
    [
        ("test_resolve.make?0.5", make(0.5)),
        ("test_resolve.make?rate=5e-1", make(0.5)),
        ("test_resolve.make?0.5&10", make(0.5, "10")),
        ("test_resolve.make?0.5&a%20b&1:2:3", make(0.5, "a b", (1, 2, 3))),
        ("test_resolve.make?0.5&sizes=64", make(0.5, sizes=(64,))),
        ("test_resolve.make?0.5&sizes=[]", make(0.5)),
        ("test_resolve.make?0.5&mode=valid&bias=true", make(0.5, mode="valid", bias=True)),
        ("test_resolve.make?0.5&bias=None&name=None", make(0.5, "None")),
        ("test_resolve.make?0.5#3", make(0.5).expects(3)),
        ("test_resolve.make?0.5|test_resolve.make?0.1", make(0.5) | make(0.1)),
    ],
)
def test_a_uri_is_a_patch(uri, patch):
    assert from_uri(uri) == patch


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        ("", TypeError, "misses rate; test_resolve.make takes rate: "),
        ("?raet=0.5", TypeError, "'raet'; did you mean 'rate'? its arguments: rate, "),
        ("?0.5&rate=0.5", TypeError, "two values for 'rate'"),
        ("?0.5&x&1&same", TypeError, "takes 3 positional arguments, got 4"),
        ("?half", TypeError, "rate"),
        ("?2", ValueError, "rate"),
        ("?nan", ValueError, "rate"),
        ("?'0.5'", TypeError, "rate"),
        ("?0.5&sizes=1:x", TypeError, "sizes"),
        ("?0.5&sizes=1.5:2", TypeError, "sizes"),
        ("?0.5&mode=smae", (TypeError, ValueError), "mode"),
        ("?0.5&bias=1", TypeError, "bias"),
    ],
)
def test_a_wrong_argument_names_the_uri(query, kind, message):
    uri = f"test_resolve.make{query}"
    with pytest.raises(kind) as caught:
        from_uri(uri)
    assert message in str(caught.value)
    assert str(caught.value).endswith(f"(uri={uri})")


def test_the_link_of_a_chain_at_fault_is_named():
    with pytest.raises(TypeError, match=r"\(uri=test_resolve.make\?half\)$"):
        from_uri("test_resolve.make?0.5|test_resolve.make?half")


def test_a_hint_that_no_text_can_satisfy_is_a_type_error():
    @patches.patcher(name="test_resolve.strange")
    def strange(tree, kind: type, n: Annotated[int, Gt(0)] = 1):
        return None

    with pytest.raises(TypeError, match="kind"):
        from_uri("test_resolve.strange?int")
