"""A cluster of Ray on this machine, which the tests of a process share: it takes seconds to start."""

import os
import tempfile
import warnings

import pytest


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """Ray on this machine, for two workers."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install symjax-flax[ray]")
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("elsewhere"))  # workers import from where Ray was started
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:  # a short path
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "os.fork")  # JAX warns; Ray's processes are others at once
            ray.init(
                num_cpus=2,
                include_dashboard=False,
                object_store_memory=80 << 20,
                configure_logging=False,
                log_to_driver=False,
                _temp_dir=folder,
            )
        os.chdir(before)
        yield
        ray.shutdown()
