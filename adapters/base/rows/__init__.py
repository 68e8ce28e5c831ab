"""What formats of rows share: lines and bytes of their text, how rows fall into documents, what is around them."""
