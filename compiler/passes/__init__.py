"""FIR to FIR, bit-preserving."""
