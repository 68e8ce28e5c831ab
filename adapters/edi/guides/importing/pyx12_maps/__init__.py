"""Reading pyx12's map folder."""
