"""The mapping language: what a file means, apart from any data."""
