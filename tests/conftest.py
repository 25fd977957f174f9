"""The environment of the whole suite; everything here must be said before JAX is imported."""

import gc
import importlib.metadata
import importlib.util
import itertools
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

# How XLA compiles. What the suite computes is tiny and runs once or twice, so that it waits for the compiler: without
# optimizations that takes a third of the time. SYMJAX_OPTIMIZE=1 leaves them on, as users have them: `pytest -m exact`
# then says what holds to the last bit (`.ci/run` does both). What XLA_FLAGS says already stays as it is.
FLAGS = {"--xla_force_host_platform_device_count": "2"}  # so that sharding is always exercised
if os.environ.get("SYMJAX_OPTIMIZE", "0") == "0":
    FLAGS |= {
        "--xla_backend_optimization_level": "0",
        "--xla_llvm_disable_expensive_passes": "true",
        "--xla_cpu_parallel_codegen_split_count": "1",
    }
    # Later versions do not know this flag, and end where they do not know one.
    if importlib.metadata.version("jaxlib").startswith("0.10."):
        FLAGS["--xla_cpu_use_fusion_emitters"] = "false"
_chosen = os.environ.get("XLA_FLAGS", "")
os.environ["XLA_FLAGS"] = " ".join(
    [_chosen, *(f"{flag}={value}" for flag, value in FLAGS.items() if flag not in _chosen)]
).strip()
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "agg")

# Every program is worth keeping: the suite's are small and many. Subprocesses inherit this.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
# What tests compile is nothing from which to estimate how long the user's programs will take.
os.environ["XDG_CACHE_HOME"] = str(ROOT / ".cache" / "home")

# No deadline: an example's first run compiles. A run is repeatable unless one goes exploring.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", settings.get_profile("repeatable"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


# A process may map 65,530 regions of memory in Linux, and compiled programs take some each: past that, XLA crashes.
MOST_REGIONS = 20_000
_tests = itertools.count(1)


def pytest_runtest_teardown() -> None:
    """Lets go of compiled programs where a process has very many; they come back from the persistent cache."""
    regions = Path("/proc/self/maps")
    if next(_tests) % 20 or not regions.exists() or regions.read_bytes().count(b"\n") < MOST_REGIONS:
        return
    import jax  # not before the settings above were read

    jax.clear_caches()
    gc.collect()


def pytest_collection_finish() -> None:
    """Spares the garbage collector what stays anyway: ten thousand tests, and all modules."""
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    """Refuses to test the folder `symjax` of the working tree in place of the installed package."""
    spec = importlib.util.find_spec("symjax")
    if spec is None:
        raise pytest.UsageError('symjax is not installed: run `pip install ".[test]"` first')
    where = list(spec.submodule_search_locations or [])
    # Asked of the finders: `find_spec("symjax.patches")` would import symjax, which may fail.
    if not any(finder.find_spec("symjax.patches", where) for finder in sys.meta_path):
        raise pytest.UsageError(
            f"symjax would be imported from {', '.join(where)}, where symjax.patches does not "
            "exist. Install it, and call `pytest`: `python -m pytest` and a PYTHONPATH that names "
            "the working tree put its folder `symjax` before the installed package"
        )
