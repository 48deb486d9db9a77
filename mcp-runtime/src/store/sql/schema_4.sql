-- A digest of what the client said of itself when its user said yes: a yes to one face is none to another.
ALTER TABLE grants ADD COLUMN client_face TEXT NOT NULL DEFAULT '';
