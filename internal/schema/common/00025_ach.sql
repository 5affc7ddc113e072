-- +goose Up
ALTER TABLE vendor_bank_accounts ADD COLUMN ctx BIGINT NOT NULL DEFAULT 0;          -- reads an X12 820 in its entries
ALTER TABLE bank_accounts ADD COLUMN balanced BIGINT NOT NULL DEFAULT 0;            -- its bank wants batches with their offset
ALTER TABLE bank_accounts ADD COLUMN entry_description ctext NOT NULL DEFAULT '';

-- What a person has to look at: number is counted per organisation, done is zero while it is open.
CREATE TABLE tasks (
	org_id  ctext  NOT NULL,
	number  BIGINT NOT NULL,
	kind    ctext  NOT NULL,                   -- operator, compliance, fraud, contact
	subject ctext  NOT NULL,                   -- the payment, vendor bank account or bank file it is about
	code    ctext  NOT NULL,                   -- Rnn, Cnn or empty
	text    ctext  NOT NULL,
	created BIGINT NOT NULL,
	done    BIGINT NOT NULL DEFAULT 0,
	done_by ctext  NOT NULL DEFAULT '',
	note    ctext  NOT NULL DEFAULT '',
	PRIMARY KEY (org_id, number)
);
CREATE INDEX tasks_open ON tasks (org_id, number) WHERE done = 0;
CREATE INDEX tasks_subject ON tasks (org_id, subject);

CREATE TABLE vendor_holds (                    -- vendors that are not paid until a person has let them go
	org_id    ctext  NOT NULL,
	vendor_id ctext  NOT NULL,
	reason    ctext  NOT NULL,
	placed    BIGINT NOT NULL,
	PRIMARY KEY (org_id, vendor_id)
);

-- Changes of routing number that a bank has told us of and a second person decides (ACH-9). account is sealed; it and what
-- follows are those of the account where the correction leaves them as they are.
CREATE TABLE bank_corrections (
	org_id          ctext  NOT NULL,
	bank_account_id ctext  NOT NULL,           -- the vendor's account
	number          BIGINT NOT NULL,           -- of the account, from 1
	code            ctext  NOT NULL,
	routing         ctext  NOT NULL,
	account         ctext  NOT NULL,
	account_tail    ctext  NOT NULL,
	account_hash    ctext  NOT NULL,
	account_length  BIGINT NOT NULL,
	account_type    BIGINT NOT NULL,
	was_hash        ctext  NOT NULL,           -- the number it corrects
	state           ctext  NOT NULL,           -- waiting, applied, refused, superseded
	told            BIGINT NOT NULL,
	decided         BIGINT NOT NULL DEFAULT 0,
	decided_by      ctext  NOT NULL DEFAULT '',
	PRIMARY KEY (org_id, bank_account_id, number)
);

-- Reversals of settled credits (VOI-4): one of a payment; asked for again after it was denied or its file rejected.
CREATE TABLE reversals (
	org_id      ctext  NOT NULL,
	payment_id  ctext  NOT NULL,
	reason      ctext  NOT NULL,               -- duplicate, amount, receiver, date
	note        ctext  NOT NULL,
	state       ctext  NOT NULL,               -- asked, denied, approved, in_file, settled, confirmed, returned, both (the credit came back as well)
	amount      BIGINT NOT NULL,
	bank_account_id ctext NOT NULL,            -- our account
	file_id     ctext  NOT NULL,               -- with the entry that is reversed
	original    ctext  NOT NULL,               -- its trace
	latest      ctext  NOT NULL,               -- the last effective date that the rules allow
	asked_by    ctext  NOT NULL,
	asked       BIGINT NOT NULL,
	approved_by ctext  NOT NULL DEFAULT '',
	leaves      ctext  NOT NULL DEFAULT '',    -- approved: from which day on
	batch_id    ctext  NOT NULL DEFAULT '',
	trace       ctext  NOT NULL DEFAULT '',
	clear_due   BIGINT NOT NULL DEFAULT 0,     -- settled: from when it counts as confirmed
	taken_back  BIGINT NOT NULL DEFAULT 0,     -- returned: the bank has taken the money again
	PRIMARY KEY (org_id, payment_id)
);
CREATE INDEX reversals_state ON reversals (org_id, state);
CREATE INDEX reversals_batch ON reversals (org_id, batch_id);
CREATE INDEX reversals_trace ON reversals (org_id, trace);
