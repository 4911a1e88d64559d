"""FIR to a Numba kernel module."""
