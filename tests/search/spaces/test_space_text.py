"""How a space prints, in a terminal and in a notebook."""

from symjax import search
from symjax.search.spaces.space_text import name_of

SPACE = search.space(
    {
        "act": search.oneof({"<soft>": "softplus", "none": None}),
        "layers": search.manyof(2, [8, [16, search.floatv(0.1, 0.5)]], distinct=False, sorted=True),
        "depth": search.intv(1, 4),
    }
)


def test_a_summary_has_a_line_for_each_decision():
    assert repr(SPACE).splitlines() == [
        "Space of infinitely many trees, 5 decisions",
        "  act: oneof({'<soft>': 'softplus', 'none': None})",
        "  layers: manyof(2, [8, (16, floatv(0.1, 0.5))], distinct=False, sorted=True)",
        "  layers[0][=1/2][1]: floatv(0.1, 0.5)",
        "  layers[1][=1/2][1]: floatv(0.1, 0.5)",
        "  depth: intv(1, 4)",
    ]


def test_print_lists_the_candidates():
    assert str(SPACE).splitlines()[:10] == [
        "Space({",
        "  0 = 'act': oneof([",
        "    (0) <soft>: 'softplus'",
        "    (1) none: None",
        "  ])",
        "  1 = 'layers': manyof(2, [",
        "    (0): 8",
        "    (1): (16, floatv(0.1, 0.5))",
        "  ], distinct=False, sorted=True)",
        "  2 = 'layers[0][=1/2][1]': floatv(0.1, 0.5)",
    ]


def test_a_page_is_escaped_and_can_be_folded():
    page = SPACE._repr_html_()
    assert "&lt;soft&gt;" in page
    assert "<soft>" not in page
    assert page.count("<tr>") == 1 + len(SPACE)
    assert page.count("<details") == page.count("</details>") == 1 + 2
    assert "layers[1] = (16, floatv(0.1, 0.5))" in page


def test_a_constraint_goes_by_the_name_of_its_function():
    def fits(tree):
        return True

    assert name_of(fits) == "fits"
    assert repr(SPACE.constrain(fits)).startswith("Space of infinitely many trees at most")
