-- For tenant

-- viewer
-- resolved in Python

-- quote
-- resolved in Python
