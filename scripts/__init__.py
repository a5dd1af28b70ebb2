"""What people run from a checkout. Never imported by the product."""
