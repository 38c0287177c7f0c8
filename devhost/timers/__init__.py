"""Timer triggers: schedules and when they are due."""
