"""Fields whose values nobody is shown by default: which they are, and how what is told goes without them."""
