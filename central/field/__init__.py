"""What the devices in the field told and were ordered: pure folds of facts into what screens are shown."""
