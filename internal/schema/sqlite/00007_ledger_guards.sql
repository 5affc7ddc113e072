-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER journal_entries_balance BEFORE INSERT ON journal_entries BEGIN
	SELECT CASE WHEN (SELECT count(*) < 2 OR sum(amount) <> 0 OR min(abs(amount)) = 0 FROM postings
		WHERE org_id = NEW.org_id AND entry_id = NEW.id)
		THEN RAISE(ABORT, 'a journal entry needs two postings or more, none zero, that sum to zero') END;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER postings_complete BEFORE INSERT ON postings
WHEN EXISTS (SELECT 1 FROM journal_entries WHERE org_id = NEW.org_id AND id = NEW.entry_id) BEGIN
	SELECT RAISE(ABORT, 'the journal entry is complete');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER postings_update BEFORE UPDATE ON postings BEGIN SELECT RAISE(ABORT, 'postings never change'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER postings_delete BEFORE DELETE ON postings BEGIN SELECT RAISE(ABORT, 'postings are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_entries_update BEFORE UPDATE ON journal_entries BEGIN SELECT RAISE(ABORT, 'journal entries never change'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_entries_delete BEFORE DELETE ON journal_entries BEGIN SELECT RAISE(ABORT, 'journal entries are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_events_update BEFORE UPDATE ON audit_events BEGIN SELECT RAISE(ABORT, 'the audit trail never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_events_delete BEFORE DELETE ON audit_events BEGIN SELECT RAISE(ABORT, 'the audit trail is never cut'); END;
-- +goose StatementEnd
