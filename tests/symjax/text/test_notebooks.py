"""HTML of trees and differences."""

import symjax as sj
from symjax import linen as nn


def test_a_tree_and_a_difference_render():
    model = nn.Sequential([nn.Dense(8), nn.relu])
    assert "treescope" in model._repr_html_()
    html = sj.diff(model, model.rebind({"layers[0].features": 9}))._repr_html_()
    for part in ("<code>layers[0].features</code>", ">8<", ">9<"):
        assert part in html
