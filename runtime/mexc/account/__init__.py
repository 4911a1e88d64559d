"""What is known of an account, as the join of all facts, and the private stream and reads that tell them."""
