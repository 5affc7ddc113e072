-- +goose Up
-- Tax ids lie sealed in tax_id; equal ones have equal hashes. Those from before are sealed when the store is next opened.
ALTER TABLE vendors ADD COLUMN tax_id_hash ctext NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN tax_id_hash ctext NOT NULL DEFAULT '';
