"""What is odd about a data set, told without changing it."""
