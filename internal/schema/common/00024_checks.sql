-- +goose Up
-- The register of cheques in full (domain 5.9). States: allocated, printed, mailed, cleared, spoiled, stop_requested,
-- voided, stale, returned_mail, returned. The bank must hear of a number once as issued and once as void; which file said
-- so stands beside it, and nothing while none has.
ALTER TABLE checks ADD COLUMN run_file ctext NOT NULL DEFAULT '';      -- the print run it stands in
ALTER TABLE checks ADD COLUMN issue_file ctext NOT NULL DEFAULT '';
ALTER TABLE checks ADD COLUMN void_file ctext NOT NULL DEFAULT '';
ALTER TABLE checks ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;       -- when it came into its state
ALTER TABLE checks ADD COLUMN reason ctext NOT NULL DEFAULT '';        -- why it was spoiled, stopped or voided
ALTER TABLE checks ADD COLUMN replacement BIGINT NOT NULL DEFAULT 0;   -- the number that a spoiled one was replaced by
ALTER TABLE checks ADD COLUMN stopped_on ctext NOT NULL DEFAULT '';    -- the stop order (VOI-5)
ALTER TABLE checks ADD COLUMN stop_until ctext NOT NULL DEFAULT '';
CREATE INDEX checks_state ON checks (org_id, state, issued);
CREATE INDEX checks_run ON checks (org_id, run_file);
CREATE INDEX checks_disbursement ON checks (org_id, disbursement_id);

UPDATE checks SET
	run_file = coalesce((SELECT max(f.id) FROM disbursements d JOIN bank_files f ON f.org_id = d.org_id AND f.batch_id = d.batch_id AND f.kind = 'checks'
		WHERE d.org_id = checks.org_id AND d.id = checks.disbursement_id), ''),
	issue_file = coalesce((SELECT max(f.id) FROM disbursements d JOIN bank_files f ON f.org_id = d.org_id AND f.batch_id = d.batch_id AND f.kind = 'positivepay'
		WHERE d.org_id = checks.org_id AND d.id = checks.disbursement_id), '');
UPDATE checks SET void_file = 'told' WHERE state = 'voided';
UPDATE checks SET state = 'voided' WHERE state = 'stopped';

-- How the bank of a funding account wants its file for positive pay (CHK-6): empty for the generic CSV, or fixed, or a
-- template as JSON.
ALTER TABLE bank_accounts ADD COLUMN positive_pay ctext NOT NULL DEFAULT '';

-- What the bank asks about cheques presented to it, and what is answered (CHK-7).
CREATE TABLE check_exceptions (
	org_id          ctext  NOT NULL,
	id              ctext  NOT NULL,
	is_active       BIGINT NOT NULL,
	created_time    BIGINT NOT NULL,
	updated_time    BIGINT NOT NULL,
	integration_id  ctext  NOT NULL,
	external_id     ctext  NOT NULL,
	last_sync_time  BIGINT NOT NULL,
	allow_export    BIGINT NOT NULL,
	bank_account_id ctext  NOT NULL,
	file_id         ctext  NOT NULL,               -- of the bank
	reference       ctext  NOT NULL,               -- the bank's own, by which it is answered
	serial          BIGINT NOT NULL,
	amount          BIGINT NOT NULL,               -- as presented
	payee           ctext  NOT NULL,
	presented       ctext  NOT NULL,               -- the day
	reason          ctext  NOT NULL,               -- of the bank, or of ours for what stands on a statement
	payment_id      ctext  NOT NULL,               -- the payment that the number was issued for; empty: not one of ours
	deadline        BIGINT NOT NULL,               -- returned if nobody has answered; 0: the bank has paid, no answer helps
	decision        ctext  NOT NULL,               -- pay, return, or empty while it waits
	decided_by      ctext  NOT NULL,               -- empty: at the deadline
	decided_at      BIGINT NOT NULL,
	answer_file     ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX check_exceptions_created ON check_exceptions (org_id, created_time, id);
CREATE INDEX check_exceptions_updated ON check_exceptions (org_id, updated_time, id);
CREATE INDEX check_exceptions_waiting ON check_exceptions (org_id, decision, deadline);
CREATE UNIQUE INDEX check_exceptions_reference ON check_exceptions (org_id, bank_account_id, reference);
