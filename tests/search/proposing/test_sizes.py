import symjax as sj
from symjax.patches import Effect
from symjax.search.proposing.sizes import sizes


def effect(name, value, kind, **further):
    return Effect(sj.Path([name]), value, kind, **further)


def candidates(*effects):
    return {str(s.path): s.choice and list(s.choice.candidates) for s in sizes(effects)}


def test_widths_and_depths_in_ratios():
    assert candidates(effect("width", 12, "width"), effect("depth", 1, "depth")) == {
        "width": [6, 12, 24],
        "depth": [1, 2],
    }


def test_what_heads_divide_they_go_on_to_divide():
    found = candidates(
        effect("width", 24, "width"), effect("hidden", 50, "width"), effect("heads", 3, "partition")
    )
    assert found == {"width": [12, 24, 48], "hidden": [25, 50, 100], "heads": [2, 3, 6]}
    assert all(width % heads == 0 for width in found["width"] for heads in found["heads"])


def test_as_many_heads_as_features():
    found = candidates(effect("width", 2, "width"), effect("heads", 2, "partition"))
    assert found == {"width": [2, 4], "heads": [1, 2]}


def test_heads_without_another_number_stay():
    (_, heads) = sizes([effect("width", 1, "width"), effect("heads", 1, "partition")])
    assert heads.choice is None
    assert "no other value" in heads.why


def test_what_changes_together_is_one_decision():
    first, second = sj.Path(["a"]), sj.Path(["b"])
    (suggestion,) = sizes(
        [Effect(first, 8, "width", together=(second,)), Effect(second, 8, "width", together=(first,))]
    )
    assert suggestion.path == first
    assert suggestion.ties == (second,)


def test_the_tasks_sizes_stay():
    (suggestion,) = sizes([effect("classes", 3, "task", remark="the outputs change their shape")])
    assert suggestion.choice is None
    assert suggestion.why == "the task's: the outputs change their shape"
