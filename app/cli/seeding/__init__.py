"""The believable small cloud of `arcadia seed`: what happens is drawn from a number, and done by the operations."""
