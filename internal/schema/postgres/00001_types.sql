-- +goose Up
CREATE DOMAIN ctext AS text COLLATE "C";
