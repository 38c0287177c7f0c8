"""A package, so that its fixtures end with it: Playwright's loop must not run on beside others."""
