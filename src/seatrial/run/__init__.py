"""What runs: terminals, sandboxes, engines, and who listens to them."""
