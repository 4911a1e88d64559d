"""Files of other tools and of archives, made checked data sets."""
