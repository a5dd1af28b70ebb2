"""Talk groups: who has the floor, who is keyed, who hears whom."""
