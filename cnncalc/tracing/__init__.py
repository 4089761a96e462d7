"""What flows through a model, the same for every front end.

A tensor that descends from the input, a small known array, a weight; what arithmetic, views,
slices, joins and reductions make of them, as the plainest layers; and which tensor counts once.
A front end (PyTorch's source, Keras's, an ONNX file) says only how its own calls map to this.
"""
