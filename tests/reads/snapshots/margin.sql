-- For platform

-- margin
-- resolved in Python
