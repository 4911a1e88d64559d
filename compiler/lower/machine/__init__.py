"""The position machine: rules, execution policies, limits and reports as segments of the program."""
