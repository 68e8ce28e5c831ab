"""Bytes to messages: interchanges are found (`scan`), framed and checked, and messages taken apart one by one.

A payload is gone through twice: once for the envelopes, so that what is wrong with an interchange is known before
its first message is given out, and once for the messages.
"""
