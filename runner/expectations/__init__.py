"""What should happen and by when, whether it did, and what is wrong if not: settings, awaiting, judging, watching."""
