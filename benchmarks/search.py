"""Searches: how good they are, and how fast.

``python benchmarks/search.py regret`` compares what they find, ``python benchmarks/search.py speed`` times
them; README.md says what the rows mean.
"""

import sys

import jax

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_compilation_cache", False)


def main() -> None:
    """Runs the part that the first word names."""
    part, words = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if part == "speed":
        from speed import main as run
    elif part == "regret":
        from regret import main as run
    else:
        sys.exit(__doc__)
    run(words)


if __name__ == "__main__":
    main()
