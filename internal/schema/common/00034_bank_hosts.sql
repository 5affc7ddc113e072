-- +goose Up
-- The SFTP host of an organisation's bank. key is our private key, sealed by the vault; the host may have host_key and no
-- other one. retry_at: after a failure, not before then.
CREATE TABLE bank_hosts (
	org_id     ctext  NOT NULL PRIMARY KEY,
	address    ctext  NOT NULL,
	user_name  ctext  NOT NULL,
	host_key   ctext  NOT NULL,
	key        ctext  NOT NULL,
	public_key ctext  NOT NULL,                 -- of key, for the bank
	outbox     ctext  NOT NULL,
	inbox      ctext  NOT NULL,
	failure    ctext  NOT NULL,                 -- of the last visit; empty: it went well
	retry_at   BIGINT NOT NULL,
	fetched    BIGINT NOT NULL                  -- when its inbox was last read
);

-- What was fetched from the host's inbox, as it was there then.
CREATE TABLE bank_host_files (
	org_id   ctext  NOT NULL,
	name     ctext  NOT NULL,
	size     BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	PRIMARY KEY (org_id, name)
);

-- When the bank's host was asked to give the file its name: from then on the bank may have it (XO-2).
ALTER TABLE bank_files ADD COLUMN placed BIGINT NOT NULL DEFAULT 0;
