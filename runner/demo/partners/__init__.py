"""Small trading partners on loopback, for the demonstration and for tests: a REST API, a SOAP service, an SFTP server.

They are real servers that keep what they were sent and count what came twice, and
they misbehave when told to.  They are no part of moving documents, and need the
extra ``demo``.
"""
