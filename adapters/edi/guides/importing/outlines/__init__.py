"""What sources say of a message use by use, and how it becomes a guide.

An implementation guide describes every use of a segment by itself: NM1 of the billing provider,
NM1 of the subscriber.  An *outline* holds a message so; `drafting` makes a guide of it.
"""
