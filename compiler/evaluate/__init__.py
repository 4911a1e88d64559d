"""The reference interpreter: the definition of what FIR means."""
