"""Tests of ONNX files: they skip where onnx is absent."""

from importlib.util import find_spec

import pytest

if find_spec("onnx") is None:
    pytest.skip("onnx is not installed", allow_module_level=True)
