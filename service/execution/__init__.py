"""Where runs are executed: the dispatcher, the process pool, the worker."""
