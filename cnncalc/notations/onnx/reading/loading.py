"""A model file becomes plain records; data kept in other files is never opened."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cnncalc import files, packages
from cnncalc.errors import LayerError, SpecError
from cnncalc.notations.onnx.reading.model import (
    MAX_NODES,
    MAX_VALUES,
    STANDARD,
    DeclaredInput,
    Function,
    Graph,
    Model,
    Node,
    Reference,
    Stored,
    broken,
    clean,
)

if TYPE_CHECKING:
    from onnx import (
        AttributeProto,
        FunctionProto,
        GraphProto,
        ModelProto,
        NodeProto,
        SparseTensorProto,
        TensorProto,
        TensorShapeProto,
        ValueInfoProto,
    )

__all__ = ["MAX_BYTES", "load", "load_bytes"]

MAX_BYTES = 2**31 - 1  # what protobuf can hold
MAX_DEPTH = 16  # graphs inside graphs
FEW = 4096  # fractions that are looked at in one tensor: scales and bounds, no weights


def load(path: str) -> Model:
    """Read a model file.

    Raises:
        SpecError: no such file, or one that is no ONNX model.
        CnnCalcError: the package `onnx` can't be loaded.
    """
    try:
        size = os.path.getsize(path)
        if size > MAX_BYTES:
            raise broken(path, f"it has {size:,} bytes", "a model whose weights lie in other files")
        data = files.read(path, MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError(f"`{path}` can't be read: {reason}", code="no-file") from None
    return load_bytes(data, path)


def load_bytes(data: bytes, file: str | None = None) -> Model:
    """Read a model from the bytes of its file; `file` is what messages call it."""
    onnx = packages.load("onnx", "reading ONNX models", "no-onnx")
    from google.protobuf.message import DecodeError

    if len(data) > MAX_BYTES:
        raise broken(file, f"it has {len(data):,} bytes")
    try:
        proto = onnx.ModelProto.FromString(data)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise broken(
            file, "its bytes are no model", "a file that torch.onnx or tf2onnx made"
        ) from None
    del data
    try:
        return _Loading(onnx, file).model(proto)
    except LayerError as error:
        raise broken(file, error.message) from None
    except (UnicodeDecodeError, OverflowError, ValueError, TypeError) as error:
        if isinstance(error, SpecError):
            raise
        raise broken(file, "it holds values that can't be") from None


class _Loading:
    """The conversion of one model."""

    def __init__(self, onnx: ModuleType, file: str | None) -> None:
        self.onnx = onnx
        self.file = file
        self.nodes = 0
        self.lifted: str | None = None  # how an exporter calls numbers of the program
        self.merging = False

    def model(self, proto: ModelProto) -> Model:
        flows = proto.graph.node or (proto.graph.input and proto.graph.output)
        if not proto.HasField("graph") or not flows:
            raise broken(self.file, "it has no nodes", "a file that torch.onnx or tf2onnx made")
        # torch.onnx stores the numbers of the program beside the weights, which have names.
        self.lifted = r"val_\d+" if text(proto.producer_name) == "pytorch" else None
        self.merging = any(map(_reads_twice, proto.graph.node))
        versions = {text(each.domain): each.version for each in proto.opset_import}
        opset = next((versions[name] for name in STANDARD if name in versions), 1)
        functions = {
            (text(each.domain), text(each.name)): self.function(each) for each in proto.functions
        }
        return Model(self.graph(proto.graph), opset, functions, self.file)

    def graph(self, proto: GraphProto, depth: int = 0, number: int = 0) -> Graph:
        """A graph; `number` is the main graph's node that it belongs to, 0 for the main one."""
        if depth > MAX_DEPTH:
            raise broken(self.file, "its graphs are nested too deeply")
        constants = {}
        for tensor in proto.initializer:
            constants[text(tensor.name)] = self.constant(tensor, text(tensor.name))
        for sparse in proto.sparse_initializer:
            constants[text(sparse.values.name)] = self.sparse(sparse)
        inputs = tuple(
            self.declared(value) for value in proto.input if text(value.name) not in constants
        )
        nodes = self.run(proto.node, depth, number)
        return Graph(inputs, tuple(text(value.name) for value in proto.output), constants, nodes)

    def run(self, protos: Iterable[NodeProto], depth: int, number: int) -> tuple[Node, ...]:
        nodes = []
        for place, proto in enumerate(protos, 1):
            self.nodes += 1
            if self.nodes > MAX_NODES:
                raise broken(self.file, f"it has more than {MAX_NODES:,} nodes")
            nodes.append(self.node(proto, depth, number or place))
        return tuple(nodes)

    def node(self, proto: NodeProto, depth: int, number: int) -> Node:
        attributes = {
            text(each.name): self.attribute(each, depth, number) for each in proto.attribute
        }
        return Node(
            clean(text(proto.name)),
            text(proto.op_type),
            text(proto.domain),
            tuple(map(text, proto.input)),
            tuple(map(text, proto.output)),
            attributes,
            number,
        )

    def function(self, proto: FunctionProto) -> Function:
        defaults = {text(each.name): self.attribute(each, 0, 0) for each in proto.attribute_proto}
        return Function(
            tuple(map(text, proto.input)),
            tuple(map(text, proto.output)),
            defaults,
            self.run(proto.node, 0, 0),
        )

    def attribute(self, proto: AttributeProto, depth: int, number: int) -> Any:
        """An attribute's plain value; a text where ONNX has bytes."""
        if proto.ref_attr_name:
            return Reference(text(proto.ref_attr_name))
        kinds = self.onnx.AttributeProto
        if proto.type == kinds.FLOAT:
            return short(proto.f)
        if proto.type == kinds.INT:
            return proto.i
        if proto.type == kinds.STRING:
            return text(proto.s)
        if proto.type == kinds.TENSOR:
            return self.constant(proto.t, "", literal=True)
        if proto.type == kinds.SPARSE_TENSOR:
            return self.sparse(proto.sparse_tensor, literal=True)
        if proto.type == kinds.GRAPH:
            return self.graph(proto.g, depth + 1, number or 1)
        if proto.type == kinds.FLOATS:
            return [short(each) for each in proto.floats]
        if proto.type == kinds.INTS:
            return list(proto.ints)
        if proto.type == kinds.STRINGS:
            return [text(each) for each in proto.strings]
        return None  # lists of tensors and graphs: no operator that is read has them

    def constant(self, tensor: TensorProto, name: str, literal: bool = False) -> Stored:
        """A stored tensor, with its numbers where they are few."""
        shape = tuple(tensor.dims)
        types = self.onnx.TensorProto
        fractions = tensor.data_type not in (
            types.INT64, types.INT32, types.BOOL, types.UINT64, types.UINT32, types.INT16,
            types.UINT16, types.STRING, types.UNDEFINED,
        )  # fmt: skip
        lifted = self.lifted is not None and re.fullmatch(self.lifted, name) is not None
        stored = Stored(clean(name), shape, fractions, literal or lifted)
        outside = tensor.data_location == types.EXTERNAL
        few = stored.count <= (FEW if fractions else MAX_VALUES)
        if few and not outside and (stored.count == 0 or _has_data(tensor)):
            stored.values, stored.whole = self.numbers(tensor, name)
            stored.merged = self.merging and stored.count > 1 and stored.uniform is not None
        return stored

    def numbers(self, tensor: TensorProto, name: str) -> tuple[list[float] | None, bool]:
        """Its numbers, row by row, and whether they are whole."""
        try:
            values = self.onnx.numpy_helper.to_array(tensor)
        except Exception:  # whatever a damaged tensor makes of it
            raise broken(self.file, f"the tensor `{clean(name)}` is damaged") from None
        kind = values.dtype.kind
        if kind in "iub":
            numbers = values.reshape(-1).tolist()
            return [int(each) for each in numbers] if kind == "b" else numbers, True
        if kind not in "fV":  # texts; the small types of machine learning are V
            return None, False
        if values.dtype.itemsize == 2 and kind == "f":  # 0.1, not 0.09997559
            return [float(str(each)) for each in values.reshape(-1)], False
        values = values.astype("float32") if kind == "V" else values
        return values.reshape(-1).tolist(), False

    def sparse(self, sparse: SparseTensorProto, literal: bool = False) -> Stored:
        return Stored(clean(text(sparse.values.name)), tuple(sparse.dims), True, literal)

    def declared(self, value: ValueInfoProto) -> DeclaredInput:
        kind = value.type.tensor_type
        if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
            return DeclaredInput(text(value.name), None)
        whole = kind.elem_type in (self.onnx.TensorProto.INT32, self.onnx.TensorProto.INT64)
        sizes = tuple(_size(size) for size in kind.shape.dim)
        return DeclaredInput(text(value.name), sizes, whole)


def _reads_twice(node: NodeProto) -> bool:
    """Whether a batch norm's scale is its variance, or its shift its mean.

    Exporters keep tensors of the same numbers once: all the ones and zeros of an untrained
    model, which are no shared weights.
    """
    if node.op_type != "BatchNormalization" or len(node.input) < 5:
        return False
    _, scale, shift, mean, variance = node.input[:5]
    return bool(scale == variance or shift == mean)


def _has_data(tensor: TensorProto) -> bool:
    """Whether a tensor holds numbers: some files have their weights taken out."""
    named = {field.name for field, _ in tensor.ListFields()} - {"external_data"}
    return any(name.endswith("_data") for name in named)


def text(value: str | bytes) -> str:
    """A name; damaged files have some that are no UTF-8."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _size(size: TensorShapeProto.Dimension) -> int | str | None:
    if size.HasField("dim_value"):
        return int(size.dim_value) if size.dim_value > 0 else None
    return text(size.dim_param) or None


def short(value: float) -> float:
    """The shortest number that is the same in single precision: 0.01, not 0.009999999776."""
    import numpy

    return float(str(numpy.float32(value)))
