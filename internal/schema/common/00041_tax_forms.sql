-- +goose Up
-- What a vendor's form 1099 needs besides its tax id (TAX-1, TAX-3).
ALTER TABLE vendors ADD COLUMN box1099 BIGINT NOT NULL DEFAULT 0;   -- vendor.Boxes; 0: NEC 1
ALTER TABLE vendors ADD COLUMN w9_date ctext NOT NULL DEFAULT '';   -- when its form W-9 came
CREATE INDEX vendors_1099 ON vendors (org_id, id) WHERE track1099 = 1;
