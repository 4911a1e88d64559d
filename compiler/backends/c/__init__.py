"""FIR to one C11 translation unit, and that to an object that exports one symbol."""
