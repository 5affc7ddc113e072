-- +goose Up
-- Where a statement that was taken stands among those of its account and day: above what it follows, below what it precedes.
ALTER TABLE bank_statements ADD COLUMN place BIGINT NOT NULL DEFAULT 0;

-- What a person has said of a file of which nobody knows whether the bank has it: there, or missing; who and when. A second
-- person says the same before it counts.
ALTER TABLE bank_files ADD COLUMN said ctext NOT NULL DEFAULT '';
ALTER TABLE bank_files ADD COLUMN said_by ctext NOT NULL DEFAULT '';
ALTER TABLE bank_files ADD COLUMN said_at BIGINT NOT NULL DEFAULT 0;

-- The file that was written in the place of a rejected one; it may have the same bytes.
ALTER TABLE bank_files ADD COLUMN replaced_by ctext NOT NULL DEFAULT '';
DROP INDEX bank_files_content;
CREATE UNIQUE INDEX bank_files_content ON bank_files (org_id, direction, sha256) WHERE sha256 <> '' AND replaced_by = '';
