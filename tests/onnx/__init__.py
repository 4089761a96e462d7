"""Tests of ONNX files: they skip where onnx is absent, and fail there if REQUIRE_ONNX is set."""

import os
from importlib.util import find_spec

import pytest

if find_spec("onnx") is None and not os.environ.get("REQUIRE_ONNX"):
    pytest.skip("onnx is not installed", allow_module_level=True)
