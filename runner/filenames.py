"""What the files of a workspace are called."""

FILE = "transload.yaml"
"""The workspace's own file, in its folder."""
PARTNER_FILE = "partner.yaml"
"""A partner's file, in the partner's folder."""
