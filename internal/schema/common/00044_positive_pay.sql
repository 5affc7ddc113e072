-- +goose Up
-- How the name of a file that leaves ends, where its kind does not say: a list for positive pay in the form that the bank
-- of its account asks for (CHK-6).
ALTER TABLE bank_files ADD COLUMN ending ctext NOT NULL DEFAULT '';
