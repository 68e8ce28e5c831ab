"""Receiving: sources are asked, and what they give becomes receipts."""
