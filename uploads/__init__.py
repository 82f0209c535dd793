"""Files of members: they go straight to the store, and nobody else sees one before it is verified."""
