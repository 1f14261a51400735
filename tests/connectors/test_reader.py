"""The role for those who only look: what it may do is in its SQL; `test_apply_on_stack` holds the database to it."""

from connectors.reader import reader_statements
from schemas.contract import Contract
from schemas.settings import Settings


def test_it_may_read_listed_columns_and_raise_the_pulse_and_nothing_else(
    contract: Contract, settings: Settings
) -> None:
    texts = [statement.text for statement in reader_statements(contract, settings)]
    assert not any(word in text for text in texts for word in ("superuser", "replication", "insert", "delete", "iin"))
    assert len([text for text in texts if text.startswith("grant select (")]) == len(contract.tables)
    updates = [text for text in texts if "update (" in text]
    assert updates == ['grant select, update (ts, seq, source_id) on cdc.heartbeat to "techhub_cdc_reader"']
    assert any("statement_timeout = '60s'" in text for text in texts)
