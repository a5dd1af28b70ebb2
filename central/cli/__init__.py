"""The operator's command line, `spillway`: one file per noun, all over the API."""
