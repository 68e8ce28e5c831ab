"""Who is told of incidents: channels, what is told when, and how it is sent."""
