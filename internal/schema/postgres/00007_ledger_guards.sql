-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION journal_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (SELECT count(*) < 2 OR sum(amount) <> 0 OR min(abs(amount)) = 0 FROM postings
		WHERE org_id = NEW.org_id AND entry_id = NEW.id) THEN
		RAISE EXCEPTION 'a journal entry needs two postings or more, none zero, that sum to zero';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER journal_entries_balance BEFORE INSERT ON journal_entries
	FOR EACH ROW EXECUTE FUNCTION journal_entry_balances();
-- +goose StatementBegin
CREATE FUNCTION posting_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM journal_entries WHERE org_id = NEW.org_id AND id = NEW.entry_id) THEN
		RAISE EXCEPTION 'the journal entry is complete';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER postings_complete BEFORE INSERT ON postings FOR EACH ROW EXECUTE FUNCTION posting_complete();
-- +goose StatementBegin
CREATE FUNCTION never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER postings_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON postings EXECUTE FUNCTION never_changes();
CREATE TRIGGER journal_entries_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entries EXECUTE FUNCTION never_changes();
CREATE TRIGGER audit_events_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events EXECUTE FUNCTION never_changes();
