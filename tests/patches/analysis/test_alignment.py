"""Which variables of a new model continue which of an old one."""

from symjax.patches.analysis.alignment import aligned


def blocks(*sizes, stem="Block", **others):
    """The kernels of blocks of these shapes, by path."""
    numbered = {("params", f"{stem}_{i}", "Dense_0", "kernel"): size for i, size in enumerate(sizes)}
    return {**numbered, **{("params", name, "kernel"): size for name, size in others.items()}}


def partners(old, new):
    return {path[1]: origin[1] for path, origin in aligned(old, new).items()}


A, B, C = (4, 4), (4, 8), (8, 8)


def test_paths_that_agree_belong_together_whatever_their_shapes():
    old, new = blocks(A, B, head=C), blocks(B, C, head=A)
    assert partners(old, new) == {"Block_0": "Block_0", "Block_1": "Block_1", "head": "head"}


def test_more_blocks_at_the_end():
    assert partners(blocks(A), blocks(A, A, A)) == {"Block_0": "Block_0"}


def test_more_blocks_in_the_middle_of_others():
    assert partners(blocks(A, B, C), blocks(A, A, B, C, C)) == {
        "Block_0": "Block_0",
        "Block_2": "Block_1",
        "Block_4": "Block_2",
    }


def test_the_last_of_equal_blocks_stays_the_last():
    assert partners(blocks(A, B), blocks(A, A, B)) == {"Block_0": "Block_0", "Block_2": "Block_1"}


def test_fewer_blocks():
    assert partners(blocks(A, B, C), blocks(A, C)) == {"Block_0": "Block_0", "Block_1": "Block_2"}


def test_blocks_that_are_wider_too_are_told_by_their_proportions():
    wide = [tuple(2 * size for size in shape) for shape in (A, B, B, C)]
    assert partners(blocks(A, B, C), blocks(*wide)) == {
        "Block_0": "Block_0",
        "Block_1": "Block_1",
        "Block_3": "Block_2",
    }


def test_items_of_lists_are_numbered_too():
    old = {("params", "layers", str(i), "kernel"): A for i in range(2)}
    new = {("params", "layers", str(i), "kernel"): A for i in range(11)}
    assert {path[2] for path in aligned(old, new)} == {"0", "1"}


def test_what_is_new_or_of_another_kind_has_no_origin():
    assert aligned(blocks(A), {("params", "Block_0", "kernel"): A, ("params", "other"): A}) == {}
    assert aligned({("params", "a"): A}, {("params", "a", "b"): A}) == {}


def test_the_collections_of_a_module_stay_together():
    def norms(*sizes):
        kernels = {("params", f"Block_{i}", "kernel"): (size, 2 * size) for i, size in enumerate(sizes)}
        return {**kernels, **{("batch_stats", f"Block_{i}", "mean"): (2,) for i in range(len(sizes))}}

    assert aligned(norms(3, 5), norms(3, 4, 5))["batch_stats", "Block_2", "mean"][1] == "Block_1"
