"""Data sets at rest: versioned tables, their records and names, and questions to them."""
