from link.certs.errors import CertError


def test_an_error_says_what_and_what_to_do():
    error = CertError("the key is gone", "restore it")
    assert (str(error), error.what, error.advice) == (
        "the key is gone: restore it",
        "the key is gone",
        "restore it",
    )
