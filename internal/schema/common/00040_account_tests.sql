-- +goose Up
-- Money that proves whose an account is: one deposit to an account of ours (FND-6), two to one of a vendor (VEN-5). Who
-- reads the amounts on its statement and types them, has it.
CREATE TABLE account_tests (
	org_id     ctext  NOT NULL,
	account_id ctext  NOT NULL,                -- of bank_accounts or vendor_bank_accounts
	kind       ctext  NOT NULL,                -- deposit, micro
	state      ctext  NOT NULL,                -- due, sent, confirmed, failed, returned
	first      BIGINT NOT NULL DEFAULT 0,      -- minor units, once it is sent
	second     BIGINT NOT NULL DEFAULT 0,      -- of micro
	trace      ctext  NOT NULL DEFAULT '',     -- of the first entry, 15 digits; of micro two more follow, the second credit and the debit
	last_trace ctext  NOT NULL DEFAULT '',
	batch_id   ctext  NOT NULL DEFAULT '',
	tries      BIGINT NOT NULL DEFAULT 0,      -- wrong amounts that were typed
	until      ctext  NOT NULL DEFAULT '',     -- the last day on which they can be typed
	started    BIGINT NOT NULL,
	started_by ctext  NOT NULL,
	PRIMARY KEY (org_id, account_id)
);
CREATE INDEX account_tests_due ON account_tests (org_id, started) WHERE state = 'due';
CREATE INDEX account_tests_trace ON account_tests (org_id, trace) WHERE trace <> '';

-- Payments that are asked to settle on the day they leave (ACH-5), from accounts whose bank takes them.
ALTER TABLE payments ADD COLUMN same_day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bank_accounts ADD COLUMN same_day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bank_accounts ADD COLUMN same_day_lead BIGINT NOT NULL DEFAULT 0;   -- minutes before the windows of the Fed by which the bank wants the file
