-- What the payment provider refuses for good: counted for metrics, and told to the operator once
-- for each cause in a while.
CREATE TABLE boxoffice.provider_refusals (
    -- The operation that was refused: create, capture, ….
    operation text COLLATE "C" NOT NULL,
    -- Why, in words of the provider that are safe to show: a status, a type, a code.
    cause text COLLATE "C" NOT NULL,
    total bigint NOT NULL DEFAULT 0,
    -- When the operator was last told.
    told_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (operation, cause)
);
