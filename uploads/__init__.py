"""Files of members: nothing yet, the name is taken for them."""
