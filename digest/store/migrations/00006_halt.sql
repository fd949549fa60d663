-- An edition whose letters wait although it is sealed.

-- +goose Up

ALTER TABLE edition ADD COLUMN halted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX edition_halted ON edition (id) WHERE halted = 1;
