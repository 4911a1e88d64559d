"""How each library function is computed, in the groups of the library table."""
