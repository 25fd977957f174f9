"""A file may name the layers that patches put into trees of NNX, in a process that has not used NNX yet."""

import subprocess
import sys

import symjax as sj
from symjax import linen as nn
from symjax import nnx
from symjax.patches import insert
from symjax.patches.interior.nnx.bridge import BridgeNode


def test_a_file_is_read_in_a_new_process():
    tree = [
        BridgeNode(nn.Dense(3), (((1, 4), "float32"),)),
        insert(nnx.Linear(4, 3), after=[nnx.Dropout(0.5)]),
    ]
    code = f"""
import sys
import symjax as sj
from symjax import patches
tree = sj.from_json({sj.to_json(tree)!r})
print(sj.format(tree, width=1000))
"""
    run = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == sj.format(tree, width=1000)
