-- The thumbprint of the key to which a grant is bound (DPoP, RFC 9449); NULL where it is bound to none.
ALTER TABLE grants ADD COLUMN jkt TEXT;
