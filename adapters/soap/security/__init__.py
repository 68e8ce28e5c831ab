"""WS-Security: what goes into the header of a request, and what an answer must be signed with."""
