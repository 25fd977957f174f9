import symjax as sj
from symjax import search
from symjax.search.proposing.suggestions import Suggestion, shortened


def test_the_ends_of_a_range_and_what_is_between():
    path = sj.Path(["x"])
    few = Suggestion(path, 2, "", search.oneof([1, 2, 3, 4]))
    assert (few.extremes, few.others) == ((1, 4), (2, 3))
    range_ = Suggestion(path, 0.1, "", search.floatv(0.0, 0.5))
    assert (range_.extremes, range_.others) == ((0.0, 0.5), ())
    assert Suggestion(path, 2, "").extremes == (2, 2)


def test_reasons_are_cut_between_words():
    text = "8 does not divide 12"
    assert shortened(text, len(text)) == text
    for longest in range(6, len(text)):
        cut = shortened(text, longest)
        assert len(cut) <= longest
        assert text.startswith(cut.removesuffix("…"))  # whole words, and the space after them
    assert shortened("a" * 9, 8) == "aaaaaa …"
