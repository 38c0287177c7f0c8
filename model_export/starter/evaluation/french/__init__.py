"""The French half of the evaluation: its queries, what is measured, and its part of the page."""
