"""FIR to C, and C to a shared object."""
