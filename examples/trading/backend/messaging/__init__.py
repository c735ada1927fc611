"""Events between services. `tasks` is for those who have work done later."""
