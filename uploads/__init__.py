"""Files of members: they go straight to the store, and only verified ones exist for anybody else."""
