-- +goose Up
-- Who takes the place of an approver who can no longer approve; APR-14.
CREATE TABLE approval_replacements (
	org_id         ctext  NOT NULL,
	user_id        ctext  NOT NULL,
	replacement_id ctext  NOT NULL,
	named_by       ctext  NOT NULL,
	named          BIGINT NOT NULL,
	PRIMARY KEY (org_id, user_id)
);

-- What of a sanctions list is no name: addresses, in words, and the BICs of banks; SEC-8.
CREATE TABLE sanction_details (
	list    ctext  NOT NULL,
	line    BIGINT NOT NULL,
	uid     ctext  NOT NULL,                   -- of the entry in its list
	kind    ctext  NOT NULL,                   -- address, bic
	value   ctext  NOT NULL,
	country ctext  NOT NULL,
	PRIMARY KEY (list, line)
);
ALTER TABLE sanction_hits ADD COLUMN kind ctext NOT NULL DEFAULT 'name';     -- what of ours resembles the list: name, address, bank
ALTER TABLE screenings ADD COLUMN addresses ctext NOT NULL DEFAULT '';       -- screened, one a line
ALTER TABLE screenings ADD COLUMN banks ctext NOT NULL DEFAULT '';
DELETE FROM screening_marks;                                                 -- parties that stand are looked at again
