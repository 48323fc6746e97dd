"""Why one rule earns more than another: their difference, divided over the parts of a rule."""
