"""Plays the blob trigger: sees what changed in a container and delivers it."""
