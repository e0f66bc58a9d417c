-- For tenant

-- taxRates
-- resolved in Python
