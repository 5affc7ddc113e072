-- +goose Up
-- A payment to a linked organisation, and what stands for it there (NET-3).
ALTER TABLE payments ADD COLUMN peer_id ctext NOT NULL DEFAULT '';               -- the organisation that is paid
ALTER TABLE received_pays ADD COLUMN peer_id ctext NOT NULL DEFAULT '';          -- the organisation that pays
ALTER TABLE received_pays ADD COLUMN peer_payment_id ctext NOT NULL DEFAULT '';  -- its payment
CREATE UNIQUE INDEX received_pays_peer ON received_pays (org_id, peer_id, peer_payment_id) WHERE peer_payment_id <> '';
CREATE INDEX payments_peer ON payments (org_id, peer_id) WHERE peer_id <> '';
