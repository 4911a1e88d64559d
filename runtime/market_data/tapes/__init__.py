"""What a run reads: data sets on the venue's grid, merged in the order of time."""
