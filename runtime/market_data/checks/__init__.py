"""Named rules for rows as they are read: what each finds, and what it may do about it."""
