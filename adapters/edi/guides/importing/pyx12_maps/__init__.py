"""What pyx12's map folder holds, read into records, and how these become guides."""
