"""The kernels of the bundled executor: plain functions on arrays (N, C, *spatial).

Each takes the array module first, NumPy or CuPy, and works for any number of spatial axes. No
array library is imported here.
"""
