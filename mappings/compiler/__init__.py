"""From the meaning of a mapping to Python functions, built as syntax trees: no text of a mapping becomes code."""
