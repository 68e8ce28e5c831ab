"""Reading XML Schemas that describe an EDI message as XML."""
