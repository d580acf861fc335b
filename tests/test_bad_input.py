"""Every bad call of the table gets its error, with words that help."""

import pytest

from tests.bad_input import TABLE, outcome


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad.title)
def test_a_bad_call_gets_its_error(bad):
    error, _ = outcome(bad)
    assert isinstance(error, bad.error), repr(error)
    rest = str(error)
    for words in bad.says:
        assert words in rest, f"{words!r} missing, or out of order, in: {error}"
        rest = rest[rest.index(words):]


def test_the_table_is_long_and_has_no_twins():
    assert len(TABLE) >= 40 and len({bad.title for bad in TABLE}) == len(TABLE)
