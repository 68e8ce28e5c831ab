"""What can be seen from a mapping file: where values come from, guidelines, schemas, differences, samples."""
