"""History by request: which pages to ask for, how answers are checked, and how they reach the store."""
