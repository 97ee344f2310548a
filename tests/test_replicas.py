"""A step on two replicas is that of one device: clipping, overflow, empty parts."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.replica_steps import CASES
from tests.training_jobs import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """What came of every case on one device, and on two replicas."""
    answers = tmp_path_factory.mktemp("steps") / "answers.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.replica_steps", str(answers)],
        cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(answers.read_text())


@pytest.mark.parametrize("name", CASES)
def test_a_step_is_that_of_one_device(name, steps):
    single, both = steps[name]
    tolerance = 2e-3 if single["scale"] else 1e-5
    np.testing.assert_allclose(both["weights"], single["weights"], atol=tolerance)
    assert both["history"].keys() == single["history"].keys()
    for key, values in single["history"].items():
        np.testing.assert_allclose(both["history"][key], values, rtol=100 * tolerance)
    assert (both["scale"], both["updates"]) == (single["scale"], single["updates"])


@pytest.mark.parametrize("name", ["overflow", "overflow_value"])
def test_replicas_skip_an_overflow_together(name, steps):
    for found in steps[name]:
        assert np.isfinite(found["weights"]).all()
        assert found["scale"] == 2.0**14
        assert found["updates"] == 1


@pytest.mark.parametrize(
    ("plain", "names"),
    [
        ("plain", ["clipnorm", "global_clipnorm", "clipvalue"]),
        ("half", ["half_norm", "half_value"]),
    ],
)
def test_the_limits_of_these_cases_matter(plain, names, steps):
    for name in names:
        clipped, free = (steps[case][0]["weights"] for case in (name, plain))
        assert np.abs(np.subtract(clipped, free)).max() > 0.02


def test_accumulation_is_refused(steps):
    assert "gradient_accumulation_steps" in steps["accumulation"]
