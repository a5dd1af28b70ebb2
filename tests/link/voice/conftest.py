"""Let the suite's assertions explain themselves."""

import pytest

pytest.register_assert_rewrite("tests.link.voice.port_suite")
