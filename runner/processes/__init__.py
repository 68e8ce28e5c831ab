"""The processes of a service: who started ours and watches it, and those that we start and watch ourselves."""
