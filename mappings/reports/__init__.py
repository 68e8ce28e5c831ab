"""What a mapping says about a message: findings with both places, and lineage."""
