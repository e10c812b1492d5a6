"""What every test stands on: a simulator without faults, and an end to those that a test asks for."""

import pytest

import simulator


@pytest.fixture(autouse=True)
def no_faults_remain():
    simulator.script([])
    yield
    simulator.script([])
