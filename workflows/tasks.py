def beat() -> None:
    """Do nothing, as a job: a cluster that does jobs is alive, and doing one moves its heartbeat."""
