-- +goose Up
-- Where a large biller of the directory is paid by ACH (NET-5); bank_account_id empty: by check.
ALTER TABLE listed_vendors ADD COLUMN bank_account_id ctext NOT NULL DEFAULT '';
ALTER TABLE listed_vendors ADD COLUMN routing ctext NOT NULL DEFAULT '';
ALTER TABLE listed_vendors ADD COLUMN account ctext NOT NULL DEFAULT ''; -- sealed
