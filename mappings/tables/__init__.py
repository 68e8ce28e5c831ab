"""Tables from outside a mapping: partner cross-references and code lists, from CSV files and databases."""
