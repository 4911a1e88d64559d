# mypy: ignore-errors
# ruff: noqa
"""Transcendental functions for kernels. Generated from compiler/library/mathfir.py by compiler/backends/numba."""

from numba import njit


_compiled = njit(error_model="numpy", fastmath=False, nogil=True, cache=True)
