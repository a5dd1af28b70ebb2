"""The gateway's voice process: sound cards, the standing legs and the files that are played."""
